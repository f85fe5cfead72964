"""Where the rows stand in a single JSON object, whole or as far as it was read."""

import json
from pathlib import Path
from typing import Any

import pytest

from clf.data.reading import json_files, json_stream
from clf.data.reading.json_layouts import LONG_START, completed, layout_of, may_be_one_object, rows_in
from clf.errors import DataError
from support.data_files import read, written

ROWS = [{"text": "a", "label": 1}, {"text": "b", "label": 2}]
RECORDS = {f"-M{number}": {"text": f"a {number}", "label": "x"} for number in range(3)}
DOCUMENTS = [{"_index": "i", "_id": str(number), "_source": row} for number, row in enumerate(ROWS)]
COLUMNS = {"text": ["a", "b"], "label": [1, 2]}
LONG = [{"text": "it rained", "label": "bad"}, {"text": "what a day", "label": "good"}]


@pytest.mark.parametrize("value", [{"text": {"0": "a", "1": "b"}, "label": {"0": 1, "1": 2}}, COLUMNS])
def test_an_object_of_columns_is_read_as_a_whole(tmp_path: Path, value: dict[str, Any]) -> None:
    assert rows_in(value) == ROWS
    assert read(written(tmp_path / "a.json", json.dumps(value))).columns == COLUMNS


STREAMED = [
    {"columns": ["text", "label"], "index": [0, 1], "data": [["a", 1], ["b", 2]]},
    {"0": ROWS[0], "1": ROWS[1]},
    {"schema": {"fields": [{"name": "text"}]}, "data": ROWS},
    {"meta": {"version": "1"}, "data": ROWS, "count": 2},
    {"rasa_nlu_data": {"common_examples": ROWS}},
    {"took": 3, "_shards": {"total": 1}, "hits": {"total": {"value": 2}, "hits": DOCUMENTS}},
]


@pytest.mark.parametrize("piece", [40, 1 << 20], ids=["in pieces", "at once"])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("value", STREAMED, ids=["split", "index", "table", "wrapped", "Rasa", "Elasticsearch"])
def test_rows_that_stand_one_after_the_other_are_taken_from_a_file_of_any_length(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: dict[str, Any], indent: int | None, piece: int
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    assert rows_in(value) == []
    assert read(written(tmp_path / "a.json", json.dumps(value, indent=indent))).columns == COLUMNS


@pytest.mark.parametrize("piece", [150, 1 << 20], ids=["in pieces", "at once"])
def test_records_under_any_key_are_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, piece: int) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    for number, value in enumerate((RECORDS, {"reviews": RECORDS})):
        columns = read(written(tmp_path / f"{number}.json", json.dumps(value))).columns
        assert columns == {"text": ["a 0", "a 1", "a 2"], "label": ["x"] * 3}


@pytest.mark.parametrize("piece", [60, 1 << 20], ids=["in pieces", "at once"])
def test_splits_under_keys_are_a_column(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, piece: int) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    cells: dict[str, Any] = {"train": [["a", "x"], ["b", "y"]], "val": [], "oos_train": [["c", "oos"]], "n": 3}
    found = read(written(tmp_path / "a.json", json.dumps(cells)))
    assert found.columns == {"split": ["train"] * 3, "0": ["a", "b", "c"], "1": ["x", "y", "oos"]}
    assert found.lines == [1, 2, 3]
    rows = {"train": [{"text": "a", "split": 7}], "test": [{"text": "b"}]}
    columns = {"split": ["train", "test"], "text": ["a", "b"], "split.1": [7, None]}
    assert read(written(tmp_path / "b.json", json.dumps(rows))).columns == columns


def test_splits_of_columns_and_of_classes(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.json", json.dumps({"train": COLUMNS, "test": COLUMNS})))
    assert found.columns == {"split": ["train", "train", "test", "test"], "text": ["a", "b"] * 2, "label": [1, 2] * 2}
    classes = {"good": ["what a day"], "bad": ["it rained"]}
    assert rows_in({"train": classes, "test": classes})[3] == {"split": "test", "text": "it rained", "label": "bad"}


def test_a_list_of_texts_for_each_class(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "a.json", json.dumps({"bad": ["it rained"], "good": ["what a day", "so nice"]}))
    assert read(path).columns == {
        "text": ["it rained", "what a day", "so nice"],
        "label": ["bad", "good", "good"],
    }
    assert "the keys 'bad', 'good' are read as the classes of the texts under them" in caplog.text
    columns = {"input": ["it rained", "what a day"], "output": ["stay inside", "go out"]}
    assert rows_in({"bad": ["it rained"], "good": ["what a day"]}) == LONG
    assert rows_in(columns, ["input"])[0] == {"input": "it rained", "output": "stay inside"}


@pytest.mark.parametrize("labels", [["very good", "very bad"] * 6, [f"so {place} it is" for place in range(12)]])
@pytest.mark.parametrize("keys", [("inputs", "targets"), ("utterances", "departments"), ("questions", "answers")])
def test_lists_of_the_same_length_are_columns(tmp_path: Path, keys: tuple[str, str], labels: list[str]) -> None:
    value = dict(zip(keys, ([f"the film number {place}" for place in range(12)], labels), strict=True))
    assert read(written(tmp_path / "a.json", json.dumps(value))).columns == value


def test_lists_that_may_be_columns_or_classes_are_refused(tmp_path: Path) -> None:
    greet = ["hello there", "good day", "hello there", "hi to you"]
    value = {"greet": greet, "leave": ["so long", "good bye", "see you then", "till later"]}
    path = written(tmp_path / "a.json", json.dumps(value))
    with pytest.raises(DataError, match="the same length under 'greet', 'leave', which may be columns or") as refused:
        read(path)
    assert "pass --text-column and --label-column" in str(refused.value.hint)
    assert read(path, text_column=["greet"], label_column="leave").columns == value
    assert read(written(path, json.dumps({"greet": greet, "leave": ["so long"]}))).columns["label"] == ["greet"] * 4 + [
        "leave"
    ]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"text": "a"},
        {"a": {"x": 1}, "b": {"y": 2}},
        {"data": [1, 2]},
        {"text": ["a"], "label": [1]},
        {"text": ["a", "b"], "label": [1]},
        {"text": ["a", "b"], "label": [[1], [2]]},
        {"train": ["it rained"], "test": ["what a day"]},
        {"names": ["x", "y"], "words": ["a", "b", "c"]},
        {"texts": ["it rained", "what a day"], "other": ["so nice"]},
    ],
)
def test_an_object_that_holds_no_list_of_rows(value: dict[str, Any]) -> None:
    assert rows_in(value) == []
    assert layout_of(value) is None


RIVALS: list[Any] = [
    ({"response": {"result": {"items": LONG}}, "items": LONG}, "'response.result.items' and under 'items'"),
    ({"items": LONG, "page": {"rows": LONG}}, "'items' and under 'page.rows'"),
    ({"a": [{"x": 1}] * 3, "b": [{"y": 1}] * 3}, "'a' and under 'b'"),
    ({"reviews": RECORDS, "other": LONG}, "'reviews' and under 'other'"),
    ({"other": LONG, "reviews": RECORDS}, "'other' and under 'reviews'"),
]


@pytest.mark.parametrize("piece", [150, 1 << 20], ids=["in pieces", "at once"])
@pytest.mark.parametrize(("value", "both"), RIVALS)
def test_of_two_lists_of_rows_none_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: dict[str, Any], both: str, piece: int
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    with pytest.raises(DataError, match=f"has rows under {both}") as refused:
        read(written(tmp_path / "a.json", json.dumps(value)))
    assert "--text-column with a key that only the rows you mean have" in str(refused.value.hint)


@pytest.mark.parametrize("piece", [100, 1 << 20], ids=["in pieces", "at once"])
def test_objects_that_only_tell_about_the_rows_are_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, piece: int
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    for value in (
        {"page": {"links": [{"title": "next"}]}, "result": {"items": LONG}, "names": ["bad", "good"]},
        {"train": LONG, "classes": [{"id": 0, "name": "bad", "description": "x"}]},
    ):
        assert read(written(tmp_path / "a.json", json.dumps(value))).columns["text"] == ["it rained", "what a day"]
    assert "the objects under 'page.links' are not read, only those under 'result.items'" in caplog.text
    assert "the objects under 'classes' are not read, only th" in caplog.text
    asked = {"a": [{"x": "u"}] * 3, "b": [{"y": "v"}]}
    assert read(written(tmp_path / "b.json", json.dumps(asked)), text_column=["y"]).columns == {"y": ["v"]}


PAGED: list[dict[str, Any]] = [
    {"count": 60, "next": None, "results": ROWS},
    {"version": "1", "title": "Some texts", "train": ROWS},
    {"label_names": ["a", "b"], "data": ROWS},
]


@pytest.mark.parametrize("piece", [40, 1 << 20], ids=["in pieces", "at once"])
@pytest.mark.parametrize("value", PAGED)
def test_an_object_on_one_line_is_read_as_on_several(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: dict[str, Any], piece: int
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    for indent in (None, 1):
        columns = read(written(tmp_path / "a.json", json.dumps(value, indent=indent))).columns
        assert {name: columns[name] for name in COLUMNS} == COLUMNS


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("a.jsonl", {"tags": [{"id": 1}, {"id": 2}], "text": "I loved it"}),
        ("a.json", {"tags": [{"id": 1}, {"id": 2}], "text": "I loved it"}),
        ("a.jsonl", {"tokens": ["I", "loved", "it"], "tags": ["a", "b", "c"]}),
        ("a.ndjson", {"text": "I", "entities": [{"text": "I"}]}),
        ("a.jsonl", {"turns": [{"content": "I"}], "label": "good"}),
        ("a.json", {"id": 1, "wish": "I loved it", "spans": [{"start": 1}]}),
    ],
)
def test_a_single_row_with_a_list_of_objects_is_a_row(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    assert read(written(tmp_path / name, json.dumps(row))).columns == {key: [value] for key, value in row.items()}


@pytest.mark.parametrize(
    "row",
    [
        {"text": "I loved it", "label": "good", "tokens": [{"t": "I"}, {"t": "loved"}]},
        {"entities": [{"text": "I"}], "text": "I loved it", "sentiment": 1},
        {"text": "I loved it", "label": "good", "meta": {"source": "web"}},
    ],
)
def test_a_single_row_over_several_lines_is_a_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, row: dict[str, Any]
) -> None:
    found = read(written(tmp_path / "a.json", json.dumps(row, indent=2)))
    assert found.columns == {key: [value] for key, value in row.items()}
    caplog.clear()
    page = {"message": "ok", "status": "ok", "data": LONG}
    assert read(written(tmp_path / "b.json", json.dumps(page, indent=2))).columns["text"] == ["it rained", "what a day"]
    assert not caplog.messages


def test_a_text_beside_objects_that_may_be_rows_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    value = {"text": "I loved it", "tokens": [{"t": "I"}, {"t": "loved"}]}
    assert read(written(tmp_path / "a.json", json.dumps(value, indent=2))).columns == {"t": ["I", "loved"]}
    assert "the text under 'text' is not read, only the objects under 'tokens'" in caplog.text


@pytest.mark.parametrize("indent", [None, 1])
def test_rows_with_texts_far_from_the_beginning_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, indent: int | None
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 500)
    far = [{"id": number, "vector": [0] * 400, **row} for number, row in enumerate(LONG)]
    value = {"meta": "x" * 70_000, "items": far, "other": [{"id": 1}]}
    found = read(written(tmp_path / "a.json", json.dumps(value, indent=indent)))
    assert found.columns["text"] == ["it rained", "what a day"]
    assert "the objects under 'other' are not read, only those under 'items'" in caplog.text


@pytest.mark.parametrize("indent", [None, 1])
def test_a_long_row_that_stands_alone_is_a_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, indent: int | None
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 500)
    row = {"text": "it rained " * 8_000, "label": "bad", "tokens": [{"t": "it"}]}
    found = read(written(tmp_path / "a.json", json.dumps(row, indent=indent)))
    assert found.columns == {key: [value] for key, value in row.items()}


def test_a_single_row_as_a_tool_writes_it_is_a_row(tmp_path: Path) -> None:
    row = {"id": 1, "data": {"text": "I loved it"}, "annotations": [{"result": []}]}
    assert read(written(tmp_path / "a.json", json.dumps(row))).columns["text"] == ["I loved it"]


def test_the_schema_that_pandas_writes_is_no_rival(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    value = {"schema": {"fields": [{"name": "wish", "type": "string"}]}, "data": [{"wish": "a"}, {"wish": "b"}]}
    assert read(written(tmp_path / "a.json", json.dumps(value))).columns == {"wish": ["a", "b"]}
    assert not caplog.text


def test_splits_beside_the_names_of_labels(tmp_path: Path) -> None:
    value = {"train": LONG, "test": LONG, "label_names": ["bad", "good"]}
    assert read(written(tmp_path / "a.json", json.dumps(value))).columns["split"] == ["train"] * 2 + ["test"] * 2


@pytest.mark.parametrize("piece", [60, 1 << 20], ids=["in pieces", "at once"])
@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"version": "1.0"}, "'info' is not read, only the splits"),
        ({"authors": [{"name": "somebody"}]}, "the objects under 'info' are not read, only the splits"),
        ([{"id": 0, "name": "bad"}], "the objects under 'info' are not read, only the splits"),
    ],
)
def test_what_is_told_about_splits_beside_them_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    beside: dict[str, Any],
    told: str,
    piece: int,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(json_stream, "PIECE", piece)
    for value in ({"train": LONG, "test": LONG, "info": beside}, {"info": beside, "train": LONG, "test": LONG}):
        caplog.clear()
        found = read(written(tmp_path / "a.json", json.dumps(value)))
        assert found.columns["split"] == ["train"] * 2 + ["test"] * 2
        assert told in caplog.text


def test_columns_of_splits_beside_what_is_told_about_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    value = {"info": {"version": "1"}, "train": COLUMNS, "test": COLUMNS, "name": "reviews"}
    found = read(written(tmp_path / "a.json", json.dumps(value)))
    assert found.columns == {"split": ["train"] * 2 + ["test"] * 2, "text": ["a", "b"] * 2, "label": [1, 2] * 2}
    assert "only the splits are read, and not 'info'" in caplog.text
    written(tmp_path / "a.json", json.dumps({**value, "more": COLUMNS}))
    caplog.clear()
    assert len(read(tmp_path / "a.json").lines) == 4
    assert [record.levelname for record in caplog.records if "'more'" in record.getMessage()] == ["WARNING"]


def test_rows_beside_splits_are_refused(tmp_path: Path) -> None:
    value = {"train": LONG, "test": LONG, "info": {"examples": LONG}}
    with pytest.raises(DataError, match=r"has rows under 'train' and under 'info\.examples'"):
        read(written(tmp_path / "a.json", json.dumps(value)))


def test_what_the_beginning_of_a_long_object_did_not_tell_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 60)
    monkeypatch.setattr(json_files, "BATCH_ROWS", 2)
    cases = [
        ({"train": ROWS * 3, "other": ROWS}, "has splits, and something else under 'other'"),
        ({"data": ROWS * 3, "other": ROWS}, "has rows under 'data' and under 'other'"),
    ]
    for value, message in cases:
        with pytest.raises(DataError) as refused:
            read(written(tmp_path / "a.json", json.dumps(value)))
        assert message in refused.value.message


def test_the_beginning_of_a_text_is_completed() -> None:
    text = json.dumps({"a": [{"b": "},]"}, {"c": 'x"'}], "d": {"e": 1, "f": [2, 3]}})
    for end in range(len(text)):
        start = completed(text[:end])
        assert not start or isinstance(json.loads(start), dict)
    assert completed(text[:-4]) == text[: text.rindex(",")] + "]}}"


@pytest.mark.parametrize(
    ("start", "one"),
    [
        ('{"text": {"0": "a"', True),
        ('{"data": [{"text": "a"}]}\n', True),
        ('{\n  "data": [', True),
        ('{"text": "a"}\n{"text": "b"}', False),
        ('{"text": {"body": "a"}}\n{"text": {"body": "b"}}', False),
        ('{"text": "a"', False),
        ('{"text": "' + "a" * LONG_START, True),
    ],
)
def test_a_file_begins_like_a_single_object(start: str, one: bool) -> None:
    assert may_be_one_object(start) == one
