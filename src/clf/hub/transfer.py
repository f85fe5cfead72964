"""One attempt to download a repository into the cache, in a separate process that may be killed at any moment.

    python -m clf.hub.transfer      reads one line of JSON from stdin, writes lines of JSON to stdout

It uses the Hub's own client and guarantees the layout of the cache: a file is moved to `blobs/HASH` only once its
size and hash are correct, links come after that, and clf's record last. The received part of a file stays in
`blobs/HASH.clf.incomplete`, from which the next attempt resumes. Nothing is retried here: that is up to the parent
process (`clf.hub.download`). This process exits when its stdin is closed, that is, when its parent is gone.
"""

import errno
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from clf.errors import ClfError, ModelError, NetworkError
from clf.hub.address import repository_folder
from clf.hub.cache import add_to_record, note_verified
from clf.hub.explain import TryAgain, disk_full, explain
from clf.hub.files import HASH, check_weights, content_hash, is_commit, lacking, unusable, wanted
from clf.hub.messages import Order
from clf.hub.records import Content, Listing
from clf.storage.disk import disk_is_full
from clf.storage.documents import stays_inside
from clf.storage.writing import drop

SECONDS_BETWEEN_REPORTS = 0.2
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""Error numbers from file systems without links: FAT, some network shares."""
BYTES_OF_A_FILE = 10_000
"""A completed file counts as this many received bytes, so that many small files do not look like a stall."""


def transfer(order: Order) -> None:
    """Fetch the files of a repository that the cache lacks, and record the commit as complete.

    Raises ClfError for errors that another attempt would not fix, TryAgain or the client's errors for all others.
    """
    import huggingface_hub.hf_api  # noqa: F401 - takes a second, so it is done before waiting is measured

    Waiting().start()
    commit, listing = _ask(order)
    root = repository_folder(order.kind, order.repository)
    sizes = {stated.hash: stated.size or 0 for stated in listing.values()}
    (root / "blobs").mkdir(parents=True, exist_ok=True)
    here = {name: _bytes_here(root / "blobs", name, size) for name, size in sizes.items()}
    _check_space(root, sum(sizes.values()) - sum(here.values()))
    progress = TransferProgress(sum(sizes.values()))
    for name, stated in listing.items():
        _bring(order, commit, name, stated, root / "blobs", progress)
    _check_pins(order, listing, root / "blobs", progress)
    for name, stated in listing.items():
        _link(root, commit, name, stated.hash)
    if order.kind == "model" and (lacks := lacking(root / "snapshots" / commit)):
        raise ModelError(f"{order.repository} has no {', '.join(lacks)}", "choose a model with weights and a tokenizer")
    note_verified(root, commit, listing)
    add_to_record(root, order.revision, commit, listing)
    report(done=commit)


# --- the list of files ----------------------------------------------------------------------------------------


def _ask(order: Order) -> tuple[str, Listing]:
    """Request the commit of a revision, and the size and hash of each of its files."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    try:
        info = HfApi().repo_info(order.repository, repo_type=order.kind, revision=order.revision, timeout=order.timeout)
        commit = str(info.sha)
        report(answered=True)
        tree = HfApi().list_repo_tree(order.repository, repo_type=order.kind, revision=commit, recursive=True)
        files = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, OSError):
            raise
        raise NetworkError("the server is not a Hub: a captive portal, a proxy, or a wrong HF_ENDPOINT?") from error
    if order.kind == "model":
        check_weights(order.repository, list(files))
    names = wanted(order.kind, list(files)) if order.pins is None else sorted(order.pins)
    if missing := [name for name in names if name not in files]:
        raise unusable(order.kind)(f"{order.repository} has no file {missing[0]}", "recreate the manifest")
    if not names:
        raise unusable(order.kind)(f"{order.repository} has no file that clf can read", "choose another dataset")
    listing: Listing = {name: _stated(files[name]) for name in names}
    if not is_commit(commit) or not all(
        stays_inside(name) and HASH.fullmatch(stated.hash) for name, stated in listing.items()
    ):
        raise NetworkError(f"the Hub's list of the files of {order.repository} is invalid")
    if is_commit(order.revision or "") and commit != order.revision:
        raise NetworkError(f"requested commit {order.revision} of {order.repository}, but the Hub returned {commit}")
    return commit, listing


def _stated(file: Any) -> Content:
    return Content(int(file.size or 0), str(file.lfs.sha256 if file.lfs else file.blob_id))


# --- receiving ------------------------------------------------------------------------------------------------


class TransferProgress:
    """Counts the bytes of the transfer, and reports them a few times a second at most."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.received, self.bytes_hashed, self.spoken = total, 0, 0, 0, 0.0
        self.say()

    def advance(self, count: int, received: int = 0) -> None:
        """Count bytes that are now present, and how many of them came over the network."""
        self.done += count
        self.received += received
        if time.monotonic() - self.spoken >= SECONDS_BETWEEN_REPORTS:
            self.say()

    def hashed(self, count: int) -> None:
        """Count bytes that were hashed."""
        self.bytes_hashed += count
        self.advance(0)

    def say(self) -> None:
        """Report how many of the bytes are present."""
        self.spoken = time.monotonic()
        report(bytes=self.done, received=self.received, hashed=self.bytes_hashed, total=self.total)


class Waiting(threading.Thread):
    """Reports a few times a second how long this process has waited so far: for the Hub, the disk or a timer.

    On a busy machine a process spends seconds computing, or ready to run without getting a processor. That time does
    not count, so a slow machine gets as many retries as a fast one.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.waited, self.ended = 0.0, threading.Event()

    def run(self) -> None:
        """Report until the process ends or `ended` is set."""
        then, busy_then = time.monotonic(), busy_seconds()
        while not self.ended.wait(SECONDS_BETWEEN_REPORTS):
            now, busy = time.monotonic(), busy_seconds()
            late = now - then - SECONDS_BETWEEN_REPORTS  # this thread got no processor either, or was stopped
            self.waited += max(0.0, now - then - max(busy - busy_then, late))
            report(waited=round(self.waited, 3))
            then, busy_then = now, busy


def busy_seconds() -> float:
    """Return how long the main thread has been computing or (on Linux only) ready to run without a processor."""
    with suppress(OSError, ValueError, IndexError):
        computed, queued = Path("/proc/self/schedstat").read_text().split()[:2]
        return (int(computed) + int(queued)) / 1e9
    return time.process_time()


_speaking = threading.Lock()


def report(**message: Any) -> None:
    """Send one message to the parent process."""
    with _speaking:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _bytes_here(blobs: Path, name: str, size: int) -> int:
    for path in (blobs / name, _part(blobs, name)):
        with suppress(OSError):
            return min(path.stat().st_size, size)
    return 0


def _part(blobs: Path, name: str) -> Path:
    return blobs / f"{name}.clf.incomplete"


def _check_space(root: Path, needed: int) -> None:
    free = shutil.disk_usage(root).free
    if needed > free:
        raise disk_full(f"{needed / 1e6:,.1f} MB are needed and {free / 1e6:,.1f} MB are free")


def _bring(order: Order, commit: str, name: str, stated: Content, blobs: Path, progress: TransferProgress) -> None:
    """Download one file to `blobs`, and check its content."""
    blob, part, size = blobs / stated.hash, _part(blobs, stated.hash), stated.size or 0
    if blob.is_file() and _is_right(blob, stated, progress):
        return progress.advance(size)
    if not part.is_file() or part.stat().st_size > size:
        part.unlink(missing_ok=True)
    with part.open("ab") as file:
        progress.advance(file.tell())
        try:
            for chunk in _chunks(order, commit, name, size, file):
                file.write(chunk)
                progress.advance(len(chunk), len(chunk))
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            if disk_is_full(error):
                drop(part)
            raise
    if part.stat().st_size < size:
        raise TryAgain(f"{name} was cut off after {part.stat().st_size} of {size} bytes")
    if not _is_right(part, stated, progress):
        part.unlink()
        raise TryAgain(f"the content of {name} does not match its hash")
    part.replace(blob)
    return progress.advance(0, BYTES_OF_A_FILE)


def _is_right(path: Path, stated: Content, progress: TransferProgress) -> bool:
    right_size = path.stat().st_size == stated.size
    return right_size and content_hash(path, stated.hash, progress.hashed) == stated.hash


def _chunks(order: Order, commit: str, name: str, size: int, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the rest of a file after the bytes already in `file`, never more than `size` bytes in total."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    start = file.tell()
    if start >= size:
        return
    url = hf_hub_url(order.repository, name, repo_type=order.kind, revision=commit)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with get_session().stream("GET", url, headers=headers, timeout=order.timeout, follow_redirects=True) as answer:
        if answer.status_code >= 400:
            answer.read()
        hf_raise_for_status(answer)
        if start and answer.status_code != 206:  # the server sends the complete file again
            file.truncate(0)
            start = 0
        for chunk in answer.iter_bytes():  # as they arrive, to keep them if the connection breaks
            start += len(chunk)
            if start > size:
                file.truncate(0)
                raise TryAgain(f"{name} is longer than the {size} bytes stated by the Hub")
            yield chunk


def _check_pins(order: Order, listing: Listing, blobs: Path, progress: TransferProgress) -> None:
    for name, pin in (order.pins or {}).items():
        found = content_hash(blobs / listing[name].hash, pin, progress.hashed)
        if found != pin:
            raise NetworkError(
                f"{order.repository}: {name} does not match the manifest (SHA-256 {found}, expected {pin})",
                "do not use this source; check HF_ENDPOINT, or recreate the manifest from a Hub that you trust",
            )


def _link(root: Path, commit: str, name: str, blob: str) -> None:
    """Link a file of a snapshot to its content, or copy the content where the file system has no links."""
    place = root / "snapshots" / commit / name
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    part.unlink(missing_ok=True)
    target = os.path.relpath(root / "blobs" / blob, place.parent)
    if place.is_symlink() and os.readlink(place) == target:
        return
    try:
        try:
            part.symlink_to(target)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            shutil.copyfile(root / "blobs" / blob, part)
        part.replace(place)
    except BaseException:
        drop(part)
        raise


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Read the order, fetch the repository, and report the outcome."""
    order = Order.of_line(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        transfer(order)
    except Exception as raised:
        error = explain(raised, order.kind, order.repository, order.revision)
        if isinstance(error, ClfError):
            report(error={"kind": error.kind, "message": _whole(error.message), "hint": _whole(error.hint)})
        else:
            report(again=_whole(str(error)), wait=error.wait, reached=error.answered, unreachable=error.unreachable)


def _whole(text: str) -> str:
    """Return a text with a question mark for each half of a character, such as a path may hold: no message may."""
    return text.encode("utf-8", "replace").decode("utf-8")


if __name__ == "__main__":
    main()
