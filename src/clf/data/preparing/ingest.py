"""Read the original splits: texts go to files, and only a few numbers per row stay in memory.

Batches are cleaned and hashed independently (`clf.data.preparing.clean_batch`): in this process if there are only a
few, otherwise in one worker process per core.
"""

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.preparing.clean_batch import Digest, digest
from clf.data.preparing.rows import Rows, TextStore
from clf.data.reading.batch import Split
from clf.data.reading.columns import OtherColumns
from clf.data.reading.examples import RowTally, read_examples
from clf.data.text_hashes import hash_texts
from clf.errors import ClfError
from clf.processes import usable_cores
from clf.progress import track
from clf.settings import CleaningSettings, DataSettings

INLINE_BATCHES = 2
MOST_WORKERS = 16
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EMPTY = "no text after cleaning"

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

    def of(self, split: str) -> Rows:
        """Return the rows of one split."""
        return self.rows.take(self.rows.split == self.splits.index(split))


def deliver(
    splits: Mapping[str, Split], data: DataSettings, cleaning: CleaningSettings, folder: Path, *, near: bool
) -> Delivered:
    """Read all splits into `folder`; drop and count the rows with no text left after cleaning.

    Raises DataError if a split cannot be read; the error reports all bad rows of a file together.
    """
    reading = _Reading(list(splits))
    with _digesting(cleaning, folder, near) as submit, track("reading", None, "rows") as advance:
        earlier = 0
        for split, source in splits.items():
            lines = source.lines()
            done = 0
            tally = reading.tallies[split] = RowTally()
            expected = 0
            for batch, columns, examples in read_examples(source, data, tally):
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


@dataclass
class _Reading:
    """The rows read so far; the digests of some batches may not be finished yet."""

    splits: list[str]
    labels: dict[str, int] = field(default_factory=dict)
    named: set[tuple[str, str | None]] = field(default_factory=set)
    tallies: dict[str, RowTally] = field(default_factory=dict)
    others: OtherColumns = field(default_factory=OtherColumns)
    parts: list[tuple[str, dict[str, NDArray[Any]], Future[Digest]]] = field(default_factory=list)

    def add(self, split: str, examples: Any, described: "Future[Digest]") -> None:
        count = len(examples.texts)
        self.named |= set(zip(examples.labels, examples.label_names, strict=True))
        ids = [self.labels.setdefault(label, len(self.labels)) for label in examples.labels]
        grouped = np.array([group is not None for group in examples.groups], dtype=bool)
        known: dict[str, NDArray[Any]] = {
            "split": np.full(count, self.splits.index(split), dtype=np.int8),
            "line": np.array(examples.lines, dtype=np.int64),
            "label": np.array(ids, dtype=np.int64),
            "group": np.where(grouped, hash_texts(group or "" for group in examples.groups), 0).astype(np.uint64),
        }
        self.parts.append((split, known, described))

    def result(self, folder: Path) -> Delivered:
        digests = [described.result() for _, _, described in self.parts]
        columns = {
            name: _joined([known[name] for _, known, _ in self.parts]) for name in ("split", "line", "label", "group")
        }
        rows = Rows(
            number=np.arange(len(columns["line"])),
            **columns,
            raw_key=_joined([found.raw_keys for found in digests]),
            key=_joined([found.keys for found in digests]),
            length=_joined([found.lengths for found in digests]),
        )
        for row in np.flatnonzero(rows.length == 0).tolist():
            self.tallies[self.splits[rows.split[row]]].drop(EMPTY, int(rows.line[row]))
        changed, odd = dict.fromkeys(self.splits, 0), dict.fromkeys(self.splits, 0)
        for (split, _, _), found in zip(self.parts, digests, strict=True):
            changed[split] += found.changed
            odd[split] += found.odd
        store = TextStore(folder, [len(found.lengths) for found in digests])
        return Delivered(
            self.splits, rows.take(rows.length > 0), list(self.labels), self.named, self.tallies, changed, odd,
            self.others, store,
        )  # fmt: skip


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


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
