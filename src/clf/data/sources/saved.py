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
from clf.data.sources.class_names import INFO, README, STATE, ClassNames
from clf.data.sources.folders import check_inside, data_files, split_files, visible
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.storage.documents import read_document, stays_inside

SPLITS = "dataset_dict.json"
TABLES = {".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl"}
"""Extensions of the files in a folder that is called as a split."""
SHARD = re.compile(r"data-\d+-of-\d+\.(?:arrow|parquet)")
"""The names of the files that `save_to_disk` writes."""
HINT = "save the dataset again, or pass one of its files"

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

    Raises DataError if several folders have splits, as those of the configurations of a dataset.
    """
    if not folder.is_dir():
        return {}
    if own := _split_folders(folder):
        return _saved(folder, own)
    inside = {path: files for path in visible(folder) if path.is_dir() and (files := _in_folder(path, endings))}
    if len(inside) > 1:
        shown = " or ".join(readable(str(path)) for path in [*inside][:3])
        raise DataError(f"{readable(str(folder))} has several folders with splits", f"pass one of them: {shown}")
    if not inside and (shards := [file for file in data_files(folder, TABLES) if SHARD.fullmatch(file.name)]):
        return _saved(folder, {"train": shards})
    return next((_saved(folder, files) for files in inside.values()), {})


def _in_folder(folder: Path, endings: set[str]) -> dict[str, list[Path]]:
    files = split_files(folder, data_files(folder, endings))
    return files if "train" in files else _split_folders(folder)


def _split_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the tables in folders that are called as splits; none without train."""
    found: dict[str, list[Path]] = {}
    for path in visible(folder):
        split = split_at_start(path.name) if path.is_dir() else None
        tables = [file for file in data_files(path, TABLES) if file.name not in {INFO, STATE}] if split else []
        if split and tables:
            found.setdefault(split, []).extend(tables)
    return found if "train" in found else {}


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


def _named(rows: Callable[[], Iterator[Batch]], names: dict[Path, ClassNames]) -> Iterator[Batch]:
    common: ClassNames = {}
    for each in names.values():
        common = each | common
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
