"""The catalogue of bad inputs: how each is created, how it is prepared, and what the expected result is.

`python tests/support/catalogue.py > docs/bad-inputs.md` (part of `make docs`) runs every case and writes the page.
"""

import bz2
import gzip
import json
import os
import random
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from clf.data.prepared import PreparedDataset
from support.packed import flagged, tarred, zipped
from support.tiny import review_rows, write_csv
from support.workbook_files import encrypted, write_xlsx

ROWS = review_rows(40)
Build = Callable[[Path], Any]
Check = Callable[[PreparedDataset], bool]


@dataclass(frozen=True)
class Case:
    """One row of the catalogue: the input, the arguments of `clf prepare`, and the expected result."""

    number: int
    name: str
    build: Build
    code: int = 0
    says: tuple[str, ...] = ()
    arguments: tuple[object, ...] = ("--dataset", "x.csv")
    check: Check = lambda prepared: len(every(prepared, "text")) == 40
    """A condition that the prepared dataset must meet, if there is one."""


def every(prepared: PreparedDataset, column: str) -> list[Any]:
    return [
        value
        for split in prepared.splits
        for value in pyarrow.parquet.read_table(prepared.folder / f"{split}.parquet")[column].to_pylist()
    ]


def csv_bytes(rows: list[tuple[object, ...]] = ROWS, header: str = "text,label") -> bytes:
    lines = [header, *(",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def file(content: bytes | str, name: str = "x.csv") -> Build:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda folder: (folder / name).write_bytes(data)


def table(rows: list[tuple[object, ...]]) -> Build:
    return lambda folder: write_csv(folder / "x.csv", rows)


def relabelled(*labels: object) -> list[tuple[object, ...]]:
    return [(text, labels[number % len(labels)]) for number, (text, _) in enumerate(ROWS)]


def with_text(text: object) -> list[tuple[object, ...]]:
    return [(text, "good"), *ROWS[1:]]


def jsonl(*more: str) -> Build:
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    return file("\n".join([*lines, *more]) + "\n", "x.jsonl")


def parquet(texts: list[Any], labels: list[Any]) -> Build:
    def write(folder: Path) -> None:
        pyarrow.parquet.write_table(pyarrow.table({"text": texts, "label": labels}), folder / "x.parquet")

    return write


def tables(*names: str) -> Build:
    def build(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "x.db")) as connection:
            for name in names:
                quoted = name.replace('"', '""')
                connection.execute(f'CREATE TABLE "{quoted}" (text, label)')
                connection.executemany(f'INSERT INTO "{quoted}" VALUES (?, ?)', ROWS)
            connection.commit()

    return build


def directory(name: str) -> Build:
    return lambda folder: (folder / name).mkdir()


def splits(train: list[tuple[object, ...]], test: list[tuple[object, ...]]) -> Build:
    def write(folder: Path) -> None:
        (folder / "x").mkdir()
        write_csv(folder / "x" / "train.csv", train)
        write_csv(folder / "x" / "test.csv", test)

    return write


def sets_in_files(folder: Path) -> None:
    for name, labels in (("x", ["good", "bad"]), ("y", ["good", "odd"])):
        lines = [{"text": f"{text} {name}", "label": labels[: 1 + n % 2]} for n, (text, _) in enumerate(ROWS)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[1:]))


def labels_are(*names: str) -> Check:
    return lambda prepared: prepared.labels == list(names)


def holds(*texts: str) -> Check:
    return lambda prepared: set(texts) <= set(every(prepared, "text"))


def has_rows(count: int) -> Check:
    return lambda prepared: len(every(prepared, "text")) == count


def audited(key: str, value: object) -> Check:
    return lambda prepared: bool(getattr(prepared.audit, key) == value)


def made(folder: Path) -> None:
    """Write good data, and an output folder that contains an unrelated file."""
    table(ROWS)(folder)
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("precious")


def linked(folder: Path) -> None:
    table(ROWS)(folder)
    (folder / "elsewhere").mkdir()
    (folder / "out").symlink_to(folder / "elsewhere")


def piped(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    threading.Thread(target=lambda: (folder / "pipe").write_bytes(csv_bytes()), daemon=True).start()


def taken(folder: Path) -> None:
    table(ROWS)(folder)
    (folder / "out").write_text("a file")


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


DATA = ("--dataset", "x")
JSONL = ("--dataset", "x.jsonl")
PARQUET = ("--dataset", "x.parquet")
OUT = ("--dataset", "x.csv", "--output-dir", "out")
WORDS = ["None", "null", "NA", "nan", "N/A"]
BOMB = gzip.compress(csv_bytes() + b"x," + b"a" * 20_000_000 + b"\n")

CASES = [
    Case(1, "file missing", table(ROWS), 1, ("y.csv does not exist", "did you mean x.csv"), ("--dataset", "y.csv")),
    Case(2, "a folder instead of a file", directory("d.csv"), 1, ("has no train.*", "pass a file"), ("--dataset", "d.csv")),
    Case(2, "a folder as a split", lambda folder: (table(ROWS)(folder), (folder / "d").mkdir()), 1, ("is a folder", "pass a file"), ("--dataset", "x.csv", "--test", "d")),
    Case(3, "an empty file", file(""), 1, ("x.csv is empty",)),
    Case(4, "a header and no rows", file("text,label\n"), 1, ("has a header but no rows",)),
    Case(5, "UTF-8 with a byte order mark", file(b"\xef\xbb\xbf" + csv_bytes()), check=labels_are("bad", "good")),
    Case(6, "UTF-16 with a byte order mark", file(csv_bytes().decode().encode("utf-16"))),
    Case(6, "UTF-16 without a byte order mark", file(csv_bytes().decode().encode("utf-16-le")), says=("read as utf-16-le",)),
    Case(7, "Latin-1", file(("text,label\n" + "".join(f"{text} déçu à Noël,{label}\n" for text, label in ROWS)).encode("cp1252")), says=("is not UTF-8; read as cp1252",), check=holds(ROWS[7][0] + " déçu à Noël")),
    Case(7, "an invalid byte late in a UTF-8 file", file(csv_bytes() + b'"' + b"x" * (1 << 20) + b'\xe9",good\n'), 1, ("line 42: byte 0xe9 is not utf-8", "--encoding")),
    Case(8, "a NUL character in a cell", file(csv_bytes().replace(b"number 3 ", b"number\0 3 ")), says=("dropped 1 NUL characters, the first on line 5",)),
    Case(9, "too many cells in a row", file("text,label\na,x\nb,y,z\n"), 1, ("line 3 has 3",)),
    Case(10, "too few cells in a row", file("text,label\na,x\nb\n"), 1, ("line 3 has 1",)),
    Case(11, "a quote that is never closed", file(csv_bytes() + b'"and so on,good\nmore,bad\n'), 1, ("line 42: a quoted cell is never closed", "close the quote")),
    Case(11, "a quote closed only by the next row's quote", file('text,label\n"a,x\nb,y\n"c",x\n'), 1, ("line 2: a quoted cell is never closed",)),
    Case(12, "a line break inside quotes", table(with_text("one line\nand another")), check=holds("one line and another")),
    Case(13, "lines that end in a carriage return only", file(csv_bytes().replace(b"\n", b"\r"))),
    Case(14, "semicolons as delimiter", file("text;label\n" + "".join(f"{text}, {text};{label}\n" for text, label in ROWS)), says=("delimited by semicolon",)),
    Case(14, "vertical bars as delimiter", file("text|label\n" + "".join(f"{text}|{label}\n" for text, label in ROWS)), says=("delimited by bar",)),
    Case(14, "cells in single quotes", file("text,label\n" + "".join(f"'{text}, isn''t it',{label}\n" for text, label in ROWS)), says=("cells are quoted with '",), check=holds("film number 1 is great and wonderful, isn't it")),
    Case(15, "two columns with the same name", file("label,text,label\n" + "".join(f"{label},{text},9\n" for text, label in ROWS)), says=("2 columns called 'label'; they are read as 'label', 'label.1'",)),
    Case(16, "no label column", table(ROWS), 1, ("has no column 'lable'", "did you mean --label-column label"), ("--dataset", "x.csv", "--label-column", "lable")),
    Case(17, "no text column", table(ROWS), 1, ("has no column 'tekst'", "did you mean --text-column text"), ("--dataset", "x.csv", "--text-column", "tekst")),
    Case(18, "an empty label", table([*ROWS, ("no label here", ""), ("nor here", " ")]), says=("dropped 2 of 42 rows with no label (line 42, 43)",)),
    Case(19, "an empty text", table([*ROWS, ("", "good")]), says=("dropped 1 of 41 rows with no text (line 42)",)),
    Case(20, "the texts None, null and NA", table([*ROWS, *((word, "good") for word in WORDS)]), check=holds(*WORDS)),
    Case(20, "the labels None, null and NA", table(relabelled("None", "null", "NA", "nan")), check=labels_are("NA", "None", "nan", "null")),
    Case(21, "labels 1.0 and 0.0", table(relabelled("1.0", "0.0")), says=("labels like 1.0 are read as 1",), check=labels_are("0", "1")),
    Case(22, "numeric labels with one missing", parquet([text for text, _ in [*ROWS, ("one more", "")]], [1.0, 0.0] * 20 + [None]), says=("dropped 1 of 41 rows with no label (line 41)",), arguments=PARQUET, check=labels_are("0", "1")),
    Case(23, "labels True and False", table(relabelled("True", "False")), says=("read as true and false",), check=labels_are("false", "true")),
    Case(24, "labels 007 and 07", table(relabelled("007", "07")), check=labels_are("007", "07")),
    Case(25, "labels 0, 1, 2, 10", table(relabelled(0, 1, 2, 10)), check=labels_are("0", "1", "2", "10")),
    Case(26, "labels ' neg', 'Neg', 'neg'", table(relabelled(" neg", "Neg", "neg", "pos")), says=("'Neg', 'neg' differ only in case",), check=labels_are("Neg", "neg", "pos")),
    Case(27, "one class", table(relabelled("a")), 1, ("every label is 'a', expected at least two classes",)),
    Case(28, "one row", table(ROWS[:1]), 1, ("every label is 'bad'",)),
    Case(29, "a class with one row", table([*ROWS, ("a strange one", "odd")]), 1, ("class 'odd' has 1 distinct text",)),
    Case(30, "a different label in each row", table([(text, f"id{number}") for number, (text, _) in enumerate(ROWS)]), 1, ("40 values in 40 rows",)),
    Case(31, "numbers instead of texts", parquet(list(range(1000, 1040)), ["a", "b"] * 20), arguments=PARQUET, check=holds("1000", "1039")),
    Case(32, "dates instead of texts", table([(f"2024-01-{number:02d}", "ab"[number % 2]) for number in range(1, 31)]), check=holds("2024-01-01")),
    Case(33, "a label in test that train does not have", splits(ROWS, [*ROWS[:2], ("new", "odd")]), 1, ("test has labels that train does not have: 'odd' (line 4)",), DATA),
    Case(34, "label -100", table(relabelled(-100, 1)), 1, ("a label is -100",)),
    Case(35, "the same text in all rows", table([("the same text", "ab"[n % 2]) for n in range(40)]), 1, ("all training texts are the same",)),
    Case(36, "a text with two labels", table([*ROWS, (ROWS[0][0], "good")]), says=("1 text with two labels",), check=audited("conflicting", 1)),
    Case(37, "test texts that are also in train", splits(ROWS, ROWS[:6]), says=("6 distinct texts of test also in train",), arguments=DATA, check=audited("leaks", {"test_in_train": 6})),
    Case(38, "a text that is empty after cleaning", table([*ROWS, ("<br /><br />", "good")]), says=("no text after cleaning (line 42)",)),
    Case(39, "all texts longer than --max-length", table([(f"{text} " * 3, label) for text, label in ROWS]), says=("100 % of the texts are longer than 8 tokens",), arguments=("--dataset", "x.csv", "--max-length", "8")),
    Case(40, "a cell of 10 MB, one word", table(with_text("x" * 10_000_000))),
    Case(41, "a cell of 10 MB, many words", table(with_text("many words " * 900_000))),
    Case(42, "emoji, right-to-left text and combining characters", table(with_text("👩‍🚀 שלום cafe\u0301 می‌خواهم")), check=holds("👩‍🚀 שלום café می‌خواهم")),
    Case(43, "zero-width and control characters", table(with_text("ab\u200bc \u202edef\ufeff \x07bell")), says=("with control or invisible characters",), check=holds("abc def bell")),
    Case(44, "half of a surrogate pair in JSON", jsonl('{"text": "half \\ud83d of it", "label": "good"}'), arguments=JSONL, check=lambda prepared: any(text.startswith("half") for text in every(prepared, "text"))),
    Case(45, "[SEP] and [MASK] in a text", table(with_text("[SEP] and [MASK] are words")), check=holds("[SEP] and [MASK] are words")),
    Case(46, "10,000 nested tags", table(with_text("<div>" * 10_000 + "in here" + "</div>" * 10_000)), check=holds("in here")),
    Case(47, "a text made to slow down regular expressions", table(with_text("<" * 100_000 + "&" * 100_000 + "http://" * 15_000 + "a" * 26 + "!"))),
    Case(48, "a gzip bomb", file(BOMB, "x.csv.gz"), 1, ("expands to more than 100 times its size", "--max-inflation"), ("--dataset", "x.csv.gz")),
    Case(49, "a damaged Parquet file", file(b"PAR1" + b"\0" * 200 + b"PAR1", "x.parquet"), 1, ("is not a readable Parquet file",), PARQUET),
    Case(50, "a CSV file named .parquet", file(csv_bytes(), "x.parquet"), arguments=PARQUET),
    Case(51, "a malformed JSON line", jsonl('{"text": "a", "label"'), 1, ("line 41:",), JSONL),
    Case(52, "a JSON object instead of a text", file("".join(json.dumps({"text": {"body": text, "lang": "en"}, "label": label}) + "\n" for text, label in ROWS), "x.jsonl"), 1, ("line 1: the text is an object with the keys 'body', 'lang'", "pass --text-column text.body if that is the text"), JSONL),
    Case(52, "a text inside a JSON object, named by its key", file("".join(json.dumps({"text": {"body": text}, "label": label}) + "\n" for text, label in ROWS), "x.jsonl"), arguments=(*JSONL, "--text-column", "text.body"), check=holds(ROWS[0][0])),
    Case(53, "texts of several types", jsonl('{"text": 5, "label": "good"}'), 1, ("line 41: the text is int, expected a string",), JSONL),
    Case(54, "a key that is missing in some lines", jsonl('{"label": "good"}'), says=("dropped 1 of 41 rows with no text (line 41)",), arguments=JSONL),
    Case(55, "a duplicate key in an object", jsonl('{"text": "a", "label": "good", "label": "bad"}'), 1, ("line 41: a key appears twice",), JSONL),
    Case(56, "a JSON array", file(json.dumps([{"text": text, "label": label} for text, label in ROWS]), "x.jsonl"), arguments=JSONL),
    Case(57, "a list of labels in one row", jsonl('{"text": "a", "label": ["x", "y"]}'), says=("dropped 1 of 41 rows with several labels (line 41); --multi-label keeps them",), arguments=JSONL),
    Case(57, "lists of labels", file("".join(json.dumps({"text": text, "label": [label, "x"][: 1 + n % 2]}) + "\n" for n, (text, label) in enumerate(ROWS)), "x.jsonl"), says=("line 2: 20 of 40 rows have several labels: a text may have several labels",), arguments=JSONL, check=labels_are("bad", "good", "x")),
    Case(57, "lists of labels that should be one", file("".join(json.dumps({"text": text, "label": [label, "x"][: 1 + n % 2]}) + "\n" for n, (text, label) in enumerate(ROWS)), "x.jsonl"), 1, ("line 2: 20 of 40 rows have several labels", "leave out --no-multi-label"), (*JSONL, "--no-multi-label")),
    Case(57, "texts of which none has a label", file("".join(json.dumps({"text": text, "label": []}) + "\n" for text, _ in ROWS), "x.jsonl"), 1, ("no row has both a text and a label: all 40 rows have no label",), JSONL),
    Case(57, "labels of which only test has one", sets_in_files, 1, ("test has labels that train does not have: 'odd' (lines 1, 3, 5 and 17 more)",), ("--dataset", "x.jsonl", "--test", "y.jsonl")),
    Case(57, "a label of all texts and two that differ in case", file("".join(json.dumps({"text": text, "label": ["all", *["Good", "good"][: n % 3]]}) + "\n" for n, (text, _) in enumerate(ROWS)), "x.jsonl"), says=("the labels 'Good', 'good' differ only in case or spaces", "every training text has the label 'all'"), arguments=JSONL, check=labels_are("Good", "all", "good")),
    Case(57, "lists of one label", file("".join(json.dumps({"text": text, "label": [label]}) + "\n" for text, label in ROWS), "x.jsonl"), says=("a list of one label is read as that label",), arguments=JSONL, check=labels_are("bad", "good")),
    Case(57, "labels joined by a separator", table(relabelled("a", "b", "a#b", "b#a", "a#b#a")), says=("line 4: 24 of 40 rows have several labels joined by '#', such as 'a#b'",), check=labels_are("a", "b")),
    Case(57, "joined labels that should be one", table(relabelled("a", "b", "a#b", "b#a", "a#b#a")), 1, ("line 4: 24 of 40 rows have several labels joined by '#', such as 'a#b'", "--label-map FILE.json"), ("--dataset", "x.csv", "--no-multi-label")),
    Case(57, "labels with a part that is a label too", table(relabelled("News", "News/Arts", "Sports")), says=("such as 'News/Arts', are read as one class each",), check=labels_are("News", "News/Arts", "Sports")),
    Case(57, "labels of spans", file("".join(json.dumps({"text": text, "label": [[0, 4, "PER"]]}) + "\n" for text, _ in ROWS), "x.jsonl"), 1, ("labels of spans (parts of a text), such as [[0, 4, 'PER']]",), JSONL),
    Case(57, "a JSON object instead of a label", file("".join(json.dumps({"text": text, "label": {"by": "me", "kind": label}}) + "\n" for text, label in ROWS), "x.jsonl"), 1, ("the label is an object with the keys 'by', 'kind'", "--label-column label.kind"), JSONL),
    Case(57, "a score for each class", file("".join(json.dumps({"text": text, "label": {"good": float(label == "good"), "bad": float(label == "bad")}}) + "\n" for text, label in ROWS), "x.jsonl"), says=("the one above 0.5 is read as the label",), arguments=JSONL, check=labels_are("bad", "good")),
    Case(57, "choices of Label Studio", table(relabelled('{"choices": ["good"]}', "bad")), says=("a choice in JSON is read as its label",), check=labels_are("bad", "good")),
    Case(30, "numbers instead of classes", table(relabelled(*(f"0.{n}" for n in range(11, 51)))), 1, ("the labels are numbers, not classes: 40 different ones from 0.11 to 0.50",)),
    Case(30, "texts instead of classes", table([(label, f"{text}, which is all that there is to say about it") for text, label in ROWS]), 1, ("the labels are texts, not classes",), ("--dataset", "x.csv", "--text-column", "text")),
    Case(30, "many classes with few texts", table([(text, f"{'abcdefghij'[n // 4]}{'wxyz'[n % 4]} card") for n, (text, _) in enumerate(ROWS)]), 1, ("have 1 distinct text, too few to split",)),
    Case(18, "a dash for a label", table([*ROWS, ("nobody agreed on it", "-")]), says=("dropped 1 of 41 rows with no label ('-') (line 42)", "keeps it as a class"), check=labels_are("bad", "good")),
    Case(18, "a dash that is a class", table(relabelled("good", "bad", "-")), says=(), arguments=("--dataset", "x.csv", "--label-map", "-=neutral"), check=lambda prepared: "neutral" in prepared.labels),
    Case(18, "the label -1", table(relabelled(0, 1, -1)), says=("13 of 40 rows have the label '-1', which often marks rows without a label; --unlabelled=-1",), check=labels_are("-1", "0", "1")),
    Case(18, "the label -1, left out", table(relabelled(0, 1, -1)), says=("dropped 13 of 40 rows with no label ('-1')",), arguments=("--dataset", "x.csv", "--unlabelled", "-1"), check=labels_are("0", "1")),
    Case(58, "U+2028 in a text", table(with_text("one\u2028row")), check=holds("one row")),
    Case(60, "a named pipe", piped, arguments=("--dataset", "pipe")),
    Case(61, "an output folder that contains another file", made, 1, ("contains files that clf did not write (thesis.txt)", "--overwrite"), OUT),
    Case(62, "an output folder that is a symbolic link", linked, arguments=OUT, check=lambda prepared: Path("out").is_symlink()),
    Case(63, "an output folder that cannot be created", table(ROWS), 1, ("cannot",), ("--dataset", "x.csv", "--output-dir", "/proc/clf/out")),
    Case(64, "an output folder that is a file", taken, 1, ("is a file",), OUT),
    Case(55, "a duplicate key in an object of an array", file('[{"text": "a", "label": "good", "label": "bad"}]', "x.jsonl"), 1, ("a key appears twice",), JSONL),
    Case(15, "two keys that differ only in white space", file("".join(json.dumps({"text": text, "label": label, "label ": 9}) + "\n" for text, label in ROWS), "x.jsonl"), says=("2 columns called 'label'; they are read as 'label', 'label.1'",), arguments=JSONL),
    Case(24, "labels 007, 07 and 1.0", table(relabelled("007", "07", "1.0")), check=lambda prepared: set(prepared.labels) == {"007", "07", "1"}),
    Case(29, "several classes with one row each", table([*ROWS, ("a strange one", "odd"), ("another", "rare")]), 1, ("classes 'odd', 'rare' have 1 distinct text",)),
    Case(30, "a hundred thousand labels", file("text,label\n" + "".join(f"text {n},id{n}\n" for n in range(100_000))), 1, ("100000 values in 100000 rows",)),
    Case(57, "lists written as strings", table(relabelled("['a', 'b']", "['a']")), says=("line 2: 20 of 40 rows have several labels", "every training text has the label 'a'"), check=labels_are("a", "b")),
    Case(57, "columns of zeros and ones", file("text,toxic,rude\n" + "".join(f"{text},{n % 2},{n % 3 // 2}\n" for n, (text, _) in enumerate(ROWS))), says=("contain only 0 and 1, with several 1s in 15% of the rows and none in 32%: a text may have several labels", "labels from the columns toxic, rude"), check=labels_are("rude", "toxic")),
    Case(0, "a tab-separated file with quotes that belong to the text", file("text\tlabel\n" + "".join(f'"Great" {text}\t{label}\n' for text, label in ROWS)), check=holds('"Great" ' + ROWS[0][0])),
    Case(0, "a flipped bit in a compressed file", lambda folder: (folder / "x.csv.gz").write_bytes(flipped(gzip.compress(random.Random(1).randbytes(4000).hex().encode() * 3), 3000)), 1, ("cannot be decompressed",), ("--dataset", "x.csv.gz")),
    Case(0, "classes.txt in another encoding", lambda folder: (table(relabelled(1, 2))(folder), (folder / "classes.txt").write_bytes(b"caf\xe9\nth\xe9\n")), 1, ("classes.txt: byte 0xe9 is not utf-8",)),
    Case(0, "a class folder in another encoding", lambda folder: [((folder / "d" / name).mkdir(parents=True), (folder / "d" / name / "1.txt").write_bytes(b"caf\xe9")) for name in ("a", "b")], 1, ("1.txt: byte 0xe9 is not utf-8",), ("--dataset", "d", "--encoding", "utf-8")),
    Case(0, "class folders in cp1252", lambda folder: [((folder / "d" / name).mkdir(parents=True, exist_ok=True), (folder / "d" / name / f"{row}.txt").write_bytes(f"{text} caf\xe9 {row}".encode("cp1252"))) for row, (text, name) in enumerate(ROWS)], arguments=("--dataset", "d"), says=("texts are not UTF-8", "read as cp1252")),
    Case(0, "all rows in one group", file("text,label,who\n" + "".join(f"{text},{label},me\n" for text, label in ROWS)), 1, ("nothing is left for validation and test",), ("--dataset", "x.csv", "--group-column", "who")),
    Case(1, "a misspelt file name", table(ROWS), 1, ("no file or dataset is called 'x.cvs'", "did you mean x.csv?"), ("--dataset", "x.cvs")),
    Case(16, "a misspelt key inside a JSON object", file("".join(json.dumps({"text": {"body": text}, "label": label}) + "\n" for text, label in ROWS), "x.jsonl"), 1, ("has no column 'text.boddy'",), (*JSONL, "--text-column", "text.boddy")),
    Case(0, "an Excel workbook with several sheets", lambda folder: write_xlsx(folder / "x.xlsx", {"May": [("text", "label"), *ROWS], "June": ROWS}), 1, ("has several sheets with rows: 'May', 'June'", "x.xlsx/May"), ("--dataset", "x.xlsx")),
    Case(0, "a sheet of an Excel workbook", lambda folder: write_xlsx(folder / "x.xlsx", {"May": [("text", "label"), *ROWS], "June": ROWS}), arguments=("--dataset", "x.xlsx/May"), check=labels_are("bad", "good")),
    Case(0, "an Excel workbook with a password", file(encrypted(), "x.xlsx"), 1, ("is protected by a password", "without the password"), ("--dataset", "x.xlsx")),
    Case(0, "Excel's first line sep=;", file("sep=;\ntext;label\n" + "".join(f"{text};{label}\n" for text, label in ROWS)), check=labels_are("bad", "good")),
    Case(0, "a title above the header", file(b"Report of 2024\n\n" + csv_bytes()), says=("skipped line 1 ('Report of 2024') above the header",)),
    Case(0, "a title above a header without a usual name", file(b"Report of 2024\n" + csv_bytes(header="remark,kind")), 1, ("line 2 has 2", "remove the lines above the header")),
    Case(0, "comments above the header", file(b"# exported by hand\n# for us, and for you\n" + csv_bytes()), says=("skipped line 1 ('# exported by hand'), line 2",)),
    Case(0, "a header that is repeated", file(csv_bytes() + b"text,label\n"), says=("left out 1 row that repeats the header (line 42)",)),
    Case(0, "a footer", file(csv_bytes() + b"(40 rows)\n"), says=("left out the footer, line 42 ('(40 rows)')",)),
    Case(0, "a last line that was cut off", file(csv_bytes() + b"this te"), 1, ("line 42 has 1", "put quotes around")),
    Case(0, "two columns of one name, which is asked for", file("text,label,label\n" + "".join(f"{text},{label},x\n" for text, label in ROWS)), 1, ("has 2 columns called 'label': the numbers 1, 2 from 0", "--label-column 1 or --label-column 2"), ("--dataset", "x.csv", "--label-column", "label")),
    Case(0, "a Git LFS pointer", file("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 345\n"), 1, ("x.csv is a Git LFS pointer", "git lfs pull")),
    Case(0, "a web page instead of the file", file("<!DOCTYPE html><html><body>Sign in</body></html>\n"), 1, ("x.csv is an HTML page", "download the file again")),
    Case(0, "a zip with one table", lambda folder: zipped(folder / "x.zip", {"in/x.csv": csv_bytes(), "__MACOSX/in/._x.csv": b"\0", "README.md": "x"}), arguments=("--dataset", "x.zip")),
    Case(0, "a table in an archive with several", lambda folder: tarred(folder / "x.tar.gz", {"a.csv": "x", "in/b.csv": csv_bytes()}, "w:gz"), arguments=("--dataset", "x.tar.gz/in/b.csv")),
    Case(0, "an archive with several tables", lambda folder: tarred(folder / "x.tar.gz", {"a.csv": csv_bytes(), "b.csv": csv_bytes()}, "w:gz"), 1, ("x.tar.gz has several tables in it: a.csv, b.csv", "pass one of them: x.tar.gz/a.csv or x.tar.gz/b.csv"), ("--dataset", "x.tar.gz")),
    Case(0, "an archive with text files in folders", lambda folder: tarred(folder / "x.tar", {f"{label}/{row}.txt": text for row, (text, label) in enumerate(ROWS)}), 1, ("text files in folders", "unpack it with tar -xf x.tar, and pass the folder"), ("--dataset", "x.tar")),
    Case(0, "an archive in an archive", lambda folder: zipped(folder / "x.zip", {"x.zip": zipped(folder / "y.zip", {"x.csv": csv_bytes()}).read_bytes()}), 1, ("x.zip/x.zip is an archive in an archive", "unpack x.zip, and pass x.zip"), ("--dataset", "x.zip")),
    Case(0, "an encrypted archive", lambda folder: flagged(zipped(folder / "x.zip", {"x.csv": csv_bytes()}), 8, 1), 1, ("x.zip/x.csv is encrypted", "unpack the archive"), ("--dataset", "x.zip")),
    Case(0, "an archive by a method that Python does not know", lambda folder: flagged(zipped(folder / "x.zip", {"x.csv": csv_bytes()}), 10, 9), 1, ("x.zip/x.csv is compressed with Deflate64", "unpack the archive"), ("--dataset", "x.zip")),
    Case(0, "an empty archive", lambda folder: zipped(folder / "x.zip", {}), 1, ("x.zip is an empty archive",), ("--dataset", "x.zip")),
    Case(0, "an archive that was cut off", lambda folder: (folder / "x.zip").write_bytes(zipped(folder / "y.zip", {"x.csv": csv_bytes()}).read_bytes()[:-30]), 1, ("x.zip is not a readable zip archive", "download it again"), ("--dataset", "x.zip")),
    Case(0, "a path that leads out of an archive", lambda folder: zipped(folder / "x.zip", {"../x.csv": csv_bytes()}), 1, ("leads out of the archive: '../x.csv'", "a source that you trust"), ("--dataset", "x.zip")),
    Case(0, "a bomb in an archive", lambda folder: zipped(folder / "x.zip", {"x.csv": csv_bytes() + b"a" * 11_000_000}), 1, ("expands to more than 100 times its size",), ("--dataset", "x.zip")),
    Case(0, "a table of a database", tables("x", "it's \"one\""), arguments=("--dataset", "sqlite:///x.db?table=it's \"one\"")),
    Case(0, "a database with several tables", tables("a", "b"), 1, ("x.db has several tables: a, b", "'sqlite:///x.db?table=a'"), ("--dataset", "x.db")),
    Case(0, "a query that writes", tables("x"), 1, ("x.db, query cannot be read: not authorized", "clf only reads"), ("--dataset", "sqlite:///x.db?query=DELETE FROM x")),
    Case(0, "fastText labels with a comma after them", file("".join(f"__label__{label},{text}\n" for text, label in ROWS), "x.txt"), 1, ("is one word, expected a space after the label", "sed -E"), ("--dataset", "x.txt")),
    Case(0, "fastText labels after the texts", file("".join(f"{text} __label__{label}\n" for text, label in ROWS), "x.txt"), arguments=("--dataset", "x.txt")),
    Case(0, "a file compressed with bzip2", file(bz2.compress(csv_bytes()), "x.csv.bz2"), arguments=("--dataset", "x.csv.bz2")),
    Case(0, "a truncated compressed file", file(gzip.compress(csv_bytes())[:-30], "x.csv.gz"), 1, ("cannot be decompressed",), ("--dataset", "x.csv.gz")),
    Case(0, "no line break at the end of the file", file(csv_bytes().rstrip())),
]  # fmt: skip


def outcome(case: Case, err: str) -> str:
    """Return the result in one line: the error and its hint, or what was prepared and the warnings."""
    if case.code:
        return " ".join(line for line in err.splitlines() if line.startswith(("error: ", "hint: ")))
    prepared = PreparedDataset(output(case))
    warned = [line for line in err.splitlines() if line.startswith("warning: ")]
    return "; ".join([f"{len(every(prepared, 'text'))} rows, labels {', '.join(prepared.labels)}", *warned])


def output(case: Case) -> Path:
    """Return the folder that the case writes its prepared dataset to."""
    return Path("out") if "--output-dir" in case.arguments else next(Path("prepared").glob("[!.]*"))


def entry(case: Case, err: str) -> str:
    """Return the table row for a case."""
    escaped = outcome(case, err).replace("|", "\\|").replace("<", "&lt;")
    return f"| {case.number or ''} | {case.name} | {case.code} | {escaped} |"


PAGE = """# How clf handles bad input

<!-- generated by `make docs` from tests/support/catalogue.py; do not edit -->

Each row is a test: it creates the input, runs `clf prepare` on it, and expects exactly the result shown. Each takes
less than ten seconds. After an error, nothing is left at the output path.

Three tests are not in the table. If a file is edited but keeps its size and modification time, it is read again (59).
If two processes use the same output folder, the second one stops with an error that names the first (65). If the disk
is too full, the error comes before any work is done (66).

| # | input | exit code | result |
|---|---|---|---|
"""


def main() -> None:
    """Run every case in its own folder, and print the page."""
    sys.stdout.write(PAGE)
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            case.build(Path(folder))
            command = [sys.executable, "-m", "clf", "prepare", *map(str, case.arguments)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
            assert done.returncode == case.code, shlex.join(command) + done.stderr
            sys.stdout.write(entry(case, done.stderr) + "\n")
            os.chdir("/")


if __name__ == "__main__":
    main()
