"""How predictions are written: CSV, TSV, JSON lines and Parquet, and where they may be."""

import io
import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clf.errors import ClfError, OutputError, UsageError
from clf.storage.prediction_formats import ArrowType, Table, header, join_parquet, join_text, write_parquet, write_rows
from clf.storage.prediction_parts import LabelledCounts, Parts, check_output
from conftest import RunClf
from support.predicting import table


def written(suffix: str, values: Table) -> str:
    file = io.StringIO()
    write_rows(file, suffix, values)
    return file.getvalue()


def joined(folder: Path, windows: list[Table], types: dict[str, ArrowType] | None = None) -> pa.Table:
    """Write windows as Parquet, and read what they are joined into."""
    parts = Parts(folder / "out.parquet", types or {})
    with parts.open({}, resume=False):
        for number, window in enumerate(windows):
            parts.add(number, window, LabelledCounts())
        parts.join(list(windows[0]), {})
    return pq.read_table(folder / "out.parquet")


def test_nothing_is_written_through_a_link_in_the_place_of_a_part(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "part").symlink_to("precious")
    for write in (lambda path: join_text(path, [], "a\n"), lambda path: join_parquet(path, [], []),
                  lambda path: write_parquet(path, {"a": [1]}, {})):  # fmt: skip
        with pytest.raises(FileExistsError):
            write(tmp_path / "part")
    assert (tmp_path / "precious").read_text() == "precious"


# --- text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""), ("", ""), (0, "0"), (1.5, "1.5"), (1e-7, "1e-07"), (True, "true"), (False, "false"),
        ("é 日", "é 日"), ("a,b", '"a,b"'), ('"a"', '"""a"""'), ("a\nb", '"a\nb"'), ("a\tb", "a\tb"),
        ([1, "é", None], '"[1, ""é"", null]"'), ([("a", math.nan)], '"[[""a"", null]]"'), ([math.nan, {"a": -math.inf}], '"[null, {""a"": null}]"'), ({"d": date(2024, 2, 29)}, '"{""d"": ""2024-02-29""}"'),
    ],
)  # fmt: skip
def test_a_value_in_a_cell(value: Any, cell: str) -> None:
    assert written(".csv", {"a": [value], "b": ["x"]}) == f"{cell},x\n"


def test_a_tab_is_quoted_in_tsv_and_a_comma_is_not() -> None:
    assert written(".tsv", {"a": ["a,b", "a\tb"], "b": [1, 2]}) == 'a,b\t1\n"a\tb"\t2\n'


def test_only_the_row_with_a_carriage_return_is_quoted_in_all_its_cells() -> None:
    assert written(".csv", {"a": ["a\rb", "c"], "b": [1, None]}) == '"a\rb","1"\nc,\n'


def test_json_lines_keep_the_kinds_of_values_but_what_json_lacks_is_null() -> None:
    values: list[Any] = [None, True, 1, 1.0, "é\n", [1, {"a": None}], math.nan, math.inf, -math.inf, date(2024, 2, 29)]
    lines = written(".jsonl", {"a b": values, "text": ["x"] * len(values)}).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"a b": value, "text": "x"} for value in [*values[:6], None, None, None, "2024-02-29"]
    ]
    assert lines[4] == '{"a b": "é\\n", "text": "x"}'


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_no_rows_are_no_lines_and_columns_of_different_lengths_an_error(suffix: str) -> None:
    assert written(suffix, {"a": [], "b": []}) == ""
    with pytest.raises(ValueError, match="shorter"):
        written(suffix, {"a": [1, 2], "b": [1]})


@pytest.mark.parametrize(
    ("suffix", "line"), [(".csv", '"a,b","c""d",e\n'), (".tsv", 'a,b\t"c""d"\te\n'), (".jsonl", ""), (".parquet", "")]
)
def test_the_header_is_quoted_as_the_rows_are_and_only_in_tables_of_text(suffix: str, line: str) -> None:
    assert header(["a,b", 'c"d', "e"], suffix) == line


# --- Parquet ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "kind", "values"),
    [
        ([1, None], [2], pa.int64(), [1, None, 2]),
        ([None], [3], pa.int64(), [None, 3]),
        ([None], [None], pa.null(), [None, None]),
        ([1], [1.5, None], pa.float64(), [1.0, 1.5, None]),
        ([1], ["a"], pa.large_string(), ["1", "a"]),
        ([True], [1], pa.large_string(), ["true", "1"]),
        ([1, "a", {"b": None}], ["c"], pa.large_string(), ["1", "a", '{"b": null}', "c"]),
        ([{"a": 1}], [{"a": "é"}], pa.large_string(), ['{"a": 1}', '{"a": "é"}']),
        ([[]], [["a"], None], pa.large_string(), ["[]", '["a"]', None]),
        ([2**70], [None], pa.large_string(), [str(2**70), None]),
        (["a\udce9"], ["é"], pa.large_string(), ["a?", "é"]),
    ],
)
def test_a_column_has_one_type_that_holds_the_values_of_all_windows(
    tmp_path: Path, first: list[Any], second: list[Any], kind: pa.DataType, values: list[Any]
) -> None:
    whole = joined(tmp_path, [{"a": first}, {"a": second}])
    assert (whole["a"].type, whole["a"].to_pylist()) == (kind, values)


def test_known_types_are_kept_where_the_values_allow_it(tmp_path: Path) -> None:
    types = {"small": pa.int8(), "label": "string", "confidence": "float64", "wrong": pa.int8()}
    window = {"small": [1], "label": [None], "confidence": [None], "wrong": ["a"], "other": ["b"]}
    whole = joined(tmp_path, [window], types)
    kinds = {"small": pa.int8(), "label": pa.string(), "confidence": pa.float64(), "wrong": pa.large_string(),
             "other": pa.string()}  # fmt: skip
    assert dict(zip(whole.column_names, whole.schema.types, strict=True)) == kinds
    assert whole.to_pylist() == [{name: values[0] for name, values in window.items()}]


# --- where the output goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.jsonl", "out.parquet", "OUT.CSV", "a b.é.Parquet"])
def test_an_output_may_have_each_extension_in_any_case(own_folder: Path, name: str) -> None:
    check_output(Path(name), Path("new.csv"), overwrite=False)
    check_output(None, None, overwrite=False)
    assert list(own_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "overwrite", "kind", "message", "hint"),
    [
        ("out", True, UsageError, "--output out has no supported extension", "use one of .csv .tsv .jsonl .parquet"),
        ("out.csv.gz", True, UsageError, "--output out.csv.gz has no supported extension",
         "use one of .csv .tsv .jsonl .parquet"),
        ("folder.csv", True, OutputError, "--output folder.csv is a folder", "pass the path of a file"),
        ("a/b/out.csv", True, OutputError, "--output a/b/out.csv is in a folder that does not exist",
         "create it first: mkdir -p a/b"),
        ("new.csv/out.csv", True, OutputError, "--output new.csv/out.csv is in a folder that does not exist",
         "choose another --output"),
        ("new.csv", True, OutputError, "--output new.csv is the input file", "choose another --output"),
        ("folder.csv/../link.csv", True, OutputError, "--output folder.csv/../link.csv is the input file",
         "choose another --output"),
        ("old.csv", False, OutputError, "old.csv already exists", "pass --overwrite, or choose another --output"),
    ],
)  # fmt: skip
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_computed(
    own_folder: Path, output: str, overwrite: bool, kind: type[ClfError], message: str, hint: str
) -> None:
    (own_folder / "folder.csv").mkdir()
    for name in ("new.csv", "old.csv"):
        (own_folder / name).write_text("text\n")
    (own_folder / "link.csv").symlink_to("new.csv")
    with pytest.raises(kind) as refused:
        check_output(Path(output), Path("new.csv"), overwrite=overwrite)
    assert (refused.value.message, refused.value.hint) == (message, hint)
    check_output(own_folder / "old.csv", Path("new.csv"), overwrite=True)


# --- from one end to the other ----------------------------------------------------------------------------


def test_windows_whose_values_differ_in_kind_are_joined(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.predict.WINDOW", 2)
    rows: list[dict[str, Any]] = [
        {"text": "a wonderful film", "mixed": 1, "number": 1, "large": 2**53 + 1},
        {"text": "dull", "mixed": 2, "number": 2},
        {"text": "great", "mixed": {"y": 2}, "number": 1.5, "late": "x", "large": 0.5},
        {"text": "boring"},
        {"text": "", "mixed": "word", "number": None},
    ]
    Path("new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("out.parquet", "out.csv"):
        done = clf("predict", trained, "new.jsonl", "--output", name)
        assert done.code == 0, done.err
    written = pq.read_table("out.parquet")
    assert written["text"].to_pylist() == [row["text"] for row in rows]
    assert written["mixed"].to_pylist() == ["1", "2", '{"y": 2}', None, "word"]
    assert (written["number"].type, written["number"].to_pylist()) == (pa.float64(), [1.0, 2.0, 1.5, None, None])
    assert written["large"].to_pylist() == ["9007199254740993", None, "0.5", None, None]
    assert written["late"].to_pylist() == [None, None, "x", None, None]
    assert [(row["mixed"], row["late"], row["error"]) for row in table("out.csv")] == [
        ("1", "", ""), ("2", "", ""), ('{"y": 2}', "x", ""), ("", "", ""), ("word", "", "empty text")
    ]  # fmt: skip


def test_a_carriage_return_in_a_text_does_not_part_its_row_in_csv(clf: RunClf, trained: Path) -> None:
    Path("new.jsonl").write_text(json.dumps({"id": 1, "text": "a wonderful\rfilm"}) + "\n")
    for name in ("out.csv", "out.tsv"):
        assert clf("predict", trained, "new.jsonl", "--output", name).code == 0
        assert [(row["id"], row["text"]) for row in table(name)] == [("1", "a wonderful\rfilm")], name
