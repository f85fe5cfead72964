"""Hashes of texts, to check later whether a model saw a text in training."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def text_hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return the sorted 64-bit hashes (BLAKE2b) of cleaned texts, one per distinct text."""
    return np.unique(hash_texts(texts))


def seen_in(texts: Iterable[str], file: Path) -> NDArray[np.bool_]:
    """Return for each cleaned text whether its hash is in `file`, an array of `text_hashes` saved as `.npy`."""
    return np.isin(hash_texts(texts), np.load(file, allow_pickle=False))


def hash_texts(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Hash each text to 64 bits (BLAKE2b); the probability of a collision among a million texts is 3e-8."""
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
