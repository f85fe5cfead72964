"""Folders of the datasets library and of the Hub: the files of each split, and the names of their classes.

Nothing in such a folder is executed, and no link leads out of it.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from clf.data.reading.batch import Batch, Split
from clf.data.reading.files import readable
from clf.data.sources.class_names import INFO, README, STATE, ClassNames, common_names
from clf.data.sources.folders import check_inside, data_files, split_files, visible
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.storage.documents import read_document, stays_inside

SPLITS = "dataset_dict.json"
TABLES = {".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl"}
"""Extensions of the files in a folder that is called as a split."""
SHARD = re.compile(r"data-\d+-of-\d+\.(?:arrow|parquet)")
"""The names of the files that `save_to_disk` writes."""
NUMBER = re.compile(r"-1|[0-9]{1,6}")
"""A class by its number in a text; -1 is no class."""
MOST_SHOWN = 5
"""The most classes in one message."""
HINT = "save the dataset again, or pass one of its files"

Files = dict[str, list[Path]]
"""The files of each split."""

log = logging.getLogger(__name__)


class _Shard(BaseModel):
    model_config = ConfigDict(extra="ignore")

    filename: str


class _State(BaseModel):
    """What `save_to_disk` writes about the files of one split."""

    model_config = ConfigDict(extra="ignore")

    data_files: list[_Shard] = Field(alias="_data_files", min_length=1, max_length=100_000)
    indices: list[_Shard] | None = Field(default=None, alias="_indices_data_files")


class _Splits(BaseModel):
    model_config = ConfigDict(extra="ignore")

    splits: list[str] = Field(max_length=1000)


def find_saved(folder: Path) -> dict[str, list[Path]]:
    """Find what `save_to_disk` of the datasets library wrote: the splits of a DatasetDict, or a Dataset as train.

    Raises DataError if a document in it is damaged, or names files outside of the folder.
    """
    if (folder / SPLITS).is_file():
        check_inside([folder / SPLITS], folder)
        files: dict[str, list[Path]] = {}
        for name in read_document(folder / SPLITS, _Splits, DataError, HINT).splits:
            if split := split_at_start(name):
                files.setdefault(split, []).extend(_shards(_child(folder, name, SPLITS)))
            else:
                log.info("skipping the split %s of %s", name, folder)
        return _saved(folder, files)
    if (folder / STATE).is_file() and (folder / INFO).is_file():
        return _saved(folder, {"train": _shards(folder)})
    return {}


def _child(folder: Path, name: str, told_by: str) -> Path:
    """Return what a document calls by this name; raise DataError if that is not directly in the folder."""
    if not stays_inside(name) or Path(name).name != name:
        raise DataError(f"{folder / told_by} names a file elsewhere: {name[:100]!r}", HINT)
    return folder / name


def _shards(folder: Path) -> list[Path]:
    check_inside([folder / STATE], folder)
    state = read_document(folder / STATE, _State, DataError, HINT)
    if state.indices:
        raise DataError(
            f"{folder} holds a selection of rows by their numbers, which clf does not read",
            "save it with a later version of datasets, or with to_parquet",
        )
    return [_child(folder, shard.filename, STATE) for shard in state.data_files]


def find_inside(folder: Path, endings: set[str]) -> dict[str, list[Path]]:
    """Find the splits in folders of a folder: `data/train-00000-of-00001.parquet` as on the Hub, or `train/data.arrow`.

    Splits without train are found only if nothing else is: a model may be measured on them. Raises DataError if
    several folders have splits, as those of the configurations of a dataset.
    """
    if not folder.is_dir():
        return {}
    shards = [file for file in data_files(folder, TABLES) if SHARD.fullmatch(file.name)]
    for find in (_with_train, _any_splits):
        if own := find(_split_folders(folder)):
            return _saved(folder, own)
        inside = {
            path: files for path in visible(folder) if path.is_dir() and (files := _in_folder(path, endings, find))
        }
        if len(inside) > 1:
            shown = " or ".join(readable(str(path)) for path in [*inside][:3])
            raise DataError(f"{readable(str(folder))} has several folders with splits", f"pass one of them: {shown}")
        if found := next(iter(inside.values()), {"train": shards} if shards else {}):
            return _saved(folder, found)
    return {}


def _with_train(splits: Files) -> Files:
    return splits if "train" in splits else {}


def _any_splits(splits: Files) -> Files:
    return splits


def _in_folder(folder: Path, endings: set[str], find: Callable[[Files], Files]) -> Files:
    return find(split_files(folder, data_files(folder, endings))) or find(_split_folders(folder))


def _split_folders(folder: Path) -> Files:
    """Return the tables in folders that are called as splits."""
    found: dict[str, list[Path]] = {}
    for path in visible(folder):
        split = split_at_start(path.name) if path.is_dir() else None
        tables = [file for file in data_files(path, TABLES) if file.name not in {INFO, STATE}] if split else []
        if split and tables:
            found.setdefault(split, []).extend(tables)
    return found


def _saved(folder: Path, files: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Return the files of each split, each once; raise DataError for a link out of the folder."""
    once = {split: [*dict.fromkeys(paths)] for split, paths in files.items()}
    for split, paths in files.items():
        if len(once[split]) < len(paths):
            log.warning("%s: files of the %s split that are listed twice are read once", readable(str(folder)), split)
    check_inside([*chain.from_iterable(once.values())], folder)
    folders = {path.parent for path in chain.from_iterable(once.values())} | {folder}
    check_inside([place / document for place in sorted(folders) for document in (INFO, README)], folder)
    return once


def named_classes(split: Split, names: dict[Path, ClassNames]) -> Split:
    """Return a split in whose rows the numbers of classes are names, of each file its own, and -1 is no label.

    A column without names in one file has those of the first file that tells some.
    """
    return replace(split, rows=partial(_named, split.rows, names)) if names else split


def named_as_in_train(split: Split, names: ClassNames) -> Split:
    """Return a split in whose rows the numbers of classes have the names that train's columns tell.

    A column one of whose names is itself a number is left, since nobody can tell what a number in it means.
    """
    clear = {column: each for column, each in names.items() if not any(name.lstrip("-").isdecimal() for name in each)}
    return replace(split, rows=partial(_named_as_in_train, split, clear, set())) if clear else split


def _named_as_in_train(split: Split, names: ClassNames, told: set[str]) -> Iterator[Batch]:
    for batch in split.rows():
        here: dict[str, list[Any]] = {}
        for column in names.keys() & batch.columns.keys():
            numbers = [_number(value) for value in batch.columns[column]]
            if any(type(one) is int for one in numbers):
                here[column] = _names_of(numbers, names[column], batch, column)
                if column not in told:
                    told.add(column)
                    log.warning(
                        "%s: the numbers in %s have the class names of train: %s",
                        readable(split.shown), readable(column), _first_names(names[column]),
                    )  # fmt: skip
        yield replace(batch, columns={**batch.columns, **here})


def _number(value: Any) -> Any:
    """Return the number that a text is, as in a file of text without types; any other value as it is."""
    return int(value) if isinstance(value, str) and NUMBER.fullmatch(value.strip()) else value


def _first_names(names: list[str]) -> str:
    shown = ", ".join(f"{number} is {readable(name)}" for number, name in enumerate(names[:MOST_SHOWN]))
    return shown + (" …" if len(names) > MOST_SHOWN else "")


def _named(rows: Callable[[], Iterator[Batch]], names: dict[Path, ClassNames]) -> Iterator[Batch]:
    common = common_names(names)
    for batch in rows():
        own = common | names.get(batch.file, {}) if batch.file else common
        here = {
            column: _names_of(values, own[column], batch, column)
            for column, values in batch.columns.items()
            if column in own
        }
        yield replace(batch, columns={**batch.columns, **here})


def _names_of(values: list[Any], names: list[str], batch: Batch, column: str) -> list[Any]:
    found: list[Any] = []
    for row, value in enumerate(values):
        numbers = value if isinstance(value, list) else [value]
        if bad := next((one for one in numbers if type(one) is int and not -1 <= one < len(names)), None):
            raise DataError(
                f"{batch.file or 'the data'}, row {batch.lines[row]}: the column {column!r} says {bad}, but there are"
                f" names for only {len(names)} classes",
                "correct the names of the classes, or the row",
            )
        named = [(None if one == -1 else names[one]) if type(one) is int else one for one in numbers]
        found.append(named if isinstance(value, list) else named[0])
    return found
