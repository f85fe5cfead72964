"""A JSON object with texts as keys and labels as values."""

import json
from pathlib import Path
from typing import Any

import pytest

from clf.data.reading.json_pairs import are_pairs, are_pairs_on
from support.data_files import read, written

TEXTS = [f"the {number}th parcel came late" for number in range(10)]
PAIRS: dict[str, Any] = {text: ("good", "bad")[number % 2] for number, text in enumerate(TEXTS)}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("labels", [["good", "bad"], [0, 1], [["good", "bad"], ["bad"]]])
def test_an_object_of_texts_and_their_labels_is_read(
    tmp_path: Path, indent: int | None, labels: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    value = {text: labels[number % 2] for number, text in enumerate(TEXTS)}
    columns = read(written(tmp_path / "a.json", json.dumps(value, indent=indent))).columns
    assert columns == {"text": TEXTS, "label": labels * 5}
    assert "the keys, such as 'the 0th parcel came late', are read as texts" in caplog.text


def test_texts_that_speak_of_splits_are_read_like_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    texts = [f"the train number {number}" if number % 2 else f"a parcel of number {number}" for number in range(10)]
    value = {text: [["good", "bad"], ["bad"]][number % 2] for number, text in enumerate(texts)}
    assert read(written(tmp_path / "a.json", json.dumps(value))).columns["text"] == texts
    assert "only the splits are read" not in caplog.text


def test_other_objects_are_no_pairs() -> None:
    assert are_pairs(PAIRS)
    assert not are_pairs(PAIRS, ["the 3th parcel came late"])
    assert not are_pairs(dict(list(PAIRS.items())[:7]))
    assert not are_pairs({text: f"answer {number}" for number, text in enumerate(TEXTS)})  # one row of a survey
    assert not are_pairs({f"id{number}": one for number, one in enumerate(PAIRS.values())})
    assert not are_pairs({**PAIRS, "one more text here": {"label": "good"}})
    assert not are_pairs({**PAIRS, "one more text here": ["good"]})
    assert are_pairs_on(json.dumps(PAIRS))
    assert not are_pairs_on('{"text": "a", ')
    assert not are_pairs_on("[1]")
