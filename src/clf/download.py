"""`clf download-models`: fetch what a later offline run needs, and verify what is there."""

import logging
from typing import Any

from clf import hub
from clf.data.sources import NAMES
from clf.errors import ClfError, DataError, ModelError, NetworkError
from clf.models.store import EMBEDDED_ID, ModelFiles, check_files, find_local_model, find_model
from clf.settings import DEFAULT_MODEL, Settings

CONNECT = "check the connection, a proxy, and HF_ENDPOINT if you use a mirror"

log = logging.getLogger(__name__)


def download_models(models: list[str], datasets: list[str], settings: Settings) -> list[dict[str, Any]]:
    """Fetch models and datasets into the cache; without any named, the default encoder.

    Returns a row for each: kind, id, where it is, commit. Raises ModelError, DataError or NetworkError.
    """
    if not models and not datasets:
        models = [DEFAULT_MODEL]
    return [_fetch_model(name, settings) for name in models] + [_fetch_dataset(name, settings) for name in datasets]


def verify_models(models: list[str], datasets: list[str], settings: Settings) -> list[dict[str, Any]]:
    """Check with no network what the cache holds of each, byte by byte.

    Raises ModelError or DataError that names what is missing or damaged.
    """
    if not models and not datasets:
        models = [DEFAULT_MODEL]
    rows = [_verify_model(name, settings.train.revision) for name in models]
    return rows + [_verify_dataset(name) for name in datasets]


def _fetch_model(name: str, settings: Settings) -> dict[str, Any]:
    try:
        model = _find(name, settings)
    except NetworkError as error:
        raise NetworkError(error.message, CONNECT) from error
    return {"kind": "model", "id": name, "commit": model.revision, "folder": str(model.folder), "origin": model.origin}


def _find(name: str, settings: Settings) -> ModelFiles:
    revision, run = settings.train.revision, settings.run
    return find_model(name, revision, offline=run.offline, timeout=settings.download.download_timeout, encoder=False)


def _fetch_dataset(name: str, settings: Settings) -> dict[str, Any]:
    repository = NAMES.get(name, name)
    if not hub.is_repository_id(repository):
        raise DataError(f"{name!r} is no dataset name and no Hub id", "give imdb, ag_news or owner/name")
    snapshot = hub.cached("dataset", repository)
    origin = "cache"
    if snapshot is None:
        if settings.run.offline:
            raise DataError(
                f"dataset {repository} is not in the cache, and offline mode is on",
                "run the command where there is a network",
            )
        snapshot, origin = (
            hub.download("dataset", repository, timeout=settings.download.download_timeout),
            "hub",
        )
    return {
        "kind": "dataset",
        "id": repository,
        "commit": snapshot.commit,
        "folder": str(snapshot.folder),
        "origin": origin,
    }


def _verify_model(name: str, revision: str | None) -> dict[str, Any]:
    snapshot = hub.cached("model", name, revision)
    if snapshot is None:
        model = find_local_model(name, revision) if name == EMBEDDED_ID else None
        if model is None:
            raise ModelError(f"model {name} is not in the cache", f"clf download-models {name}")
        return {"kind": "model", "id": name, "commit": None, "folder": str(model.folder), "origin": "package"}
    _refuse_damage(snapshot, ModelError, f"model {name}", f"clf download-models {name}")
    check_files(snapshot.folder, name)
    return {
        "kind": "model",
        "id": name,
        "commit": snapshot.commit,
        "folder": str(snapshot.folder),
        "origin": "cache",
    }


def _verify_dataset(name: str) -> dict[str, Any]:
    repository = NAMES.get(name, name)
    snapshot = hub.cached("dataset", repository)
    if snapshot is None:
        raise DataError(f"dataset {repository} is not in the cache", f"clf download-models --dataset {name}")
    _refuse_damage(snapshot, DataError, f"dataset {repository}", f"clf download-models --dataset {name}")
    return {
        "kind": "dataset",
        "id": repository,
        "commit": snapshot.commit,
        "folder": str(snapshot.folder),
        "origin": "cache",
    }


def _refuse_damage(snapshot: hub.Snapshot, kind: type[ClfError], shown: str, remedy: str) -> None:
    bad = [f"{name}: {problem}" for name, problem in hub.damaged(snapshot)]
    if bad:
        raise kind(
            f"{shown} is damaged in the cache: {'; '.join(bad[:10])}",
            f"delete {snapshot.folder.parent.parent}, then {remedy}",
        )
