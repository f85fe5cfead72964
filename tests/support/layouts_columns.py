"""Layouts found when columns of marks, names in other scripts and nested columns were taught."""

from pathlib import Path

from support.layout_files import (
    Layout,
    Read,
    Refused,
    Right,
    json_lines,
    labelled_rows,
    table,
    unless,
)

TOPICS = ("Billing", "Delivery", "Something else")


def checked(label: str, mark: str, none: str = "") -> list[str]:
    """Return the cells of one column for each topic."""
    return [mark if label == topic else none for topic in TOPICS]


def limesurvey(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(48, TOPICS)
    header = ("id", "submitdate", "What happened to you?", *TOPICS)
    cells = [
        (number, "2024-03-01 10:00:00", text, *checked(label, "Yes", "No")) for number, (text, label) in enumerate(rows)
    ]
    table(folder / "results-survey.csv", header, cells, quoting=1, without=unless(labelled, 3, 4, 5))
    return (Read(rows),)


def surveymonkey(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(48, TOPICS)
    header = ("Respondent ID", "Open-Ended Response", *TOPICS)
    cells = [(114_000 + number, text, *checked(label, label)) for number, (text, label) in enumerate(rows)]
    table(folder / "survey.csv", header, cells, without=unless(labelled, 2, 3, 4))
    return (Read(rows),)


def kobo(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(48, TOPICS)
    header = ("_id", "start", "feedback", "topics", *(f"topics/{topic}" for topic in TOPICS))
    cells = [
        (number, "2024-03-01T10:00:00.000+03:00", text, label, *checked(label, "1", "0"))
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "form.csv", header, cells, delimiter=";", quoting=1, without=unless(labelled, 3, 4, 5, 6))
    return (Read(rows),)


def chinese_reviews(folder: Path, labelled: bool) -> tuple[Right, ...]:
    places, words = ("酒店", "电影", "手机", "餐厅"), {"正面": "非常不错", "负面": "实在太差"}
    rows = [
        (f"这家{places[number % 4]}{words[label]}，第{number}次来了，以后再说", label)
        for number, (_, label) in enumerate(labelled_rows(48, tuple(words)))
    ]
    cells = [(number, label, text) for number, (text, label) in enumerate(rows)]
    table(
        folder / "reviews.csv", ("编号", "情感倾向", "评论内容"), cells, encoding="gb18030", without=unless(labelled, 1)
    )
    return (Read(rows),)


def old_mac(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [(text.replace("e", "é").replace("a", "à"), label) for text, label in labelled_rows(48, ("oui", "non"))]
    table(
        folder / "avis.csv", ("texte", "classe"), rows, encoding="mac_roman", delimiter=";", without=unless(labelled, 1)
    )
    return (Read(rows, says=("mac_roman",)),)


def psql(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(48, TOPICS)
    lines = [
        " id | body | topic ",
        "----+------+-------",
        *(f" {n} | {text} | {label} " for n, (text, label) in enumerate(rows)),
    ]
    (folder / "messages.txt").write_text("\n".join([*lines, "(48 rows)", ""]))
    return (Read(rows),)


def words_with_tags(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(48, TOPICS)
    objects = [{"tokens": text.split(), "ner_tags": [0] * len(text.split()), "topic": label} for text, label in rows]
    json_lines(folder / "train.jsonl", objects)
    return (Refused(("'tokens' has a list of words",), ("pandas",)),)


COLUMNS = [
    Layout("LimeSurvey", "LimeSurvey's export", limesurvey, ("results-survey.csv",), "the column with Yes is the label"),
    Layout("SurveyMonkey's choices", "SurveyMonkey", surveymonkey, ("survey.csv",), "a column holds its own name"),
    Layout("KoboToolbox", "KoboToolbox's export", kobo, ("form.csv",), "the choices stand in one column and in one each"),
    Layout("Chinese reviews", "Kaggle", chinese_reviews, ("reviews.csv",), "the names say it in Chinese"),
    Layout("old Mac", "Excel for Mac", old_mac, ("avis.csv",), "letters inside words tell the encoding"),
    Layout("psql, printed", "psql", psql, ("messages.txt",), "a line of dashes is no row", predict=False),
    Layout("words with tags", "CoNLL in JSON", words_with_tags, ("train.jsonl",), "lists of words are no texts", predict=False),
]  # fmt: skip
