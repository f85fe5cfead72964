"""Set operations that need little memory give what NumPy's own give."""

import numpy as np
import pytest

from clf.data.preparing import sets
from clf.data.preparing.sets import among, numbered, repeated

CASES = [[], [5], [5, 5], [3, 1, 3, 2, 1, 3], [*range(50), 7, 9, 7]]


@pytest.mark.parametrize("values", CASES, ids=len)
def test_values_that_repeat_are_found_once_each(values: list[int]) -> None:
    assert repeated(np.array(values, dtype=np.uint64)).tolist() == sorted({v for v in values if values.count(v) > 1})


@pytest.mark.parametrize("values", CASES, ids=len)
@pytest.mark.parametrize("wanted", [[], [3], [1, 5, 9], [100]])
def test_membership_is_that_of_numpy(monkeypatch: pytest.MonkeyPatch, values: list[int], wanted: list[int]) -> None:
    monkeypatch.setattr(sets, "BLOCK", 4)
    given = np.array(values, dtype=np.int64)
    assert among(given, np.array(wanted, dtype=np.int64)).tolist() == np.isin(given, wanted).tolist()


@pytest.mark.parametrize("values", CASES, ids=len)
def test_distinct_values_are_numbered_in_their_order(values: list[int]) -> None:
    first, number = numbered(np.array(values, dtype=np.int64))
    distinct = sorted(set(values))
    assert [values[place] for place in first.tolist()] == distinct
    assert first.tolist() == [values.index(value) for value in distinct]
    assert [distinct[place] for place in number.tolist()] == values
