"""The rows in the objects of annotation tools and databases."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clf.data.reading.json_records import flat, is_action, single_value
from clf.errors import DataError
from support.data_files import read, written


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


def submitted(number: int, *choices: str, cancelled: bool = False) -> dict[str, Any]:
    result = [{"type": "choices", "from_name": "topic", "value": {"choices": choices}}] if choices else []
    return {"data": {"text": f"text {number}"}, "annotations": [{"result": result, "was_cancelled": cancelled}]}


def test_an_annotation_that_was_submitted_without_a_choice_has_none_and_one_that_was_skipped_is_none(
    tmp_path: Path,
) -> None:
    tasks = [submitted(1, "a", "b"), submitted(2), submitted(3, cancelled=True), {**submitted(4), "annotations": []}]
    columns = read(written(tmp_path / "project.json", json.dumps(tasks))).columns
    assert columns["topic"] == [["a", "b"], [], None, None]
    assert columns["was_cancelled"] == [None, None, True, None]
    flat_rows = [{"text": "one", "topic": {"choices": ["a", "b"]}, "note": "x"}, {"text": "two"}]
    told = {"annotation_id": 7, "annotator": 1, "lead_time": 2.5}
    rows = [{**row, **told} for row in flat_rows] + [{"text": "three"}]
    columns = read(written(tmp_path / "min.json", json.dumps(rows))).columns
    assert columns["topic"] == [{"choices": ["a", "b"]}, [], None]
    assert columns["note"] == ["x", None, None]


def labelbox(text: str, *labels: Any) -> dict[str, Any]:
    """Return a row of an export of Labelbox, with what was answered each time the text was labelled."""
    given = [{"annotations": {"objects": [], "classifications": answers}} for answers in labels]
    return {"data_row": {"id": "r", "row_data": text}, "projects": {"p": {"name": "films", "labels": given}}}


def test_each_label_of_labelbox_is_a_row_with_a_column_for_each_question() -> None:
    mood = {"name": "mood", "value": "mood", "radio_answer": {"name": "good", "value": "g", "classifications": []}}
    tags = {"name": "tags", "checklist_answers": [{"name": "long"}, {"name": "new"}]}
    typed = {"name": "why", "text_answer": {"content": "so warm"}}
    answers = {"mood": "good", "tags": ["long", "new"], "why": "so warm"}
    assert list(flat(labelbox("a", [mood, tags, typed], [mood]))) == [
        {"text": "a", **answers},
        {"text": "a", "mood": "good"},
    ]
    assert list(flat(labelbox("a"))) == [{"text": "a"}]
    assert list(flat(row := labelbox("a"), asked=frozenset({"data_row"}))) == [row]
    older = [{"title": "mood", "answer": {"title": "good"}}, {"title": "tags", "answer": [{"title": "long"}]}]
    row = {"ID": "r", "Labeled Data": "a", "Label": {"objects": [], "classifications": older}}
    assert list(flat(row)) == [{"text": "a", "mood": "good", "tags": ["long"]}]
    assert list(flat(labelled := {"Labeled Data": "a", "Label": "good"})) == [labelled]


@pytest.mark.parametrize("form", ["lines", "array", "pages"])
def test_an_export_of_labelbox_is_read(tmp_path: Path, form: str) -> None:
    rows = [
        labelbox(text, [{"name": "mood", "radio_answer": {"name": mood}}]) for text, mood in (("a", "x"), ("b", "y"))
    ]
    content = "\n".join(map(json.dumps, rows)) if form == "lines" else json.dumps([rows] if form == "pages" else rows)
    assert read(written(tmp_path / "export.ndjson", content)).columns == {"text": ["a", "b"], "mood": ["x", "y"]}


RECORDS: list[dict[str, Any]] = [
    {
        "data": {"text": "a"},
        "annotations": [{"result": [{"type": "choices", "from_name": "x", "value": {"choices": ["g"]}}]}],
    },
    {
        "fields": {"text": "a"},
        "responses": {"x": [{"value": "g", "user_id": "u"}]},
        "suggestions": [],
        "status": "done",
    },
    {"fields": {"text": "a"}, "responses": [{"values": {"x": {"value": "g"}}, "status": "done"}], "suggestions": []},
    {"_source": {"text": "a"}, "_id": "1"},
    {"fields": {"text": "a"}, "createdTime": "2024"},
    {"tweet": {"text": "a"}},
    labelbox("a", [{"name": "x", "radio_answer": {"name": "g"}}, {"name": "y", "checklist_answers": [{"name": "g"}]}]),
    {"Labeled Data": "a", "Label": {"classifications": [{"title": "x", "answer": {"title": "g"}}]}},
]


def changed(value: Any, other: Any) -> Iterator[Any]:
    """Yield a value with each of the values inside it replaced, in turn."""
    yield other
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in places:
        for new in changed(inner, other):
            copy = dict(value) if isinstance(value, dict) else list(value)
            copy[place] = new
            yield copy


@pytest.mark.parametrize("other", [None, 5, float("inf"), "x", [], [5], [[]], {}, {"x": 5}, {"type": ["a"]}])
def test_a_record_with_anything_at_any_place_has_rows(other: Any) -> None:
    for record in RECORDS:
        for one in changed(record, other):
            rows = list(flat(one))
            assert rows
            assert all(isinstance(row, dict) for row in rows) or not isinstance(one, dict)
            for name in ("$numberInt", "$numberDouble", "$oid", "x"):
                single_value(name, one)


def test_a_list_of_cells_is_a_row_where_all_are() -> None:
    assert list(flat(["a", 1], of_cells=True)) == [{"0": "a", "1": 1}]
    assert list(flat(["a", 1])) == [["a", 1]]


def test_each_person_who_answered_about_a_record_of_argilla_is_a_row() -> None:
    record: dict[str, Any] = {
        "id": "1",
        "status": "completed",
        "fields": {"text": "a"},
        "metadata": {},
        "suggestions": {"mood": {"value": "bad", "score": 0.9, "agent": "model"}},
        "responses": {"mood": [{"value": "good", "user_id": "u"}, {"value": "bad", "user_id": "v"}], "x": []},
    }
    rows = [{"text": "a", "status": "completed", "mood": mood} for mood in ("good", "bad")]
    assert list(flat(record)) == rows
    assert list(flat({**record, "responses": {}})) == [{"text": "a", "status": "completed"}]
    assert list(flat(record, asked=frozenset({"suggestions"}))) == [record]
    people = [
        {"status": "submitted", "user_id": None, "values": {"mood": {"value": "good"}}},
        {"status": "discarded", "values": None},
    ]
    assert list(flat({"fields": {"text": "a"}, "responses": people, "suggestions": []})) == [
        {"text": "a", "status": "submitted", "mood": "good"},
        {"text": "a", "status": "discarded"},
    ]


def test_a_document_of_elasticsearch_is_its_source() -> None:
    assert list(flat({"_index": "i", "_id": "1", "_source": {"text": "a"}})) == [{"text": "a"}]
    assert list(flat({"_source": {"text": "a"}})) == [{"_source": {"text": "a"}}]
    assert list(flat({"id": "r", "createdTime": "2024", "fields": {"text": "a"}})) == [{"text": "a"}]
    assert list(flat({"tweet": {"full_text": "a"}})) == [{"full_text": "a"}]


def test_lines_of_a_bulk_request_that_are_no_documents_are_left_out(tmp_path: Path) -> None:
    lines = [{"index": {"_index": "i", "_id": "1"}}, {"text": "a"}, {"create": {}}, {"text": "b"}]
    found = read(written(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert (found.columns, found.lines) == ({"text": ["a", "b"]}, [2, 4])
    with pytest.raises(DataError, match="has no rows"):
        read(written(tmp_path / "b.jsonl", '{"index": {}}\n{"create": {}}\n'))
    assert not is_action({"index": {"name": "x"}})
    assert not is_action({"index": 1})
    assert not is_action({"index": {}, "text": "a"})


def test_values_of_mongodb(tmp_path: Path) -> None:
    row = '{"_id": {"$oid": "65a"}, "n": {"$numberInt": "3"}, "x": {"$numberDouble": "0.5"}, "text": {"body": "a"}}'
    expected = {"_id": ["65a"], "n": [3], "x": [0.5], "text": [{"body": "a"}]}
    assert read(written(tmp_path / "a.jsonl", row + "\n")).columns == expected
    assert read(written(tmp_path / "a.json", f"[{row}]")).columns == expected
    assert single_value("$numberLong", "many") == "many"
    assert single_value("$numberInt", None) == {"$numberInt": None}
    assert single_value("$other", "1") == {"$other": "1"}


def test_a_training_example_of_spacy_is_a_text_with_its_categories() -> None:
    pair = ["good soup", {"cats": {"POS": True, "NEG": False}}]
    assert list(flat(pair, of_cells=True)) == [{"text": "good soup", "cats": {"POS": True, "NEG": False}}]
    spans = ["good soup", {"entities": [[5, 9, "FOOD"]]}]
    assert list(flat(spans, of_cells=True)) == [{"text": "good soup", "entities": [[5, 9, "FOOD"]]}]
    assert list(flat(["a", {"b": 1}], of_cells=True)) == [{"0": "a", "1": {"b": 1}}]
    assert list(flat({"a": 1, "b": 2}, of_cells=True)) == [{"a": 1, "b": 2}]
