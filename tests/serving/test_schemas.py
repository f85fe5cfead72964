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


@pytest.mark.parametrize(
    "body",
    [{"inputs": [1] * 5_000}, {"inputs": [[]] * 5_000}, {"inputs": [[1] * 5_000]}, {"inputs": ["a", *[["a"]] * 5_000]},
     {str(number): 1 for number in range(5_000)}, {"inputs": "a"} | {str(number): 1 for number in range(5_000)}],
)  # fmt: skip
def test_a_body_that_is_wrong_in_many_places_makes_few_errors(body: object) -> None:
    with pytest.raises(ValidationError) as error:  # a server that made an error of each would stand still for seconds
        PredictRequest.model_validate(body)
    assert error.value.error_count() <= 4
