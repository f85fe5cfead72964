"""New texts for a model that was trained on a file without a header: a table such as that one, or plain lines."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from clf.data.reading.numbered import are_numbered, fits, is_table
from clf.data.reading.stream import open_incoming
from clf.predict import _text_columns
from clf.settings import DataSettings
from support.layout_files import labelled_rows

ROWS = labelled_rows(8, ("joy", "anger"))
WITH_COMMAS = [text for text, _ in ROWS]
TEXTS = [text.replace(",", "") for text in WITH_COMMAS]
LABELS = {"joy", "anger"}


def read(path: Path, content: str, trained: tuple[str, ...] = ("0",), labels: set[str] = LABELS) -> list[str]:
    """Read the texts of a new file as `clf predict` does."""
    path.write_text(content)
    incoming = open_incoming(path, DataSettings(), trained, keep=True, labels=labels)
    batches = list(incoming.windows(100))
    assert incoming.rows == sum(len(batch.lines) for batch in batches)

    record = SimpleNamespace(dataset=SimpleNamespace(text_columns=list(trained)))
    (column,) = _text_columns(batches[0], record, DataSettings(), "new")  # type: ignore[arg-type]
    return [text for batch in batches for text in batch.columns[column]]


def lines(*columns: list[str], mark: str = ";") -> str:
    return "".join(mark.join(cells) + "\n" for cells in zip(*columns, strict=True))


GIVEN = [label for _, label in ROWS]
NUMBERS = [str(7 * number) for number in range(8)]


@pytest.mark.parametrize("name", ["new.txt", "new.csv", "new"])
@pytest.mark.parametrize("labels", [LABELS, set()])
def test_a_file_such_as_that_of_training_is_read_as_a_table(own_folder: Path, name: str, labels: set[str]) -> None:
    assert read(own_folder / name, lines(TEXTS, GIVEN), labels=labels) == TEXTS
    assert read(own_folder / name, lines(GIVEN, TEXTS), ("1",), labels) == TEXTS


@pytest.mark.parametrize("name", ["new.txt", "new.csv"])
def test_a_single_row_with_a_label_of_the_model_is_a_table(own_folder: Path, name: str) -> None:
    assert read(own_folder / name, "it rained again;joy\n") == ["it rained again"]


@pytest.mark.parametrize("trained", ["0", "1", "2"])
def test_texts_alone_are_plain_lines(own_folder: Path, trained: str) -> None:
    answers = [f"{word}, {text}" for word, text in zip(["Yes", "No"] * 4, TEXTS, strict=True)]
    for texts in (TEXTS, WITH_COMMAS, answers, answers[:1], ["joy"], [f"{text}; again" for text in TEXTS]):
        assert read(own_folder / "new.txt", lines(texts), (trained,)) == texts


def test_texts_alone_in_a_csv_file_have_no_header(own_folder: Path) -> None:
    assert read(own_folder / "new.csv", lines(TEXTS), ("1",)) == TEXTS


@pytest.mark.parametrize("name", ["new.txt", "new.csv"])
def test_without_the_column_of_labels_the_text_is_found_by_its_look(own_folder: Path, name: str) -> None:
    assert read(own_folder / name, lines(NUMBERS, TEXTS), ("2",)) == TEXTS
    assert read(own_folder / name, lines(TEXTS, NUMBERS), ("1",)) == TEXTS


@pytest.mark.parametrize("name", ["new.txt", "new.csv"])
def test_a_header_is_one(own_folder: Path, name: str) -> None:
    content = "text;mood\n" + lines(TEXTS, GIVEN)
    path = own_folder / name
    path.write_text(content)
    assert open_incoming(path, DataSettings(), ["0"], keep=True, labels=LABELS).names == ["text", "mood"]


def test_a_pipe_of_rows_is_a_table(own_folder: Path) -> None:
    os.mkfifo(own_folder / "pipe")
    writer = os.open(own_folder / "pipe", os.O_RDWR)
    os.write(writer, lines(TEXTS, GIVEN).encode())
    reading = os.open(own_folder / "pipe", os.O_RDONLY)
    found = open_incoming_after(own_folder / "pipe", writer)
    os.close(reading)
    assert found == ["0", "1"]


def open_incoming_after(pipe: Path, writer: int) -> list[str]:
    from threading import Timer

    Timer(0.2, os.close, [writer]).start()
    return open_incoming(pipe, DataSettings(), ["0"], keep=False, labels=LABELS).names


def test_numbers_as_names() -> None:
    assert are_numbered(["0", "12"])
    assert not are_numbered([])
    assert not are_numbered(["0", "text"])


def test_rows_of_different_widths_are_no_table() -> None:
    rows = [["a good day", "joy"], ["a bad day", "anger", "more"]]
    assert not is_table(list(enumerate(rows, 1)), ["0"], LABELS)


def test_columns_of_training_are_used_if_they_hold_texts() -> None:
    assert fits({"text": ["7"]}, ["text"])
    assert not fits({"text": ["7"]}, ["review"])
    assert not fits({"text": ["7"]}, [])
    assert not fits({"0": TEXTS, "1": NUMBERS}, ["1"])
