"""Predictions on their way to a file: window by window, each whole or not there, joined when all are."""

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
from clf.storage.disk import disk_is_full, flush, read_json, write_json
from clf.storage.output import settings_file_beside
from clf.storage.publish import locked

OUTPUTS = (".csv", ".tsv", ".jsonl", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
TOLD = "told.json"

Table = dict[str, list[Any]]
ArrowType = Any
"""A type of pyarrow's, or the name of one: pyarrow has no types of its own."""
Key = dict[str, JsonValue]
"""What the rows of a run depend on, by what it is called: a run goes on only where all of it is equal."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelledCounts:
    """How many rows there are, how many of them abstained, and how many have an error."""

    rows: int = 0
    abstained: int = 0
    errors: int = 0

    def __add__(self, other: "LabelledCounts") -> "LabelledCounts":
        return LabelledCounts(self.rows + other.rows, self.abstained + other.abstained, self.errors + other.errors)


class Parts:
    """The windows of one output that are done, in a hidden folder beside it.

    A run that was killed leaves them, and the next one with `--resume` goes on from them; several processes each
    write theirs. The output appears in one step, when all are there.
    """

    def __init__(self, output: Path, types: Mapping[str, ArrowType]) -> None:
        """Take the Arrow types of columns, or their names, where they are known: those that Parquet gets."""
        self.output, self.suffix, self.types = output, output.suffix.lower(), types
        self.folder = output.with_name(f".{output.name}.parts")

    @contextmanager
    def open(self, key: Key, resume: bool) -> Iterator[None]:
        """Hold the folder for this run, and say how to go on when a signal ends it.

        What an interrupted run left is kept where `resume` says so, else thrown away. Raises UsageError when it came of
        another input, model or settings, OutputError when another process is at it.
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
                raise Interrupted(f"stopped; {rows} labelled rows are kept", code) from ended
            except TooLittleMemory as error:
                if rows := self.counts().rows:
                    anew = f"; or begin anew: pass {error.instead}" if error.instead else ""
                    error.hint = f"free memory and pass --resume, {rows} labelled rows are kept{anew}"
                else:
                    self.discard()
                raise
            except OutputError:
                raise
            except ClfError:  # the input or the model must change, and no window of this one fits then
                self.discard()
                raise

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes from this output."""
        return locked(self.folder.with_name(f"{self.folder.name}.lock"), self.output)

    def _begin(self, key: Key, resume: bool) -> None:
        before = read_json(self.folder / "key.json")
        if self.folder.exists() and (before is None or not resume):
            log.warning("what an interrupted run left of %s is thrown away; --resume goes on with it", self.output)
            shutil.rmtree(self.folder)
        elif before is not None:
            changed = [name for name in key if before.get(name) != key[name]]
            if changed:
                raise UsageError(
                    f"the interrupted run of {self.output} was another: {' and '.join(changed)} changed since",
                    "leave out --resume to begin anew",
                )
            log.info("going on after %d rows", self.counts().rows)
        self.folder.mkdir(exist_ok=True)
        write_json(self.folder / "key.json", key)

    def done(self) -> dict[int, tuple[Path, LabelledCounts]]:
        """Find the windows that are done, by number."""
        found = {}
        for path in self.folder.glob("done-*"):
            window, *counts = map(int, path.name.split("-")[1:])
            found[window] = (path, LabelledCounts(*counts))
        return dict(sorted(found.items()))

    def counts(self) -> LabelledCounts:
        """Count the rows of the windows that are done."""
        return sum((counts for _, counts in self.done().values()), LabelledCounts())

    def add(self, window: int, table: Table, counts: LabelledCounts) -> None:
        """Write one window; it counts once it is whole.

        Raises OutputError when the disk is full.
        """
        part = self.folder / f"part-{window}"
        try:
            if self.suffix == ".parquet":
                _write_parquet(part, table, self.types)
            else:
                # Half a character, as broken input has it, cannot be written; it becomes a question mark.
                with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
                    write_rows(file, self.suffix, table)
            flush(part)
            part.replace(self.folder / f"done-{window}-{counts.rows}-{counts.abstained}-{counts.errors}")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._refused(error) from error

    @property
    def is_appearing(self) -> bool:
        """Whether a run was ended while its output took its place."""
        return (self.folder / TOLD).exists()

    def discard(self) -> None:
        """Throw the windows away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def join(self, names: Sequence[str], told: Key) -> None:
        """Put all windows together, in order, and let the output appear, with what is `told` of it beside it.

        Raises OutputError when the disk is full; the windows stay.
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
    """Find out before anything is computed whether the output can be written, `overwrite` if it may be there.

    Raises UsageError or OutputError when it cannot.
    """
    if output is None:
        return
    if output.suffix.lower() not in OUTPUTS:
        raise UsageError(f"--output {output} has no known ending", f"name it with one of {' '.join(OUTPUTS)}")
    if output.is_dir():
        raise OutputError(f"--output {output} is a folder", "give the path of a file")
    if not output.parent.is_dir():
        raise OutputError(
            f"--output {output} lies in a folder that does not exist", f"make it first: mkdir -p {output.parent}"
        )
    if source is not None and output.resolve() == source.resolve():
        raise OutputError(f"--output {output} is the input itself", "give another --output")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists", "pass --overwrite, or another --output")


# --- text ---------------------------------------------------------------------------------------------------


def header(names: Sequence[str], suffix: str) -> str:
    """Return the line with the names of the columns; nothing for JSON lines."""
    line = io.StringIO()
    if suffix in DELIMITERS:
        csv.writer(line, delimiter=DELIMITERS[suffix], lineterminator="\n").writerow(names)
    return line.getvalue()


def write_rows(file: IO[str], suffix: str, table: Table) -> None:
    """Write rows as JSON lines, or delimited."""
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
        # The module leaves a carriage return unquoted, which readers take for the end of the row.
        writer = quoted if any(isinstance(value, str) and "\r" in value for value in row) else plain
        writer.writerow(["" if value is None else _spelled(value) for value in row])


def _spelled(value: Any) -> Any:
    """Spell as JSON does what text has no form of its own for."""
    is_json = isinstance(value, (bool, dict, list))
    return json.dumps(value, ensure_ascii=False, default=str) if is_json else value


def _written_in_json(value: Any) -> Any:
    """Return null for a number that JSON lacks."""
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
        except (pyarrow.ArrowException, UnicodeEncodeError, OverflowError):  # several kinds, half characters, huge
            columns[name] = _as_text(values)
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")


def _as_text(values: Sequence[Any]) -> Any:
    import pyarrow

    written = [None if value is None else str(_spelled(value)).encode("utf-8", "replace").decode() for value in values]
    return pyarrow.array(written, pyarrow.large_string())


def _join_parquet(path: Path, parts: Sequence[Path], names: Sequence[str]) -> None:
    """Join windows one by one; a column whose windows differ in kind becomes text."""
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
    """Return the type that values of all these types can have."""
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
