"""A prepared dataset: one Parquet file per split, `labels.json`, `audit.json` and `manifest.json` in a folder."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf import __version__
from clf.data.delivery import Rows, TextStore
from clf.data.splits import stratified_subset
from clf.errors import DataError
from clf.progress import Advance, track
from clf.results import MANIFEST_FILE, sha256, write_json
from clf.runs import read_manifest
from clf.settings import CleaningSettings


@dataclass(frozen=True)
class LabelledTexts:
    """Texts after cleaning, as delivered, and their label ids (int64), row by row."""

    texts: list[str]
    raw_texts: list[str]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]
    """Their row numbers in the split's file, from 0."""

    def __len__(self) -> int:
        return len(self.texts)

    def relabel(self, ids: NDArray[np.int64]) -> "LabelledTexts":
        """Return the rows with each label id replaced by `ids[label]`."""
        return LabelledTexts(self.texts, self.raw_texts, ids[self.labels], self.rows)

    def take(self, rows: NDArray[np.int64]) -> "LabelledTexts":
        """Return the given rows, in that order."""
        numbers = rows.tolist()
        return LabelledTexts(
            [self.texts[row] for row in numbers],
            [self.raw_texts[row] for row in numbers],
            self.labels[rows],
            self.rows[rows],
        )


@dataclass(frozen=True)
class PreparedDataset:
    """A folder that `clf prepare` made; splits are read when asked for."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was prepared, from what, and how."""
        return read_manifest(self.folder)

    @property
    def name(self) -> str:
        """The short name of the dataset."""
        return str(self.manifest["name"])

    @property
    def labels(self) -> list[str]:
        """Label names in the order of their ids."""
        return list(self.manifest["labels"])

    @property
    def splits(self) -> list[str]:
        """The names of the splits that have rows."""
        return [Path(file).stem for file in self.manifest["files"]]

    @property
    def cleaning(self) -> CleaningSettings:
        """The cleaning steps that were applied."""
        return CleaningSettings(**self.manifest["cleaning"])

    @cached_property
    def audit(self) -> dict[str, Any]:
        """What was found in the data."""
        try:
            return dict(json.loads((self.folder / "audit.json").read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            hint = "prepare the dataset again with clf prepare --overwrite"
            raise DataError(f"{self.folder / 'audit.json'} is missing or damaged: {error}", hint) from error

    def read(self, split: str) -> LabelledTexts:
        """Read one split.

        Raises DataError when the dataset has no such split, or its file was changed.
        """
        import pyarrow.parquet

        if split not in self.splits:
            raise DataError(
                f"dataset {self.name} has no {split} split; it has {', '.join(self.splits)}",
                "pass --split with one of them",
            )
        path = self.folder / f"{split}.parquet"
        if not path.is_file() or sha256(path) != self.manifest["files"][path.name]:
            raise DataError(
                f"{path} is missing or was changed since it was prepared",
                "prepare the dataset again with clf prepare --overwrite",
            )
        table = pyarrow.parquet.read_table(path)
        texts, raw_texts = table["text"].to_pylist(), table["raw_text"].to_pylist()
        return LabelledTexts(texts, raw_texts, table["label"].to_numpy(), np.arange(len(texts)))

    def holds(self, key: str) -> bool:
        """Tell whether this is what the given content and settings give, whole: a second run need not prepare it."""
        try:
            whole = bool(self.audit) and (self.folder / "labels.json").is_file()
            return (
                whole
                and self.manifest.get("key") == key
                and all(sha256(self.folder / name) == content for name, content in self.manifest["files"].items())
            )
        except (DataError, OSError):
            return False

    def link_into(self, folder: Path) -> None:
        """Put the files of the dataset into another folder, without a second copy on disk where that is possible."""
        for name in (*self.manifest["files"], "labels.json", "audit.json", MANIFEST_FILE):
            if not (self.folder / name).is_file():
                hint = "prepare the dataset again with clf prepare --overwrite"
                raise DataError(f"{self.folder / name} is missing", hint)
            try:
                os.link(self.folder / name, folder / name)
            except OSError:
                shutil.copyfile(self.folder / name, folder / name)

    def subset(self, split: str, rows: int | None, seed: int) -> LabelledTexts:
        """Read one split, or a stratified part of it."""
        texts = self.read(split)
        return texts.take(stratified_subset(texts.labels, rows, seed)) if rows else texts


def write_prepared(
    folder: Path,
    splits: Mapping[str, Rows],
    store: TextStore,
    labels: list[str],
    audit: dict[str, Any],
    manifest: dict[str, Any],
) -> None:
    """Write the files of a prepared dataset into `folder`, the manifest last."""
    with track("writing", sum(map(len, splits.values())), "rows") as advance:
        for split, rows in splits.items():
            _write_split(folder / f"{split}.parquet", rows, store, labels, advance)
    write_json(folder / "labels.json", {"labels": labels})
    write_json(folder / "audit.json", audit)
    files = {f"{split}.parquet": sha256(folder / f"{split}.parquet") for split in splits}
    write_json(folder / MANIFEST_FILE, {"clf_version": __version__, "labels": labels, "files": files, **manifest})


def _write_split(path: Path, rows: Rows, store: TextStore, labels: list[str], advance: Advance) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema(
        [
            ("text", pyarrow.large_string()),
            ("label", pyarrow.int64()),
            ("label_name", pyarrow.string()),
            ("raw_text", pyarrow.large_string()),
        ]
    )
    names = pyarrow.array(labels, pyarrow.string())
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for place, texts in store.tables(rows.number):
            ids = pyarrow.array(rows.label[place])
            columns = [texts["text"], ids, names.take(ids), texts["raw_text"]]
            writer.write_table(pyarrow.table(columns, schema=schema))
            advance(texts.num_rows)
