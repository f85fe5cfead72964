"""The files of a model folder: checks that it is complete and safe, and reads its config.json."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import JsonValue

from clf.errors import ModelError
from clf.hub.files import PICKLES, TOKENIZER_FILES, check_weights
from clf.storage.documents import read_object

ONNX_FILE = "model.onnx"
SAFE = {"local_files_only": True, "trust_remote_code": False}
"""Options passed to every transformers loader."""


@dataclass(frozen=True)
class ModelFiles:
    """A model's folder, the name it was requested by, and where it came from."""

    folder: Path
    name: str
    origin: str
    """One of path, cache, package or hub."""
    revision: str | None = None
    """The commit, if known."""


@dataclass(frozen=True)
class ModelConfig:
    """The parts of config.json that clf reads itself; transformers reads the rest."""

    architectures: list[str]
    id2label: JsonValue
    """As found in the file; {"0": "first label", ...} if it is valid."""

    @property
    def is_classifier(self) -> bool:
        """Whether the model was saved with a classification head."""
        return any(name.endswith("ForSequenceClassification") for name in self.architectures)


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
    config = _read_config(folder, name)
    for file in ("config.json", "tokenizer_config.json"):
        if "auto_map" in (read_object(folder / file) or {}):
            raise ModelError(
                f"{name} needs to run its own code ({file} has auto_map); clf never runs code from models",
                "choose a model that transformers supports without extra code",
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
    """Suggest the folder next to this path with the most similar name."""
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    close = get_close_matches(folder.name, beside, n=1, cutoff=0.6)
    hint = "check the path; a model on the Hub is named owner/name"
    return f"did you mean {folder.parent / close[0]}?" if close else hint


def _read_config(folder: Path, name: str) -> ModelConfig:
    if not (folder / "config.json").is_file():
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "nothing"
        raise ModelError(
            f"{name} has no config.json (it holds {found})",
            _nearest_model(folder),
        )
    config = read_object(folder / "config.json")
    if config is None or "model_type" not in config:
        raise ModelError(f"{name}/config.json is damaged or has no model_type", "download or save the model again")
    architectures = config.get("architectures")
    named = [str(each) for each in architectures] if isinstance(architectures, list) else []
    return ModelConfig(named, config.get("id2label"))


def _nearest_model(folder: Path) -> str:
    """Suggest a model folder inside this folder."""
    inside = sorted(folder.glob("*/config.json"), key=lambda path: path.stat().st_mtime_ns)
    return f"did you mean {inside[-1].parent}?" if inside else "pass a folder written by save_pretrained or clf train"


def _check_weights(folder: Path, name: str) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        if any(path.name.endswith(PICKLES) for path in folder.iterdir()):
            check_weights(name, [path.name for path in folder.iterdir()])
        raise ModelError(f"{name} has no model.safetensors", "save the model again: model.save_pretrained(folder)")
    for path in weights:
        with path.open("rb") as file:
            head = file.read(64)
        if head.startswith(b"version https://git-lfs"):
            raise ModelError(f"{path} is a git-lfs pointer, not the weights", "run git lfs pull in that folder")
        if len(head) < 9 or int.from_bytes(head[:8], "little") > path.stat().st_size or head[8:9] != b"{":
            raise ModelError(f"{path} is truncated or not a safetensors file", "download or save the model again")
