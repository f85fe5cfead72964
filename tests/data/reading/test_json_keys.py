"""The keys of JSON objects become the columns of batches."""

from pathlib import Path

import pytest

from clf.data.reading import json_keys
from clf.data.reading.files import column_names
from clf.data.reading.json_keys import Keys
from clf.settings import DataSettings


def test_rows_with_other_keys_are_in_another_batch_if_there_are_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_keys, "BATCH_CELLS", 4)
    keys = Keys(Path("a.json"), column_names)
    batches = list(keys.batches([(1, {"a": 1}), (2, {"b": 2}), (5, {"c": 3})], {2: "wrong"}, DataSettings()))
    assert [batch.columns for batch in batches] == [{"a": [1, None], "b": [None, 2]}, {"c": [3]}]
    assert [batch.lines for batch in batches] == [[1, 2], [5]]
    assert batches[1].problems == {0: "wrong"}
    assert keys.known == {"a", "b", "c"}
