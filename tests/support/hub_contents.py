"""The repositories of the local Hub: their files, with the hashes that the Hub knows them by, and its answers."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote

Kind = Literal["models", "datasets"]

LFS_FROM_BYTES = 10 * 1024
LFS_SUFFIXES = (".safetensors", ".bin", ".parquet", ".onnx")


@dataclass(frozen=True)
class StoredFile:
    """The bytes of a file with the two hashes that the Hub knows it by."""

    path: str
    data: bytes

    @property
    def is_lfs(self) -> bool:
        return len(self.data) >= LFS_FROM_BYTES or self.path.endswith(LFS_SUFFIXES)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_sha1(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    def entry(self) -> dict[str, Any]:
        """Describe the file as the tree and paths-info routes do."""
        size = len(self.data)
        entry: dict[str, Any] = {"type": "file", "path": self.path, "size": size, "oid": self.git_sha1}
        if self.is_lfs:
            entry["lfs"] = {"oid": self.sha256, "size": size, "pointerSize": 134}
        return entry

    def sibling(self, blobs: bool) -> dict[str, Any]:
        """Describe the file as the info routes do, with `?blobs=true` or without."""
        if not blobs:
            return {"rfilename": self.path}
        size = len(self.data)
        known: dict[str, Any] = {"rfilename": self.path, "size": size, "blobId": self.git_sha1}
        return known | ({"lfs": {"sha256": self.sha256, "size": size, "pointerSize": 134}} if self.is_lfs else {})

    def headers(self) -> dict[str, str]:
        """Give the headers that the clients name and check a download by."""
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if not self.is_lfs:
            return headers | {"ETag": f'"{self.git_sha1}"'}
        return headers | {
            "ETag": f'"{self.sha256}"',
            "X-Linked-Etag": f'"{self.sha256}"',
            "X-Linked-Size": str(len(self.data)),
        }


Commit = dict[str, StoredFile]


@dataclass
class Repository:
    """A repository with every commit published to it; `refs` maps branch names to commit shas."""

    kind: Kind
    repo_id: str
    gated: bool = False
    private: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def info(self, sha: str, blobs: bool = False) -> dict[str, Any]:
        """Describe the repository at a commit as the info and revision routes do; `blobs` adds sizes and hashes."""
        commit = self.commits[sha]
        return {
            "id": self.repo_id,
            "sha": sha,
            "private": False,
            "gated": "auto" if self.gated else False,
            "tags": [],
            "lastModified": "2024-01-01T00:00:00.000Z",
            "siblings": [commit[path].sibling(blobs) for path in sorted(commit)],
        }


@dataclass
class Answer:
    """A response before any fault spoils it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refusal(Exception):
    """Carries the answer to a request for something that is absent or closed."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps({"error": message}).encode()
        self.answer = Answer(status, {"X-Error-Code": code, "X-Error-Message": message} | extra, body)


def find_commit(repository: Repository, revision: str) -> str:
    """Find the sha that a branch name, a sha or the beginning of one stands for."""
    wanted = unquote(revision)
    if wanted in repository.refs:
        return repository.refs[wanted]
    for sha in repository.commits:
        if len(wanted) >= 7 and sha.startswith(wanted):
            return sha
    raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {wanted}")


def list_folder(commit: Commit, folder: str, recursive: bool) -> list[dict[str, Any]]:
    """List the files and folders below a folder, all of them or its own children only."""
    folders = _folders(commit)
    if folder and folder not in folders:
        raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in sorted({*commit, *folders}) if path.startswith(prefix)]
    return entries_at(commit, [path for path in paths if recursive or "/" not in path.removeprefix(prefix)])


def entries_at(commit: Commit, paths: Iterable[str]) -> list[dict[str, Any]]:
    """Describe those of the paths that are files or folders of the commit."""
    folders = _folders(commit)
    described = []
    for path in paths:
        if path in commit:
            described.append(commit[path].entry())
        elif path in folders:
            oid = hashlib.sha1(path.encode()).hexdigest()
            described.append({"type": "directory", "path": path, "size": 0, "oid": oid})
    return described


def _folders(commit: Commit) -> set[str]:
    return {str(folder) for path in commit for folder in PurePosixPath(path).parents} - {"."}
