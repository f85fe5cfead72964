"""Which files of a repository clf uses, what a whole model is, and how the Hub names contents."""

import hashlib
import json
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Literal

from clf.errors import ClfError, DataError, ModelError

Kind = Literal["model", "dataset"]

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
COMMIT = re.compile(r"[0-9a-f]{40}")
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
INDEX = "model.safetensors.index.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "tokenizer.model",
)
MODEL_FILES = ["config.json", "model.safetensors", INDEX, "model-*-of-*.safetensors", *TOKENIZER_FILES,
               "tokenizer_config.json", "merges.txt", "special_tokens_map.json", "added_tokens.json"]  # fmt: skip
DATASET_FILES = ["README.md", "dataset_infos.json", "*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.json",
                 "*.csv.gz", "*.jsonl.gz", "*.jsonl.zst", "*.json.gz"]  # fmt: skip
PICKLES = (".bin", ".pt", ".pth", ".ckpt")


def is_repository_id(name: str) -> bool:
    """Tell whether `name` can be an id on the Hub: `name` or `owner/name`."""
    return bool(REPOSITORY.fullmatch(name)) and ".." not in name and "--" not in name


def unusable(kind: Kind) -> type[ClfError]:
    """Return the error for a repository of this kind that cannot be used."""
    return ModelError if kind == "model" else DataError


def wanted(kind: Kind, names: list[str]) -> list[str]:
    """Choose the files that clf uses: no pickle, no code, no weights in a second format.

    A model's files are those at the top; of two forms of its weights the single file is taken.
    """
    patterns = MODEL_FILES if kind == "model" else DATASET_FILES
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
    if kind == "dataset":
        return sorted(chosen)
    single = "model.safetensors" in chosen
    return sorted(
        name for name in chosen if "/" not in name and not (single and (name == INDEX or name.startswith("model-")))
    )


def is_commit(name: str) -> bool:
    """Tell whether `name` is the whole hash of a commit."""
    return bool(COMMIT.fullmatch(name))


def stays_inside(name: str) -> bool:
    """Tell whether a file name from the Hub stays below the folder it is written to."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and bool(path.parts)


def check_weights(repository: str, names: list[str]) -> None:
    """Refuse a repository that carries its weights only as pickles, or no weights at all."""
    top = [name for name in names if "/" not in name]
    if any(name.endswith(".safetensors") for name in wanted("model", top)):
        return
    if any(name.endswith(PICKLES) for name in top):
        raise ModelError(
            f"{repository} has only pickled weights, which can run code when they are loaded; clf reads safetensors",
            "choose a revision or model with model.safetensors, or convert it on a machine that you trust: "
            "AutoModel.from_pretrained(...).save_pretrained(folder)",
        )
    raise ModelError(f"{repository} has no model.safetensors", "choose a PyTorch model with safetensors weights")


def lacking(folder: Path) -> list[str]:
    """Name what a model folder lacks; half a model counts as none."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"]
        weights = sorted(set(index.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        weights = ["model.safetensors"]
    lacks = [file for file in ["config.json", *weights] if not (folder / file).is_file()]
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        lacks.append("tokenizer.json")
    return lacks


def how_to_fetch(kind: Kind, repository: str, revision: str | None = None) -> str:
    """Return the command that fetches a repository."""
    pinned = f" --revision {revision}" if revision and kind == "model" else ""
    return f"clf download-models {'' if kind == 'model' else '--dataset '}{repository}{pinned}"


def content_hash(path: Path, like: str, advance: Callable[[int], None] | None = None) -> str:
    """Hash a file the way the Hub does: SHA-256 (64 digits) of large files, git's SHA-1 of a blob (40) of small ones.

    `like` is a hash of the kind that is wanted; `advance` is told of each block of bytes.
    """
    if len(like) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            if advance:
                advance(len(block))
    return digest.hexdigest()
