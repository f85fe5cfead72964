"""Drawn counts have as many rows as the tally, whatever is drawn at once, and vary as a multinomial distribution."""

import numpy as np
import pytest

from clf.scoring.resampling import drawn_counts

COUNTS = np.array([5, 0, 45, 50])


@pytest.mark.parametrize("at_once", [1, 7, 500])
def test_how_many_are_drawn_at_once_changes_nothing(at_once: int) -> None:
    parts = list(drawn_counts(COUNTS, 40, seed=2, at_once=at_once))
    assert {len(part) for part in parts[:-1]} <= {at_once}
    assert np.array_equal(np.concatenate(parts), next(drawn_counts(COUNTS, 40, seed=2)))


def test_counts_vary_as_those_of_drawn_rows() -> None:
    drawn = np.concatenate(list(drawn_counts(COUNTS, 4000, seed=1)))
    assert set(drawn.sum(axis=1)) == {100}
    assert drawn.mean(axis=0) == pytest.approx(COUNTS, abs=0.3)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(COUNTS * (1 - COUNTS / 100)), rel=0.05)
