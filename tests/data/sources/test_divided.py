"""A column of one file divides it into splits."""

import logging
from pathlib import Path

import pytest

from clf.data.sources.find import SourceFinder
from clf.data.sources.source import Source
from clf.errors import DataError
from clf.settings import DataSettings

ROWS = [("TRAIN", "one", "a"), ("TEST", "two", "b"), ("TRAIN", "three", "b"), ("VALIDATION", "four", "a")]


def found(
    path: Path, rows: list[tuple[str, str, str]], header: str = "ml_use,text,label", **settings: object
) -> Source:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return SourceFinder(seed=1).find(DataSettings(dataset=str(path), **settings))


def texts(source: Source) -> dict[str, list[str]]:
    return {
        split: [text for batch in one.rows() for text in batch.columns["text"]] for split, one in source.splits.items()
    }


def test_the_rows_of_one_file_are_divided(tmp_path: Path) -> None:
    source = found(tmp_path / "all.csv", ROWS)
    assert texts(source) == {"train": ["one", "three"], "validation": ["four"], "test": ["two"]}
    assert [line for batch in source.splits["test"].rows() for line in batch.lines] == [3]


def test_the_rows_of_a_file_without_header_are_divided(tmp_path: Path) -> None:
    rows = [
        (split, f"{text} of {number} pages that somebody read", label)
        for number, (split, text, label) in enumerate(ROWS)
    ]
    assert list(found(tmp_path / "all.csv", rows[1:], ",".join(rows[0]), no_header=True).splits) == [
        "train",
        "validation",
        "test",
    ]


@pytest.mark.parametrize("header", ["other,text,label", "split,text,label"])
def test_another_column_divides_nothing(tmp_path: Path, header: str) -> None:
    rows = [("train" if header.startswith("other") else "x", *row[1:]) for row in ROWS]
    assert list(found(tmp_path / "all.csv", rows, header).splits) == ["train"]


@pytest.mark.parametrize("name", ["Split Type", "fold", "phase", "Usage"])
def test_usual_names_say_the_split(tmp_path: Path, name: str) -> None:
    rows = [({"TRAIN": "trn", "TEST": "tst", "VALIDATION": "dev"}[split], *rest) for split, *rest in ROWS]
    assert list(found(tmp_path / "all.csv", rows, f"{name},text,label").splits) == ["train", "validation", "test"]


def test_splits_in_a_column_of_another_name_are_not_passed_over_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert list(found(tmp_path / "all.csv", ROWS, "source,text,label").splits) == ["train"]
    assert "the column source has the values train and validation and test" in caplog.text
    assert "call it 'split' to use it" in caplog.text


def test_the_label_divides_nothing(tmp_path: Path) -> None:
    assert list(found(tmp_path / "all.csv", ROWS, label_column="ml_use").splits) == ["train"]


def test_rows_of_no_split_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        source = found(tmp_path / "all.csv", [*ROWS, ("UNASSIGNED", "five", "a"), ("", "six", "b")])
        assert texts(source)["train"] == ["one", "three"]
    assert "2 rows are in no split and left out (line 6, 7)" in caplog.text


def test_splits_that_come_at_the_end_of_a_file_are_found(tmp_path: Path) -> None:
    rows = [("train", "one", "a")] * 12_000 + [("validation", "two", "b"), ("test", "three", "b")]
    source = found(tmp_path / "all.csv", rows)
    assert {split: len(rows) for split, rows in texts(source).items()} == {"train": 12_000, "validation": 1, "test": 1}
    assert list(found(tmp_path / "set.csv", [*rows, ("other", "four", "a")], "set,text,label").splits) == ["train"]
    assert list(found(tmp_path / "one.csv", rows[:9]).splits) == ["train"]


def test_a_value_that_names_no_split_far_below_is_an_error(tmp_path: Path) -> None:
    source = found(tmp_path / "all.csv", ROWS * 3000 + [("tset", "five", "a")])
    with pytest.raises(
        DataError, match="line 12002: the column 'ml_use' says 'tset', expected train, validation or test"
    ):
        texts(source)


def warned(caplog: pytest.LogCaptureFixture, path: Path, values: list[str], header: str = "split") -> list[str]:
    """Return the splits of a file with these values in its column of splits."""
    rows = [(value, f"text {number}", "ab"[number % 2]) for number, value in enumerate(values)]
    with caplog.at_level(logging.WARNING):
        return list(found(path, rows, f"{header},text,label").splits)


@pytest.mark.parametrize("mark", ["", "UNASSIGNED", "unlabelled"])
def test_rows_of_no_split_beside_train_alone_are_left_out(
    mark: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [("train", "one", "a"), (mark, "two", "b"), ("train", "three", "b")]
    with caplog.at_level(logging.WARNING):
        assert texts(found(tmp_path / "all.csv", rows, "split,text,label")) == {"train": ["one", "three"]}
    assert "1 rows are in no split and left out (line 3)" in caplog.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["test"] * 4, "puts all rows into test and none into train"),
        (["test", "val"] * 2, "puts all rows into validation and test and none into train"),
        (["test", "", ""], "puts some rows into test and none into train"),
        (["train", "test", "challenge"], "names splits, but also has the value 'challenge', so it is not used"),
    ],
)
def test_a_column_of_splits_that_cannot_be_used_is_told(
    values: list[str], said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert warned(caplog, tmp_path / "all.csv", values) == ["train"]
    assert said in caplog.text


@pytest.mark.parametrize("values", [["train"] * 3, [""] * 3, ["1", "2", "3"], ["train", "1"]])
def test_a_column_that_divides_nothing_is_passed_over_in_silence(
    values: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert warned(caplog, tmp_path / "all.csv", values) == ["train"]
    assert caplog.text == ""


def test_a_column_of_yes_and_no_for_a_split_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert warned(caplog, tmp_path / "all.csv", ["True", "False"] * 2, "is_valid") == ["train"]
    assert "the column is_valid seems to say in which split a row is, but it is not used" in caplog.text


@pytest.mark.parametrize("asked", ["0", "Ml Use"])
def test_a_label_that_is_named_by_number_or_words_divides_nothing(asked: str, tmp_path: Path) -> None:
    assert list(found(tmp_path / "all.csv", ROWS, label_column=asked).splits) == ["train"]
