"""Tokens of the same texts, kept in the run folder for the next run."""

import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from clf.errors import ModelError
from clf.models.tokens import TokenIds, Truncation, largest_id, tokenize
from clf.storage.arrays import read_array
from clf.storage.disk import sha256
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, read_document
from clf.storage.names import Hash
from clf.storage.writing import clear_parts, replacing, write_json

log = logging.getLogger(__name__)


class CachedTokens(BaseModel):
    """What is written beside cached tokens: the SHA-256 of their file."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    sha256: Hash


def cached_tokens(
    folder: Path, texts: Sequence[str], tokenizer: Any, max_length: int, truncation: Truncation = "head"
) -> TokenIds:
    """Tokenize texts, or read the ids that an earlier run cached for the same texts and tokenizer.

    What runs that were killed left half-written in the folder is deleted, whatever their texts.
    The name of the cache file is a hash of everything that the ids depend on; the hash of its content stands beside it.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:  # a slow tokenizer, which cannot be serialised to hash it
        return tokenize(texts, tokenizer, max_length, truncation)
    # Truncation and padding are state left by an earlier call, not part of the tokenizer.
    described = {
        key: value for key, value in json.loads(backend.to_str()).items() if key not in ("truncation", "padding")
    }
    digest = hashlib.sha256()
    for value in chain((json.dumps(described), str(max_length), truncation, str(len(tokenizer))), texts):
        digest.update(value.encode("utf-8", "surrogatepass") + b"\0")
    file = folder / f"{digest.hexdigest()[:32]}.npy"
    clear_parts(folder)
    kept = _read_cached(file, len(texts), max_length, tokenizer)
    return _cached(file, tokenize(texts, tokenizer, max_length, truncation)) if kept is None else kept


def _read_cached(file: Path, texts: int, longest: int, tokenizer: Any) -> TokenIds | None:
    """Return what an earlier run cached; None if there is nothing, or if it is not as it was written."""
    told = file.with_suffix(".json")
    if not (told.exists() and file.exists()):
        return None
    try:
        if sha256(file) != read_document(told, CachedTokens, ModelError, "").sha256:
            raise ValueError("it was changed")
        return _split(read_array(file, ("<i4",), (None,)), texts, longest, tokenizer)
    except (ModelError, OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        log.warning("not using the cached tokens in %s: %s", file, why)
        return None


def _cached(file: Path, made: TokenIds) -> TokenIds:
    """Write tokens to the cache, and return them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(IsADirectoryError):
        with replacing(file) as out:
            np.save(out, np.concatenate([np.array([len(row) for row in made], dtype="<i4"), *made]), allow_pickle=False)
        write_json(file.with_suffix(".json"), CachedTokens(sha256=sha256(file)).model_dump())
    return made


def _split(kept: NDArray[np.int32], texts: int, longest: int, tokenizer: Any) -> TokenIds:
    """Return the ids of each text from the lengths of all, followed by the ids of all; raise ValueError if damaged."""
    lengths, ids = kept[:texts], kept[texts:]
    if len(lengths) != texts or not texts or int(lengths.sum(dtype=np.int64)) != len(ids):
        raise ValueError("the lengths do not fit")
    largest = ids.max(initial=0)
    if largest >= len(tokenizer) and largest > largest_id(tokenizer):  # ids may have gaps; to find that out takes long
        raise ValueError("the ids are of another tokenizer")
    if lengths.min() < 0 or lengths.max() > longest or ids.min(initial=0) < 0:
        raise ValueError("the ids are of another tokenizer")
    return list(np.split(ids, np.cumsum(lengths)[:-1]))
