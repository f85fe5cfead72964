"""`clf predict`: new texts in, labels out, nothing of the input lost."""

import csv
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import clf as package
from clf.data.reading.batch import Batch
from clf.errors import OutputError
from clf.models.record import CalibrationRecord, read_model_record
from clf.predict import predict_file, tell_calibration
from clf.predictor import Prediction
from clf.reports.labelled_rows import LabelledRows
from clf.settings_sources import load_settings
from conftest import RunClf
from support.classifiers import write_tiny_classifier
from support.predicting import table
from support.tiny import review_rows, write_csv

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
        rows = pq.read_table(name).to_pylist()
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
    in_json = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    for rows, values in (
        (pq.read_table("out.parquet").to_pylist(), ["1", '{"y": 2}']),
        (in_json, [1, {"y": 2}]),
        (table("out.csv"), ["1", '{"y": 2}']),
    ):
        assert [row["text"] for row in rows] == ["a film", "b \ufffd film"]
        assert [row["x"] for row in rows] == values


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


def test_the_columns_of_the_answers_have_the_same_types_whatever_the_answers(clf: RunClf, trained: Path) -> None:
    kinds = []
    for number, content in enumerate(("a film\n", "a film\n\n", "<br>\n")):
        Path("new.txt").write_text(content)
        done = clf("predict", trained, "new.txt", "--output", f"{number}.parquet")
        assert done.code == 0, done.err
        schema = pq.read_schema(f"{number}.parquet")
        kinds.append([str(schema.field(name).type) for name in ("label", "confidence", "error")])
    assert kinds == [["string", "double", "string"]] * 3


def test_an_output_that_exists_is_replaced_only_when_asked(clf: RunClf, trained: Path, new_texts: Path) -> None:
    Path("out.csv").write_text("mine")
    refused = clf("predict", trained, new_texts, "--output", "out.csv")
    assert refused.code == 1
    assert "out.csv already exists" in refused.err
    assert "--overwrite" in refused.err
    assert Path("out.csv").read_text() == "mine"
    done = clf("predict", trained, new_texts, "--output", "out.csv", "--overwrite")
    assert done.code == 0, done.err
    assert len(table("out.csv")) == 20


def test_texts_from_the_command_line_that_are_no_characters_are_written(clf: RunClf, trained: Path) -> None:
    done = clf("predict", trained, "--text", "a film \udce9", "--output", "out.csv")
    assert done.code == 0, done.err
    assert table("out.csv")[0]["text"] == "a film ?"


def test_the_command_and_python_give_the_same_numbers_over_several_windows(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("clf.predict", "clf.predictor", "clf.models.inference"):
        monkeypatch.setattr(f"{module}.WINDOW", 7)
    monkeypatch.setattr("clf.models.inference.FIRST", 1)
    monkeypatch.setattr("clf.models.inference.TOLERANCE", 1e-3)
    texts = [text for text, _ in review_rows(40)]
    write_csv(own_folder / "new.csv", review_rows(40))
    assert clf("predict", trained, "new.csv", "--output", "out.parquet", "--all-scores").code == 0
    by_command = pq.read_table("out.parquet")["predicted_score_positive"].to_pylist()
    by_python = [
        round(answer.scores["positive"], 6) for answer in package.load(trained, load_settings()).predict(texts)
    ]
    assert by_python == by_command


# --- the columns of the output ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "scored", "ours"),
    [
        (["text"], [], ["label", "confidence", "error"]),
        (["text"], ["b", "a"], ["label", "confidence", "score_b", "score_a", "error"]),
        (["Label", "predicted_label"], [], ["label", "confidence", "error"]),
        (["error"], [], ["predicted_label", "predicted_confidence", "predicted_error"]),
        (["score_a"], [], ["label", "confidence", "error"]),
        (["score_a"], ["a"], ["predicted_label", "predicted_confidence", "predicted_score_a", "predicted_error"]),
        (["label", "predicted_error"], [],
         ["predicted_predicted_label", "predicted_predicted_confidence", "predicted_predicted_error"]),
    ],
)  # fmt: skip
def test_columns_of_clf_come_last_under_names_that_are_free(
    names: list[str], scored: list[str], ours: list[str]
) -> None:
    layout = LabelledRows(names, scored)
    assert layout.columns == [*names, *ours]
    assert layout.types == {
        name: "string" if number in (0, len(ours) - 1) else "float64" for number, name in enumerate(ours)
    }


def test_a_table_holds_the_rows_with_rounded_answers_and_the_reason_where_there_is_none() -> None:
    batch = Batch({"id": [1, 2, 3], "text": ["a", "", "c"]}, [2, 3, 4], problems={1: "line 3 is bad", 2: "a bad byte"})
    answers = [
        Prediction("yes", 0.12345678, {"no": 0.99999999, "yes": 0.12345678}),
        Prediction("", None, {}, "empty text"),
        Prediction("abstain", 1.0, {"no": 1.0, "yes": 0.0}),
    ]
    assert LabelledRows(["text", "late", "id"], ["yes"]).table(batch, answers) == {
        "text": ["a", "", "c"],
        "late": [None, None, None],
        "id": [1, 2, 3],
        "label": ["yes", None, "abstain"],
        "confidence": [0.123457, None, 1.0],
        "score_yes": [0.123457, None, 0.0],
        "error": [None, "line 3 is bad", "a bad byte"],
    }


# --- texts --------------------------------------------------------------------------------------------------


def test_several_text_columns_are_read_as_one_text_and_what_is_no_text_is_an_error(
    clf: RunClf, trained: Path, own_folder: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"a": "a wonderful", "b": "film"}, {"a": " ", "b": "a wonderful film"}, {"b": 7}, {"a": None, "b": ""},
        {"a": ["x"], "b": "film"}, {"a": "film", "b": {"x": 1}},
    ]  # fmt: skip
    (own_folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = ("--text-column", "a", "--text-column", "b")
    done = clf("predict", trained, "new.jsonl", *columns, "--output", "out.jsonl", "--json")
    assert done.code == 0, done.err
    assert "text from a + b" in done.err
    assert (done.json["rows"], done.json["errors"]) == (6, 3)
    written = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [row["error"] for row in written] == [
        None, None, None, "empty text", "a holds a list, expected text", "b holds a object, expected text"
    ]  # fmt: skip
    assert (written[0]["label"], written[0]["confidence"]) == (written[1]["label"], written[1]["confidence"])


def test_rows_below_the_threshold_and_rows_without_a_text_are_counted_apart(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None
) -> None:
    of_file = clf("predict", trained, new_texts, "--threshold", 1.0, "--output", "out.csv", "--json").json
    assert (of_file["rows"], of_file["abstained"], of_file["errors"]) == (20, 17, 3)
    assert "predictions" not in of_file
    typed = clf("predict", trained, "--text", "a film", "--text", " ", "--threshold", 1.0, "--json").json
    assert (typed["rows"], typed["abstained"], typed["errors"]) == (2, 1, 1)
    assert [one["text"] for one in typed["predictions"]] == ["a film", " "]


# --- what is said -------------------------------------------------------------------------------------------


def test_flags_that_need_an_output_file_say_so(clf: RunClf, trained: Path, new_texts: Path) -> None:
    for flags, said in (((), False), (("--overwrite",), True), (("--resume",), True)):
        done = clf("predict", trained, new_texts, *flags)
        assert done.code == 0
        assert ("--overwrite and --resume have no effect without --output" in done.err) is said


def test_why_confidence_is_not_calibrated_is_said_if_it_is_known_and_decides_what_is_answered(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "clf.predict")
    predictor, record = package.load(trained), read_model_record(trained)
    assert record
    for calibration in (None, CalibrationRecord(), CalibrationRecord(reason="too few rows")):
        predictor.classifier.record = record.with_values(calibration=calibration)
        tell_calibration(predictor)
    assert caplog.messages == []  # training and evaluating say so; here, nothing depends on it
    predictor.classifier.given_threshold = 0.9
    tell_calibration(predictor)
    predictor.classifier.record = None
    tell_calibration(predictor)
    assert caplog.messages == ["confidence is not calibrated: too few rows"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_said(trained: Path, new_texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with suppress(OSError), open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match=r"^cannot write to stdout: No space left on device$") as refused:
            predict_file(str(trained), new_texts, None, load_settings())
        assert refused.value.hint == "free some space"


def test_a_class_called_abstain_is_not_counted_as_no_answer(clf: RunClf, tmp_path: Path) -> None:
    model = write_tiny_classifier(tmp_path / "model", ("abstain", "abstain too"))
    Path("new.txt").write_text("a film\nan awful bore\n")
    for threshold, abstained in ((0.0, 0), (1.0, 2)):
        done = clf(
            "predict", model, "new.txt", "--output", "out.csv", "--overwrite", "--threshold", threshold, "--json"
        )
        assert (done.json["rows"], done.json["abstained"]) == (2, abstained)
    assert [row["label"] for row in table("out.csv")] == ["(abstain)"] * 2


def test_an_unknown_home_folder_is_told(clf: RunClf, own_folder: Path) -> None:
    write_csv(own_folder / "x.csv", review_rows(2))
    done = clf("predict", "~nosuch/m", "x.csv")
    assert done.code == 1
    assert "the home folder in ~nosuch/m is unknown" in done.err
