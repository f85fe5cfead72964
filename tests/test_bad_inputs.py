"""Bad input ends in one error line, one hint, the right exit code, and nothing at the output path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import RunClf, review_rows, write_csv

Arguments = tuple[object, ...]


def empty(folder: Path) -> None:
    (folder / "empty.csv").write_text("")


def one_class(folder: Path) -> None:
    write_csv(folder / "one.csv", [(f"text {number}", "same") for number in range(10)])


def ids(folder: Path) -> None:
    write_csv(folder / "ids.csv", [(f"text {number}", f"id{number}") for number in range(40)])


def foreign(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("precious")


def bare(folder: Path) -> None:
    (folder / "bare").mkdir()


def multi_label(folder: Path) -> None:
    (folder / "multi.jsonl").write_text('{"text": "a", "label": ["x", "y"]}\n')


CASES: list[tuple[str, Callable[[Path], None] | None, Arguments, int, str]] = [
    ("missing file", None, ("train", "--dataset", "none.csv"), 1, "none.csv does not exist"),
    ("empty file", empty, ("train", "--dataset", "empty.csv"), 1, "empty.csv is empty"),
    ("no such column", None, ("train", "--dataset", "reviews.csv", "--label-column", "lable"), 1, "has no column 'lable'"),
    ("one class", one_class, ("train", "--dataset", "one.csv"), 1, "every label is 'same'"),
    ("labels are ids", ids, ("train", "--dataset", "ids.csv"), 1, "40 values in 40 rows"),
    ("several labels", multi_label, ("train", "--dataset", "multi.jsonl", "--no-multi-label"), 1, "1 of 1 rows have several labels"),
    ("unknown model", None, ("train", "--dataset", "reviews.csv", "--model", "./none"), 1, "no folder ./none"),
    ("model without config", bare, ("train", "--dataset", "reviews.csv", "--model", "./bare"), 1, "has no config.json"),
    ("offline, no model", None, ("train", "--dataset", "reviews.csv", "--model", "bert-base-uncased", "--offline"), 1, "offline mode is on"),
    ("encoder to evaluate", None, ("evaluate", "TINY", "--dataset", "reviews.csv"), 1, "is not a classifier"),
    ("no model to evaluate", None, ("evaluate",), 1, "no model given"),
    ("output holds something else", foreign, ("train", "--dataset", "reviews.csv", "--output-dir", "mine"), 1, "contains files that clf did not write"),
    ("output is a file", None, ("train", "--dataset", "reviews.csv", "--output-dir", "reviews.csv"), 1, "is a file"),
    ("zero epochs", None, ("train", "--dataset", "reviews.csv", "--epochs", 0), 2, "--epochs: expected"),
    ("negative rate", None, ("train", "--dataset", "reviews.csv", "--learning-rate", "-1"), 2, "--learning-rate: expected"),
    ("batch of none", None, ("train", "--dataset", "reviews.csv", "--batch-size", 0), 2, "--batch-size: expected"),
    ("too long for the model", None, ("train", "--dataset", "reviews.csv", "--max-length", 4096), 2, "more than"),
    ("tiny length", None, ("train", "--dataset", "reviews.csv", "--max-length", 2), 2, "--max-length: expected"),
    ("negative seed", None, ("train", "--dataset", "reviews.csv", "--seed", "-1"), 2, "--seed: expected"),
    ("nothing left to train on", None, ("train", "--dataset", "reviews.csv", "--test-size", 0.6, "--validation-size", 0.5), 2, "leave nothing"),
    ("no number", None, ("train", "--epochs", "three"), 2, "--epochs"),
    ("a device", None, ("prepare", "--dataset", "/dev/zero"), 1, "/dev/zero is a device"),
    ("a device to test on", None, ("prepare", "--dataset", "reviews.csv", "--test", "/dev/zero"), 1, "/dev/zero is a device"),
    ("the home of nobody", None, ("prepare", "--dataset", "~nosuch/x.csv"), 1, "the home folder in ~nosuch/x.csv is unknown"),
    ("an output in the home of nobody", None, ("prepare", "--dataset", "reviews.csv", "--output-dir", "~nosuch/x"), 2, "the home folder in ~nosuch/x is unknown"),
    ("a report in the home of nobody", None, ("compare", "m", "--report", "~nosuch/x.html"), 2, "the home folder in ~nosuch/x.html is unknown"),
    ("predictions in the home of nobody", None, ("predict", "m", "reviews.csv", "--output", "~nosuch/x.csv"), 2, "the home folder in ~nosuch/x.csv is unknown"),
    ("a model in the home of nobody", None, ("predict", "~nosuch/m", "reviews.csv"), 1, "the home folder in ~nosuch/m is unknown"),
    ("a name that is too long", None, ("prepare", "--dataset", "x" * 300), 1, "File name too long"),
    ("a superscript column", None, ("prepare", "--dataset", "reviews.csv", "--text-column", "²"), 1, "has no column '²'"),
    ("a superscript label", None, ("prepare", "--dataset", "reviews.csv", "--label-column", "²"), 1, "has no column '²'"),
    ("a superscript group", None, ("prepare", "--dataset", "reviews.csv", "--group-column", "²"), 1, "has no column '²'"),
    ("a column of many digits", None, ("prepare", "--dataset", "reviews.csv", "--text-column", "9" * 5000), 1, "has no column"),
    ("no text encoding", None, ("prepare", "--dataset", "reviews.csv", "--encoding", "rot13"), 2, "no encoding is called 'rot13'"),
    ("an undefined encoding", None, ("prepare", "--dataset", "reviews.csv", "--encoding", "undefined"), 2, "no encoding is called"),
    ("an encoding of names", None, ("prepare", "--dataset", "reviews.csv", "--encoding", "idna"), 2, "no encoding is called"),
    ("an encoding of escapes", None, ("prepare", "--dataset", "reviews.csv", "--encoding", "unicode_escape"), 2, "no encoding is called"),
    ("an encoding with a zero", None, ("prepare", "--dataset", "reviews.csv", "--encoding", "a\0b"), 2, "no encoding is called"),
    ("a line break as delimiter", None, ("prepare", "--dataset", "reviews.csv", "--delimiter", "\n"), 2, "--delimiter must be one character"),
    ("a device as label map", None, ("prepare", "--dataset", "reviews.csv", "--label-map", "~nosuch/x.json"), 2, "--label-map"),
    ("unknown flag", None, ("train", "--epoch", 3), 2, "--epoch"),
    ("unknown command", None, ("trian",), 2, "trian"),
    ("unknown metric", None, ("compare", "--metric", "bleu"), 2, "bleu"),
    ("no settings file", None, ("train", "--config", "none.toml"), 2, "no settings file none.toml"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("prepare", "arguments", "code", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_bad_input_is_refused_in_one_line(
    clf: RunClf, own_folder: Path, tiny_encoder: Path,
    prepare: Callable[[Path], None] | None, arguments: Arguments, code: int, message: str,
) -> None:  # fmt: skip
    write_csv(own_folder / "reviews.csv", review_rows())
    if prepare:
        prepare(own_folder)
    before = {path: path.read_bytes() for path in own_folder.rglob("*") if path.is_file()}
    command = [str(tiny_encoder) if part == "TINY" else part for part in arguments]
    if command[0] == "train" and "--model" not in command:
        command += ["--model", str(tiny_encoder)]
    done = clf(*command)
    assert done.code == code, done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert message in errors[0]
    assert sum(line.startswith("hint: ") for line in done.err.splitlines()) == 1
    assert "Traceback" not in done.err
    assert {
        path: path.read_bytes() for path in own_folder.rglob("*") if path.is_file() and ".run" not in str(path)
    } == before


def test_an_error_with_json_is_a_document_that_names_its_kind(clf: RunClf) -> None:
    done = clf("train", "--dataset", "none.csv", "--json")
    assert done.code == 1
    assert done.json["error"]["kind"] == "data"
    assert "none.csv does not exist" in done.json["error"]["message"]
    assert done.json["error"]["hint"]
    assert clf("train", "--epochs", "0", "--json").json["error"]["kind"] == "usage"
