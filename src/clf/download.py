"""`clf download-models`: fetch what a later offline run needs, write down what it was, and verify what is there."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clf import __version__, hub
from clf.data.sources import NAMES
from clf.errors import ClfError, DataError, ModelError, NetworkError, OutputError, UsageError
from clf.hub.cache import recorded_repositories
from clf.models.store import EMBEDDED_ID, ModelFiles, check_files, find_local_model, find_model
from clf.results import SCHEMA_VERSION, sha256, write_json
from clf.settings import DEFAULT_MODEL, Settings

CONNECT = "check the connection, a proxy, and HF_ENDPOINT if you use a mirror"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A repository to have; of one that a manifest names, the commit and the SHA-256 of each file."""

    kind: hub.Kind
    id: str
    revision: str | None = None
    commit: str | None = None
    files: dict[str, str] | None = None

    @property
    def again(self) -> str:
        """The command that fetches it."""
        flag = "" if self.kind == "model" else "--dataset "
        return f"clf download-models {flag}{self.id}"


def choose_wanted(models: list[str], datasets: list[str], revision: str | None, manifest: Path | None) -> list[Wanted]:
    """Return what was asked for by name or by a manifest; with neither, nothing.

    Raises UsageError when that makes no sense together, ModelError or DataError for what can be no repository.
    """
    if manifest is not None:
        if models or datasets or revision:
            raise UsageError(
                "--from-manifest names all there is to fetch", "leave out models, --dataset and --revision"
            )
        return _read_manifest(manifest)
    if revision and datasets:
        raise UsageError("--revision pins a model, found --dataset", "pin a dataset with --from-manifest")
    for name in datasets:
        if not hub.is_repository_id(NAMES.get(name, name)):
            raise DataError(f"{name!r} is no dataset name and no Hub id", "give imdb, ag_news or owner/name")
    return [Wanted("model", name, revision) for name in models] + [
        Wanted("dataset", NAMES.get(name, name)) for name in datasets
    ]


def download_models(
    wanted: list[Wanted], settings: Settings, *, update: bool = False, manifest: Path | None = None
) -> list[dict[str, Any]]:
    """Fetch models and datasets into the cache; without any named, the default encoder.

    `update` asks the Hub for a newer commit of what is there; `manifest` is the file to write down what was had.
    Returns a row for each: kind, id, revision, commit, folder, origin.

    Raises ModelError, DataError or NetworkError, OutputError when a place cannot be written.
    """
    if manifest:
        _check_manifest_place(manifest, settings)
    rows = [
        _fetch(one, settings, update) for one in wanted or [Wanted("model", DEFAULT_MODEL, settings.train.revision)]
    ]
    if manifest:
        _write_manifest(manifest, rows)
    return rows


def verify_models(wanted: list[Wanted], settings: Settings, *, manifest: Path | None = None) -> list[dict[str, Any]]:
    """Check with no network what the cache holds, byte by byte; without any named, all that clf fetched into it.

    Raises ModelError or DataError that names everything that is missing or damaged.
    """
    if manifest:
        _check_manifest_place(manifest, settings)
    wanted = (
        wanted or [Wanted(kind, name) for kind, name in recorded_repositories()] or [Wanted("model", DEFAULT_MODEL)]
    )
    rows: list[dict[str, Any]] = []
    errors: list[ClfError] = []
    for one in wanted:
        try:
            rows.append(_verify(one))
        except ClfError as error:
            errors.append(error)
    if errors:
        again = "; ".join(dict.fromkeys(error.hint for error in errors))
        raise type(errors[0])("; ".join(error.message for error in errors), again)
    if manifest:
        _write_manifest(manifest, rows)
    return rows


# --- one repository -------------------------------------------------------------------------------------------


def _fetch(wanted: Wanted, settings: Settings, update: bool) -> dict[str, Any]:
    offline, timeout = settings.run.offline, settings.download.download_timeout
    try:
        if wanted.files is not None:
            return _fetch_pinned(wanted, settings)
        if wanted.kind == "model" and not (update and hub.is_repository_id(wanted.id)):
            model = find_model(wanted.id, wanted.revision, offline=offline, timeout=timeout, encoder=False)
            return _model_row(wanted, model)
        snapshot = hub.fetch(wanted.kind, wanted.id, wanted.revision, offline=offline, timeout=timeout, update=update)
    except NetworkError as error:
        raise NetworkError(error.message, error.hint if wanted.files else CONNECT) from error
    if wanted.kind == "model":
        check_files(snapshot.folder, wanted.id)
    return _row(wanted, snapshot.commit, snapshot.folder, snapshot.origin)


def _fetch_pinned(wanted: Wanted, settings: Settings) -> dict[str, Any]:
    """Have the commit that a manifest names, with the contents it names; it becomes what the revision stands for."""
    if wanted.commit is None:
        return _verify(wanted)
    snapshot = hub.fetch(
        wanted.kind,
        wanted.id,
        wanted.commit,
        offline=settings.run.offline,
        timeout=settings.download.download_timeout,
        pins=wanted.files,
    )
    _check_pins(wanted, snapshot.folder)
    hub.adopt(wanted.kind, wanted.id, wanted.revision, snapshot.commit)
    return _row(wanted, snapshot.commit, snapshot.folder, snapshot.origin)


def _verify(wanted: Wanted) -> dict[str, Any]:
    error_kind = ModelError if wanted.kind == "model" else DataError
    entry = hub.look_up(wanted.kind, wanted.id, wanted.commit or wanted.revision, anew=True)
    named = f"{wanted.kind} {wanted.id}"
    if entry.problems:
        raise error_kind(f"{named} is damaged in the cache: {'; '.join(entry.problems[:10])}", wanted.again)
    if entry.snapshot is None:
        model = find_local_model(wanted.id, wanted.revision) if wanted.id == EMBEDDED_ID and not wanted.commit else None
        if model is None:
            raise error_kind(f"{named} is not in the cache", wanted.again)
        _check_pins(wanted, model.folder)
        return _model_row(wanted, model)
    if wanted.kind == "model":
        check_files(entry.snapshot.folder, wanted.id)
    _check_pins(wanted, entry.snapshot.folder)
    return _row(wanted, entry.snapshot.commit, entry.snapshot.folder, "cache")


def _check_pins(wanted: Wanted, folder: Path) -> None:
    for name, pin in (wanted.files or {}).items():
        path = folder / name
        if not path.is_file() or sha256(path) != pin:
            error_kind = ModelError if wanted.kind == "model" else DataError
            state = "is missing" if not path.is_file() else "is not the file of the manifest"
            raise error_kind(
                f"{wanted.kind} {wanted.id}: {name} {state}", "make the manifest again, or use another HF_HOME"
            )


def _model_row(wanted: Wanted, model: ModelFiles) -> dict[str, Any]:
    return _row(wanted, model.revision, model.folder, model.origin)


def _row(wanted: Wanted, commit: str | None, folder: Path, origin: str) -> dict[str, Any]:
    return {
        "kind": wanted.kind,
        "id": wanted.id,
        "revision": wanted.revision,
        "commit": commit,
        "folder": str(folder),
        "origin": origin,
    }


# --- the manifest ---------------------------------------------------------------------------------------------


def _check_manifest_place(file: Path, settings: Settings) -> None:
    if file.is_dir() or (file.exists() and not settings.run.overwrite):
        state = "is a folder" if file.is_dir() else "exists"
        raise OutputError(f"the manifest {file} {state}", "give another file, or pass --overwrite to replace it")
    if not file.parent.is_dir():
        raise OutputError(f"there is no folder {file.parent} for the manifest", "make it first")


def _write_manifest(file: Path, rows: list[dict[str, Any]]) -> None:
    if outside := [row["id"] for row in rows if row["origin"] == "path"]:
        raise UsageError(f"{outside[0]} is a folder, and a manifest holds what a Hub can give", "name a Hub id")
    entries = [{key: row[key] for key in ("kind", "id", "revision", "commit")} | _contents(row) for row in rows]
    value = {"schema_version": SCHEMA_VERSION, "clf_version": __version__, "repositories": entries}
    try:
        write_json(file, value)
    except OSError as error:
        raise OutputError(f"cannot write the manifest {file}: {error.strerror}", "give another file") from error


def _contents(row: dict[str, Any]) -> dict[str, Any]:
    folder = Path(row["folder"])
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "files": {
            path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)} for path in paths
        }
    }


def _read_manifest(file: Path) -> list[Wanted]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return [
            Wanted(
                entry["kind"],
                entry["id"],
                entry["revision"],
                entry["commit"],
                {name: stated["sha256"] for name, stated in entry["files"].items()},
            )
            for entry in value["repositories"]
            if _is_sound(entry)
        ]
    except OSError as error:
        raise UsageError(
            f"cannot read the manifest {file}: {error.strerror}", "give the file --manifest wrote"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{file} is no manifest of clf download-models", "give the file --manifest wrote") from error


def _is_sound(entry: dict[str, Any]) -> bool:
    """Tell that an entry names a repository; raise ValueError when it does not."""
    names = [*entry["files"]]
    sound = entry["kind"] in ("model", "dataset") and hub.is_repository_id(entry["id"]) and names
    if not sound or not all(hub.stays_inside(name) for name in names):
        raise ValueError(entry["id"])
    return True
