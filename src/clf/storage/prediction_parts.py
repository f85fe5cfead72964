"""Predictions stored window by window, each written atomically, and joined into one file when all are done."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

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
from clf.storage.disk import disk_is_full, sha256
from clf.storage.documents import SCHEMA_VERSION, check_schema, read_object, read_surely
from clf.storage.leftovers import delete_folder
from clf.storage.locks import locked
from clf.storage.output import settings_file_beside
from clf.storage.places import check_name
from clf.storage.prediction_formats import (
    OUTPUTS,
    ArrowType,
    Table,
    header,
    join_parquet,
    join_text,
    write_parquet,
    write_rows,
)
from clf.storage.report_files import check_file
from clf.storage.writing import drop, flush, hidden, refuse_all_but_folder, refuse_odd, token, write_json

TOLD, WHOLE = "told.json", "whole"
DONE = re.compile(r"done-([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})-([0-9a-f]{64})", re.ASCII)
"""The name of a completed window: its number, the counts of its rows, and a hash of these and of its bytes."""
CONTENT = "sha256"
"""The key of the hash of the output in the settings file beside it."""
OURS = re.compile(
    r"(key|told)\.json(\.part)?|(done|part)-[0-9a-f-]+|whole(-[0-9a-f]+)?|\.(key|told)\.json\.part-[0-9a-f]{16}"
)
"""What the folder of the windows may contain."""

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

    def __init__(self, output: Path, types: Mapping[str, ArrowType], *, overwrite: bool = False) -> None:
        """Set the output path, and the known Arrow types (or type names) of its columns, for writing Parquet.

        With `overwrite`, the output may replace a file that is already there.
        """
        self.overwrite = overwrite
        self.output, self.suffix, self.types = output, output.suffix.lower(), types
        self.folder = output.with_name(hidden(output.name, "parts"))

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
                self._discard_nothing()
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
                self._discard_nothing()
                raise
            except ClfError:  # the input or model must change, so the windows cannot be reused
                self.discard()
                raise

    def locked(self) -> AbstractContextManager[None]:
        """Lock this output against other processes."""
        return locked(self.output.with_name(hidden(self.output.name, "parts.lock")), self.output)

    def _begin(self, key: Key, resume: bool) -> None:
        refuse_all_but_folder(self.folder, "choose another --output")
        if self.folder.exists() and (foreign := [path.name for path in self.folder.iterdir() if not _is_ours(path)]):
            raise OutputError(f"{self.folder} contains files that clf did not write ({foreign[0]})", "move them away")
        before = self._key_before(resume)
        if before is not None and resume:
            check_schema(self.folder / "key.json", before, UsageError)
        if self.folder.exists() and (before is None or not resume):
            log.warning("discarding predictions of an interrupted run for %s; --resume would continue it", self.output)
            self._finish_appearing()
            self.discard()
        elif before is not None:
            changed = [name for name in key if before.get(name) != key[name]]
            if changed:
                raise UsageError(
                    f"the interrupted run for {self.output} cannot be resumed: {' and '.join(changed)} changed since",
                    "leave out --resume to start over",
                )
            self._discard_damaged()
            log.info("resuming after %d rows", self.counts().rows)
        self.folder.mkdir(exist_ok=True)
        write_json(self.folder / "key.json", {"schema_version": SCHEMA_VERSION, **key})

    def _finish_appearing(self) -> None:
        """Give an output whose run was stopped between its two renames its own settings, not those of a run before."""
        beside = settings_file_beside(self.output)
        if self.is_appearing and not _is_foreign(beside):
            (self.folder / TOLD).replace(beside)
            flush(beside.parent)

    def _key_before(self, resume: bool) -> Key | None:
        """Return what the windows were made from; None if that was not written, or does not matter."""
        try:
            return read_surely(self.folder / "key.json")
        except OSError as error:
            if not resume:
                return None
            said = f"{self.folder / 'key.json'} cannot be read: {error.strerror}"
            raise OutputError(
                said, "make it readable and pass --resume, or leave out --resume to start over"
            ) from error

    def _discard_damaged(self) -> None:
        """Delete the windows that are not as they were written, and the halves of others: they are labelled again."""
        for path in self.folder.iterdir():
            named = DONE.fullmatch(path.name)
            if path.name in ("key.json", TOLD) or (named and _seal(path, *map(int, named.groups()[:4])) == named[5]):
                continue
            if path.name.startswith("done-"):
                log.warning("a window of %s is damaged: labelling its rows again", self.output)
            path.unlink()

    def done(self) -> dict[int, tuple[Path, LabelledCounts]]:
        """Return the path and counts of each completed window, by number."""
        found = {}
        try:
            paths = list(self.folder.iterdir())
        except FileNotFoundError:
            return {}
        for path in paths:
            if named := DONE.fullmatch(path.name):
                window, *counts = map(int, named.groups()[:4])
                found[window] = (path, LabelledCounts(*counts))
        return dict(sorted(found.items()))

    def counts(self) -> LabelledCounts:
        """Return the total counts of the completed windows."""
        return sum((counts for _, counts in self.done().values()), LabelledCounts())

    def add(self, window: int, table: Table, counts: LabelledCounts) -> None:
        """Write one window, with an atomic rename once it is complete.

        Raises OutputError if the window cannot be written, for example because the disk is full.
        """
        part = self.folder / f"part-{window}-{token()}"
        try:
            if self.suffix == ".parquet":
                write_parquet(part, table, self.types)
            else:
                # A lone surrogate from broken input cannot be encoded; it becomes a question mark.
                with part.open("x", encoding="utf-8", errors="replace", newline="") as file:
                    write_rows(file, self.suffix, table)
            flush(part)
            numbers = (window, counts.rows, counts.abstained, counts.errors)
            part.replace(self.folder / f"done-{'-'.join(map(str, numbers))}-{_seal(part, *numbers)}")
        except OSError as error:
            drop(part)
            raise self._refused(error) from error

    @property
    def is_appearing(self) -> bool:
        """Whether a run was stopped after it had renamed its output into place, and before it had finished."""
        told = read_object(self.folder / TOLD) or {}
        return self.output.is_file() and told.get(CONTENT) == sha256(self.output)

    def check_complete(self, made: Key) -> None:
        """Check that the output is as the run that saved the settings `made` wrote it; raise OutputError if not."""
        hint = "pass --overwrite to label the input again, or another --output"
        if CONTENT not in made:
            raise OutputError(
                f"{self.output} exists, but an earlier version of clf wrote it without a hash: "
                "whether it is complete cannot be checked",
                hint,
            )
        if sha256(self.output) != made[CONTENT]:
            raise OutputError(f"{self.output} was changed or cut since it was written", hint)

    def _discard_nothing(self) -> None:
        """Delete the folder if it holds no window, and not if it cannot be listed."""
        with suppress(OSError):
            if not self.done():
                self.discard()

    def discard(self) -> None:
        """Delete the windows."""
        delete_folder(self.folder)

    def join(self, names: Sequence[str], told: Key) -> None:
        """Join all windows in order into the output, and write `told` to the settings file beside it.

        Raises OutputError if the output cannot be written; the windows are kept.
        """
        parts = [path for path, _ in self.done().values()]
        appeared = self.is_appearing  # in an earlier run, which was stopped before it had finished
        whole = self.folder / f"{WHOLE}-{token()}"
        try:
            if self.suffix == ".parquet":
                join_parquet(whole, parts, names)
            else:
                join_text(whole, parts, header(names, self.suffix))
            flush(whole)
            write_json(self.folder / TOLD, {**told, CONTENT: sha256(whole)})
            self._check_replaced(appeared)
            whole.replace(self.output)
            (self.folder / TOLD).replace(settings_file_beside(self.output))
            flush(self.output.parent)
        except OSError as error:
            drop(whole)
            raise self._refused(error) from error
        self.discard()

    def _check_replaced(self, appeared: bool) -> None:
        """Raise OutputError if a file that clf did not write has appeared at the output's place since the start."""
        beside = settings_file_beside(self.output)
        for path in (self.output, beside):
            refuse_odd(path)
        hint = "move it away and pass --resume, or choose another --output"
        if self.output.is_file() and not (self.overwrite or appeared):
            raise OutputError(f"{self.output} appeared while its rows were labelled", hint)
        if not self.overwrite and _is_foreign(beside):
            raise OutputError(f"{beside} exists, and clf did not write it", hint)

    def _refused(self, error: OSError) -> OutputError:
        hint = "free some space and pass --resume" if disk_is_full(error) else "choose another --output"
        return OutputError(f"cannot write {self.output}: {error.strerror or error}", hint)


def check_output(output: Path | None, source: Path | None, *, overwrite: bool, resume: bool = False) -> None:
    """Check before anything is computed that the output can be written; with `overwrite` it may already exist.

    Raises UsageError or OutputError if it cannot.
    """
    if output is None:
        return
    check_name(output, "--output")
    if output.is_dir():
        raise OutputError(f"--output {output} is a folder", "pass the path of a file")
    if source is not None and output.resolve() == source.resolve():
        raise OutputError(f"--output {output} is the input file", "choose another --output")
    check_file(output, "--output", [source] if source is not None else [])
    if output.suffix.lower() not in OUTPUTS:
        raise UsageError(f"--output {output} has no supported extension", f"use one of {' '.join(OUTPUTS)}")
    if not output.parent.is_dir():
        raise OutputError(
            f"--output {output} is in a folder that does not exist",
            "choose another --output" if output.parent.exists() else f"create it first: mkdir -p {output.parent}",
        )
    check_file(beside := settings_file_beside(output), "the settings of --output", [])
    if output.exists() and not (overwrite or resume):
        raise OutputError(f"{output} already exists", "pass --overwrite, or choose another --output")
    if not (output.exists() or overwrite) and _is_foreign(beside):
        hint = "choose another --output, or pass --overwrite to replace it"
        raise OutputError(f"{beside} exists, and clf did not write it", hint)


def _seal(path: Path, *numbers: int) -> str:
    """Return the hash that tells whether a window is as it was written, and in its own place."""
    return hashlib.sha256(f"{numbers} {sha256(path)}".encode()).hexdigest()


def _is_foreign(settings: Path) -> bool:
    """Return whether a file that is not the settings of an output of clf is there."""
    return settings.exists() and "clf_version" not in (read_object(settings) or {})


def _is_ours(path: Path) -> bool:
    """Return whether a file in the folder of the windows has a name that clf gives, and is a file."""
    return OURS.fullmatch(path.name) is not None and path.is_file() and not path.is_symlink()
