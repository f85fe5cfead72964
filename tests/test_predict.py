"""`clf predict`: new texts in, labels out, nothing of the input lost."""

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest

import clf as package
from clf.settings_sources import load_settings
from conftest import RunClf, review_rows, write_csv

ROWS = [(1, "a wonderful film", "x"), (2, "", "y"), (3, "an awful bore, 'dull'", "z")]


def texts(folder: Path, header: tuple[str, ...] = ("id", "text", "note")) -> Path:
    return write_csv(folder / "new.csv", ROWS, header)


def test_texts_on_the_command_line_are_labelled(clf: RunClf, trained: Path) -> None:
    done = clf("predict", trained, "--text", "a wonderful film", "--text", "[/x] \x1b[31m dull")
    assert done.code == 0, done.err
    assert "“a wonderful film”" in done.out
    assert "Next: clf predict" in done.out
    assert "\x1b" not in done.out
    result = clf("predict", trained, "--text", "a wonderful film", "--json").json
    assert (result["rows"], result["output"]) == (1, None)
    answers = result["predictions"]
    assert answers[0]["label"] in {"negative", "positive"}
    assert sum(answers[0]["scores"].values()) == pytest.approx(1.0, abs=1e-4)


def test_a_file_keeps_its_rows_and_columns_in_order(clf: RunClf, trained: Path, own_folder: Path) -> None:
    done = clf("predict", trained, texts(own_folder), "--output", "out.csv", "--all-scores", "--json")
    assert done.code == 0, done.err
    assert {key: done.json[key] for key in ("rows", "abstained", "errors", "output")} == {
        "rows": 3,
        "abstained": 0,
        "errors": 1,
        "output": "out.csv",
    }
    with Path("out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["text"], row["note"]) for row in rows] == [
        (str(number), text, note) for number, text, note in ROWS
    ]
    assert list(rows[0]) == ["id", "text", "note", "label", "confidence", "score_negative", "score_positive", "error"]
    assert rows[1]["label"] == ""
    assert rows[1]["error"] == "empty text"
    assert float(rows[0]["confidence"]) == pytest.approx(
        max(float(rows[0]["score_negative"]), float(rows[0]["score_positive"])), abs=1e-5
    )


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.tsv"])
def test_the_ending_of_the_output_decides_its_format(clf: RunClf, trained: Path, own_folder: Path, name: str) -> None:
    assert clf("predict", trained, texts(own_folder), "--output", name).code == 0
    if name.endswith("jsonl"):
        rows = [json.loads(line) for line in Path(name).read_text().splitlines()]
    elif name.endswith("parquet"):
        rows = pyarrow.parquet.read_table(name).to_pylist()
    else:
        rows = list(csv.DictReader(Path(name).read_text().splitlines(), delimiter="\t"))
    assert [str(row["id"]) for row in rows] == ["1", "2", "3"]
    assert rows[0]["label"] in {"negative", "positive"}


def test_without_an_output_file_csv_goes_to_stdout(clf: RunClf, trained: Path, own_folder: Path) -> None:
    done = clf("predict", trained, texts(own_folder))
    assert done.out.splitlines()[0] == "id,text,note,label,confidence,error"
    assert len(done.out.splitlines()) == 4


def test_columns_of_the_same_name_are_kept_and_ours_renamed(clf: RunClf, trained: Path, own_folder: Path) -> None:
    path = texts(own_folder, ("label", "text", "note"))
    done = clf("predict", trained, path, "--output", "out.csv")
    assert done.code == 0, done.err
    assert (
        Path("out.csv").read_text().splitlines()[0]
        == "label,text,note,predicted_label,predicted_confidence,predicted_error"
    )


def test_a_threshold_turns_unsure_answers_into_abstain(clf: RunClf, trained: Path) -> None:
    assert (
        clf("predict", trained, "--text", "a film", "--threshold", 1.0, "--json").json["predictions"][0]["label"]
        == "abstain"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "the pipe is empty"),
        (("new.csv", "--text", "x"), 2, "both --text and the file new.csv were given"),
        (("new.csv", "--json"), 2, "--json needs --output"),
        (("none.csv", "--output", "out.csv"), 1, "none.csv does not exist"),
        (("new.csv", "--output", "out.xyz"), 2, "has no supported extension"),
        (("new.csv", "--output", "no/folder/out.csv"), 1, "is in a folder that does not exist"),
        (("new.csv", "--output", "new.csv", "--overwrite"), 1, "is the input file"),
        (("new.csv", "--output", "out.csv", "--text-column", "body"), 1, "has no column 'body'"),
    ],
)
def test_what_cannot_be_done_is_said(
    clf: RunClf, trained: Path, own_folder: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    before = texts(own_folder).read_bytes()
    done = clf("predict", trained, *arguments)
    assert (done.code, message in done.err) == (code, True), done.err
    assert sorted(path.name for path in own_folder.iterdir()) == ["new.csv"]
    assert (own_folder / "new.csv").read_bytes() == before


def test_three_lines_of_python_do_the_same(clf: RunClf, trained: Path) -> None:
    [answer] = package.load(trained, load_settings()).predict(["a wonderful film"])
    typed = clf("predict", trained, "--text", "a wonderful film", "--json").json["predictions"][0]
    assert (answer.label, answer.confidence) == (typed["label"], pytest.approx(typed["confidence"]))


def test_names_that_are_taken_are_never_overwritten(clf: RunClf, trained: Path, own_folder: Path) -> None:
    path = write_csv(own_folder / "new.csv", [("a film", "7", "8")], ("text", "score_negative", "predicted_label"))
    assert clf("predict", trained, path, "--output", "out.csv", "--all-scores").code == 0
    [row] = csv.DictReader(Path("out.csv").read_text().splitlines())
    assert (row["score_negative"], row["predicted_label"]) == ("7", "8")
    assert row["predicted_predicted_label"] in {"negative", "positive"}


def test_columns_that_come_late_and_a_late_error_keep_one_set_of_names(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.data.reading.json_files.BATCH_ROWS", 2)
    rows = [{"text": "a film"}] * 3 + [{"text": "", "label": "mine"}]
    (own_folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert clf("predict", trained, "new.jsonl", "--output", "out.jsonl").code == 0
    written = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert all(
        list(row) == ["text", "label", "predicted_label", "predicted_confidence", "predicted_error"] for row in written
    )
    assert [row["label"] for row in written] == [None, None, None, "mine"]


def test_values_of_several_kinds_and_half_characters_are_written(clf: RunClf, trained: Path, own_folder: Path) -> None:
    (own_folder / "new.jsonl").write_text('{"text": "a film", "x": 1}\n{"text": "b \\ud800 film", "x": {"y": 2}}\n')
    for name in ("out.parquet", "out.jsonl", "out.csv"):
        done = clf("predict", trained, "new.jsonl", "--output", name)
        assert done.code == 0, done.err


def test_typed_texts_can_go_to_a_file_with_the_settings_beside_it(clf: RunClf, trained: Path) -> None:
    assert clf("predict", trained, "--text", "a wonderful film", "--output", "out.csv").code == 0
    assert Path("out.csv").read_text().startswith("text,label,confidence,error\na wonderful film,")
    assert json.loads(Path("out.csv.settings.json").read_text())["command"] == "predict"


def test_the_text_column_of_the_training_is_remembered(clf: RunClf, tiny_encoder: Path, own_folder: Path) -> None:
    rows = [(f"title {number}", text, label) for number, (text, label) in enumerate(review_rows())]
    write_csv(own_folder / "tickets.csv", rows, ("subject", "words", "queue"))
    columns = ("--text-column", "words", "--label-column", "queue")
    assert (
        clf(
            "train", "--dataset", "tickets.csv", *columns, "--model", tiny_encoder, "--epochs", 1, "--output-dir", "m"
        ).code
        == 0
    )
    done = clf("predict", "m", "tickets.csv", "--output", "out.csv")
    assert "text from words" in done.err
