"""The files of a model folder: checks that it is complete and safe before anything is loaded from it."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from clf.errors import ModelError
from clf.hub.files import TOKENIZER_FILES
from clf.models.configs import ONNX_FILE, ModelConfig, check_tokenizer_config, read_config
from clf.models.weights import check_regular, count_weights


@dataclass(frozen=True)
class ModelFiles:
    """A model's folder, the name it was requested by, and where it came from."""

    folder: Path
    name: str
    origin: str
    """One of path, cache, package or hub."""
    revision: str | None = None
    """The commit, if known."""


def is_export(folder: Path) -> bool:
    """Return whether a folder holds an ONNX model and no other weights."""
    return (folder / ONNX_FILE).is_file() and not any(folder.glob("*.safetensors"))


def check_files(folder: Path, name: str) -> ModelConfig:
    """Check that a folder holds a complete and safe model, and return its config; raises ModelError if not."""
    if not folder.exists():
        raise ModelError(f"no folder {name}", _like_named(folder))
    if not folder.is_dir():
        raise ModelError(
            f"{name} is a file, expected a model folder",
            "pass the folder that holds config.json and model.safetensors",
        )
    if not (folder / "config.json").exists():
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "nothing"
        raise ModelError(f"{name} has no config.json (it holds {found})", _nearest_model(folder))
    check_regular(folder, name)
    config = read_config(folder, name)
    check_tokenizer_config(folder, name)
    if not is_export(folder):
        count_weights(folder, name)
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ModelError(
            f"{name} has no tokenizer (none of {', '.join(TOKENIZER_FILES)})",
            "save the tokenizer into the same folder: tokenizer.save_pretrained(folder)",
        )
    return config


def _like_named(folder: Path) -> str:
    """Suggest the folder next to this path with the most similar name."""
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    close = get_close_matches(folder.name, beside, n=1, cutoff=0.6)
    hint = "check the path; a model on the Hub is named owner/name"
    return f"did you mean {folder.parent / close[0]}?" if close else hint


def _nearest_model(folder: Path) -> str:
    """Suggest a model folder inside this folder, or the model that a run folder belongs to."""
    if folder.suffix == ".run" and (folder.with_suffix("") / "config.json").is_file():
        return f"did you mean {folder.with_suffix('')}?"
    inside = sorted(folder.glob("*/config.json"), key=lambda path: path.stat().st_mtime_ns)
    return f"did you mean {inside[-1].parent}?" if inside else "pass a folder written by save_pretrained or clf train"
