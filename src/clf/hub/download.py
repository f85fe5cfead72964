"""Download a repository into the cache, and always finish: with verified files or with an error.

Each attempt runs in its own process (`clf.hub.transfer`), so anything that hangs in it can be killed: a name lookup, a
connection, a library that sleeps for an hour because a server said so. The next attempt resumes where it stopped.
"""

import fcntl
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import IO, NoReturn

from pydantic import BaseModel

from clf.errors import ClfError, NetworkError
from clf.hub.address import cache_folder, check_token, is_offline, repository_folder, shown_endpoint
from clf.hub.cache import CacheEntry, Snapshot, add_to_record, look_up
from clf.hub.explain import TryAgain, cannot_write
from clf.hub.files import Kind, how_to_fetch, unusable
from clf.hub.messages import Message, Order
from clf.hub.records import read_record
from clf.progress import Advance, size, track
from clf.storage.documents import parse_json
from clf.storage.writing import refuse_odd, without_links

SECONDS_TO_FIRST_ANSWER = 5.0
"""Including the start of the command and of the process, an unreachable Hub is detected within 10 s."""
SECONDS_TO_START = 20.0
SECONDS_OF_SILENCE = 60.0
"""An attempt sends messages several times a second; one that is silent for this long has died or hangs. A shorter
timeout lowers this limit, but not below SECONDS_TO_START, the time that starting may take on a busy machine."""
SECONDS_OF_STALL = 30.0
SECONDS_OF_PAUSE = 8.0
FRUITLESS_ATTEMPTS = 4
SLOWEST_BYTES_PER_SECOND = 1000

log = logging.getLogger(__name__)


def fetch(
    kind: Kind,
    repository: str,
    revision: str | None = None,
    *,
    offline: bool = False,
    timeout: float = 60.0,
    update: bool = False,
    pins: dict[str, str] | None = None,
) -> Snapshot:
    """Return a repository from the cache, or from the Hub if the cache does not have it completely.

    `update` contacts the Hub in any case; `pins` are the only files to fetch, each with its SHA-256. A download is
    given up after `timeout` seconds without progress.

    Raises ModelError or DataError when the repository is not usable, NetworkError when it cannot be downloaded,
    OutputError when the cache cannot be written.
    """
    entry = look_up(kind, repository, revision)
    if not update and (found := _holding(entry, pins)):
        return found
    if is_offline(offline):
        _refuse_offline(kind, repository, revision, entry.problems)
    check_token()
    if entry.problems:
        log.info("%s %s in the cache is unusable (%s): fetching it", kind, repository, "; ".join(entry.problems[:3]))
    with _alone(kind, repository):
        if not update and (found := _holding(look_up(kind, repository, revision), pins)):
            return found
        order = Order(kind, repository, revision, pins)
        try:
            commit = _Download(order, timeout).run()
        except NetworkError as error:
            _say_why(error, kind, repository, revision, entry)
    return Snapshot(repository_folder(kind, repository) / "snapshots" / commit, commit, "hub")


def _holding(entry: CacheEntry, pins: dict[str, str] | None) -> Snapshot | None:
    """Return the snapshot if it is usable and has every pinned file."""
    found = entry.usable
    return found if found and all((found.folder / name).is_file() for name in pins or {}) else None


def adopt(kind: Kind, repository: str, revision: str | None, commit: str) -> None:
    """Point `revision` at a commit that clf has fetched completely.

    Raises OutputError when the cache cannot be written.
    """
    root = repository_folder(kind, repository)
    record = read_record(root)
    if record.revisions.get(revision or "main") == commit or commit not in record.commits:
        return
    with _alone(kind, repository):
        try:
            add_to_record(root, revision, commit, record.commits[commit])
        except OSError as error:
            raise cannot_write(error) from error


def _refuse_offline(kind: Kind, repository: str, revision: str | None, problems: list[str]) -> NoReturn:
    named = f"revision {revision} of {kind} {repository}" if revision else f"{kind} {repository}"
    state = f"is in the cache but unusable ({'; '.join(problems[:5])})" if problems else "is not in the cache"
    hint = f"fetch it where there is a network: {how_to_fetch(kind, repository, revision)}"
    raise unusable(kind)(f"{named} {state}, and offline mode is on", hint)


def _say_why(error: NetworkError, kind: Kind, repository: str, revision: str | None, entry: CacheEntry) -> NoReturn:
    if kept := entry.usable:
        said = f"cannot get a newer commit of {kind} {repository}; {kept.commit[:8]} in the cache is still usable"
    else:
        said = f"{kind} {repository} is not in the cache and could not be downloaded from {shown_endpoint()}"
    hint = f"fetch it where there is a network: {how_to_fetch(kind, repository, revision)}"
    raise NetworkError(f"{said}: {error.message}", error.hint or hint) from error


@contextmanager
def _alone(kind: Kind, repository: str) -> Iterator[None]:
    """Let one process at a time fetch a repository; the others wait, then find it in the cache or fail as it did.

    If they did not share the failure, each would try the dead network itself, one after the other.
    """
    lock = cache_folder() / ".locks" / repository_folder(kind, repository).name / "clf.lock"
    came = time.time()
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        refuse_odd(lock)
        opened = open(lock, "a+", encoding="utf-8", opener=without_links)  # noqa: SIM115
    except OSError as error:
        raise cannot_write(error) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another process is fetching %s %s: waiting for it", kind, repository)
            fcntl.flock(file, fcntl.LOCK_EX)
            _fail_likewise(file, came)
        except OSError as error:  # no locks on this file system: work may be done twice, but is correct
            log.debug("%s cannot be locked: %s", lock, error)
        try:
            yield
        except NetworkError as error:
            file.truncate(0)
            file.write(json.dumps({"at": time.time(), "message": error.message, "hint": error.hint}))
            raise


LONGEST_FAILURE = 100_000
"""Characters of a lock that tells a failure."""


class Failure(BaseModel):
    """What a process that could not fetch a repository leaves in its lock for those that waited."""

    at: float
    message: str
    hint: str


def _fail_likewise(file: IO[str], since: float) -> None:
    file.seek(0)
    with suppress(ValueError):  # it is empty, or somebody else wrote it
        failed = Failure.model_validate(parse_json(file.read(LONGEST_FAILURE)))
        if failed.at >= since:
            raise NetworkError(failed.message, failed.hint)


class _Download:
    """The attempts to fetch one repository, with their shared progress and waiting time.

    Only the time that an attempt waited (`clf.hub.transfer.Waiting`) and the pauses between attempts count as waiting.
    Starting a process, computing, or getting no processor on a busy machine does not.
    """

    def __init__(self, order: Order, timeout: float) -> None:
        self.order, self.timeout = order, timeout
        self.stall = min(SECONDS_OF_STALL, timeout / 2)
        self.answered = False
        self.total, self.furthest, self.fruitless, self.attempts = 0, 0, 0, 0
        """Bytes of the repository, the most that were present, attempts in a row without progress, and all attempts."""
        self.idle, self.waited = 0.0, 0.0
        """Seconds waited since bytes last arrived at an acceptable rate, and in total."""

    def run(self) -> str:
        """Make attempts until one succeeds, and return the commit."""
        with track(f"fetching {self.order.repository}", None, "bytes") as advance:
            while True:
                before = self.furthest
                self.attempts += 1
                try:
                    return self._attempt(advance)
                except TryAgain as again:
                    self.fruitless = 0 if self.furthest > before else self.fruitless + 1
                    self._pause_or_give_up(again)

    def _pause_or_give_up(self, again: TryAgain) -> None:
        patience = self.timeout if self.answered else min(self.timeout, SECONDS_TO_FIRST_ANSWER)
        pause = (
            min(max(again.wait, 2.0 ** (self.fruitless - 1)), SECONDS_OF_PAUSE, self.timeout / 4)
            if self.fruitless
            else 0.1
        )
        out_of_time = self.idle + pause >= patience
        hopeless = again.unreachable and not self.answered
        if hopeless or out_of_time or self.fruitless >= max(FRUITLESS_ATTEMPTS, self.timeout / 15):
            log.debug("gave up after %d attempts and %.1f s of waiting", self.attempts, self.waited)
            raise NetworkError(str(again))
        log.info("fetching %s: %s; trying again", self.order.repository, again)
        time.sleep(pause)
        self._wait(pause)

    def _wait(self, seconds: float) -> None:
        self.idle += seconds
        self.waited += seconds

    def _attempt(self, advance: Advance) -> str:
        stall = min(self.stall, max(1.0, self.timeout - self.idle))
        patience = stall if self.answered else min(stall, SECONDS_TO_FIRST_ANSWER)
        # `since` is the value of `waited`, the seconds waited in this attempt, at the last progress.
        limit, since, waited, received, hashed, hashed_then = patience + 1.0, 0.0, 0.0, 0, 0, 0
        silence = min(SECONDS_OF_SILENCE, max(SECONDS_TO_START, self.timeout))
        with _transfer(replace(self.order, timeout=patience)) as messages:
            while True:
                try:
                    message = messages.get(timeout=silence)
                except queue.Empty:
                    self._wait(silence)
                    raise TryAgain(f"the download process was silent for {silence:.0f} s") from None
                if message.waited is not None:
                    passed, waited = message.waited - waited, message.waited
                    if hashed > hashed_then:  # hashing, with its waits for the disk, is progress
                        since, hashed_then = since + passed, hashed
                    else:
                        self._wait(passed)
                    if waited - since > limit:
                        raise TryAgain(f"too little data was received for {waited - since:.0f} s")
                elif message.answered:
                    self.answered, limit, since = True, stall, waited
                elif message.bytes is not None:
                    hashed = message.hashed
                    if message.received - received >= SLOWEST_BYTES_PER_SECOND * max(1.0, waited - since):
                        since, received, self.idle = waited, message.received, 0.0
                    self._advance(advance, message)
                else:
                    return self._ended(message)

    def _advance(self, advance: Advance, message: Message) -> None:
        if not self.total:
            self.total = message.total
            log.info("fetching %s, %s", self.order.repository, size(self.total))
        here = message.bytes or 0
        if here > self.furthest:
            advance(here - self.furthest, total=message.total)
            self.furthest = here

    def _ended(self, message: Message) -> str:
        """Return the commit, or raise the error that ended the attempt."""
        if message.done is not None:
            return message.done
        if error := message.error:
            kinds = {kind.kind: kind for kind in ClfError.__subclasses__()}
            raise kinds.get(error.kind, NetworkError)(error.message, error.hint)
        self.answered = self.answered or message.reached
        raise TryAgain(message.again or "the download process ended", message.wait, unreachable=message.unreachable)


@contextmanager
def _transfer(order: Order) -> Iterator["queue.Queue[Message]"]:
    """Start an attempt and yield the queue of its messages; the process is killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "clf.hub.transfer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libraries may write addresses with passwords to it
        encoding="utf-8",
        errors="replace",  # a library may print anything
        env=_environment(),
        start_new_session=True,  # only this process gets Ctrl-C, and then ends the other
    )
    messages: queue.Queue[Message] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process, messages), daemon=True)
    try:
        assert process.stdin
        with suppress(BrokenPipeError):  # it died immediately: the listener reports it
            process.stdin.write(order.as_line())
            process.stdin.flush()
        listener.start()
        yield messages
    finally:
        process.kill()
        process.wait()
        listener.join()
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]


def _listen(process: "subprocess.Popen[str]", messages: "queue.Queue[Message]") -> None:
    assert process.stdout
    for line in process.stdout:
        with suppress(ValueError):
            messages.put(Message.of_line(line))
    messages.put(Message(again=f"the download process ended early (exit code {process.wait()})"))


def _environment() -> dict[str, str]:
    """Return the environment for the client: this process's endpoint and cache, without progress bars or telemetry."""
    from huggingface_hub import constants

    return os.environ | {
        "HF_ENDPOINT": constants.ENDPOINT,
        "HF_HUB_CACHE": str(cache_folder()),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",  # also prevents a request for detecting the calling program
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONUNBUFFERED": "1",
    }
