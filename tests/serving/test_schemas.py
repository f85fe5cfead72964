"""The bodies of requests: which forms are read, and which are refused."""

import pytest
from pydantic import ValidationError

from clf.serving.schemas import PredictRequest


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [("a", ["a"]), (["a"], ["a"]), (["a", "b"], ["a", "b"]), ([["a"], ["b"]], ["a", "b"]), ("", [""])],
)
def test_texts_come_in_three_forms(inputs: object, texts: list[str]) -> None:
    assert PredictRequest.model_validate({"inputs": inputs}).texts == texts


@pytest.mark.parametrize(
    "body",
    [{}, {"inputs": []}, {"inputs": [[]]}, {"inputs": [["a", "b"]]}, {"inputs": ["a", ["b"]]}, {"inputs": None},
     {"inputs": 1}, {"inputs": [1]}, {"inputs": {"a": 1}}, {"inputs": "a", "details": "yes"},
     {"inputs": "a", "raw_scores": 1}, {"inputs": "a", "more": True}],
)  # fmt: skip
def test_anything_else_is_refused(body: object) -> None:
    with pytest.raises(ValidationError):
        PredictRequest.model_validate(body)
