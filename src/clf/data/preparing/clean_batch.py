"""Clean one batch of texts: write cleaned and raw texts to a file, and return a few numbers per row.

This is the slow part of preparing a dataset. Batches are independent, so several processes share the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clf.data.cleaning import CleaningSteps, clean_text, holds_odd_characters
from clf.data.preparing.near_duplicates import sketch
from clf.data.text_hashes import hash_texts


@dataclass(frozen=True)
class Digest:
    """The result for one batch: 64-bit hash and length after cleaning (0 if no text is left) per row, and counts."""

    keys: NDArray[np.uint64]
    lengths: NDArray[np.int32]
    changed: int
    """Number of rows in which cleaning changed more than white space."""
    odd: int
    """Number of rows with control characters, zero-width characters or unpaired surrogates (half characters)."""


def digest(texts: Sequence[str], steps: CleaningSteps, folder: Path, number: int, near: bool) -> Digest:
    """Clean the texts, write them and the hashes of the raw ones to `folder` as chunk `number`; return their digest.

    With `near`, also write the sketches that are used to find near duplicates.
    """
    import pyarrow

    raw = [_storable(text) for text in texts]
    cleaned = [clean_text(text, steps) for text in raw]
    table = pyarrow.table(
        {name: pyarrow.array(column, pyarrow.large_string()) for name, column in (("text", cleaned), ("raw_text", raw))}
    )
    with (
        pyarrow.OSFile(str(folder / f"{number:06d}.arrow"), "wb") as file,
        pyarrow.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write_table(table)
    np.save(folder / f"{number:06d}.raw_keys.npy", hash_texts(raw))
    if near:
        bands, signatures = sketch(cleaned)
        np.save(folder / f"{number:06d}.bands.npy", bands)
        np.save(folder / f"{number:06d}.signatures.npy", signatures)
    return Digest(
        hash_texts(cleaned),
        np.array([len(text) for text in cleaned], dtype=np.int32),
        sum(after != before and after != " ".join(before.split()) for before, after in zip(raw, cleaned, strict=True)),
        sum(given != kept or holds_odd_characters(kept) for given, kept in zip(texts, raw, strict=True)),
    )


def _storable(text: str) -> str:
    """Replace unpaired surrogates (half characters), which cannot be stored as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
