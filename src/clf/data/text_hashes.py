"""Hashes of texts, to check later whether a model saw a text in training."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 10_000
NONE = np.zeros(0, dtype=np.uint64)


def text_hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return the sorted 64-bit hashes (BLAKE2b) of cleaned texts, one per distinct text."""
    return np.unique(hash_texts(texts))


def seen_in(texts: Iterable[str], file: Path) -> NDArray[np.bool_]:
    """Return for each cleaned text whether its hash is in `file`, an array of `text_hashes` saved as `.npy`.

    Raises ModelError if the file is damaged.
    """
    from clf.errors import ModelError
    from clf.storage.arrays import read_array

    try:
        known = read_array(file, ("<u8",), (None,))
        if (known[1:] <= known[:-1]).any():
            raise ValueError("its hashes are not sorted")
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} is damaged: {error}", "restore the file, or train the model again") from error
    return np.concatenate([NONE.astype(bool), *(_are_in(known, hashes) for hashes in _hashed(texts))])


def hash_texts(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Hash each text to 64 bits (BLAKE2b); the probability of a collision among a million texts is 3e-8."""
    return np.concatenate([NONE, *_hashed(texts)])


def _hashed(texts: Iterable[str]) -> Iterator[NDArray[np.uint64]]:
    """Yield the hashes of some thousand texts at a time."""
    rest = iter(texts)
    while chunk := list(islice(rest, AT_ONCE)):
        digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in chunk)
        yield np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def _are_in(known: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return for each hash whether it is among the `known` ones, which are sorted."""
    if not len(known):
        return np.zeros(len(hashes), dtype=bool)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == hashes
    return found
