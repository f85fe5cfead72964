"""Layouts that people reported trouble with, in this tool or in others."""

import json
import math
import random
import tarfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from support.layout_files import (
    Follow,
    Layout,
    Read,
    Refused,
    Right,
    Row,
    codes,
    json_lines,
    labelled_rows,
    sentences,
    table,
    titles,
    unless,
)

GOOD_BAD = ("bad", "good")
SEVERAL = (r"several labels|multi-label|more than one label",)


def kaggle_spam(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (f"{text} caf\xe9" if number % 9 == 0 else text, label)
        for number, (text, label) in enumerate(labelled_rows(120, ("ham", "spam")))
    ]
    cells = [(label, text, "", "", "") for text, label in rows]
    table(folder / "spam.csv", ("v1", "v2", "", "", ""), cells, without=unless(labelled, 0), encoding="cp1252")
    return (Read(rows, silent=("two columns called",)),)


def sentiment140(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (f"{text} na\xefve" if number % 20 == 0 else text, label)
        for number, (text, label) in enumerate(labelled_rows(160, ("0", "4")))
    ]
    cells = [
        (
            label,
            1467810000 + 37 * number,
            f"Mon Apr {1 + number // 60:02} 22:{number % 60:02}:45 PDT 2009",
            "NO_QUERY",
            f"user{number:03}",
            text,
        )
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "tweets.csv", None, cells, without=unless(labelled, 0), encoding="cp1252", quoting=1)
    return (Read(rows, silent=("gives the label away",)),)


def form_answers(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (text.replace(", ", ",\n", 1) if number % 5 == 0 else text, label)
        for number, (text, label) in enumerate(labelled_rows(120, ("Happy", "Unhappy")))
    ]
    header = ("Timestamp", "What would you like to tell us,\nin your own words?", "How was it?")
    cells = [
        (f"2024/03/{1 + number % 28:02} {1 + number % 11}:{number % 60:02}:12 PM GMT+1", text, label)
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "answers.csv", header, cells, without=unless(labelled, 2))
    return (Read(rows),)


def clothing(folder: Path, labelled: bool) -> list[tuple[str, str, tuple[str, str, str]]]:
    """Write clothing reviews; return title, text, and what can be a label: rating, recommended, class of clothes."""
    pick = random.Random(5)
    rows = [
        (
            "" if number % 3 == 0 else title,
            text,
            (str(pick.randint(1, 5)), str(pick.randint(0, 1)), pick.choice(("Knits", "Pants"))),
        )
        for number, (title, text) in enumerate(zip(titles(150), sentences(150), strict=True))
    ]
    header = (
        "",
        "Clothing ID",
        "Age",
        "Title",
        "Review Text",
        "Rating",
        "Recommended IND",
        "Positive Feedback Count",
        "Division Name",
        "Department Name",
        "Class Name",
    )
    cells = [
        (
            number,
            700 + number,
            20 + number % 50,
            title,
            text,
            *labels[:2],
            number % 7,
            "General",
            pick.choice(("Tops", "Bottoms")),
            labels[2],
        )
        for number, (title, text, labels) in enumerate(rows)
    ]
    table(folder / "reviews.csv", header, cells, without=unless(labelled, 5, 6))
    return rows


def clothing_read(rows: list[tuple[str, str, tuple[str, str, str]]], label: int) -> tuple[Read, Read]:
    """Give the reviews with one of the labels: without their titles, and with them."""
    return (
        Read([(text, labels[label]) for _, text, labels in rows]),
        Read([(f"{title} {text}".strip(), labels[label]) for title, text, labels in rows]),
    )


def clothing_recommended(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return clothing_read(clothing(folder, labelled), 1)


def clothing_any_label(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = clothing(folder, labelled)
    return tuple(read for label in range(3) for read in clothing_read(rows, label))


def emotion_rows(count: int, seed: int) -> list[Row]:
    made = labelled_rows(count, ("joy", "anger", "calm"), seed, start="i feel ")
    return [(text.lower().rstrip(".!").replace(",", ""), label) for text, label in made]


def emotions(folder: Path, labelled: bool) -> tuple[Right, ...]:
    splits = {"train": emotion_rows(150, 1), "val": emotion_rows(24, 2), "test": emotion_rows(24, 3)}
    for split, rows in splits.items():
        table(folder / "emotions" / f"{split}.txt", None, rows, delimiter=";", without=unless(labelled, 1))
    counts = {"train": 150, "validation": 24, "test": 24}
    return (Read([row for rows in splits.values() for row in rows], splits=counts),)


def emotions_alone(folder: Path, labelled: bool) -> tuple[Right, ...]:
    emotions(folder, labelled)
    return (Read(emotion_rows(150, 1)),)


def news_with_apostrophes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (f"{text}; 'so' sagt sie" if number % 8 == 3 else text, label)
        for number, (text, label) in enumerate(labelled_rows(160, ("Sport", "Kultur", "Web", "Wirtschaft")))
    ]
    cells = [(label, text) for text, label in rows]
    table(folder / "train.csv", None, cells, delimiter=";", quotechar="'", without=unless(labelled, 0))
    return (
        Read(rows),
        Refused(("quote", "'"), (r"--quote",), (Follow(("train.csv", "--quote", "'"), (Read(rows),)),)),
    )


def spark_escapes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (text.replace(" a ", ' a "new", so called, ') if number % 6 == 2 else text, label)
        for number, (text, label) in enumerate(labelled_rows(150, GOOD_BAD))
    ]
    table(
        folder / "part-00000.csv",
        ("text", "label"),
        rows,
        doublequote=False,
        escapechar="\\",
        without=unless(labelled, 1),
    )
    return (
        Read(rows),
        Refused((r"backslash|\\",), ("--escape",), (Follow(("part-00000.csv", "--escape", "\\"), (Read(rows),)),)),
    )


def qualtrics(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("Satisfied", "Neutral", "Dissatisfied"))
    further = [
        ("Start Date", "Response ID", "In your own words, how was your visit to us?", "How satisfied are you?"),
        [
            json.dumps(cell)
            for cell in (
                {"ImportId": "startDate", "timeZone": "Europe/Berlin"},
                {"ImportId": "_recordId"},
                {"ImportId": "QID2_TEXT"},
                {"ImportId": "QID3"},
            )
        ],
    ]
    cells = [
        (f"2024-05-{1 + number % 28:02} 10:{number % 60:02}:00", f"R_{code}", text, label)
        for number, ((text, label), code) in enumerate(zip(rows, codes(120, 15), strict=True))
    ]
    header = ("StartDate", "ResponseId", "Q2", "Q3")
    table(folder / "survey.csv", header, [*further, *cells], without=unless(labelled, 3))
    return (Read(rows, says=(r"lines? 2",)), Refused((r"lines? 2", "header")))


def repeated_header(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, GOOD_BAD)
    again: list[Row] = [*rows[:50], ("text", "label"), *rows[50:100], ("text", "label"), *rows[100:]]
    table(folder / "all.csv", ("text", "label"), again, without=unless(labelled, 1))
    return (Read(rows, says=(r"\b52\b", "header")), Refused((r"\b52\b", "header")))


def lfs_pointer(folder: Path, labelled: bool) -> tuple[Right, ...]:
    oid = "".join(codes(1, 64))
    (folder / "train.csv").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 21484555\n")
    return (Refused(("Git LFS pointer",), ("git lfs pull",)),)


def html_page(folder: Path, labelled: bool) -> tuple[Right, ...]:
    page = (
        "<!DOCTYPE html><html><head><title>Warning</title><style>a{color:#15c}, b{margin:0;padding:0}</style></head>\n"
        '<body><p>reviews.csv (120M) is too large to scan. <a href="/get?yes=1">Download anyway</a></p>\n</body></html>\n'
    )
    (folder / "reviews.csv").write_text(page)
    return (Refused(("HTML",), ("download",)),)


def tar_archive(folder: Path, labelled: bool) -> tuple[Right, ...]:
    train, test = labelled_rows(100, GOOD_BAD), labelled_rows(30, GOOD_BAD, 2)
    inside = folder / "packing" / "reviews_csv"
    table(inside / "train.csv", ("text", "label"), train)
    table(inside / "test.csv", ("text", "label"), test)
    with tarfile.open(folder / "reviews_csv.tar.gz", "w:gz") as archive:
        archive.add(inside, "reviews_csv")
    read = Read([*train, *test], silent=("NUL",))
    unpacked = Follow(
        ("reviews_csv",), (read,), lambda folder: (folder / "packing" / "reviews_csv").rename(folder / "reviews_csv")
    )
    return (read, Refused((r"\btar\b", "archive"), ("unpack",), (unpacked,)))


def as_records(source: Path, columns: dict[str, Sequence[object]]) -> None:
    """Write columns as pandas does with orient="records" and lines=True."""
    json_lines(source, [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])


def pandas_json(folder: Path, labelled: bool, orient: str) -> tuple[Right, ...]:
    rows = labelled_rows(120, GOOD_BAD)
    columns: dict[str, Sequence[object]] = {
        "text": [text for text, _ in rows],
        **({"label": [label for _, label in rows]} if labelled else {}),
    }
    if orient == "columns":
        content: object = {
            name: {str(number): value for number, value in enumerate(values)} for name, values in columns.items()
        }
    else:
        content = {
            "columns": list(columns),
            "index": list(range(120)),
            "data": [list(row) for row in zip(*columns.values(), strict=True)],
        }
    (folder / f"{orient}.json").write_text(json.dumps(content))
    again = Follow(("records.jsonl",), (Read(rows),), lambda folder: as_records(folder / "records.jsonl", columns))
    return (Read(rows), Refused(("pandas|orient|row number",), ("to_json",), (again,)))


def pandas_columns(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return pandas_json(folder, labelled, "columns")


def pandas_split(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return pandas_json(folder, labelled, "split")


def json_nan(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, GOOD_BAD)
    objects = [
        {"text": math.nan if number % 20 == 9 else text, "label": math.nan if number % 10 == 3 else label}
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "reviews.jsonl", objects, without=unless(labelled, "label"))
    left = [row for number, row in enumerate(rows) if number % 20 != 9 and number % 10 != 3]
    return (Read(left, dropped=18, says=("no text", "no label")),)


def doccano_lines(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("neg", "pos"))
    objects = [
        {"id": number + 1, "text": text, "label": [] if number % 30 == 7 else [label], "Comments": []}
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "all.jsonl", objects, without=unless(labelled, "label"))
    return (Read([row for number, row in enumerate(rows) if number % 30 != 7], dropped=4),)


def doccano_spans(folder: Path, labelled: bool) -> tuple[Right, ...]:
    objects = [
        {"id": number, "text": text, "label": [[0, 5, "PRODUCT"]] + [[8, 12, "PLACE"]] * (number % 2)}
        for number, text in enumerate(sentences(80))
    ]
    json_lines(folder / "admin.jsonl", objects, without=unless(labelled, "label"))
    return (Refused(("span",)),)


def doccano_hashes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    pick = random.Random(4)
    parts = ("billing", "delivery", "account")
    rows = [(text, "#".join(pick.sample(parts, pick.choice((1, 1, 2))))) for text in sentences(150)]
    cells = [(number, text, label) for number, (text, label) in enumerate(rows)]
    table(folder / "all.csv", ("id", "text", "label"), cells, without=unless(labelled, 2))
    return (Read([(text, "|".join(sorted(label.split("#")))) for text, label in rows], says=(*SEVERAL, "#")),)


def label_studio_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(120, ("Negative", "Positive"))
    written, right = [], []
    for number, (text, label) in enumerate(rows):
        both = number % 13 == 0
        answers = [json.dumps({"choices": ["Positive", "Negative"]})] if both else [label]
        if number % 8 == 5 and not both:
            answers.append("Negative" if label == "Positive" else "Positive")
        written += [(number, text, answer) for answer in answers]
        right += [] if both else [(text, answer) for answer in answers]
    header = ("annotation_id", "annotator", "created_at", "id", "lead_time", "sentiment", "text", "updated_at")
    when = "2024-02-01T10:00:00.000000Z"
    cells = [
        (100 + place, 1 + place % 2, when, number, round(3 + place % 40 / 10, 1), answer, text, when)
        for place, (number, text, answer) in enumerate(written)
    ]
    table(folder / "project-7.csv", header, cells, without=unless(labelled, 5))
    return (Read(right, says=(*SEVERAL, r"\b2\b")), Refused((*SEVERAL, r"lines? 2\b")))


def prodigy(
    folder: Path, labelled: bool, name: str, labels: Sequence[str], answers: Sequence[str]
) -> list[tuple[str, str, str]]:
    rows = [
        (text, label, answers[number % len(answers)]) for number, (text, label) in enumerate(labelled_rows(150, labels))
    ]
    objects = [
        {
            "text": text,
            "meta": {"score": 0.5},
            "_input_hash": 799668608 + 7 * number,
            "_task_hash": 91313812 + number,
            "label": label,
            "answer": answer,
            "_timestamp": 1700000000 + number,
        }
        for number, (text, label, answer) in enumerate(rows)
    ]
    json_lines(folder / name, objects, without=unless(labelled, "label", "answer"))
    return rows


def prodigy_three(folder: Path, labelled: bool) -> tuple[Right, ...]:
    answers = ("accept", "accept", "reject", "accept", "ignore", "reject", "accept")
    rows = prodigy(folder, labelled, "three.jsonl", ("billing", "delivery", "account"), answers)
    accepted = [(text, label) for text, label, answer in rows if answer == "accept"]
    return (Read(accepted, says=("answer",)), Refused(("answer",)))


def prodigy_one(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = prodigy(folder, labelled, "one.jsonl", ("INSULT",), ("accept", "reject"))
    answers = Follow(("one.jsonl", "--label-column", "answer"), (Read([(text, answer) for text, _, answer in rows]),))
    return (Refused(("answer",), (), (answers,)),)


def spacy_cats(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = ("billing", "delivery", "account")
    rows = labelled_rows(120, names)
    objects = [{"text": text, "cats": {name: float(name == label) for name in names}} for text, label in rows]
    json_lines(folder / "train.jsonl", objects, without=unless(labelled, "cats"))
    return (Read(rows), Refused(("cats", "score")))


def one_hot(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = ("negative", "neutral", "positive")
    rows = labelled_rows(120, names)
    cells = [(text, *(int(name == label) for name in names)) for text, label in rows]
    table(folder / "train.csv", ("text", *names), cells, without=unless(labelled, 1, 2, 3))
    return (Read(rows), Refused(("one-hot",)))


def intents(folder: Path, labelled: bool) -> list[list[Row]]:
    verbs, things = (
        ("close", "open", "move", "print", "share", "block", "cancel"),
        ("card", "loan", "limit", "order", "alarm", "invoice", "account", "address", "report", "key", "pin"),
    )
    names = [f"{verb}_{thing}" for verb in verbs for thing in things]
    splits = []
    for name, times, seed in (("intents.csv", 2, 1), ("intents_test.csv", 1, 2)):
        rows = list(zip(sentences(times * len(names), seed), names * times, strict=True))
        table(folder / name, ("text", "intent"), rows, without=unless(labelled, 1))
        splits.append(rows)
    return splits


def few_shot(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, test = intents(folder, labelled)
    follow = (
        Follow(("intents.csv", "--test", "intents_test.csv", "--test-size", "0"), (Read([*rows, *test]),)),
        Follow(("intents.csv", "--test-size", "0"), (Read(rows),)),
    )
    return (Read(rows), Refused((r"texts",), (), follow))


def few_shot_with_test(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, test = intents(folder, labelled)
    return (Read([*rows, *test], silent=(r"\bids\b",)),)


def glue(folder: Path, labelled: bool, name: str, test: bool) -> list[Row]:
    kept = []
    for split, count, seed in (("train", 120, 1), ("validation", 30, 2), *([("test", 30, 3)] if test else [])):
        rows = labelled_rows(count, ("0", "1"), seed)
        objects = [
            {"sentence": text, "label": -1 if split == "test" else int(label), "idx": number}
            for number, (text, label) in enumerate(rows)
        ]
        json_lines(folder / name / f"{split}.jsonl", objects)
        kept += rows if split != "test" else []
    return kept


def glue_unlabelled_test(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = glue(folder, labelled, "glue", True)
    unlabelled = ("-1", "unlabelled|no label")
    return (
        Read(rows, {"train": 120, "validation": 30}, says=unlabelled),
        Read(rows, says=unlabelled),
        Refused(unlabelled),
    )


def glue_validation(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return (Read(glue(folder, labelled, "glue", False), {"train": 120, "validation": 30}),)


def weak_labels(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, ("0", "1", "0", "1", "-1"))
    table(folder / "weak.csv", ("text", "label"), rows, without=unless(labelled, 1))
    unlabelled = ("-1", "unlabelled|no label")
    left = [row for row in rows if row[1] != "-1"]
    return (Read(left, says=unlabelled), Read(rows, says=unlabelled), Refused(unlabelled))


def mnli(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = ("entailment", "neutral", "contradiction")
    rows = labelled_rows(150, names)
    second = sentences(150, 9)
    rows = [(text, "-" if number % 25 == 4 else label) for number, (text, label) in enumerate(rows)]
    objects = [
        {
            "annotator_labels": [label if label != "-" else "neutral"],
            "genre": ("fiction", "travel", "letters")[number % 3],
            "gold_label": label,
            "pairID": f"{number}n",
            "promptID": str(number),
            "sentence1": text,
            "sentence2": second[number],
        }
        for number, (text, label) in enumerate(rows)
    ]
    json_lines(folder / "mnli.jsonl", objects, without=unless(labelled, "gold_label", "annotator_labels"))
    every = [(f"{text} {second[number]}", label) for number, (text, label) in enumerate(rows)]
    return (
        Read([row for row in every if row[1] != "-"], says=("'-'",)),
        Read(every, says=("warning.*'-'",)),
        Refused(("gold_label",)),
    )


def marks(folder: Path, labelled: bool, name: str, line: str) -> list[Row]:
    rows = labelled_rows(120, GOOD_BAD)
    lines = [line.format(text=text, label=label) if labelled else text for text, label in rows]
    (folder / name).write_text("\n".join(lines) + "\n")
    return rows


def marks_tab(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return (Read(marks(folder, labelled, "tab.txt", "__label__{label}\t{text}")),)


def marks_comma(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = marks(folder, labelled, "comma.txt", "__label__{label},{text}")
    return (Read(rows), Refused((r"good,\w|bad,\w", "comma|space")))


def marks_last(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return (Read(marks(folder, labelled, "last.txt", "{text} __label__{label}")), Refused(("__label__",)))


def marks_indented(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return (Read(marks(folder, labelled, "indented.txt", " __label__{label} {text}")),)


def notebook_folder(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(80, ("neg", "pos"))
    for number, (text, label) in enumerate(rows):
        path = folder / "reviews" / label / f"{number:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for number, text in enumerate(sentences(4, 8)):
        path = folder / "reviews" / ".ipynb_checkpoints" / f"{number:03}-checkpoint.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return (Read(rows),)


def newsgroups(folder: Path, labelled: bool) -> list[list[Row]]:
    splits = []
    for split, count, seed in (("train", 90, 1), ("test", 30, 2)):
        rows = [
            (
                f"From: clerk@example.org\nSubject: {text[:12]}\n\n{text}" + (" caf\xe9" if number % 12 == 5 else ""),
                label,
            )
            for number, (text, label) in enumerate(labelled_rows(count, ("rec.autos", "sci.med", "talk.misc"), seed))
        ]
        for number, (text, label) in enumerate(rows):
            path = folder / "20news" / f"20news-bydate-{split}" / label / str(49960 + number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("latin-1"))
        splits.append(rows)
    return splits


def newsgroups_both(folder: Path, labelled: bool) -> tuple[Right, ...]:
    train, test = newsgroups(folder, labelled)
    return (Read([*train, *test]), Refused((r"\.txt",)))


def newsgroups_train(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return (Read(newsgroups(folder, labelled)[0]), Refused((r"\.txt",)))


def invisible_twins(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, ("caf\xe9", "refund", "late fee"))
    spelled = {"caf\xe9": unicodedata.normalize("NFD", "caf\xe9"), "refund": "refund\u200b", "late fee": "late\xa0fee"}
    cells = [(text, spelled[label] if number % 4 == 1 else label) for number, (text, label) in enumerate(rows)]
    table(folder / "tickets.csv", ("\u200btext", "label"), cells, without=unless(labelled, 1))
    return (Read(rows, silent=("no column has a usual name",)),)


def nameless(
    folder: Path, labelled: bool, name: str, header: Sequence[str], cells: Sequence[Sequence[object]], label: int
) -> None:
    table(folder / name, header, cells, without=unless(labelled, label))


NO_PART = ("label names", "group", "together", "instead of")


def nameless_unique(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, GOOD_BAD)
    nameless(
        folder, labelled, "unique.csv", ("", "text", "label"), [(number, *row) for number, row in enumerate(rows)], 2
    )
    return (Read(rows, silent=NO_PART[:2]),)


def nameless_pages(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, GOOD_BAD)
    nameless(
        folder,
        labelled,
        "pages.csv",
        ("", "text", "label"),
        [(number % 10, *row) for number, row in enumerate(rows)],
        2,
    )
    return (Read(rows, silent=(*NO_PART[:2], NO_PART[3])),)


def nameless_codes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(150, GOOD_BAD)
    cells = [(text, label, {"good": "x1", "bad": "x2"}[label]) for text, label in rows]
    nameless(folder, labelled, "codes.csv", ("text", "label", ""), cells, 1)
    return (Read(rows, silent=NO_PART[:2]),)


NO_FLAGS = ("--no-header", "--label-column", "1", "--text-column", "0")

REPORTED = [
    Layout("spam.csv", "Kaggle's SMS spam set", kaggle_spam, ("spam.csv",), "columns without a name hold nothing"),
    Layout(
        "sentiment140", "Sentiment140 as downloaded", sentiment140, ("tweets.csv",), "ids, dates and users are no texts"
    ),
    Layout(
        "form answers",
        "a web form's CSV",
        form_answers,
        ("answers.csv",),
        "the free answer is the text, the choice the label",
    ),
    Layout(
        "form answers, label named",
        "a web form's CSV",
        form_answers,
        ("answers.csv", "--label-column", "How was it?"),
        "a timestamp is no text",
    ),
    Layout(
        "clothing, label named",
        "Kaggle's Women's E-Commerce Clothing Reviews",
        clothing_recommended,
        ("reviews.csv", "--label-column", "Recommended IND"),
        "the review is the text, with its title or without",
    ),
    Layout(
        "clothing",
        "Kaggle's Women's E-Commerce Clothing Reviews",
        clothing_any_label,
        ("reviews.csv",),
        "a title that is often empty is not the text alone",
    ),
    Layout(
        "emotions", "Kaggle's Emotions dataset for NLP", emotions, ("emotions",), "the first row is data", predict=False
    ),
    Layout(
        "emotions, one file",
        "Kaggle's Emotions dataset for NLP",
        emotions_alone,
        ("emotions/train.txt",),
        "the first row is data",
    ),
    Layout(
        "emotions, with flags",
        "Kaggle's Emotions dataset for NLP",
        emotions,
        ("emotions", *NO_FLAGS),
        "what the flags say",
        predict=False,
    ),
    Layout(
        "quotes are apostrophes",
        "10kGNAD",
        news_with_apostrophes,
        ("train.csv",),
        "the quote is the apostrophe, where it is needed",
    ),
    Layout(
        "quotes are apostrophes, with flags",
        "10kGNAD",
        news_with_apostrophes,
        ("train.csv", "--delimiter", ";", "--no-header", "--label-column", "0", "--text-column", "1"),
        "the quote is the apostrophe, where it is needed",
        predict=False,
    ),
    Layout(
        "escapes are backslashes",
        "Spark's CSV writer",
        spark_escapes,
        ("part-00000.csv",),
        "a backslash escapes a quote",
    ),
    Layout(
        "three headers",
        "Qualtrics",
        qualtrics,
        ("survey.csv", "--text-column", "Q2", "--label-column", "Q3"),
        "lines 2 and 3 are no answers",
    ),
    Layout(
        "header again",
        "files put together with cat",
        repeated_header,
        ("all.csv",),
        "a header in the middle is no data",
    ),
    Layout(
        "LFS pointer",
        "a repository cloned without git-lfs",
        lfs_pointer,
        ("train.csv",),
        "there is no data",
        predict=False,
    ),
    Layout("HTML page", "a download that was a page", html_page, ("reviews.csv",), "there is no data", predict=False),
    Layout(
        "tar.gz",
        "data sets as they are published",
        tar_archive,
        ("reviews_csv.tar.gz",),
        "train.csv and test.csv are inside",
        predict=False,
    ),
    Layout("to_json", "pandas", pandas_columns, ("columns.json",), "an object of columns is a table"),
    Layout("to_json, split", "pandas", pandas_split, ("split.json",), "the rows stand under data"),
    Layout("NaN in JSON", "json.dump", json_nan, ("reviews.jsonl",), "NaN is a missing value"),
    Layout("doccano JSONL", "doccano", doccano_lines, ("all.jsonl",), "a list of one label is a label"),
    Layout(
        "doccano spans",
        "doccano, sequence labelling",
        doccano_spans,
        ("admin.jsonl",),
        "spans are not labels of texts",
        predict=False,
    ),
    Layout(
        "doccano hashes",
        "doccano's CSV",
        doccano_hashes,
        ("all.csv",),
        "the parts in several orders are lists",
        predict=False,
    ),
    Layout("Label Studio CSV", "Label Studio", label_studio_csv, ("project-7.csv",), "two choices are not a class"),
    Layout(
        "Prodigy, three labels",
        "Prodigy's db-out",
        prodigy_three,
        ("three.jsonl",),
        "a rejected label is not the label",
    ),
    Layout(
        "Prodigy, one label",
        "Prodigy's db-out",
        prodigy_one,
        ("one.jsonl",),
        "the answer tells the two classes apart",
        predict=False,
    ),
    Layout("spaCy cats", "spaCy", spacy_cats, ("train.jsonl",), "the category with a 1 is the label"),
    Layout(
        "spaCy cats, label named",
        "spaCy",
        spacy_cats,
        ("train.jsonl", "--label-column", "cats"),
        "the category with a 1 is the label",
    ),
    Layout("one-hot", "ktrain", one_hot, ("train.csv",), "the column with the 1 is the label"),
    Layout(
        "few-shot intents", "intents with two texts each", few_shot, ("intents.csv",), "names of intents are no ids"
    ),
    Layout(
        "few-shot intents, test file",
        "intents with two texts each",
        few_shot_with_test,
        ("intents.csv", "--test", "intents_test.csv"),
        "names of intents are no ids",
        predict=False,
    ),
    Layout("GLUE, test without labels", "GLUE", glue_unlabelled_test, ("glue",), "-1 means unlabelled", predict=False),
    Layout("GLUE, train and validation", "GLUE", glue_validation, ("glue",), "nothing is wrong", predict=False),
    Layout("weak labels", "Snorkel", weak_labels, ("weak.csv",), "-1 means that nobody voted"),
    Layout("MNLI", "MNLI's JSON lines", mnli, ("mnli.jsonl",), "gold_label is the label, and - is none"),
    Layout(
        "MNLI, with flags",
        "MNLI's JSON lines",
        mnli,
        ("mnli.jsonl", "--label-column", "gold_label", "--text-column", "sentence1", "--text-column", "sentence2"),
        "- is no label",
    ),
    Layout("fastText, tab", "fastText", marks_tab, ("tab.txt",), "fastText takes any white space"),
    Layout("fastText, comma", "fastText", marks_comma, ("comma.txt",), "a label ends at a space", predict=False),
    Layout("fastText, at the end", "fastText", marks_last, ("last.txt",), "fastText takes labels anywhere"),
    Layout("fastText, indented", "fastText", marks_indented, ("indented.txt",), "fastText skips the space"),
    Layout(
        "notebook folder",
        "Jupyter's .ipynb_checkpoints",
        notebook_folder,
        ("reviews",),
        "hidden folders are no classes",
        predict=False,
    ),
    Layout(
        "20 newsgroups",
        "20news-bydate unpacked",
        newsgroups_both,
        ("20news",),
        "files of any name are texts",
        predict=False,
    ),
    Layout(
        "20 newsgroups, train",
        "20news-bydate unpacked",
        newsgroups_train,
        ("20news/20news-bydate-train",),
        "files of any name are texts",
        predict=False,
    ),
    Layout(
        "20 newsgroups, latin-1",
        "20news-bydate unpacked",
        newsgroups_train,
        ("20news/20news-bydate-train", "--encoding", "latin-1"),
        "files of any name are texts",
        predict=False,
    ),
    Layout(
        "invisible twins",
        "labels that several people typed",
        invisible_twins,
        ("tickets.csv",),
        "what looks the same is the same",
    ),
    Layout("nameless index", "pandas' to_csv", nameless_unique, ("unique.csv",), "a column without a name has no part"),
    Layout(
        "nameless index, again and again",
        "pandas' to_csv after concat",
        nameless_pages,
        ("pages.csv",),
        "a column without a name has no part",
    ),
    Layout("nameless codes", "pandas' to_csv", nameless_codes, ("codes.csv",), "a column without a name has no part"),
]
