"""Predictions stored window by window, each written atomically, and joined into one file when all are done."""

import csv
import io
import json
import logging
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import JsonValue

from clf.errors import (
    INTERRUPTED,
    TERMINATED,
    ClfError,
    Interrupted,
    OutputError,
    Terminated,
    TooLittleMemory,
    UsageError,
)
from clf.storage.disk import disk_is_full
from clf.storage.documents import read_object
from clf.storage.locks import locked
from clf.storage.output import settings_file_beside
from clf.storage.writing import flush, write_json

OUTPUTS = (".csv", ".tsv", ".jsonl", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
TOLD = "told.json"

Table = dict[str, list[Any]]
ArrowType = Any
"""A pyarrow type or its name; `Any` because pyarrow has no type annotations."""
Key = dict[str, JsonValue]
"""Everything that determines the rows of a run, by name; a run resumes only if all of it is unchanged."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelledCounts:
    """The number of rows, of abstentions among them, and of rows with an error."""

    rows: int = 0
    abstained: int = 0
    errors: int = 0

    def __add__(self, other: "LabelledCounts") -> "LabelledCounts":
        return LabelledCounts(self.rows + other.rows, self.abstained + other.abstained, self.errors + other.errors)


class Parts:
    """The completed windows of one output, in a hidden folder beside it.

    They remain after a run is killed, and the next run with `--resume` continues from them. With several processes,
    each writes its own windows. Once all windows are done, the output is created by an atomic rename.
    """

    def __init__(self, output: Path, types: Mapping[str, ArrowType]) -> None:
        """Set the output path and the known Arrow types (or type names) of its columns, for writing Parquet."""
        self.output, self.suffix, self.types = output, output.suffix.lower(), types
        self.folder = output.with_name(f".{output.name}.parts")

    @contextmanager
    def open(self, key: Key, resume: bool) -> Iterator[None]:
        """Lock the folder for this run, and report how to resume if a signal or lack of memory stops it.

        The windows of an interrupted run are kept with `resume`, and otherwise deleted. Raises UsageError if they were
        made from a different input, model or settings, OutputError if another process is using the folder.
        """
        with self.locked():
            try:
                self._begin(key, resume)
            except OSError as error:
                raise self._refused(error) from error
            try:
                yield
            except (KeyboardInterrupt, Terminated) as ended:
                rows = self.counts().rows
                if not rows:
                    self.discard()
                    raise
                code = INTERRUPTED if isinstance(ended, KeyboardInterrupt) else TERMINATED
                raise Interrupted(f"stopped; predictions for {rows} rows are saved", code) from ended
            except TooLittleMemory as error:
                if rows := self.counts().rows:
                    anew = f"; or start over with {error.instead}" if error.instead else ""
                    error.hint = f"free memory and pass --resume (predictions for {rows} rows are saved){anew}"
                else:
                    self.discard()
                raise
            except OutputError:
                raise
            except ClfError:  # the input or model must change, so the windows cannot be reused
                self.discard()
                raise

    def locked(self) -> AbstractContextManager[None]:
        """Lock this output against other processes."""
        return locked(self.folder.with_name(f"{self.folder.name}.lock"), self.output)

    def _begin(self, key: Key, resume: bool) -> None:
        before = read_object(self.folder / "key.json")
        if self.folder.exists() and (before is None or not resume):
            log.warning("discarding predictions of an interrupted run for %s; --resume would continue it", self.output)
            shutil.rmtree(self.folder)
        elif before is not None:
            changed = [name for name in key if before.get(name) != key[name]]
            if changed:
                raise UsageError(
                    f"the interrupted run for {self.output} cannot be resumed: {' and '.join(changed)} changed since",
                    "leave out --resume to start over",
                )
            log.info("resuming after %d rows", self.counts().rows)
        self.folder.mkdir(exist_ok=True)
        write_json(self.folder / "key.json", key)

    def done(self) -> dict[int, tuple[Path, LabelledCounts]]:
        """Return the path and counts of each completed window, by number."""
        found = {}
        for path in self.folder.glob("done-*"):
            window, *counts = map(int, path.name.split("-")[1:])
            found[window] = (path, LabelledCounts(*counts))
        return dict(sorted(found.items()))

    def counts(self) -> LabelledCounts:
        """Return the total counts of the completed windows."""
        return sum((counts for _, counts in self.done().values()), LabelledCounts())

    def add(self, window: int, table: Table, counts: LabelledCounts) -> None:
        """Write one window, with an atomic rename once it is complete.

        Raises OutputError if the window cannot be written, for example because the disk is full.
        """
        part = self.folder / f"part-{window}"
        try:
            if self.suffix == ".parquet":
                _write_parquet(part, table, self.types)
            else:
                # A lone surrogate from broken input cannot be encoded; it becomes a question mark.
                with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
                    write_rows(file, self.suffix, table)
            flush(part)
            part.replace(self.folder / f"done-{window}-{counts.rows}-{counts.abstained}-{counts.errors}")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._refused(error) from error

    @property
    def is_appearing(self) -> bool:
        """Whether a run was stopped while it was renaming its output into place."""
        return (self.folder / TOLD).exists()

    def discard(self) -> None:
        """Delete the windows."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def join(self, names: Sequence[str], told: Key) -> None:
        """Join all windows in order into the output, and write `told` to the settings file beside it.

        Raises OutputError if the output cannot be written; the windows are kept.
        """
        parts = [path for path, _ in self.done().values()]
        whole = self.folder / "whole"
        try:
            if self.suffix == ".parquet":
                _join_parquet(whole, parts, names)
            else:
                _join_text(whole, parts, header(names, self.suffix))
            write_json(self.folder / TOLD, told)
            flush(whole)
            whole.replace(self.output)
            (self.folder / TOLD).replace(settings_file_beside(self.output))
            flush(self.output.parent)
        except OSError as error:
            whole.unlink(missing_ok=True)
            raise self._refused(error) from error
        self.discard()

    def _refused(self, error: OSError) -> OutputError:
        hint = "free some space and pass --resume" if disk_is_full(error) else "choose another --output"
        return OutputError(f"cannot write {self.output}: {error.strerror or error}", hint)


def check_output(output: Path | None, source: Path | None, *, overwrite: bool) -> None:
    """Check before anything is computed that the output can be written; with `overwrite` it may already exist.

    Raises UsageError or OutputError if it cannot.
    """
    if output is None:
        return
    if output.suffix.lower() not in OUTPUTS:
        raise UsageError(f"--output {output} has no supported extension", f"use one of {' '.join(OUTPUTS)}")
    if output.is_dir():
        raise OutputError(f"--output {output} is a folder", "pass the path of a file")
    if not output.parent.is_dir():
        raise OutputError(
            f"--output {output} is in a folder that does not exist", f"create it first: mkdir -p {output.parent}"
        )
    if source is not None and output.resolve() == source.resolve():
        raise OutputError(f"--output {output} is the input file", "choose another --output")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} already exists", "pass --overwrite, or choose another --output")


# --- text ---------------------------------------------------------------------------------------------------


def header(names: Sequence[str], suffix: str) -> str:
    """Return the header line with the column names; an empty string for JSON lines and Parquet."""
    line = io.StringIO()
    if suffix in DELIMITERS:
        csv.writer(line, delimiter=DELIMITERS[suffix], lineterminator="\n").writerow(names)
    return line.getvalue()


def write_rows(file: IO[str], suffix: str, table: Table) -> None:
    """Write rows as JSON lines or delimited text."""
    rows = zip(*table.values(), strict=True)
    if suffix == ".jsonl":
        for row in rows:
            named = dict(zip(table, map(_written_in_json, row), strict=True))
            file.write(json.dumps(named, ensure_ascii=False, default=str) + "\n")
        return
    plain, quoted = (
        csv.writer(file, delimiter=DELIMITERS[suffix], lineterminator="\n", quoting=quoting)
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    for row in rows:
        # The csv module does not quote a carriage return, which readers treat as the end of the row.
        writer = quoted if any(isinstance(value, str) and "\r" in value for value in row) else plain
        writer.writerow(["" if value is None else _spelled(value) for value in row])


def _spelled(value: Any) -> Any:
    """Write booleans, dicts and lists as JSON; return other values unchanged."""
    is_json = isinstance(value, (bool, dict, list))
    return json.dumps(value, ensure_ascii=False, default=str) if is_json else value


def _written_in_json(value: Any) -> Any:
    """Return None (null) for NaN and infinities, which JSON lacks; other values unchanged."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _join_text(path: Path, parts: Sequence[Path], first: str) -> None:
    with path.open("wb") as file:
        file.write(first.encode("utf-8", "replace"))
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)


# --- Parquet ------------------------------------------------------------------------------------------------


def _write_parquet(path: Path, table: Table, types: Mapping[str, ArrowType]) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {}
    for name, values in table.items():
        try:
            kind = types.get(name)
            columns[name] = pyarrow.array(values, pyarrow.type_for_alias(kind) if isinstance(kind, str) else kind)
        except (pyarrow.ArrowException, UnicodeEncodeError, OverflowError):  # mixed types, lone surrogates, overflow
            columns[name] = _as_text(values)
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")


def _as_text(values: Sequence[Any]) -> Any:
    import pyarrow

    written = [None if value is None else str(_spelled(value)).encode("utf-8", "replace").decode() for value in values]
    return pyarrow.array(written, pyarrow.large_string())


def _join_parquet(path: Path, parts: Sequence[Path], names: Sequence[str]) -> None:
    """Join windows one by one; a column whose type differs between windows becomes text."""
    import pyarrow
    import pyarrow.parquet

    schemas = [pyarrow.parquet.read_schema(part) for part in parts]
    schema = pyarrow.schema([(name, _common({each.field(name).type for each in schemas})) for name in names])
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            table = pyarrow.parquet.read_table(part)
            columns = [_cast(table[field.name], field.type) for field in schema]
            writer.write_table(pyarrow.table(columns, schema=schema))


def _common(kinds: set[Any]) -> Any:
    """Return one type that can represent the values of all these types."""
    import pyarrow

    known = {kind for kind in kinds if not pyarrow.types.is_null(kind)} or kinds
    if len(known) == 1:
        return known.pop()
    return pyarrow.float64() if known <= {pyarrow.int64(), pyarrow.float64()} else pyarrow.large_string()


def _cast(column: Any, kind: Any) -> Any:
    import pyarrow

    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except pyarrow.ArrowException:
        return _as_text(column.to_pylist())
