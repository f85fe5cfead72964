"""A small file without a header is read as the file of train, which tells that there is none."""

import logging
from pathlib import Path

import pytest

from clf.data.preparing.unlabelled_splits import labelled_splits
from clf.data.reading.examples import RowTally, read_examples
from clf.settings import DataSettings
from support.sources import source

FEELINGS = [
    ("the guard painted the old door today", "joy"),
    ("a friend has sold my bookcase again", "anger"),
    ("we walked along the river all day", "calm"),
]
MANY = [(f"{text} {number}", label) for number in range(10) for text, label in FEELINGS]
SMALL = [("it rained again", "calm"), ("nobody came to the party", "anger"), ("what a day that was", "joy")]


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{text};{label}\n" for text, label in rows))
    return path


@pytest.fixture
def folder(own_folder: Path) -> Path:
    """Return a folder with a file of train whose first row is data."""
    write(own_folder / "feelings" / "train.txt", MANY)
    return own_folder / "feelings"


def examples(spec: Path, split: str, **data: object) -> list[tuple[str, str]]:
    settings = DataSettings(dataset=str(spec), **data)
    splits = labelled_splits(source(spec, **data).splits, settings, set())
    return [pair for _, _, some in read_examples(splits[split], settings, RowTally()) for pair in some.shown()]


def test_a_small_file_keeps_its_first_row(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder / "val.txt", SMALL)
    with caplog.at_level(logging.WARNING):
        assert examples(folder, "validation") == SMALL
    assert "val.txt: the first line is data, as that of" in caplog.text


def test_a_file_that_the_user_names_is_read_alike(folder: Path) -> None:
    held_out = write(folder / "small.txt", SMALL)
    assert examples(folder / "train.txt", "test", test=held_out) == SMALL


def test_further_files_of_train_are_read_alike(folder: Path) -> None:
    (folder / "train.txt").rename(folder / "train-1.txt")
    write(folder / "train-2.txt", SMALL)
    assert examples(folder, "train") == [*MANY, *SMALL]


@pytest.mark.parametrize("header", [("text", "calm"), ("what they said", "mood")])
def test_a_header_stays_one(folder: Path, header: tuple[str, str]) -> None:
    write(folder / "val.txt", [header, *SMALL])
    names = next(source(folder).splits["validation"].rows()).columns
    assert list(names) == list(header)


def test_a_header_in_train_tells_nothing(folder: Path) -> None:
    write(folder / "train.txt", [("text", "mood"), *MANY])
    write(folder / "val.txt", SMALL)
    assert list(next(source(folder).splits["validation"].rows()).columns) == list(SMALL[0])
