"""Bring a repository into the cache with a download that always ends: in files that were checked, or in an error.

Each attempt is a process of its own (`clf.hub.transfer`), so whatever hangs in it can be killed: a name server, a
connection, a library that sleeps for an hour because it was told to. The next attempt goes on where it stopped.
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

from clf.errors import ClfError, NetworkError
from clf.hub.address import cache_folder, check_token, is_offline, repository_folder, shown_endpoint
from clf.hub.cache import CacheEntry, Snapshot, add_to_record, look_up, read_record
from clf.hub.explain import TryAgain, cannot_write
from clf.hub.files import Kind, how_to_fetch, unusable
from clf.hub.messages import Message, Order
from clf.progress import Advance, size, track

SECONDS_TO_FIRST_ANSWER = 5.0
"""With the start of the command and of the process, an unreachable Hub is known within 10 s."""
SECONDS_TO_START = 20.0
SECONDS_OF_SILENCE = 60.0
"""An attempt says several times a second that it is there; one that is silent for so long (for the timeout, if that is
shorter, but not before it can have started on a busy machine) has died or hangs."""
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
    """Return a repository from the cache, or from the Hub when the cache does not have it whole.

    `update` asks the Hub even so; `pins` are the only files wanted, each with its SHA-256. `timeout` is the seconds
    without progress after which a download is given up.

    Raises ModelError or DataError when the repository is not usable, NetworkError when it cannot be had,
    OutputError when the cache cannot be written.
    """
    entry = look_up(kind, repository, revision)
    if not update and (found := _holding(entry, pins)):
        return found
    if is_offline(offline):
        _refuse_offline(kind, repository, revision, entry.problems)
    check_token()
    if entry.problems:
        log.info("%s %s is not whole in the cache (%s): fetching it", kind, repository, "; ".join(entry.problems[:3]))
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
    """Return the snapshot that can be used, when it has every file that is pinned."""
    found = entry.usable
    return found if found and all((found.folder / name).is_file() for name in pins or {}) else None


def adopt(kind: Kind, repository: str, revision: str | None, commit: str) -> None:
    """Let `revision` stand for a commit that clf fetched whole.

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
    state = f"is not whole in the cache ({'; '.join(problems[:5])})" if problems else "is not in the cache"
    hint = f"fetch it where there is a network: {how_to_fetch(kind, repository, revision)}"
    raise unusable(kind)(f"{named} {state}, and offline mode is on", hint)


def _say_why(error: NetworkError, kind: Kind, repository: str, revision: str | None, entry: CacheEntry) -> NoReturn:
    if kept := entry.usable:
        said = f"no newer commit of {kind} {repository} was available; {kept.commit[:8]} in the cache stays usable"
    else:
        said = f"{kind} {repository} is not in the cache and {shown_endpoint()} did not deliver it"
    hint = f"fetch it where there is a network: {how_to_fetch(kind, repository, revision)}"
    raise NetworkError(f"{said}: {error.message}", error.hint or hint) from error


@contextmanager
def _alone(kind: Kind, repository: str) -> Iterator[None]:
    """Let one process at a time fetch a repository; the others wait, and find it in the cache, or fail as it did.

    Without the latter each would try a dead network for itself, one after the other.
    """
    lock = cache_folder() / ".locks" / repository_folder(kind, repository).name / "clf.lock"
    came = time.time()
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        opened = lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise cannot_write(error) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another process is fetching %s %s: waiting for it", kind, repository)
            fcntl.flock(file, fcntl.LOCK_EX)
            _fail_likewise(file, came)
        except OSError as error:  # a file system with no locks: the work may be done twice, never wrongly
            log.debug("%s cannot be locked: %s", lock, error)
        try:
            yield
        except NetworkError as error:
            file.truncate(0)
            file.write(json.dumps({"at": time.time(), "message": error.message, "hint": error.hint}))
            raise


def _fail_likewise(file: IO[str], since: float) -> None:
    file.seek(0)
    with suppress(ValueError, KeyError, TypeError):
        failed = json.loads(file.read())
        if float(failed["at"]) >= since:
            raise NetworkError(str(failed["message"]), str(failed["hint"]))


class _Download:
    """The attempts at one repository, with what they have in common: how far they came, and the wait since then.

    Seconds are those that an attempt waited for others (`clf.hub.transfer.Waiting`), and the pauses between them:
    starting a process, computing, or getting no processor on a busy machine uses up nobody's patience.
    """

    def __init__(self, order: Order, timeout: float) -> None:
        self.order, self.timeout = order, timeout
        self.stall = min(SECONDS_OF_STALL, timeout / 2)
        self.answered = False
        self.total, self.furthest, self.fruitless, self.attempts = 0, 0, 0, 0
        """Bytes of the repository that were here at most; the attempts in a row that came no further, and all."""
        self.idle, self.waited = 0.0, 0.0
        """The seconds since bytes last came at a rate worth waiting for, and all."""

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
        # `since` the last good news, of the seconds `waited` in this attempt.
        limit, since, waited, received, hashed, hashed_then = patience + 1.0, 0.0, 0.0, 0, 0, 0
        silence = min(SECONDS_OF_SILENCE, max(SECONDS_TO_START, self.timeout))
        with _transfer(replace(self.order, timeout=patience)) as messages:
            while True:
                try:
                    message = messages.get(timeout=silence)
                except queue.Empty:
                    self._wait(silence)
                    raise TryAgain(f"the process that fetches was silent for {silence:.0f} s") from None
                if message.waited is not None:
                    passed, waited = message.waited - waited, message.waited
                    if hashed > hashed_then:  # hashing is no time without news, nor are waits for its disk
                        since, hashed_then = since + passed, hashed
                    else:
                        self._wait(passed)
                    if waited - since > limit:
                        raise TryAgain(f"too little was received for {waited - since:.0f} s")
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
        """Return the commit, or raise what the attempt ended with."""
        if message.done is not None:
            return message.done
        if error := message.error:
            kinds = {kind.kind: kind for kind in ClfError.__subclasses__()}
            raise kinds.get(error["kind"], NetworkError)(error["message"], error["hint"])
        self.answered = self.answered or message.reached
        raise TryAgain(message.again or "it ended", message.wait, unreachable=message.unreachable)


@contextmanager
def _transfer(order: Order) -> Iterator["queue.Queue[Message]"]:
    """Start an attempt and give what it says, as it comes; it is gone when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "clf.hub.transfer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the libraries may write addresses with passwords there
        text=True,
        env=_environment(),
        start_new_session=True,  # Ctrl-C is for us, who then end it
    )
    messages: queue.Queue[Message] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process, messages), daemon=True)
    try:
        assert process.stdin
        with suppress(BrokenPipeError):  # it died at once: the listener says so
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
    messages.put(Message(again=f"the process that fetches ended early (exit code {process.wait()})"))


def _environment() -> dict[str, str]:
    """Give the client the endpoint and cache that this process uses, and no manners that clf cannot watch."""
    from huggingface_hub import constants

    return os.environ | {
        "HF_ENDPOINT": constants.ENDPOINT,
        "HF_HUB_CACHE": str(cache_folder()),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",  # also no call to find out which program is asking
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONUNBUFFERED": "1",
    }
