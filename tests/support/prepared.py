"""Datasets for tests, before and after they are prepared, and texts that resemble nothing."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase

import pyarrow.parquet

from clf.data.preparing.ingest import Delivered, deliver
from clf.data.reading.batch import Batch, Split
from clf.settings import CleaningSettings, DataSettings
from support.tiny import write_csv

Table = Sequence[tuple[object, ...]]
HEADER = ("text", "label")


def letters(number: int, words: int = 30) -> str:
    """Return the text of this number, with words of random letters: no two of them resemble each other."""
    generator = random.Random(number)
    return " ".join("".join(generator.choices(ascii_lowercase, k=generator.randint(3, 9))) for _ in range(words))


def split_of(rows: Table, header: Sequence[str] = HEADER, batch_rows: int = 10_000) -> Split:
    """Return rows as if they were read from a file with a header, in batches of at most `batch_rows`."""
    columns = {name: [row[place] for row in rows] for place, name in enumerate(header)}
    whole = Batch(columns, list(range(2, len(rows) + 2)))
    return Split(lambda: (whole.part(start, start + batch_rows) for start in range(0, len(rows), batch_rows)), "x.csv")


def delivered(
    folder: Path,
    splits: Mapping[str, Table],
    header: Sequence[str] = HEADER,
    data: DataSettings | None = None,
    *,
    near: bool = False,
) -> Delivered:
    """Read the rows of splits as a preparation does; label ids are in the order in which the labels appear."""
    sources = {split: split_of(rows, header) for split, rows in splits.items()}
    return deliver(sources, data or DataSettings(), CleaningSettings(), folder, near=near)


def table(folder: Path, split: str) -> dict[str, list[object]]:
    """Read the columns of one split's file."""
    return dict(pyarrow.parquet.read_table(folder / f"{split}.parquet").to_pydict())


def sides(folder: Path) -> dict[str, str]:
    """Return the split that each raw text ended in."""
    return {str(text): split for split in ("train", "validation", "test") for text in table(folder, split)["raw_text"]}


def write_many(path: Path) -> Path:
    """Write a file of three batches, which several processes share; the text of its last row is missing."""
    rows = [(f"{letters(number % 10_000, 8)} {number}", "ab"[number % 2]) for number in range(25_000)]
    return write_csv(path, [*rows, ("", "a")])
