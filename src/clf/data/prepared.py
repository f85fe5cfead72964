"""A prepared dataset: a folder with one Parquet file per split, `labels.json`, `audit.json` and `manifest.json`."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from clf.data.label_sets import renumbered, table_of_lists
from clf.data.reading.arrow_batches import allowed_bytes, row_sizes
from clf.data.reading.batch import BATCH_ROWS
from clf.data.reading.label_form import LabelForm
from clf.data.sampling import stratified_subset
from clf.data.texts import ColumnTexts, taken
from clf.errors import DataError, first_line
from clf.outcomes.preparation import Audit
from clf.settings import CleaningSettings, DataSettings
from clf.storage.disk import sha256
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, read_document, without_nothing
from clf.storage.names import Cleaning, Count, DatasetText, Hash, Labels, PlainName, SplitFile
from clf.storage.result_folders import MANIFEST_FILE

LABELS_FILE = "labels.json"
AGAIN = "prepare the dataset again with clf prepare --overwrite"
MOST_TABLE = 8_000_000_000
"""The most bytes that the table of texts and labels of a split may take, where a text may have several labels."""
MOST_INFLATION = 1_000
"""How many times as large as its file a split may be once it is read; texts of people compress to a third."""


@dataclass(frozen=True)
class LabelledTexts:
    """The rows of a split: cleaned texts, raw texts, and label ids (int64).

    Where a text may have several labels, `labels` says which labels each row has, shape (rows, labels).
    """

    texts: Sequence[str]
    raw_texts: Sequence[str]
    labels: NDArray[Any]
    rows: NDArray[np.int64]
    """Row numbers in the split's file, from 0."""

    def __len__(self) -> int:
        return len(self.texts)

    def shares(self, names: Sequence[str]) -> dict[str, float]:
        """Return the share of the rows that have each label, where a text may have several; otherwise nothing."""
        return dict(zip(names, self.labels.mean(axis=0).tolist(), strict=True)) if self.labels.ndim == 2 else {}

    def relabel(self, ids: NDArray[np.int64]) -> "LabelledTexts":
        """Return the rows with each label id replaced by `ids[label]`."""
        return LabelledTexts(self.texts, self.raw_texts, renumbered(self.labels, ids), self.rows)

    def take(self, rows: NDArray[np.int64]) -> "LabelledTexts":
        """Return the selected rows, in the given order."""
        texts = taken(self.texts, rows)
        raw_texts = texts if self.raw_texts is self.texts else taken(self.raw_texts, rows)
        return LabelledTexts(texts, raw_texts, self.labels[rows], self.rows[rows])


class Manifest(BaseModel):
    """The contents of `manifest.json`: what was prepared, from which source and how. It is written last."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True, defer_build=True)

    schema_version: SchemaVersion = SCHEMA_VERSION
    clf_version: str
    labels: Labels
    """Label names in the order of their ids."""
    files: dict[SplitFile, Hash]
    """The SHA-256 of each split's file."""
    name: PlainName
    origin: DatasetText = ""
    fingerprint: str = ""
    key: str | None = None
    """The hash of everything that determines the result of preparing."""
    lengths: list[str | int | None] | None = None
    """How the lengths in tokens were measured: the SHA-256 of the tokenizer, and the length at which to truncate."""
    dataset: DatasetText | None = None
    """The dataset setting, as the user typed it."""
    cleaning: Cleaning
    data: DataSettings
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    text_columns: list[str] = []
    label_column: str | None = None
    """The column with the labels; none if they are one-hot columns, or in the names of folders."""
    rows_generated: Count | None = None
    multi_label: bool = False
    """Whether a text may have several labels, or none."""
    label_form: LabelForm | None = None
    """How they are written in the dataset, if a text may have several."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, value: Any) -> Any:
        return without_nothing(value)

    @field_validator("data", mode="before")
    @classmethod
    def _of_today(cls, value: Any) -> Any:
        return DataSettings.known(value)


class LabelsFile(BaseModel):
    """`labels.json`: the label names in the order of their ids, for other programs."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    labels: Labels


@dataclass(frozen=True)
class PreparedDataset:
    """A folder written by `clf prepare`; splits are read on demand."""

    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        """What was prepared, from which source and how."""
        manifest, told = read_manifest(self.folder), self.folder / LABELS_FILE
        if os.path.lexists(told) and read_document(told, LabelsFile, DataError, AGAIN).labels != manifest.labels:
            raise _damaged(self.folder / LABELS_FILE, f"its labels are not those of {MANIFEST_FILE}")
        return manifest

    @property
    def name(self) -> str:
        """The short name of the dataset."""
        return self.manifest.name

    @property
    def labels(self) -> list[str]:
        """Label names in the order of their ids."""
        return self.manifest.labels

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels, or none."""
        return self.manifest.multi_label

    @property
    def splits(self) -> list[str]:
        """The names of the splits that have rows."""
        return [Path(file).stem for file in self.manifest.files]

    @property
    def cleaning(self) -> CleaningSettings:
        """The cleaning steps that were applied."""
        return self.manifest.cleaning

    @cached_property
    def audit(self) -> Audit:
        """The findings of the audit."""
        return read_document(self.folder / "audit.json", Audit, DataError, AGAIN)

    def read(self, split: str, *, raw_only: bool = False) -> LabelledTexts:
        """Read one split; with `raw_only` its `texts` are the raw ones too, for a model that cleans in its own way.

        Raises DataError if the dataset does not have this split, or the file of the split was changed.
        """
        if split not in self.splits:
            raise DataError(
                f"dataset {self.name} has no {split} split; it has {', '.join(self.splits)}",
                "pass --split with one of them",
            )
        path = self.folder / f"{split}.parquet"
        if not path.is_file() or sha256(path) != self.manifest.files[path.name]:
            raise DataError(
                f"{path} is missing or was changed since it was prepared",
                AGAIN,
            )
        table = _read_table(path, len(self.labels), raw_only=raw_only, several=self.multi_label)
        raw_texts = ColumnTexts(table["raw_text"])
        texts = raw_texts if raw_only else ColumnTexts(table["text"])
        labels = table_of_lists(table["label"], len(self.labels)) if self.multi_label else table["label"].to_numpy()
        return LabelledTexts(texts, raw_texts, labels, np.arange(len(texts)))

    def holds(self, key: str) -> bool:
        """Return whether the dataset is intact and was prepared with this `key`, so that it can be reused."""
        try:
            whole = bool(self.audit.rows) and (self.folder / LABELS_FILE).is_file()
            return (
                whole
                and self.manifest.key == key
                and all(sha256(self.folder / name) == content for name, content in self.manifest.files.items())
            )
        except (DataError, OSError):
            return False

    def link_into(self, folder: Path) -> None:
        """Link the files of the dataset into another folder, or copy them where hard links are not possible.

        Raises DataError if a file is missing or damaged.
        """
        if not self.audit.rows:  # read here so that an error names this folder
            raise _damaged(self.folder / "audit.json", "it has no row counts")
        for name in (*self.manifest.files, LABELS_FILE, "audit.json", MANIFEST_FILE):
            self._check_own(name)
            try:
                os.link(self.folder / name, folder / name)
            except OSError:
                shutil.copyfile(self.folder / name, folder / name)

    def _check_own(self, name: str) -> None:
        """Raise DataError if a file is missing or is not a regular file of this folder: a link may lead anywhere."""
        try:
            plain = stat.S_ISREG((self.folder / name).lstat().st_mode)
        except OSError as error:
            raise DataError(f"{self.folder / name} is missing", AGAIN) from error
        if not plain:
            raise DataError(f"{self.folder / name} is not a regular file", AGAIN)

    def subset(self, split: str, rows: int | None, seed: int, *, raw_only: bool = False) -> LabelledTexts:
        """Read one split, or a stratified subset of it with at most `rows` rows; `raw_only` is as for `read`."""
        texts = self.read(split, raw_only=raw_only)
        return texts.take(stratified_subset(texts.labels, rows, seed)) if rows else texts


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a prepared dataset.

    Raises DataError if it is missing or damaged.
    """
    return read_document(folder / MANIFEST_FILE, Manifest, DataError, AGAIN)


def _read_table(path: Path, labels: int, *, raw_only: bool, several: bool) -> Any:
    """Read the columns of a split; raise DataError if they are not what clf writes, whatever the hash says."""
    import pyarrow
    import pyarrow.parquet

    of_label = pyarrow.list_(pyarrow.int64()) if several else pyarrow.int64()
    kinds_of_label = tuple(f"list<{name}: int64>" for name in ("element", "item")) if several else ("int64",)
    expected = {"text": ("string", "large_string"), "raw_text": ("string", "large_string"), "label": kinds_of_label}
    try:
        schema = pyarrow.parquet.read_schema(path)
        for name, kinds in expected.items():
            if schema.names.count(name) != 1 or str(schema.field(name).type) not in kinds:
                raise _damaged(path, f"it has no column {name} of type {kinds[0]}")
        wanted = [name for name in expected if name != "text" or not raw_only]
        read = [(name, of_label if name == "label" else pyarrow.large_string()) for name in wanted]
        table = pyarrow.Table.from_batches(_pieces(path, pyarrow.schema(read)), pyarrow.schema(read))
        table.validate(full=True)  # invalid UTF-8 too
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, first_line(error)) from error
    for name in wanted:
        if table[name].null_count:
            raise _damaged(path, f"its column {name} has empty cells")
    if several:
        _check_lists(path, table["label"], labels)
    ids = (table["label"].combine_chunks().flatten() if several else table["label"]).to_numpy(zero_copy_only=False)
    if len(ids) and not 0 <= ids.min() <= ids.max() < labels:
        raise _damaged(path, f"its label ids reach from {ids.min()} to {ids.max()}, expected 0 to {labels - 1}")
    return table


def _check_lists(path: Path, lists: Any, labels: int) -> None:
    """Raise DataError if lists of label ids are not sets in ascending order, or their table needs too much memory."""
    whole = lists.combine_chunks()
    ids, sizes = whole.flatten(), whole.value_lengths().to_numpy(zero_copy_only=False)
    if ids.null_count:
        raise _damaged(path, "its column label has empty ids")
    starts = np.append(0, np.cumsum(sizes))
    follows = np.diff(ids.to_numpy(zero_copy_only=False)) > 0
    follows[starts[(starts > 0) & (starts < len(ids))] - 1] = True  # the first of the next row
    if not follows.all():
        row = int(np.searchsorted(starts, int(np.argmin(follows)), side="right"))
        raise _damaged(path, f"the label ids of row {row} are {whole[row - 1].as_py()[:10]}, expected ascending ones")
    check_table(str(path), len(whole), labels)


def check_table(shown: str, rows: int, labels: int) -> None:
    """Raise DataError if the table of `rows` texts and their labels needs more memory than MOST_TABLE bytes."""
    if (size := rows * labels) > MOST_TABLE:
        raise DataError(
            f"{shown}: {rows:,} texts with {labels:,} labels take {size / 1e9:,.0f} GB of memory",
            "prepare the dataset without its rare labels, or from fewer texts",
        )


def _pieces(path: Path, schema: Any) -> Iterator[Any]:
    """Yield the columns of `schema` some rows at a time, which takes a third of the memory of reading all at once.

    Texts that repeat are read once and their size is known before they are spelled out. Raises DataError if they are
    many times as large as the file.
    """
    import pyarrow
    import pyarrow.parquet

    texts = [name for name in schema.names if name != "label"]
    file = pyarrow.parquet.ParquetFile(path, pre_buffer=False, read_dictionary=texts)
    groups = [file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups)]
    size, allowed = sum(groups), allowed_bytes(path.stat().st_size, MOST_INFLATION)
    spelled_out = 0
    if size <= allowed:
        for batch in file.iter_batches(BATCH_ROWS, columns=schema.names, use_threads=False):
            spelled_out += int(row_sizes(batch).sum())
            if spelled_out > allowed:
                break
            columns = [batch.column(field.name).cast(field.type) for field in schema]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)
    if (most := max(size, spelled_out)) > allowed:
        raise _damaged(path, f"its texts take at least {most / 1e6:,.0f} MB once they are spelled out")


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is damaged: {why}", AGAIN)
