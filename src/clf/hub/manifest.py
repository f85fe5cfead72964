"""The manifest of `clf download-models`: the commit of each repository, and the SHA-256 of each of its files."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from clf import __version__
from clf.errors import OutputError, UsageError
from clf.hub.files import Kind, is_repository_id, wanted
from clf.hub.records import Commit, FileName
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, check_schema, load_json, what_is_wrong
from clf.storage.names import Hash
from clf.storage.writing import write_json

NO_MANIFEST = "is not a manifest of clf download-models"
HINT = "pass the file that --manifest wrote"


def _repository(name: str) -> str:
    if not is_repository_id(name):
        raise ValueError(f"{name[:100]!r} is not a Hub id")
    return name


class PinnedFile(BaseModel):
    """One file: its size in bytes, and its SHA-256."""

    size: NonNegativeInt | None = None
    sha256: Hash


class PinnedRepository(BaseModel):
    """One repository: the commit is None for a model of an installed package, the revision for the main branch."""

    kind: Kind
    id: Annotated[str, AfterValidator(_repository)]
    revision: FileName | None
    commit: Commit | None
    files: dict[FileName, PinnedFile] = Field(min_length=1)

    @model_validator(mode="after")
    def _only_files_that_clf_uses(self) -> Self:
        if others := sorted(set(self.files) - set(wanted(self.kind, list(self.files)))):
            raise ValueError(f"clf does not use {others[0][:100]!r}")
        return self


class DownloadManifest(BaseModel):
    """Everything that one call of `clf download-models` fetched."""

    schema_version: SchemaVersion
    clf_version: str = ""
    repositories: list[PinnedRepository]


def read_manifest(file: Path) -> list[PinnedRepository]:
    """Read the repositories of a manifest; raise UsageError if it cannot be read, is damaged or lists nothing."""
    try:
        written = load_json(file)
        if isinstance(written, dict):
            check_schema(file, written, UsageError)
        listed = DownloadManifest.model_validate(written, strict=True).repositories
    except OSError as error:
        raise UsageError(f"cannot read the manifest {file}: {error.strerror}", HINT) from error
    except ValidationError as error:
        raise UsageError(f"{file} {NO_MANIFEST}: its {what_is_wrong(error)}", HINT) from error
    except ValueError as error:
        raise UsageError(f"{file} {NO_MANIFEST}: {error}", HINT) from error
    if not listed:
        raise UsageError(f"the manifest {file} lists nothing to fetch", HINT)
    return listed


def write_manifest(file: Path, repositories: list[PinnedRepository]) -> None:
    """Write a manifest atomically; raise OutputError if it cannot be written."""
    manifest = DownloadManifest(schema_version=SCHEMA_VERSION, clf_version=__version__, repositories=repositories)
    try:
        write_json(file, manifest.model_dump())
    except OSError as error:
        raise OutputError(f"cannot write the manifest {file}: {error.strerror}", "pass another file") from error
