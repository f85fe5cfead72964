"""Folders of the datasets library and of the Hub: the files of each split, and the names of their classes.

Nothing in such a folder is executed, and no link leads out of it.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from clf.data.reading.batch import Batch, Split
from clf.data.reading.files import readable
from clf.data.sources.class_names import INFO, README, ClassNames, names_beside, names_in_readme, names_in_schema
from clf.data.sources.folders import data_files, split_files, visible
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.storage.documents import read_document, stays_inside

STATE = "state.json"
SPLITS = "dataset_dict.json"
TABLES = {".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl"}
"""Extensions of the files in a folder that is called as a split."""
SHARD = re.compile(r"data-\d+-of-\d+\.(?:arrow|parquet)")
"""The names of the files that `save_to_disk` writes."""
HINT = "save the dataset again, or pass one of its files"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """The files of each split, and the names of the classes of each column that holds their numbers."""

    files: dict[str, list[Path]]
    names: ClassNames

    @property
    def key(self) -> str:
        """A hash of the names, since they are not in the files; empty without names."""
        return hashlib.sha256(json.dumps(self.names).encode()).hexdigest() if self.names else ""


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


def find_saved(folder: Path) -> Saved:
    """Find what `save_to_disk` of the datasets library wrote: the splits of a DatasetDict, or a Dataset as train.

    Raises DataError if a document in it is damaged, or names files outside of the folder.
    """
    if (folder / SPLITS).is_file():
        _check_inside([folder / SPLITS], folder)
        files: dict[str, list[Path]] = {}
        for name in read_document(folder / SPLITS, _Splits, DataError, HINT).splits:
            if split := split_at_start(name):
                files.setdefault(split, []).extend(_shards(_child(folder, name, SPLITS)))
            else:
                log.info("skipping the split %s of %s", name, folder)
        return _saved(folder, files)
    if (folder / STATE).is_file() and (folder / INFO).is_file():
        return _saved(folder, {"train": _shards(folder)})
    return Saved({}, {})


def _child(folder: Path, name: str, told_by: str) -> Path:
    """Return what a document calls by this name; raise DataError if that is not directly in the folder."""
    if not stays_inside(name) or Path(name).name != name:
        raise DataError(f"{folder / told_by} names a file elsewhere: {name[:100]!r}", HINT)
    return folder / name


def _shards(folder: Path) -> list[Path]:
    _check_inside([folder / STATE], folder)
    state = read_document(folder / STATE, _State, DataError, HINT)
    if state.indices:
        raise DataError(
            f"{folder} holds a selection of rows by their numbers, which clf does not read",
            "save it with a later version of datasets, or with to_parquet",
        )
    return [_child(folder, shard.filename, STATE) for shard in state.data_files]


def find_inside(folder: Path, endings: set[str]) -> Saved:
    """Find the splits in folders of a folder: `data/train-00000-of-00001.parquet` as on the Hub, or `train/data.arrow`.

    Raises DataError if several folders have splits, as those of the configurations of a dataset.
    """
    if not folder.is_dir():
        return Saved({}, {})
    if own := _split_folders(folder):
        return _saved(folder, own)
    inside = {path: files for path in visible(folder) if path.is_dir() and (files := _in_folder(path, endings))}
    if len(inside) > 1:
        shown = " or ".join(readable(str(path)) for path in [*inside][:3])
        raise DataError(f"{readable(str(folder))} has several folders with splits", f"pass one of them: {shown}")
    if not inside and (shards := [file for file in data_files(folder, TABLES) if SHARD.fullmatch(file.name)]):
        return _saved(folder, {"train": shards})
    return next((_saved(folder, files, path.name) for path, files in inside.items()), Saved({}, {}))


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


def _saved(folder: Path, files: dict[str, list[Path]], config: str = "default") -> Saved:
    """Return the files with the names of their classes; raise DataError for a link out of the folder."""
    _check_inside([*chain.from_iterable(files.values())], folder)
    if not (train := files.get("train")):
        return Saved(files, {})
    _check_inside([train[0].parent / INFO, folder / INFO, folder / README], folder)
    config = config if config != "data" else "default"
    found = names_beside(train[0].parent) or names_beside(folder) or names_in_readme(folder, config)
    return Saved(files, found or names_in_schema(train[0]))


def _check_inside(paths: list[Path], folder: Path) -> None:
    """Raise DataError if what is at one of these paths lies elsewhere than in the folder."""
    top = folder.resolve()
    for path in paths:
        if not path.resolve().is_relative_to(top):
            raise DataError(
                f"{readable(str(path))} is a link out of the folder {readable(str(folder))}",
                "copy the files into the folder with cp -rL, or pass a dataset of the Hub by its name",
            )


def named_classes(splits: dict[str, Split], saved: Saved) -> dict[str, Split]:
    """Return splits in whose rows the numbers of classes are names, and -1 is no label."""
    if not saved.names:
        return splits
    return {split: replace(one, rows=partial(_named, one.rows, saved.names)) for split, one in splits.items()}


def _named(rows: Callable[[], Iterator[Batch]], names: ClassNames) -> Iterator[Batch]:
    for batch in rows():
        here = {
            column: _names_of(values, names[column], batch, column)
            for column, values in batch.columns.items()
            if column in names
        }
        yield replace(batch, columns={**batch.columns, **here})


def _names_of(values: list[Any], names: list[str], batch: Batch, column: str) -> list[Any]:
    found: list[Any] = []
    for row, value in enumerate(values):
        if type(value) is not int:
            found.append(value)
        elif -1 <= value < len(names):
            found.append(None if value == -1 else names[value])
        else:
            raise DataError(
                f"{batch.file or 'the data'}, row {batch.lines[row]}: the column {column!r} says {value}, but there are"
                f" names for only {len(names)} classes",
                "correct the names of the classes, or the row",
            )
    return found
