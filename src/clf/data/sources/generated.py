"""Synthetic reviews as a dataset: one label per text, or several where that is asked for."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from clf.data.reading.batch import SPLITS, Batch, Split
from clf.data.sources.source import Source

SYNTHETIC = "synthetic"
ROWS, ROWS_OF_SEVERAL = 100, 200
"""How many reviews there are unless a number is asked for: three labels take more of them to learn than one."""

Columns = dict[str, list[Any]]


def name_of(*, several: bool) -> str:
    """Return the name of the dataset of this kind, after which prepared datasets and models are named."""
    return f"{SYNTHETIC}-aspects" if several else SYNTHETIC


def synthetic_source(count: int | None, seed: int, *, several: bool) -> Source:
    """Return `count` reviews, or the usual number, in splits: positive or negative, or of none or several aspects."""
    name, count = name_of(several=several), count or (ROWS_OF_SEVERAL if several else ROWS)
    splits = (_aspects if several else _opinions)(count, seed)
    origin = f"{name}@rows={count},seed={seed}"
    return Source(
        name,
        origin,
        {split: Split(partial(_rows, splits[split]), f"{name} {split}") for split in SPLITS},
        fingerprint=origin,
        rows_generated=count,
    )


def _rows(columns: Columns) -> Iterator[Batch]:
    yield Batch(columns, list(range(1, len(columns["text"]) + 1)))


def _opinions(count: int, seed: int) -> dict[str, Columns]:
    from clf.data.sources.synthetic import synthetic_reviews

    return {
        split: {"text": [review.text for review in reviews], "label": [review.label for review in reviews]}
        for split, reviews in synthetic_reviews(count, seed).items()
    }


def _aspects(count: int, seed: int) -> dict[str, Columns]:
    from clf.data.sources.synthetic_aspects import aspect_reviews

    return {
        split: {"text": [review.text for review in reviews], "labels": [list(review.labels) for review in reviews]}
        for split, reviews in aspect_reviews(count, seed).items()
    }
