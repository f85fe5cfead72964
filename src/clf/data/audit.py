"""What the data is like: counts, balance, lengths, repeats, contradictions, and leaks between the splits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clf.errors import ModelError

LENGTHS = (64, 128, 256, 512)
LENGTH_TEXTS = 2000
PAIRS = (("test", "train"), ("validation", "train"), ("test", "validation"))


def audit_texts(texts: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Count repeats within splits, texts that stand in two splits, and texts with two labels.

    `duplicates[split]` is the number of rows that repeat an earlier row of the split; `leaks["a_in_b"]` the
    number of distinct texts of `a` that stand in `b` too.
    """
    distinct = {split: set(rows) for split, rows in texts.items()}
    return {
        "duplicates": {split: len(rows) - len(distinct[split]) for split, rows in texts.items()},
        "leaks": {f"{a}_in_{b}": len(distinct[a] & distinct[b]) for a, b in PAIRS if a in distinct and b in distinct},
        "conflicting": _conflicting(texts, labels),
    }


def _conflicting(texts: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]) -> int:
    pairs = {(text, label) for split in texts for text, label in zip(texts[split], labels[split], strict=True)}
    return sum(count > 1 for count in Counter(text for text, _ in pairs).values())


def count_classes(labels: Mapping[str, Sequence[str]], names: list[str]) -> dict[str, dict[str, int]]:
    """Count the rows of each class in each split, zeros included."""
    counts = {split: Counter(rows) for split, rows in labels.items()}
    return {split: {name: counts[split][name] for name in names} for split in labels}


def audit_lengths(texts: Sequence[str], tokenizer_file: Path, max_length: int, seed: int) -> dict[str, Any]:
    """Measure lengths in tokens (special tokens included) on at most LENGTH_TEXTS texts.

    Returns the share of texts longer than each of LENGTHS and `max_length`, and the median, the 95th percentile
    and the maximum.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{tokenizer_file} is damaged: {error}", "fetch or save the model again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    rows = np.random.default_rng(seed).permutation(len(texts))[:LENGTH_TEXTS].tolist()
    encoded = tokenizer.encode_batch_fast([texts[row][:100_000] for row in rows])
    lengths = np.array([len(encoding) for encoding in encoded])
    shares = {str(limit): round(float((lengths > limit).mean()), 4) for limit in sorted({*LENGTHS, max_length})}
    quantiles = {
        "median": int(np.median(lengths)),
        "p95": int(np.quantile(lengths, 0.95)),
        "max": int(lengths.max()),
    }
    return {"measured_texts": len(rows), "share_longer_than": shares, "tokens": quantiles}
