"""The Hugging Face Hub: from its local cache without a network call, else by download.

Everything is fetched as plain files and loaded by path, so that no library asks the network again.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from clf.errors import ClfError, DataError, ModelError, NetworkError

Kind = Literal["model", "dataset"]

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
MODEL_FILES = ["config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*", "vocab*", "merges.txt",
               "special_tokens_map.json", "added_tokens.json", "*.model"]  # fmt: skip
DATASET_FILES = ["README.md", "dataset_infos.json", "*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.json",
                 "*.csv.gz", "*.jsonl.gz", "*.jsonl.zst", "*.json.gz"]  # fmt: skip
# Weights and code that are never fetched, whatever the patterns above let through.
NEVER = ["*/*.safetensors", "*.bin", "*.pt", "*.pth", "*.pkl", "*.py", "*.h5", "*.msgpack", "*.onnx"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One commit of a repository, as plain files in `folder`."""

    folder: Path
    commit: str


def is_repository_id(name: str) -> bool:
    """Tell whether `name` can be an id on the Hub: `name` or `owner/name`."""
    return bool(REPOSITORY.fullmatch(name)) and ".." not in name and "--" not in name


def cached(kind: Kind, repository: str, revision: str | None = None) -> Snapshot | None:
    """Return what the cache holds of a repository, with no network call; None when it holds nothing usable."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                repository,
                repo_type=kind,
                revision=revision,
                local_files_only=True,
                allow_patterns=_patterns(kind),
                ignore_patterns=NEVER,
            )
        )
    except (OSError, ValueError) as error:
        log.debug("%s %s is not in the cache: %s", kind, repository, error)
        return None
    # An emptied refs/main makes the client return `snapshots` itself.
    return Snapshot(folder, folder.name) if folder.parent.name == "snapshots" and any(folder.iterdir()) else None


def download(kind: Kind, repository: str, revision: str | None = None, timeout: float = 60.0) -> Snapshot:
    """Fetch the files of a repository that clf uses, into the cache.

    Raises ModelError or DataError when the repository is not usable, NetworkError when it cannot be had.
    """
    from huggingface_hub import HfApi, snapshot_download

    try:
        # Asked first because this call has a time limit and no retries: an unreachable Hub is known at once.
        info = HfApi().repo_info(repository, repo_type=kind, revision=revision, timeout=min(timeout, 10.0))
        names = [file.rfilename for file in getattr(info, "siblings", None) or []]
        if kind == "model":
            check_weights(repository, names)
        log.info("downloading %s %s (commit %.8s)", kind, repository, info.sha)
        folder = snapshot_download(
            repository,
            repo_type=kind,
            revision=revision,
            allow_patterns=_patterns(kind),
            ignore_patterns=NEVER,
            etag_timeout=timeout,
        )
    except ClfError:
        raise
    except Exception as error:
        _explain(error, kind, repository, revision)
    return Snapshot(Path(folder), str(info.sha))


def check_weights(repository: str, names: list[str]) -> None:
    """Refuse a repository that carries its weights only as pickles, or no weights at all."""
    top = [name for name in names if "/" not in name]
    if any(name.endswith(".safetensors") for name in top):
        return
    if any(name.endswith((".bin", ".pt", ".pth", ".ckpt")) for name in top):
        raise ModelError(
            f"{repository} has only pickled weights, which can run code when they are loaded; clf reads safetensors",
            "choose a revision or model with model.safetensors, or convert it on a machine that you trust: "
            "AutoModel.from_pretrained(...).save_pretrained(folder)",
        )
    raise ModelError(f"{repository} has no model.safetensors", "choose a PyTorch model with safetensors weights")


def damaged(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield (file, what is wrong) for each cached file whose bytes do not match the hash in its name."""
    for path in sorted(snapshot.folder.rglob("*")):
        blob = path.resolve()
        if not path.is_symlink() and not path.is_file():
            continue
        name = str(path.relative_to(snapshot.folder))
        if not blob.exists():
            yield name, "missing"
        elif _blob_hash(blob) not in (None, blob.name):
            yield name, "its content does not match its hash"


def _blob_hash(blob: Path) -> str | None:
    """Hash a blob the way its name was made: SHA-256 of large files, git's SHA-1 of small ones."""
    data = blob.read_bytes()
    if len(blob.name) == 64:
        return hashlib.sha256(data).hexdigest()
    if len(blob.name) == 40:
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return None


def _patterns(kind: Kind) -> list[str]:
    return MODEL_FILES if kind == "model" else DATASET_FILES


def _explain(error: Exception, kind: Kind, repository: str, revision: str | None) -> NoReturn:
    """Turn what the Hub's client raised into what was expected, what was found, and what to do."""
    from huggingface_hub import errors

    unusable: type[ClfError] = ModelError if kind == "model" else DataError
    offline_hint = (
        f"fetch it where there is a network: clf download-models {'' if kind == 'model' else '--dataset '}{repository}"
    )
    if isinstance(error, errors.GatedRepoError):
        raise unusable(f"{kind} {repository} is gated", "ask for access on its page and set HF_TOKEN") from None
    if isinstance(error, errors.RevisionNotFoundError):
        raise unusable(
            f"{kind} {repository} has no revision {revision!r}", "give --revision a branch, tag or commit"
        ) from None
    if isinstance(error, errors.RepositoryNotFoundError):
        raise unusable(
            f"no {kind} {repository} on the Hub, or it is private",
            "check the spelling; a folder needs a leading ./; a private one needs HF_TOKEN",
        ) from None
    if isinstance(error, errors.OfflineModeIsEnabled):
        raise unusable(f"{kind} {repository} is not in the cache, and offline mode is on", offline_hint) from None
    raise NetworkError(
        f"{kind} {repository} is not in the cache and the Hub did not deliver it: {_first_line(error)}",
        offline_hint,
    ) from error


def _first_line(error: BaseException) -> str:
    # The client wraps what really happened in an advice to look for the connection.
    if type(error).__name__ == "LocalEntryNotFoundError" and error.__cause__:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}"[:200] if lines else type(error).__name__
