"""What clf and the Hub's client wrote about the files of a cached repository, each read as its own model.

Whoever filled the cache wrote them, so a document that is damaged says nothing, and a name that leaves its folder makes
it damaged.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    JsonValue,
    NonNegativeInt,
    RootModel,
    StringConstraints,
    ValidationError,
)

from clf.errors import ModelError
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, read_object, stays_inside, try_document

RECORD, VERIFIED = "clf.json", "clf.verified.json"


def _inside(name: str) -> str:
    if not stays_inside(name):
        raise ValueError(f"{name[:100]!r} leaves its folder")
    return name


FileName = Annotated[str, AfterValidator(_inside)]
Commit = Annotated[str, StringConstraints(pattern="^[0-9a-f]{40}$")]
Hash = Annotated[str, StringConstraints(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")]


@dataclass(frozen=True)
class Content:
    """The size of a file in bytes (None if unknown) and its hash (empty if unknown)."""

    size: NonNegativeInt | None
    hash: Hash


Listing = dict[FileName, Content]
"""The content of each file of a commit."""
Mark = tuple[int, int]
"""The size of a file in bytes, and its modification time in nanoseconds."""


class CacheRecord(BaseModel):
    """clf's record of a repository: the commit of each revision, and the files of each commit."""

    model_config = ConfigDict(frozen=True)

    schema_version: SchemaVersion = SCHEMA_VERSION
    revisions: dict[FileName, Commit]
    commits: dict[Commit, Listing]


class VerifiedFiles(RootModel[dict[Commit, dict[FileName, Mark]]]):
    """The files of each commit that were hashed and found correct, as they were then."""


class ClientFile(BaseModel):
    """One file in the list of the Hub's client: the hash of a large file, or git's of a small one."""

    lfs_sha256: str | None = None
    blob_id: str | None = None


def read_record(root: Path) -> CacheRecord:
    """Read clf's record of a repository; one that is missing or damaged counts as empty.

    Raises ModelError if a newer clf wrote it.
    """
    return try_document(root / RECORD, CacheRecord, ModelError) or CacheRecord(revisions={}, commits={})


def read_verified(root: Path) -> dict[Commit, dict[FileName, Mark]]:
    """Read which files of a repository need not be hashed again; none if that is missing or damaged."""
    found = try_document(root / VERIFIED, VerifiedFiles, ModelError)
    return found.root if found else {}


def listed_by_client(root: Path, commit: str) -> dict[str, ClientFile]:
    """Read the list that the Hub's client keeps of the files of a commit; empty if there is none.

    Of a file whose entry is damaged, the list says nothing but its name. A list with a name that no file can have is
    not one.
    """
    files = (read_object(root / "trees" / f"{commit}.json") or {}).get("files")
    if not isinstance(files, dict) or not all(map(stays_inside, files)):
        return {}
    return {name: _of_client(entry) for name, entry in files.items()}


def _of_client(entry: JsonValue) -> ClientFile:
    try:
        return ClientFile.model_validate(entry)
    except ValidationError:
        return ClientFile()
