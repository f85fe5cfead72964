"""JSON lines and JSON arrays become rows; what is no object is named by its line or kept with its problem."""

import json
import tracemalloc
from pathlib import Path

import pytest

from clf.data.reading import json_files
from clf.data.reading.batch import SHOWN, Batch
from clf.data.reading.formats import read_file
from clf.data.reading.json_files import read_json, read_jsonl
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import joined, read, written

DEEP = '{"a": ' * 100_000
BAD_FILES = [
    (
        "broken.jsonl",
        '{"text": "a"}\n{"text": \n',
        "line 2: invalid JSON at character 11 (Expecting value)",
        "one JSON",
    ),
    ("twice.jsonl", '{"a": 1, "a": 2}\n', "line 1: a key appears twice", "one JSON object per line"),
    ("list.jsonl", '{"a": 1}\n\n[1]\n', "line 3: expected an object (1 bad rows)", "one JSON object per line"),
    (
        "spread.jsonl",
        '{\n"text": "a"\n}\n',
        "is a single JSON object with the keys 'text'",
        "write one object per line",
    ),
    ("deep.jsonl", DEEP + "\n", "while decoding a JSON object from", "one JSON object per line"),
    ("broken.json", '[{"a": 1}', "is not valid JSON: Expecting ',' delimiter", "write one object per line"),
    ("after.json", '[{"a": 1}]\n x', "is not valid JSON: Extra data: line 2 column 2 (char 12)", "fix that place"),
    ("comma.json", '[{"a": 1},]', "is not valid JSON: ", "fix that place"),
    ("open.json", '[{"a": 1},', "is not valid JSON: Expecting value: line 1 column 11 (char 10)", "fix that place"),
    ("apart.json", "[{} {}]", "is not valid JSON: Expecting ',' delimiter: line 1 column 5 (char 4)", "fix that place"),
    ("twice.json", '[{"a": 1, "a": 2}]', "is not valid JSON: a key appears twice", "fix that place"),
    ("deep.json", "[" + DEEP, "while decoding a JSON object from", "fix that place"),
    ("empty.json", "[ ]", "has no rows", "expected a text in each row"),
    (
        "mixed.json",
        '[{"a": 1}, 2, [3]]',
        ": row 2: expected an object; row 3: expected an object (2 bad rows)",
        "object",
    ),
]


def kept(path: Path) -> Batch:
    """Read JSON with its bad rows."""
    reader = read_jsonl if path.suffix == ".jsonl" else read_json
    return joined(list(reader(path, DataSettings(encoding="utf-8"), keep_bad=True)))


def test_keys_that_some_rows_lack_are_columns_of_all_in_the_order_of_their_first_row(tmp_path: Path) -> None:
    rows = [{"text": "a"}, {"label": 1, " id ": None}, {"text": {"b": [1.5, True]}}]
    columns = {"text": ["a", None, {"b": [1.5, True]}], "label": [None, 1, None], "id": [None, None, None]}
    assert read(written(tmp_path / "a.json", json.dumps(rows, indent=2))) == Batch(columns, [1, 2, 3])
    lines = "\n\n".join(map(json.dumps, rows))
    assert read(written(tmp_path / "a.jsonl", lines)) == Batch(columns, [1, 3, 5])
    assert list(read(tmp_path / "a.jsonl").columns) == ["text", "label", "id"]


def test_a_key_inside_an_object_is_a_column_when_it_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"post": {"body": "x"}, "label": 1}\n')
    assert read(path, text_column=["post.body"]).columns == {"post": [{"body": "x"}], "label": [1], "post.body": ["x"]}


def test_half_a_character_in_json_is_replaced_and_a_whole_one_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "a \\ud800 b \\ud83d\\ude00"}\n')
    assert read(path).columns["text"] == ["a \ufffd b \U0001f600"]


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        (r"\uD83D\uDE00\ude00", "\U0001f600\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\\ud800", r"\ud800"),
        (r"\\\ud800", "\\\ufffd"),
        (r"\\\\ud800", r"\\ud800"),
        (r"\\ud83d\ude00", "\\ud83d\ufffd"),
        (r"\ud800\n\ud7ff\ue000", "\ufffd\n\ud7ff\ue000"),
    ],
)
def test_what_follows_a_backslash_decides_whether_it_is_half_a_character(
    tmp_path: Path, escaped: str, meant: str
) -> None:
    assert read(written(tmp_path / "a.jsonl", f'{{"text": "{escaped}"}}\n')).columns["text"] == [meant]
    assert read(written(tmp_path / "a.json", f'[{{"text": "{escaped}"}}]')).columns["text"] == [meant]


@pytest.mark.parametrize(("name", "content", "message", "hint"), BAD_FILES, ids=[case[0] for case in BAD_FILES])
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, name: str, content: str, message: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / name, content))
    assert str(tmp_path / name) in refused.value.message
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_of_many_bad_lines_the_first_are_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / "a.jsonl", '{"text": "a"}\n' + "{}}\n" * (SHOWN + 1)))
    assert f"line {SHOWN + 1}: invalid JSON at character 3 (Extra data) ({SHOWN + 1} bad rows)" in refused.value.message
    assert f"line {SHOWN + 2}" not in refused.value.message


def test_bytes_that_are_no_text_are_named_by_their_line(tmp_path: Path) -> None:
    for name, content in (("a.jsonl", b'{"text": "a"}\n{"text": "\xe9"}\n'), ("a.json", b'[{"text":\n"\xe9"}]')):
        with pytest.raises(DataError, match=r", line 2: byte 0xe9 is not utf-8") as refused:
            read(written(tmp_path / name, content), encoding="utf-8")
        assert "--encoding" in refused.value.hint


def test_bad_lines_that_are_kept_stand_in_their_place_with_the_reason(tmp_path: Path) -> None:
    content = (
        b'{"text": "a"}\n{"text": \n[1]\n{"text": "caf\xe9 and more"}\n\n{"text": "b"}\n' + b'{"text": "c"}\n' * 20
    )
    found = kept(written(tmp_path / "a.jsonl", "é".encode().join([b'{"text": "', b'"}\n']) + content))
    assert found.columns["text"][:7] == ["é", "a", None, None, "caf\ufffd and more", "b", "c"]
    assert found.lines[:7] == [1, 2, 3, 4, 5, 7, 8]
    assert found.problems == {
        2: 'line 3: invalid JSON at character 11 (Expecting value): {"text":',
        3: "line 4: expected an object: [1]",
        4: "line 5: byte 0xe9 cannot be decoded",
    }


def test_bad_rows_of_an_array_that_are_kept_stand_in_their_place_with_the_reason(tmp_path: Path) -> None:
    found = kept(written(tmp_path / "a.json", '[{"text": "a"}, null, {"text": "b"}, ["c"]]'))
    assert found == Batch(
        {"text": ["a", None, "b", None]},
        [1, 2, 3, 4],
        problems={1: "row 2: expected an object: null", 3: 'row 4: expected an object: ["c"]'},
    )


def test_new_keys_in_every_row_are_refused_and_named(tmp_path: Path) -> None:
    rows = [{"text": "a", **{f"key{row}-{key}": 1 for key in range(60)}} for row in range(200)]
    lines = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    array = written(tmp_path / "a.json", json.dumps(rows))
    for path in (lines, array):
        with pytest.raises(DataError, match=r"row 167: the objects up to here have 10,021 different keys") as refused:
            read(path)
        assert "the same keys in every object" in refused.value.hint


def test_many_keys_end_a_batch_early(tmp_path: Path) -> None:
    rows = [{"text": f"row {row}", f"key{row % 5000}": row} for row in range(6000)]
    path = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    batches = list(read_file(path, DataSettings()))
    assert all(len(batch.lines) * len(batch.columns) <= 1_000_000 for batch in batches)
    assert [line for batch in batches for line in batch.lines] == list(range(1, 6001))
    assert [text for batch in batches for text in batch.columns["text"]] == [row["text"] for row in rows]


def test_the_problems_of_rows_stay_with_them_when_a_batch_ends_early(tmp_path: Path) -> None:
    rows = [json.dumps({"text": "a", f"key{row}": row}) if row != 2500 else "no object" for row in range(3000)]
    batches = list(read_file(written(tmp_path / "a.jsonl", "{}\n" + "\n".join(rows)), DataSettings(), keep_bad=True))
    (problem,) = [(batch.lines[row], what) for batch in batches for row, what in batch.problems.items()]
    assert problem[0] == 2502
    assert problem[1].startswith("line 2502: invalid JSON")


def test_an_object_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(json_files, "LARGEST_OBJECT", 100)
    with pytest.raises(DataError, match="is a JSON object of more than 100 characters") as refused:
        read(written(tmp_path / "a.json", json.dumps({"text": ["a" * 100, "b"], "label": ["x", "y"]})))
    assert "one object per line" in refused.value.hint


def test_the_values_of_an_array_are_not_held_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(json_files, "BATCH_ROWS", 1000)
    path = written(tmp_path / "a.json", "[" + '{"a": {}}, ' * 20_000 + '{"text": "a"}]')
    tracemalloc.start()
    try:
        rows = sum(len(batch.lines) for batch in read_json(path, DataSettings(encoding="utf-8")))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert rows == 20_001


def test_keys_that_differ_only_in_what_nobody_sees_are_numbered(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"\\u200btext": "a", "text ": "b", "": 1}\n')
    assert read(path).columns == {"text": ["a"], "text.1": ["b"], "": [1]}


def test_rows_as_pandas_and_label_studio_write_them(tmp_path: Path) -> None:
    rows = Batch({"text": ["a", "b"], "label": ["x", "y"]}, [1, 2])
    columns = {"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}
    wrapped = {"data": [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]}
    assert read(written(tmp_path / "a.json", json.dumps(columns))) == rows
    assert read(written(tmp_path / "b.json", json.dumps(wrapped, indent=2))) == rows
    cells = written(tmp_path / "c.json", json.dumps([["a", "x"], ["b", "y"]]))
    assert read(cells).columns == {"0": ["a", "b"], "1": ["x", "y"]}


def test_one_object_with_an_object_in_it_is_one_row(tmp_path: Path) -> None:
    line = json.dumps({"meta": {"source": "web"}, "text": "a", "label": "x"})
    assert read(written(tmp_path / "a.jsonl", line)).columns["text"] == ["a"]
    assert read(written(tmp_path / "b.jsonl", f"{line}\n{line}\n")).columns["text"] == ["a", "a"]


def test_objects_one_after_the_other_over_several_lines_are_rows(tmp_path: Path) -> None:
    rows = [{"text": "a", "meta": {"x": [1]}}, {"text": "b"}]
    for between in ("\n", "\n\n", ""):
        path = written(tmp_path / "a.json", between.join(json.dumps(row, indent=2) for row in rows) + "\n")
        assert read(path).columns["text"] == ["a", "b"]
    with pytest.raises(DataError, match=r"is not valid JSON: Expecting value: line 9 column 1"):
        read(written(tmp_path / "a.json", json.dumps(rows[0], indent=1) + "\nand so on"))


@pytest.mark.parametrize(
    ("indent", "between"), [(None, ", "), (None, ",\n"), (None, " "), (None, ""), (1, ","), (1, "\n,\n"), (1, "")]
)
def test_objects_with_commas_or_nothing_between_them_are_rows(tmp_path: Path, indent: int | None, between: str) -> None:
    rows = [json.dumps({"text": text, "label": "x"}, indent=indent) for text in "abc"]
    for end in ("\n", ",\n"):
        found = read(written(tmp_path / "a.jsonl", between.join(rows) + end))
        assert found.columns == {"text": ["a", "b", "c"], "label": ["x"] * 3}


def test_of_several_objects_on_a_line_the_first_such_line_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = written(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": "b"}, {"text": "c"}\n{"text": "d"} {"text": "e"}\n')
    assert read(path) == Batch({"text": [*"abcde"]}, [1, 2, 2, 3, 3])
    assert caplog.text.count("is a row") == 1
    assert "line 2: each of the 2 objects on the line is a row" in caplog.text
    for end in (", 5", ', {"text": '):
        with pytest.raises(DataError, match=r"line 2: invalid JSON at character 14 \(Extra data\)"):
            read(written(path, '{"text": "a"}\n{"text": "b"}' + end))


def test_an_array_in_javascript_is_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "tweets.js", 'window.YTD.tweets.part0 = [ {"tweet": {"full_text": "a"}} ];\n')
    assert read(path).columns == {"full_text": ["a"]}
    assert "skipped 'window.YTD.tweets.part0 =' before the array" in caplog.text


def test_a_first_line_that_is_longer_than_what_is_read_at_once_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.data.reading.json_stream.PIECE", 50)
    row = {"notes": [{"text": "x" * 70_000}, {"text": "y"}], "text": "a"}
    assert read(written(tmp_path / "a.jsonl", (json.dumps(row) + "\n") * 2)).columns["text"] == ["a", "a"]


def test_the_first_list_of_cells_of_an_array_may_be_its_header(tmp_path: Path) -> None:
    rows = [["a film", "good"], ["no film", "bad"], ["one film", "good"]]
    found = read(written(tmp_path / "a.json", json.dumps([["text", "mood"], *rows])))
    assert found == Batch({"text": [text for text, _ in rows], "mood": ["good", "bad", "good"]}, [2, 3, 4])
    assert read(tmp_path / "a.json", no_header=True).columns["0"][0] == "text"
    assert list(read(written(tmp_path / "b.json", json.dumps(rows))).columns) == ["0", "1"]
    bad = written(tmp_path / "c.json", json.dumps([["text", "mood"], *rows, 5]))
    with pytest.raises(DataError, match="row 5: expected a list of cells"):
        read(bad)


@pytest.mark.parametrize(
    "row",
    [
        {"data": {"text": "x"}, "predictions": [], "mood": "good"},
        {"id": "r", "createdTime": "t", "fields": {"text": "x"}, "mood": "good"},
        {"_id": "i", "_source": {"text": "x"}, "mood": "good"},
    ],
)
def test_a_key_beside_what_a_tool_put_inside_is_a_column_when_it_is_asked_for(
    tmp_path: Path, row: dict[str, object]
) -> None:
    for name in ("a.json", "a.jsonl"):
        path = written(tmp_path / name, json.dumps([row, row]) if name == "a.json" else f"{json.dumps(row)}\n" * 2)
        assert read(path, label_column="mood").columns == {"mood": ["good"] * 2, "text": ["x"] * 2}
        assert read(path).columns == {"text": ["x"] * 2}
