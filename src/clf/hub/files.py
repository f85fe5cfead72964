"""Which files of a repository clf uses, which files a complete model has, and how the Hub hashes contents."""

import hashlib
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from clf.errors import ClfError, DataError, ModelError
from clf.storage.documents import load_json, open_regular

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
SHARD = re.compile(r"\w[\w.-]{0,200}\.safetensors")
PICKLES = (".bin", ".pt", ".pth", ".ckpt")


def is_repository_id(name: str) -> bool:
    """Return whether `name` has the form of a Hub id: `name` or `owner/name`."""
    return bool(REPOSITORY.fullmatch(name)) and ".." not in name and "--" not in name


def unusable(kind: Kind) -> type[ClfError]:
    """Return the error class for an unusable repository of this kind."""
    return ModelError if kind == "model" else DataError


def wanted(kind: Kind, names: list[str]) -> list[str]:
    """Choose the files that clf uses: no pickles, no code, no weights in a second format.

    For a model, only top-level files are chosen. If its weights exist both as a single file and as shards, the single
    file is chosen.
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
    """Return whether `name` is the full hash of a commit."""
    return bool(COMMIT.fullmatch(name))


def check_weights(repository: str, names: list[str]) -> None:
    """Raise ModelError for a repository that has only pickled weights, or no weights at all."""
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
    """List the required files that a model folder lacks, including each shard that the index names."""
    try:
        index: Any = load_json(folder / INDEX, of_another_tool=True)
        weights = sorted(set(index["weight_map"].values()))
        if not all(map(SHARD.fullmatch, weights)):
            raise ValueError("it names no files of weights")
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
    """Hash a file as the Hub does: SHA-256 (64 digits) for large files, git's SHA-1 of a blob (40) for small ones.

    `like` is a hash of the wanted kind; `advance` is called with the size of each block that was hashed.
    """
    if len(like) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
            if advance:
                advance(len(block))
    return digest.hexdigest()
