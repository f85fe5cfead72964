"""Other files of the same kinds as the reported ones: what reads one must read the others."""

import json
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

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
from support.layouts_found import TOPICS, joined

GOOD_BAD = ("bad", "good")
SEVERAL = r"several labels|multi-label|more than one label"
UNLABELLED = r"unlabelled|no label|without a label"
COUNT = 72


def overflow(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("ham", "spam"))
    cells = [
        (label, text, " and more" if number % 20 == 3 else "", "", "") for number, (text, label) in enumerate(rows)
    ]
    table(
        folder / "spam.csv", ("v1", "v2", "Unnamed: 2", "Unnamed: 3", "Unnamed: 4"), cells, without=unless(labelled, 0)
    )
    return (Read(rows),)


def url_and_date(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("0", "1"))
    cells = [
        (
            code,
            f"https://www.example.org/news/2024/{code}/a-long-name-of-a-page",
            f"2024-03-{1 + number % 28:02}T10:00:00+00:00",
            text,
            label,
        )
        for number, ((text, label), code) in enumerate(zip(rows, codes(COUNT, 32), strict=True))
    ]
    table(folder / "pages.csv", None, cells, quoting=1, without=unless(labelled, 4))
    return (Read(rows),)


def two_answers(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, more = labelled_rows(COUNT, ("Very likely", "Unlikely", "Not sure")), sentences(COUNT, 4)
    header = (
        "Timestamp",
        "Email Address",
        "What did you like?",
        "What should we change?\nPlease be frank.",
        "How likely are you to come again?",
    )
    cells = [
        (f"3/{1 + number % 28}/2024 10:{number % 60:02}:00", f"guest{number}@example.org", text, more[number], label)
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "answers.csv", header, cells, without=unless(labelled, 4))
    both = Read([(joined(text, more[number]), label) for number, (text, label) in enumerate(rows)])
    column = "How likely are you to come again?"
    flags = Follow(("answers.csv", "--label-column", column, "--text-column", "What did you like?"), (Read(rows),))
    return (both, Refused(("What did you like",), ("--text-column",), (flags,)))


def headerless_pairs(folder: Path, labelled: bool) -> tuple[Right, ...]:
    splits = {
        "train": labelled_rows(COUNT, ("sadness", "joy")),
        "dev": labelled_rows(20, ("sadness", "joy"), 2),
        "test": labelled_rows(20, ("sadness", "joy"), 3),
    }
    for split, rows in splits.items():
        table(folder / "moods" / f"{split}.tsv", None, rows, delimiter="\t")
    return (Read([row for rows in splits.values() for row in rows], {"train": COUNT, "validation": 20, "test": 20}),)


def headerless_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    table(folder / "tickets.csv", None, [(label, text) for text, label in rows], without=unless(labelled, 0))
    return (Read(rows),)


def label_is_a_title(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """A header whose cells stand nowhere below is a header, though the labels are words too."""
    rows = labelled_rows(COUNT, ("cat", "dog"))
    table(folder / "pets.csv", ("what she said", "which animal"), rows, without=unless(labelled, 1))
    return (Read(rows),)


def some_quotes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (f'{text} | "so" | he said' if number % 7 == 2 else text, label)
        for number, (text, label) in enumerate(labelled_rows(COUNT, TOPICS))
    ]
    table(
        folder / "train.csv",
        ("topic", "text"),
        [(label, text) for text, label in rows],
        delimiter="|",
        without=unless(labelled, 0),
    )
    return (Read(rows),)


def tabs_and_quotes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (text.replace(" was ", ' was 6" ', 1) if number % 6 == 1 else text, label)
        for number, (text, label) in enumerate(labelled_rows(COUNT, TOPICS))
    ]
    lines = ["text\tlabel" if labelled else "text", *(f"{text}\t{label}" if labelled else text for text, label in rows)]
    (folder / "train.tsv").write_text("\n".join(lines) + "\n")
    return (Read(rows),)


def mysql_escapes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [
        (text.replace(" a ", ' a "big" ', 1) if number % 6 == 1 else text, label)
        for number, (text, label) in enumerate(labelled_rows(COUNT, TOPICS))
    ]
    table(
        folder / "dump.csv",
        ("id", "message", "label"),
        [(number, *row) for number, row in enumerate(rows)],
        quoting=1,
        doublequote=False,
        escapechar="\\",
        without=unless(labelled, 2),
    )
    return (
        Read(rows),
        Refused((r"backslash|\\",), ("--escape",), (Follow(("dump.csv", "--escape", "\\"), (Read(rows),)),)),
    )


def title_above(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    table(
        folder / "report.csv",
        ("text", "label"),
        rows,
        top="Report of 2024\nMarch 1 to March 31\n\n",
        without=unless(labelled, 1),
    )
    return (
        Read(rows, says=("lines? 1|line 4|above the header",)),
        Refused(("header|line",), ("above the header|remove",)),
    )


def comment_lines(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    table(
        folder / "tickets.csv",
        ("text", "label"),
        rows,
        top="# exported by hand, 2024-03-01\n# one ticket a line\n",
        without=unless(labelled, 1),
    )
    return (Read(rows, says=("comment|lines? 1",)), Refused(("comment|line",)))


def footer_total(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    table(
        folder / "tickets.csv",
        ("no", "text", "label"),
        [(number, *row) for number, row in enumerate(rows)],
        end=f"\nTotal: {COUNT},,\n",
        without=unless(labelled, 2),
    )
    return (Read(rows, says=(rf"\b{COUNT + 3}\b",)), Refused((rf"\b{COUNT + 3}\b",)))


def headers_with_marks(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    again: list[Row] = [*rows[:30], ("\ufefftext", "label"), *rows[30:]]
    table(folder / "all.csv", ("\ufefftext", "label"), again, without=unless(labelled, 1))
    return (Read(rows, says=(r"\b32\b",)), Refused((r"\b32\b", "header")))


def pointer(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{''.join(codes(1, 64))}\nsize 21484555\n"
    )


def parquet_pointer(folder: Path, labelled: bool) -> tuple[Right, ...]:
    pointer(folder, "data.parquet")
    return (Refused(("Git LFS pointer",), ("git lfs pull",)),)


def pointers_in_a_folder(folder: Path, labelled: bool) -> tuple[Right, ...]:
    for name in ("train.jsonl", "test.jsonl"):
        pointer(folder, f"data/{name}")
    return (Refused(("Git LFS pointer",), ("git lfs pull",)),)


def html_for_json(folder: Path, labelled: bool) -> tuple[Right, ...]:
    (folder / "train.jsonl").write_text(
        "\n\n<html lang=en>\n<head><title>404 Not Found</title></head><body>gone</body></html>\n"
    )
    return (Refused(("HTML",), ("download",)),)


def xml_for_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    (folder / "train.csv").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>\n'
    )
    return (Refused(("XML",), ("download",)),)


def zipped(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    table(folder / "inside.csv", ("text", "label"), rows)
    with zipfile.ZipFile(folder / "reviews.zip", "w") as archive:
        archive.write(folder / "inside.csv", "reviews.csv")
        archive.writestr("__MACOSX/._reviews.csv", b"\x00\x05\x16\x07")
    return (
        Read(rows),
        Refused((r"\bzip\b",), ("unpack|unzip",), (Follow(("inside.csv",), (Read(rows),), lambda folder: None),)),
    )


def pandas_orients(folder: Path, labelled: bool, orient: str) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    records = [{"text": text, "label": label} for text, label in rows]
    content: Any = {
        "index": {str(number): record for number, record in enumerate(records)},
        "values": [list(row) for row in rows],
        "table": {
            "schema": {
                "fields": [
                    {"name": "index", "type": "integer"},
                    {"name": "text", "type": "string"},
                    {"name": "label", "type": "string"},
                ],
                "primaryKey": ["index"],
                "pandas_version": "1.4.0",
            },
            "data": [{"index": number, **record} for number, record in enumerate(records)],
        },
    }[orient]
    (folder / f"{orient}.json").write_text(json.dumps(content))
    again = Follow(("records.jsonl",), (Read(rows),), lambda folder: json_lines(folder / "records.jsonl", records))
    return (Read(rows), Refused(("pandas|orient|row number|array|list",), ("to_json",), (again,)))


def pandas_index(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return pandas_orients(folder, labelled, "index")


def pandas_values(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return pandas_orients(folder, labelled, "values")


def pandas_table(folder: Path, labelled: bool) -> tuple[Right, ...]:
    return pandas_orients(folder, labelled, "table")


def missing_in_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    words = ("nan", "NaN", "N/A", "null", "None", "")
    cells = [(text, words[number // 6 % 6] if number % 6 == 2 else label) for number, (text, label) in enumerate(rows)]
    left = [(text, label) for text, label in cells if label not in words]
    table(folder / "reviews.csv", ("text", "label"), cells, without=unless(labelled, 1))
    unsure = [(text, label) for text, label in cells if label not in words or label in ("N/A", "None")]
    return (Read(left, says=(UNLABELLED,)), Read(unsure, says=("warning.*'N/A'",)), Refused(("nan",)))


def list_in_csv(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("neg", "pos"))
    table(
        folder / "all.csv",
        ("text", "label"),
        [(text, f"['{label}']") for text, label in rows],
        without=unless(labelled, 1),
    )
    return (Read(rows), Refused(("list",)))


def list_in_parquet(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("neg", "pos"))
    columns = {"text": [text for text, _ in rows], **({"labels": [[label] for _, label in rows]} if labelled else {})}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "all.parquet")
    return (Read(rows),)


def entities(folder: Path, labelled: bool) -> tuple[Right, ...]:
    json_lines(
        folder / "train.jsonl",
        [
            {"text": text, "entities": [{"start": 0, "end": 5, "label": "PRODUCT"}], "tokens": text.split()}
            for text in sentences(60)
        ],
    )
    return (Refused(("span|entities",)),)


def spacy_pairs(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("POSITIVE", "NEGATIVE"))
    pairs = [[text, {"cats": {name: name == label for name in ("POSITIVE", "NEGATIVE")}}] for text, label in rows]
    (folder / "train.json").write_text(json.dumps(pairs))
    return (Read(rows), Refused(("cats|object|list|array",)))


def cats_with_scores(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """Several categories of a text are true: it has several labels."""
    names, pick = ("billing", "delivery", "account"), random.Random(3)
    cats = [{name: float(pick.random() < 0.5) for name in names} for _ in range(60)]
    rows = [{"text": text, "cats": scores} for text, scores in zip(sentences(60), cats, strict=True)]
    json_lines(folder / "train.jsonl", rows)
    true = ["|".join(sorted(name for name, score in scores.items() if score > 0.5)) for scores in cats]
    return (Read(list(zip(sentences(60), true, strict=True)), says=(SEVERAL,)),)


def bars(folder: Path, labelled: bool) -> tuple[Right, ...]:
    pick = random.Random(4)
    rows = [
        (text, "|".join(pick.sample(("rude", "spam", "threat"), pick.choice((1, 1, 2, 3)))))
        for text in sentences(COUNT)
    ]
    table(folder / "comments.csv", ("comment", "labels"), rows)
    return (Read([(text, "|".join(sorted(label.split("|")))) for text, label in rows], says=(SEVERAL, r"\|")),)


def names_with_commas(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """Parts that never stand alone are no labels."""
    rows = labelled_rows(COUNT, ("Clothing, Shoes & Jewelry", "Health, Beauty", "Toys/Games"))
    table(folder / "products.csv", ("title", "category"), rows, without=unless(labelled, 1))
    return (Read(rows),)


def decimal_labels(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("1.0", "2.0", "3.0"))
    table(folder / "stars.csv", ("review", "stars"), rows, without=unless(labelled, 1))
    return (Read(rows), Read([(text, label[0]) for text, label in rows]))


def review_status(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    states = ("approved", "approved", "rejected", "approved", "pending")
    cells = [(text, label, states[number % 5]) for number, (text, label) in enumerate(rows)]
    table(folder / "annotated.csv", ("text", "label", "review_status"), cells, without=unless(labelled, 1, 2))
    approved = Read([row for number, row in enumerate(rows) if number % 5 in {0, 1, 3}], says=("review_status",))
    not_rejected = Read([row for number, row in enumerate(rows) if number % 5 != 2], says=("review_status",))
    return (approved, not_rejected, Read(rows, says=("review_status",)), Refused(("review_status",)))


def one_hot_truths(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, TOPICS)
    cells = [(number, text, *(name == label for name in TOPICS)) for number, (text, label) in enumerate(rows)]
    table(
        folder / "train.csv",
        ("", "text", *(f"label_{name}" for name in TOPICS)),
        cells,
        without=unless(labelled, 2, 3, 4),
    )
    return (Read(rows), Read([(text, f"label_{label}") for text, label in rows]), Refused(("one-hot",)))


def one_hot_with_none(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, (*TOPICS, ""))
    cells = [(text, *(int(name == label) for name in TOPICS)) for text, label in rows]
    table(folder / "train.csv", ("text", *TOPICS), cells, without=unless(labelled, 1, 2, 3))
    return (Read(rows, says=("labels from the columns", SEVERAL)),)


def single_texts(folder: Path, labelled: bool) -> tuple[Right, ...]:
    names = [
        f"{verb} {thing}"
        for verb in ("close", "open", "move", "print", "share", "block")
        for thing in ("card", "loan", "limit", "order", "alarm")
    ]
    rows = list(zip(sentences(len(names)), names, strict=True))
    table(folder / "intents.csv", ("text", "intent"), rows, without=unless(labelled, 1))
    merged = {name: name.split()[0] for name in names}
    by_verb = Follow(
        ("intents.csv", "--label-map", "verbs.json"),
        (Read([(text, merged[label]) for text, label in rows]),),
        lambda folder: (folder / "verbs.json").write_text(json.dumps(merged)),
    )
    return (Refused(("texts?",), (), (by_verb,)),)


def unlabelled_words(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, (*TOPICS, "unlabeled"))
    table(folder / "tickets.csv", ("text", "label"), rows, without=unless(labelled, 1))
    left = [row for row in rows if row[1] != "unlabeled"]
    return (Read(left, says=("unlabeled",)), Read(rows, says=("warning.*unlabeled",)), Refused(("unlabeled",)))


def question_marks(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, (*TOPICS, "?"))
    table(folder / "tickets.csv", ("text", "label"), rows, without=unless(labelled, 1))
    left = [row for row in rows if row[1] != "?"]
    return (Read(left, says=(r"'\?'",)), Read(rows, says=(r"warning.*'\?'",)), Refused((r"'\?'",)))


def votes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """-1 beside 0 and 1 means negative where the column says so: all three are frequent, and it is called polarity."""
    rows = labelled_rows(COUNT, ("-1", "0", "1"))
    table(folder / "polarity.csv", ("text", "sentiment"), rows, without=unless(labelled, 1))
    return (Read(rows),)


def empty_test(folder: Path, labelled: bool) -> tuple[Right, ...]:
    train = labelled_rows(COUNT, GOOD_BAD)
    table(folder / "data" / "train.csv", ("id", "text", "label"), [(number, *row) for number, row in enumerate(train)])
    table(
        folder / "data" / "test.csv",
        ("id", "text", "label"),
        [(number, text, "") for number, text in enumerate(sentences(20, 5))],
    )
    return (Read(train, says=("test", UNLABELLED)), Refused(("test", UNLABELLED)))


def two_marks(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    (folder / "two.txt").write_text(
        "".join(
            f"__label__{label} {'__label__long ' * (number % 2)}{text}\n" for number, (text, label) in enumerate(rows)
        )
    )
    read = [(text, f"{label}|long" if number % 2 else label) for number, (text, label) in enumerate(rows)]
    return (Read(read, says=(SEVERAL,)),)


def official_marks(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = [(text.lower().replace(",", " ,"), label) for text, label in labelled_rows(COUNT, ("1", "2"))]
    lines = [f"__label__{label} , {text}" if labelled else text for text, label in rows]
    (folder / "dbpedia.train").write_text("\n".join(lines) + "\n")
    return (Read([(f", {text}", label) for text, label in rows]), Read(rows))


def system_files(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("neg", "pos"))
    for number, (text, label) in enumerate(rows):
        for path, content in (
            (f"{label}/{number}.txt", text.encode()),
            (f"{label}/._{number}.txt", b"\x00\x05\x16\x07"),
            (f"__MACOSX/{label}/._{number}.txt", b"\x00\x05\x16\x07"),
        ):
            (folder / "reviews" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "reviews" / path).write_bytes(content)
    for name in ("pos/.DS_Store", "neg/Thumbs.db", "__MACOSX/x.txt", ".git/a.txt", ".cache/b.txt"):
        (folder / "reviews" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "reviews" / name).write_bytes(b"\x00\x01binary")
    return (Read(rows),)


def other_endings(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("spam", "easy_ham"))
    for number, (text, label) in enumerate(rows):
        path = folder / "mails" / label / f"{number:05}.{number:032x}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Subject: {text[:9]}\n\n{text}\n")
    return (Read([(f"Subject: {text[:9]}\n\n{text}\n", label) for text, label in rows]), Refused((r"\.txt",)))


def look_alikes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """A Cyrillic letter in a Latin word is another label to the program, and the same to people."""
    rows = labelled_rows(COUNT, ("pass", "fail"))
    cells = [
        (text, label.replace("a", "\u0430") if number % 6 == 1 else label) for number, (text, label) in enumerate(rows)
    ]
    table(folder / "tickets.csv", ("text", "label"), cells, without=unless(labelled, 1))
    return (Read(rows), Read(cells, says=("warning.*(alike|same|differ)",)), Refused(("alike|same",)))


def case_twins(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, ("Refund", "Order", "refund ", "ORDER"))
    table(folder / "tickets.csv", ("text", "label"), rows, without=unless(labelled, 1))
    return (
        Read([(text, label.strip()) for text, label in rows], says=("warning.*case",)),
        Read([(text, label.strip().capitalize()) for text, label in rows]),
    )


def unnamed_index(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    cells = [(number % 9, number, text, label) for number, (text, label) in enumerate(rows)]
    table(folder / "again.csv", ("Unnamed: 0", "index", "text", "label"), cells, without=unless(labelled, 3))
    return (Read(rows, silent=("label names", "group", "instead of")),)


def nameless_in_between(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows, notes = labelled_rows(COUNT, GOOD_BAD), titles(COUNT)
    cells = [(text, notes[number], label) for number, (text, label) in enumerate(rows)]
    table(folder / "notes.csv", ("text", "", "label"), cells, without=unless(labelled, 2))
    return (Read(rows, silent=("label names", "group")),)


def answer_is_text(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """A column `answer` with texts is no annotation."""
    rows, asked = labelled_rows(COUNT, GOOD_BAD), titles(COUNT)
    cells = [(f"{asked[number]}?", text, label) for number, (text, label) in enumerate(rows)]
    table(folder / "answers.csv", ("question", "answer", "label"), cells, without=unless(labelled, 2))
    both = [(joined(f"{asked[number]}?", text), label) for number, (text, label) in enumerate(rows)]
    return (Read(rows), Read(both), Refused(("question", "answer")))


def status_is_label(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """Where nothing else can be the label, accepted and rejected are the classes."""
    rows = labelled_rows(COUNT, ("accepted", "rejected"))
    table(folder / "papers.csv", ("abstract", "status"), rows, without=unless(labelled, 1))
    named = Follow(("papers.csv", "--label-column", "status"), (Read(rows),))
    return (Read(rows), Refused(("status",), ("--label-column",), (named,)))


def split_column(folder: Path, labelled: bool) -> tuple[Right, ...]:
    rows = labelled_rows(COUNT, GOOD_BAD)
    cells = [
        (text, label, ("train", "train", "train", "dev", "test", "train")[number % 6])
        for number, (text, label) in enumerate(rows)
    ]
    table(folder / "all.csv", ("text", "label", "split"), cells, without=unless(labelled, 1))
    counts = {"train": 4 * COUNT // 6, "validation": COUNT // 6, "test": COUNT // 6}
    return (Read(rows, counts), Read(rows, says=("split",)), Refused(("split",)))


def sheet_of_numbers(folder: Path, labelled: bool) -> tuple[Right, ...]:
    pick = random.Random(5)
    table(
        folder / "iris.csv",
        ("sepal", "petal", "width", "class"),
        [(*(round(pick.uniform(0, 7), 1) for _ in range(3)), ("a", "b")[number % 2]) for number in range(60)],
    )
    return (Refused(("text",)),)


def pipes(folder: Path, labelled: bool) -> tuple[Right, ...]:
    """Texts and labels in two files, line by line, as tweet_eval has them."""
    kept: list[Row] = []
    for split, count, seed in (("train", COUNT, 1), ("val", 20, 2), ("test", 20, 3)):
        rows = labelled_rows(count, ("0", "1", "2"), seed)
        for what, lines in (("text", [text for text, _ in rows]), ("labels", [label for _, label in rows])):
            path = folder / "emotion" / f"{split}_{what}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(lines) + "\n")
        kept += rows
    (folder / "emotion" / "mapping.txt").write_text("0\tanger\n1\tjoy\n2\tsadness\n")
    named = {"0": "anger", "1": "joy", "2": "sadness"}
    counts = {"train": COUNT, "validation": 20, "test": 20}
    return (Read(kept, counts), Read([(text, named[label]) for text, label in kept], counts), Refused(("labels",)))


def named_files(cases: Sequence[tuple[str, Any, str, str, bool]]) -> list[Layout]:
    return [Layout(name, "the same kind", build, (file,), why, predict) for name, build, file, why, predict in cases]


KINDS = named_files([
    ("texts that overflow", overflow, "spam.csv", "what pandas calls Unnamed has no name", True),
    ("addresses and dates", url_and_date, "pages.csv", "addresses and hashes are no text", True),
    ("two free answers", two_answers, "answers.csv", "both answers are free texts", False),
    ("headerless splits", headerless_pairs, "moods", "the first row is data", False),
    ("headerless CSV", headerless_csv, "tickets.csv", "the first row is data", True),
    ("a header of words", label_is_a_title, "pets.csv", "the first row is a header", True),
    ("bars and some quotes", some_quotes, "train.csv", "quotes only where needed", True),
    ("tabs and inches", tabs_and_quotes, "train.tsv", "a quote inside a text is a quote", True),
    ("escapes, all quoted", mysql_escapes, "dump.csv", "a backslash escapes a quote", True),
    ("a title above", title_above, "report.csv", "the header is the fourth line", False),
    ("comment lines", comment_lines, "tickets.csv", "lines that begin with # are comments", False),
    ("a total below", footer_total, "tickets.csv", "a sum is no data", False),
    ("headers with marks", headers_with_marks, "all.csv", "the second header has a byte order mark too", True),
    ("LFS pointer for Parquet", parquet_pointer, "data.parquet", "there is no data", False),
    ("LFS pointers in a folder", pointers_in_a_folder, "data", "there is no data", False),
    ("HTML for JSON lines", html_for_json, "train.jsonl", "there is no data", False),
    ("XML for CSV", xml_for_csv, "train.csv", "there is no data", False),
    ("zip", zipped, "reviews.zip", "one table is inside", False),
    ("to_json, index", pandas_index, "index.json", "an object of rows is a table", False),
    ("to_json, values", pandas_values, "values.json", "an array of rows is a table", False),
    ("to_json, table", pandas_table, "table.json", "the rows stand under data", False),
    ("missing labels as words", missing_in_csv, "reviews.csv", "nan, N/A and null are missing values", True),
    ("lists as words", list_in_csv, "all.csv", "a list of one label is a label", True),
    ("lists in Parquet", list_in_parquet, "all.parquet", "a list of one label is a label", True),
    ("entities", entities, "train.jsonl", "spans are not labels of texts", False),
    ("spaCy pairs", spacy_pairs, "train.json", "the category that is true is the label", False),
    ("cats, several", cats_with_scores, "train.jsonl", "categories above 0.5 are labels", False),
    ("bars", bars, "comments.csv", "the parts stand alone too", False),
    ("names with commas", names_with_commas, "products.csv", "parts that never stand alone are no labels", True),
    ("decimal stars", decimal_labels, "stars.csv", "1.0 is a class", True),
    ("review status", review_status, "annotated.csv", "rejected rows are not of that label", True),
    ("one-hot truths", one_hot_truths, "train.csv", "True and False are 1 and 0", True),
    ("one-hot with none", one_hot_with_none, "train.csv", "rows without a 1 are texts with no label", True),
    ("single texts", single_texts, "intents.csv", "nothing can be split off", False),
    ("unlabeled", unlabelled_words, "tickets.csv", "unlabeled is no label", True),
    ("question marks", question_marks, "tickets.csv", "a question mark is no label", True),
    ("-1, 0 and 1", votes, "polarity.csv", "a sentiment of -1 is negative", True),
    ("test with empty labels", empty_test, "data", "the test file has no labels", False),
    ("two marks", two_marks, "two.txt", "a text may have several labels", False),
    ("marks and a comma apart", official_marks, "dbpedia.train", "fastText's own example", False),
    ("files of systems", system_files, "reviews", "hidden files are no data", False),
    ("files of any ending", other_endings, "mails", "files of any name are texts", False),
    ("look-alikes", look_alikes, "tickets.csv", "what looks the same is warned of", True),
    ("case twins", case_twins, "tickets.csv", "what differs in case is warned of", True),
    ("Unnamed: 0 and index", unnamed_index, "again.csv", "what pandas calls Unnamed has no name", True),
    ("nameless notes", nameless_in_between, "notes.csv", "a column without a name has no part", True),
    ("answers are texts", answer_is_text, "answers.csv", "this answer is no annotation", True),
    ("status is the label", status_is_label, "papers.csv", "there is nothing else", True),
    ("a split column", split_column, "all.csv", "it says the split", False),
    ("a table of numbers", sheet_of_numbers, "iris.csv", "there is no text", False),
    ("texts and labels apart", pipes, "emotion", "the lines of both files belong together", False),
])  # fmt: skip
