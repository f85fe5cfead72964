"""Read the original splits: texts go to files, and only a few numbers per row stay in memory.

Batches are cleaned and hashed independently (`clf.data.preparing.clean_batch`): in this process if there are only a
few, otherwise in one worker process per core.
"""

import logging
import os
import signal
import threading
from array import array
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from clf.data.preparing.clean_batch import Digest, digest
from clf.data.preparing.rows import Rows, TextStore, no_groups
from clf.data.preparing.unlabelled_splits import asked_for, labelled_splits
from clf.data.reading.batch import Split
from clf.data.reading.examples import RowTally, read_examples
from clf.data.reading.first_lines import FirstLines
from clf.data.reading.joined_labels import several_joined
from clf.data.reading.label_form import LabelForm
from clf.data.reading.other_columns import OtherColumns
from clf.data.text_hashes import hash_texts
from clf.errors import ClfError, DataError, SeveralLabels
from clf.processes import usable_cores
from clf.progress import track
from clf.settings import CleaningSettings, DataSettings

INLINE_BATCHES = 2
MOST_WORKERS = 16
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EMPTY = "no text after cleaning"
CODES = {"split": "b", "line": "I", "label": "i", "group": "Q", "key": "Q", "length": "i"}
"""The type of each column of rows, as a code of the array module and NumPy."""

log = logging.getLogger(__name__)


@dataclass
class Delivered:
    """All splits as they were read, before new splits are made."""

    splits: list[str]
    rows: Rows
    labels: list[str]
    """Raw labels, in the order of `rows.label`."""
    named: set[tuple[str, str | None]]
    """Each raw label with each name found next to it in the column of label names."""
    tallies: dict[str, RowTally]
    changed: dict[str, int]
    odd: dict[str, int]
    others: OtherColumns
    store: TextStore
    label_form: LabelForm | None = None
    """How the labels are written, if a text may have several."""

    def forget_rows(self) -> None:
        """Free the memory of the rows, once those of each split were taken."""
        self.rows = self.rows.take(np.zeros(0, dtype=np.int64))

    def of(self, split: str) -> Rows:
        """Return the rows of one split."""
        if self.splits == [split]:
            return self.rows
        return self.rows.take(self.rows.split == self.splits.index(split))


def deliver(
    splits: Mapping[str, Split],
    data: DataSettings,
    cleaning: CleaningSettings,
    folder: Path,
    *,
    near: bool,
    like: LabelForm | None = None,
) -> Delivered:
    """Read all splits into `folder`; drop and count the rows with no text left after cleaning.

    Labels are written as those of train are, or `like` those that a model was trained with.

    Raises DataError if a split cannot be read; the error reports all bad rows of a file together.
    """
    splits = labelled_splits(splits, data, {data.split} if not near else asked_for(data))
    reading = _Reading(list(splits))
    with _digesting(cleaning, folder, near) as submit, track("reading", None, "rows") as advance:
        earlier = 0
        first_lines = FirstLines()
        for split, source in splits.items():
            first_lines.tell_form(source.form)
            lines = source.lines()
            done = 0
            source = replace(source, label_form=like or reading.label_form)
            tally = reading.tallies[split] = RowTally()
            expected = 0
            for batch, columns, examples in _as_in_train(read_examples(source, data, tally), split, splits, reading):
                if not done:
                    first_lines.tell_rows(batch, columns, examples.shown())
                reading.others.add(batch, columns)
                reading.add(split, examples, submit(examples.texts))
                done += len(batch.lines)
                if lines and done > expected:
                    expected = max(done, round(done * lines / batch.lines[-1])) if not expected else done
                    advance(len(batch.lines), total=earlier + expected)
                else:
                    advance(len(batch.lines))
            earlier += done
    return reading.result(folder)


def _as_in_train(read: Iterator[Any], split: str, splits: Collection[str], reading: "_Reading") -> Iterator[Any]:
    """Yield what is read of a split; raise DataError if its texts have several labels, and those of train do not."""
    before = [*reading.labels]
    try:
        yield from read
    except SeveralLabels as told:
        raise beside_train(told, split, splits, before) from told


def beside_train(told: SeveralLabels, split: str, splits: Collection[str], labels: Collection[str]) -> DataError:
    """Return the error for several labels in a split: train decides for all, whose `labels` may join several."""
    joined = several_joined(dict.fromkeys(labels, 1), ())
    if split == "train" or "train" not in splits or (joined and joined.meant):
        return told
    return DataError(
        f"{told.message}, but those of train are read with one label each",
        "correct them, or pass --multi-label if a text may have several labels",
    )


@dataclass
class _Reading:
    """The rows read so far; the digests of some batches may not be finished yet."""

    splits: list[str]
    labels: dict[str, int] = field(default_factory=dict)
    named: set[tuple[str, str | None]] = field(default_factory=set)
    tallies: dict[str, RowTally] = field(default_factory=dict)
    others: OtherColumns = field(default_factory=OtherColumns)
    waiting: deque[tuple[str, Future[Digest]]] = field(default_factory=deque)
    columns: dict[str, "array[int]"] = field(default_factory=lambda: {name: array(CODES[name]) for name in CODES})
    """The columns of `Rows`, which grow in place."""
    sizes: list[int] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    odd: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.changed, self.odd = dict.fromkeys(self.splits, 0), dict.fromkeys(self.splits, 0)

    @property
    def label_form(self) -> LabelForm | None:
        """How the labels of train are written; none before it is read."""
        return self.tallies["train"].label_form if "train" in self.tallies else None

    def add(self, split: str, examples: Any, described: "Future[Digest]") -> None:
        count, before = len(examples.texts), len(self.columns["line"])
        self.named |= set(zip(examples.labels, examples.label_names, strict=True))
        self._append("split", [self.splits.index(split)] * count)
        self._append("line", examples.lines)
        self._append("label", [self.labels.setdefault(label, len(self.labels)) for label in examples.labels])
        grouped = np.array([group is not None for group in examples.groups], dtype=bool)
        if grouped.any():
            self._pad_groups(before)
            self._append("group", np.where(grouped, hash_texts(group or "" for group in examples.groups), 0))
        self.waiting.append((split, described))
        while self.waiting and self.waiting[0][1].done():
            self._absorb(*self.waiting.popleft())

    def _append(self, name: str, values: Any) -> None:
        column = self.columns[name]
        column.frombytes(np.asarray(values, dtype=column.typecode).tobytes())

    def _pad_groups(self, rows: int) -> None:
        """Rows that were read before the first one with a group have none."""
        self._append("group", np.zeros(rows - len(self.columns["group"]), dtype=np.uint64))

    def _absorb(self, split: str, described: "Future[Digest]") -> None:
        found = described.result()
        self._append("key", found.keys)
        self._append("length", found.lengths)
        self.sizes.append(len(found.lengths))
        self.changed[split] += found.changed
        self.odd[split] += found.odd

    def result(self, folder: Path) -> Delivered:
        while self.waiting:
            self._absorb(*self.waiting.popleft())
        count = len(self.columns["line"])
        if self.columns["group"]:
            self._pad_groups(count)
        columns = {name: np.frombuffer(column, dtype=column.typecode) for name, column in self.columns.items()}
        if not self.columns["group"]:
            columns["group"] = no_groups(count)
        rows = Rows(number=np.arange(count, dtype=np.int32), **columns)
        empty = np.flatnonzero(rows.length == 0).tolist()
        for row in empty:
            self.tallies[self.splits[rows.split[row]]].drop(EMPTY, int(rows.line[row]))
        return Delivered(
            self.splits, rows.take(rows.length > 0) if empty else rows, list(self.labels), self.named, self.tallies,
            self.changed, self.odd, self.others, TextStore(folder, self.sizes),
        )  # fmt: skip


# --- one process or several ---------------------------------------------------------------------------------


@contextmanager
def _digesting(cleaning: CleaningSettings, folder: Path, near: bool) -> Iterator[Any]:
    """Yield a function that takes a batch of texts and returns the future of its digest."""
    pool: ProcessPoolExecutor | None = None
    waiting: deque[Future[Digest]] = deque()
    number, workers = 0, min(MOST_WORKERS, usable_cores())

    def submit(texts: list[str]) -> "Future[Digest]":
        nonlocal pool, number, workers
        task = partial(digest, texts, cleaning, folder, number, near)
        number += 1
        if pool is None and number > INLINE_BATCHES and workers > 1:
            try:
                pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin_worker)
            except OSError as error:  # no shared memory, as in some containers
                log.info("cleaning with one process: %s", error)
                workers = 1
        if pool is None:
            done: Future[Digest] = Future()
            done.set_result(task())
            return done
        while len(waiting) > workers + 2:
            waiting.popleft().result()  # bounds memory use when reading is faster than cleaning
        with _uninterrupted():
            waiting.append(pool.submit(task))
        return waiting[-1]

    try:
        yield submit
        for future in waiting:
            future.result()
    except BrokenProcessPool as error:
        raise ClfError(
            "a worker process that cleans texts could not start or was killed, possibly because memory ran out",
            "free memory and try again",
        ) from error
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C and similar signals while worker processes start: an interrupted start would print errors.

    The worker processes inherit the blocked Ctrl-C: only the main process handles it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can handle signals
        return
    put_off: list[int] = []
    before = {number: signal.signal(number, lambda received, _: put_off.append(received)) for number in ENDING}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in put_off:
            signal.raise_signal(late)


def _begin_worker() -> None:
    """Make this worker process exit when the main process does, for whatever reason."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)
