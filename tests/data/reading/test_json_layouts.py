"""The rows in JSON values of other layouts than a list of objects."""

from typing import Any

import pytest

from clf.data.reading.json_layouts import flat, may_be_one_object, rows_in

ROWS = [{"text": "a", "label": 1}, {"text": "b", "label": 2}]


@pytest.mark.parametrize(
    "value",
    [
        {"text": {"0": "a", "1": "b"}, "label": {"0": 1, "1": 2}},
        {"columns": ["text", "label"], "index": [0, 1], "data": [["a", 1], ["b", 2]]},
        {"0": ROWS[0], "1": ROWS[1]},
        {"text": ["a", "b"], "label": [1, 2]},
        {"schema": {"fields": [{"name": "text"}]}, "data": ROWS},
        {"version": "1", "data": ROWS},
        {"rasa_nlu_data": {"common_examples": ROWS}},
    ],
    ids=["columns", "split", "index", "list", "table", "wrapped", "wrapped twice"],
)
def test_the_rows_in_a_single_object(value: dict[str, Any]) -> None:
    assert rows_in(value) == ROWS


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"text": "a"},
        {"a": {"x": 1}, "b": {"y": 2}},
        {"train": ROWS, "test": ROWS},
        {"data": [1, 2]},
        {"text": ["a"], "label": [1]},
        {"text": ["a", "b"], "label": [1]},
        {"text": ["a", "b"], "label": [[1], [2]]},
    ],
)
def test_an_object_that_holds_no_list_of_rows(value: dict[str, Any]) -> None:
    assert rows_in(value) == []


@pytest.mark.parametrize(
    ("start", "one"),
    [
        ('{"text": {"0": "a"', True),
        ('{"data": [{"text": "a"}]}\n', True),
        ('{\n  "data": [', True),
        ('{"text": "a"}\n{"text": "b"}', False),
        ('{"text": {"body": "a"}}\n{"text": {"body": "b"}}', False),
        ('{"text": "a"', False),
    ],
)
def test_a_file_begins_like_a_single_object(start: str, one: bool) -> None:
    assert may_be_one_object(start) == one


def test_each_annotation_of_a_task_is_a_row() -> None:
    def choice(name: str) -> dict[str, Any]:
        return {"type": "choices", "from_name": "mood", "value": {"choices": [name]}}

    task: dict[str, Any] = {
        "id": 1,
        "data": {"text": "a"},
        "annotations": [{"result": [choice("good")]}, {"result": [choice("bad")], "was_cancelled": True}],
    }
    assert list(flat(task)) == [{"text": "a", "mood": ["good"]}, {"text": "a", "mood": ["bad"], "was_cancelled": True}]
    assert list(flat({**task, "annotations": []})) == [{"text": "a"}]
    assert list(flat({"data": {"text": "a"}, "predictions": []})) == [{"text": "a"}]
    assert list(flat({"data": 1})) == [{"data": 1}]


def test_a_list_of_cells_is_a_row_where_all_are() -> None:
    assert list(flat(["a", 1], of_cells=True)) == [{"0": "a", "1": 1}]
    assert list(flat(["a", 1])) == [["a", 1]]


def test_a_training_example_of_spacy_is_a_text_with_its_categories() -> None:
    pair = ["good soup", {"cats": {"POS": True, "NEG": False}}]
    assert list(flat(pair, of_cells=True)) == [{"text": "good soup", "cats": {"POS": True, "NEG": False}}]
    spans = ["good soup", {"entities": [[5, 9, "FOOD"]]}]
    assert list(flat(spans, of_cells=True)) == [{"text": "good soup", "entities": [[5, 9, "FOOD"]]}]
    assert list(flat(["a", {"b": 1}], of_cells=True)) == [{"0": "a", "1": {"b": 1}}]
