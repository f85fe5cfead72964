"""Hashes of texts, to tell later whether a model saw a text in training."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def text_hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return the sorted 64-bit hashes (BLAKE2b) of cleaned texts, one per distinct text."""
    return np.unique(_hashes(texts))


def seen_in(texts: Iterable[str], file: Path) -> NDArray[np.bool_]:
    """Tell for each cleaned text whether its hash stands in `file`, as `text_hashes` saved it."""
    return np.isin(_hashes(texts), np.load(file, allow_pickle=False))


def _hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
