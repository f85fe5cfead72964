"""Repositories in the Hub's cache, found by its layout and checked against clf's record, without client or network.

    models--owner--name/
        refs/main             the commit of a branch, in the client's format
        snapshots/COMMIT/     links with the names of the repository's files
        blobs/HASH            the contents of the files, named by hash
        clf.json              what clf fetched in full: {"revisions": {name: commit}, "commits": {commit: {file: ...}}}
        clf.verified.json     which files were hashed and found correct, with size and modification time

The record is written when all files are here, so a failed download never hides a working commit. The reference, by
which other tools find the commit, is written after it. A missing reference is written at the next use; one that names
another commit is left alone, since another tool may have written it.
"""

import json
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clf.errors import OutputError
from clf.hub.address import cache_folder, repository_folder
from clf.hub.files import HASH, Kind, content_hash, is_commit, lacking, wanted
from clf.hub.records import (
    RECORD,
    VERIFIED,
    CacheRecord,
    Content,
    Listing,
    Mark,
    listed_by_client,
    read_record,
    read_verified,
)
from clf.storage.documents import open_regular, stays_inside
from clf.storage.writing import replacing

LONGEST_REF = 1000
"""Bytes of a file that names a commit."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One commit of a repository, as plain files in `folder`."""

    folder: Path
    commit: str
    origin: Literal["cache", "hub"] = "cache"


@dataclass(frozen=True)
class CacheEntry:
    """The cached snapshot of a repository, if there is one, and the problems found in it."""

    snapshot: Snapshot | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def usable(self) -> Snapshot | None:
        """The snapshot, if it has no problems."""
        return None if self.problems else self.snapshot


def look_up(kind: Kind, repository: str, revision: str | None = None, *, anew: bool = False) -> CacheEntry:
    """Find a repository in the cache, and verify every byte of it, without a network call.

    A file is hashed the first time and whenever its size or modification time has changed; `anew` hashes all files
    again. If `revision` may refer to several commits, the first complete one is used.
    """
    root = repository_folder(kind, repository)
    record = read_record(root)
    found = CacheEntry()
    for commit in _commits(root, record, revision):
        folder = root / "snapshots" / commit
        if not folder.is_dir():
            continue
        entry = CacheEntry(Snapshot(folder, commit), _problems(kind, root, commit, record, anew))
        if entry.usable:
            _restore_reference(root, record, revision, commit)
            return entry
        found = found if found.snapshot else entry
    if found.snapshot:
        log.debug("%s %s in the cache: %s", kind, repository, "; ".join(found.problems))
    return found


def add_to_record(root: Path, revision: str | None, commit: str, listing: Listing) -> None:
    """Record that a commit is complete in the cache, and point `revision` at it.

    Raises ValueError for an invalid revision name.
    """
    if revision and not stays_inside(revision):
        raise ValueError(f"{revision!r} is not a valid revision")
    record = read_record(root)
    record.commits[commit] = listing
    record.revisions[revision or "main"] = commit
    replace_text(root / RECORD, record.model_dump_json(indent=1))
    if revision != commit:
        _refer(root, revision or "main", commit)


def _restore_reference(root: Path, record: CacheRecord, revision: str | None, commit: str) -> None:
    """Point `revision` at a recorded commit if nothing does, as after a death right after the record.

    A reference to another commit stays, which another tool may have written.
    """
    name = revision or "main"
    if name != commit and record.revisions.get(name) == commit and not is_commit(_referred(root, name)):
        with suppress(OSError, OutputError):  # the cache may be read-only, and clf itself needs no reference
            _refer(root, name, commit)


def _refer(root: Path, name: str, commit: str) -> None:
    """Point a revision at a commit, as the client of the Hub does."""
    reference = root / "refs" / name
    reference.parent.mkdir(parents=True, exist_ok=True)
    replace_text(reference, commit)


def recorded_repositories() -> Iterator[tuple[Kind, str, str]]:
    """Yield kind, id and revision of everything that clf itself has fetched into the cache."""
    for path in sorted(cache_folder().glob(f"*--*/{RECORD}")):
        kind, _, name = path.parent.name.partition("s--")
        if kind in ("model", "dataset"):
            for revision in read_record(path.parent).revisions:
                yield ("model" if kind == "model" else "dataset"), name.replace("--", "/"), revision


def replace_text(path: Path, text: str) -> None:
    """Replace a small file atomically; raise OutputError if it is a link, a device or a pipe."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


# --- the problems of a commit ---------------------------------------------------------------------------------


def _commits(root: Path, record: CacheRecord, revision: str | None) -> list[str]:
    """List the commits that a revision may refer to: itself if it is one, the one in clf's record, the client's."""
    wanted_revision = revision or "main"
    named = [wanted_revision, record.revisions.get(wanted_revision), _referred(root, wanted_revision)]
    return list(dict.fromkeys(commit for commit in named if isinstance(commit, str) and is_commit(commit)))


def _referred(root: Path, revision: str) -> str:
    """Return what the client's reference for a revision holds; empty if there is none, or if it cannot be read."""
    with suppress(OSError, UnicodeDecodeError, ValueError), open_regular(root / "refs" / revision) as file:
        return file.read(LONGEST_REF).decode("utf-8").strip()
    return ""


def _problems(kind: Kind, root: Path, commit: str, record: CacheRecord, anew: bool) -> list[str]:
    folder = root / "snapshots" / commit
    listing = record.commits.get(commit)
    if listing is None:
        missing = _missing_of_another_tool(kind, root, commit)
        if missing:
            return [f"{name} is missing" for name in missing]
        listing = _listing_of_another_tool(kind, root, commit)
    return _wrong_contents(root, folder, commit, listing, anew)


def _missing_of_another_tool(kind: Kind, root: Path, commit: str) -> list[str]:
    """List the files missing from a commit that another tool fetched, perhaps only in part."""
    folder = root / "snapshots" / commit
    if kind == "model":
        missing = lacking(folder)
        known_absent = (root / ".no_exist" / commit / "tokenizer_config.json").exists()
        if not (known_absent or (folder / "tokenizer_config.json").is_file()):
            missing.append("tokenizer_config.json")  # without it, transformers silently uses another tokenizer
        return missing
    listed = listed_by_client(root, commit)
    if not listed:
        return ["the list of its files"]
    return [name for name in wanted(kind, list(listed)) if not (folder / name).is_file()]


def _listing_of_another_tool(kind: Kind, root: Path, commit: str) -> Listing:
    """List the files present that clf uses, with hashes from the client's list or from the targets of the links."""
    folder = root / "snapshots" / commit
    stated = listed_by_client(root, commit)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]
    listing: Listing = {}
    for name in wanted(kind, names):
        target = os.path.basename(os.path.realpath(folder / name))
        one = stated.get(name)
        known = (one.lfs_sha256 or one.blob_id or "") if one else target
        listing[name] = Content(None, known if HASH.fullmatch(known) else "")
    return listing


def note_verified(root: Path, commit: str, names: Iterable[str]) -> None:
    """Record that files of a commit were just hashed and found correct, so the next lookup need not hash them."""
    marks = {name: _mark((root / "snapshots" / commit / name).stat()) for name in names}
    replace_text(root / VERIFIED, json.dumps({**read_verified(root), commit: marks}))


def _mark(status: os.stat_result) -> Mark:
    return status.st_size, status.st_mtime_ns  # copying the cache, for example into an image, keeps both


def _wrong_contents(root: Path, folder: Path, commit: str, listing: Listing, anew: bool) -> list[str]:
    verified = read_verified(root)
    known = {} if anew else verified.get(commit, {})
    problems: list[str] = []
    right = dict(known)
    for name, stated in listing.items():
        try:
            status = (folder / name).stat()
        except (OSError, ValueError):
            problems.append(f"{name} is missing")
            continue
        if not stat.S_ISREG(status.st_mode):
            problems.append(f"{name} is not a regular file")
            continue
        mark = _mark(status)
        if stated.size not in (None, status.st_size):
            problems.append(f"{name} has {status.st_size} bytes, expected {stated.size}")
        elif right.get(name) != mark:
            if not stated.hash and anew:
                problems.append(f"{name} cannot be verified because its hash is unknown")
            elif stated.hash and content_hash(folder / name, stated.hash) != stated.hash:
                problems.append(f"the content of {name} does not match its hash")
            else:
                right[name] = mark
    if right != known:
        with suppress(OSError, OutputError):  # if it cannot be noted, all is hashed again next time
            replace_text(root / VERIFIED, json.dumps({**verified, commit: right}))
    return problems
