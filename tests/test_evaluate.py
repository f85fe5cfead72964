"""`clf evaluate`: one model, one split, every number."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet
import pytest

from clf.data.sources.synthetic import synthetic_reviews
from clf.storage.locks import locked_place
from conftest import FAST, RunClf, review_rows, write_csv


def labelled(split: str, seed: int = 42, rows: int = 100) -> list[tuple[str, str]]:
    return [(review.text, review.label) for review in synthetic_reviews(rows, seed)[split]]


def test_without_a_dataset_the_recorded_test_split_is_measured(clf: RunClf, trained: Path) -> None:
    done = clf("evaluate", trained, "--json")
    assert done.code == 0, done.err
    result = done.json
    assert (result["model"], result["dataset"], result["split"], result["rows"]) == ("trained", "synthetic", "test", 20)
    recorded = json.loads((trained / "clf.json").read_text())["metrics"]["test"]
    assert result["metrics"] == pytest.approx(recorded, abs=1e-5)
    assert set(result["metrics"]) == {
        "accuracy", "macro_precision", "macro_recall", "macro_f1", "micro_f1", "weighted_precision", "weighted_recall", "weighted_f1", "balanced_accuracy", "mcc", "auroc", "average_precision", "mean_confidence", "ece", "ece_expected", "brier", "log_loss",
    }  # fmt: skip
    assert set(result["per_class"]) == {"negative", "positive"}
    assert sum(map(sum, result["confusion_matrix"])) == 20
    assert result["leaked_rows"] == 0


@pytest.mark.parametrize("command", [["evaluate"], ["compare", "--baseline", "majority", "--on-inconclusive", "pass"]])
def test_rejected_rows_are_measured_on_if_their_column_is_ignored(
    clf: RunClf, trained: Path, command: list[str]
) -> None:
    rows = [(*row, "reject" if number % 5 == 0 else "accept") for number, row in enumerate(labelled("test", seed=7))]
    write_csv(Path("new.csv"), rows, header=("text", "label", "answer"))
    counts = []
    for more in ([], ["--ignore-column", "answer"]):
        done = clf(command[0], trained, *command[1:], "--dataset", "new.csv", "--json", "--overwrite", *more)
        assert done.code == 0, done.err
        counts.append(done.json["rows"])
    assert counts == [16, 20]


def test_it_leaves_metrics_predictions_a_report_and_its_settings(clf: RunClf, trained: Path) -> None:
    done = clf("evaluate", trained)
    folder = Path("evaluations/trained_synthetic_test")
    assert {path.name for path in folder.iterdir()} == {
        "metrics.json",
        "predictions.parquet",
        "report.md",
        "settings.json",
    }
    assert pyarrow.parquet.read_table(folder / "predictions.parquet").num_rows == 20
    assert "Confusion matrix" in done.out
    assert "Next: clf compare" in done.out


def test_another_file_is_measured_whole_with_labels_matched_by_name(
    clf: RunClf, trained: Path, own_folder: Path
) -> None:
    rows = labelled("test", seed=7)
    forward = clf("evaluate", trained, "--dataset", write_csv(own_folder / "a.csv", rows), "--json").json
    assert forward["rows"] == 20
    # The other way round in the file, the labels have other numbers; by name they are the same.
    backward = clf("evaluate", trained, "--dataset", write_csv(own_folder / "b.csv", rows[::-1]), "--json").json
    assert forward["metrics"] == pytest.approx(backward["metrics"], abs=1e-5)


def test_labels_the_model_does_not_know_are_refused_and_can_be_renamed(
    clf: RunClf, trained: Path, own_folder: Path
) -> None:
    rows = [(text, {"positive": 1, "negative": 0}[label]) for text, label in labelled("test", seed=7)]
    path = write_csv(own_folder / "a.csv", rows)
    refused = clf("evaluate", trained, "--dataset", path)
    assert refused.code == 1
    assert "'0', '1', but the model's are 'negative', 'positive'" in refused.err
    assert "--label-map" in refused.err
    assert clf("evaluate", trained, "--dataset", path, "--label-map", "0=negative,1=positive").code == 0


def test_texts_of_the_training_are_refused_unless_allowed(clf: RunClf, trained: Path, own_folder: Path) -> None:
    path = write_csv(own_folder / "a.csv", labelled("train")[:5] + labelled("test"))
    refused = clf("evaluate", trained, "--dataset", path)
    assert refused.code == 1
    assert "5 of 25 evaluation texts were in the training data" in refused.err
    allowed = clf("evaluate", trained, "--dataset", path, "--allow-leak", "--json").json
    assert allowed["leaked_rows"] == 5
    assert allowed["without_leaks"] == pytest.approx(clf("evaluate", trained, "--json").json["metrics"], abs=1e-5)


def test_a_split_and_a_sample_can_be_chosen(clf: RunClf, trained: Path) -> None:
    result = clf("evaluate", trained, "--split", "validation", "--max-eval-samples", 4, "--json").json
    assert (result["split"], result["rows"]) == ("validation", 4)


def test_the_dataset_is_found_again_when_the_run_folder_is_gone(clf: RunClf, trained: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(trained, tmp_path / "moved"))
    record = json.loads((moved / "clf.json").read_text())
    record["dataset"]["prepared"] = str(tmp_path / "gone")
    (moved / "clf.json").write_text(json.dumps(record))
    here = clf("evaluate", trained, "--json").json["metrics"]
    assert clf("evaluate", moved, "--json").json["metrics"] == pytest.approx(here, abs=1e-5)


def test_a_positive_class_is_shown_on_request(clf: RunClf, trained: Path) -> None:
    assert clf("evaluate", trained, "--positive-label", "positive", "--json").json["positive_class"]["rows"] == 10
    refused = clf("evaluate", trained, "--positive-label", "great")
    assert refused.code == 2
    assert "is not a label of the model" in refused.err


def test_a_class_without_rows_is_said_and_undefined(clf: RunClf, trained: Path, own_folder: Path) -> None:
    rows = [row for row in labelled("test", seed=7) if row[1] == "positive"]
    done = clf("evaluate", trained, "--dataset", write_csv(own_folder / "a.csv", rows), "--json")
    assert done.code == 0, done.err
    assert "no text to measure on has the label negative" in done.err
    assert done.json["per_class"]["negative"]["recall"] is None


def trained_on(clf: RunClf, encoder: Path, folder: Path, dataset: object, *arguments: object) -> Path:
    done = clf("train", "--model", encoder, *FAST, "--dataset", dataset, "--output-dir", folder, *arguments)
    assert done.code == 0, done.err
    return folder


def test_a_file_of_the_same_name_elsewhere_is_another_dataset(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(own_folder / "reviews.csv", review_rows())
    model = trained_on(clf, tiny_encoder, tmp_path / "model", "reviews.csv")
    assert clf("evaluate", model, "--dataset", "reviews.csv", "--json").json["rows"] == 4
    (own_folder / "other").mkdir()
    write_csv(own_folder / "other" / "reviews.csv", [(f"a new one: {text}", label) for text, label in review_rows(30)])
    monkeypatch.chdir(own_folder / "other")
    assert clf("evaluate", model, "--dataset", "reviews.csv", "--json").json["rows"] == 30


def test_an_edited_source_leaves_the_test_split_of_the_training_alone(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path
) -> None:
    path = write_csv(own_folder / "reviews.csv", review_rows())
    model = trained_on(clf, tiny_encoder, tmp_path / "model", path)
    before = clf("evaluate", model, "--json").json["metrics"]
    write_csv(path, [*review_rows(), ("one more wonderful film", "good")])
    assert clf("evaluate", model, "--json").json["metrics"] == pytest.approx(before, abs=1e-5)
    assert clf("compare", model, "--baseline", "tfidf").code in {0, 3, 4}
    named = clf("evaluate", model, "--dataset", path)
    assert named.code == 1
    assert "has changed since the model was trained" in named.err
    assert "were in the training data" in named.err


def test_a_model_outlives_the_prepared_dataset_it_was_trained_on(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path
) -> None:
    rows = [(f"title {number}", text, label) for number, (text, label) in enumerate(review_rows())]
    write_csv(own_folder / "tickets.csv", rows, ("subject", "words", "queue"))
    columns = ("--text-column", "words", "--label-column", "queue", "--label-map", "good=fine", "--seed", 5)
    assert clf("prepare", "--dataset", "tickets.csv", *columns).code == 0
    model = trained_on(clf, tiny_encoder, tmp_path / "model", "prepared/tickets")
    before = clf("evaluate", model, "--json").json["metrics"]
    shutil.rmtree("prepared/tickets")
    assert clf("evaluate", model, "--json").json["metrics"] == pytest.approx(before, abs=1e-5)
    shutil.rmtree(tmp_path / "model.run")
    assert clf("evaluate", model, "--json").json["metrics"] == pytest.approx(before, abs=1e-5)


def test_rows_that_are_all_dropped_are_said(clf: RunClf, trained: Path, own_folder: Path) -> None:
    done = clf("evaluate", trained, "--dataset", write_csv(own_folder / "a.csv", [("a film", ""), ("b film", "")]))
    assert done.code == 1
    assert "has no row with both a text and a label" in done.err


def test_a_measurement_never_replaces_the_model_it_reads(clf: RunClf, trained: Path) -> None:
    done = clf("evaluate", trained, "--output-dir", trained, "--overwrite")
    assert done.code == 1
    assert "which the command reads" in done.err
    assert (trained / "model.safetensors").exists()


def test_a_source_that_changed_is_never_measured_as_the_recorded_one(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(own_folder / "reviews.csv", review_rows())
    model = trained_on(clf, tiny_encoder, tmp_path / "model", "reviews.csv")
    shutil.rmtree(tmp_path / "model.run")
    (own_folder / "other").mkdir()
    write_csv(own_folder / "other" / "reviews.csv", review_rows(20))
    write_csv(path, [(f"new: {text}", label) for text, label in review_rows()])
    changed = clf("evaluate", model)
    assert changed.code == 1
    assert "has changed since the model was trained" in changed.err
    path.unlink()
    monkeypatch.chdir(own_folder / "other")
    gone = clf("evaluate", model)
    assert gone.code == 1
    assert "does not exist" in gone.err


def test_further_files_are_found_from_any_folder_and_not_needed_once_kept(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(own_folder / "all.csv", review_rows())
    write_csv(own_folder / "val.csv", [("a new wonderful film", "good"), ("a new dull film", "bad")])
    model = trained_on(clf, tiny_encoder, tmp_path / "model", "all.csv", "--validation", "val.csv")
    (own_folder / "sub").mkdir()
    monkeypatch.chdir(own_folder / "sub")
    for _ in range(2):
        result = clf("evaluate", model, "--dataset", "../all.csv", "--split", "validation", "--json")
        assert result.code == 0, result.err
        assert result.json["rows"] == 2
        (own_folder / "val.csv").unlink(missing_ok=True)


def test_no_measurement_replaces_what_a_model_still_needs(
    clf: RunClf, tiny_encoder: Path, own_folder: Path, tmp_path: Path
) -> None:
    model = trained_on(clf, tiny_encoder, tmp_path / "model", write_csv(own_folder / "all.csv", review_rows()))
    champion = Path(shutil.copytree(model, tmp_path / "champion"))
    for command in (
        ("evaluate", model, "--output-dir", tmp_path / "model.run"),
        ("compare", model, "--baseline", champion, "--output-dir", champion),
    ):
        done = clf(*command, "--overwrite")
        assert done.code == 1
        assert "which the command reads" in done.err
    assert (champion / "model.safetensors").exists()


# --- what it must not write ---------------------------------------------------------------------------------


def test_a_report_never_replaces_what_is_not_one_before_anything_is_computed(
    clf: RunClf, trained: Path, own_folder: Path
) -> None:
    data = write_csv(own_folder / "a.csv", labelled("test", seed=7))
    content = data.read_bytes()
    for flags in (["--report", data], ["--report", data, "--overwrite"]):
        done = clf("evaluate", trained, "--dataset", data, *flags)
        assert (done.code, f"error: {data} is {data}, which the command reads" in done.err) == (1, True), done.err
    assert data.read_bytes() == content
    (own_folder / "thesis.html").write_text("precious")
    done = clf("evaluate", trained, "--report", "thesis.html")
    assert "error: thesis.html exists and is not a report of clf" in done.err
    assert "or pass --overwrite to replace it" in done.err
    assert (own_folder / "thesis.html").read_text() == "precious"
    done = clf("evaluate", trained, "--output-dir", "result", "--report", "result/page.html", "--overwrite")
    assert "error: result/page.html is inside the output folder result" in done.err
    assert sorted(path.name for path in own_folder.iterdir()) == ["a.csv", "thesis.html"]


def test_while_another_process_uses_its_place_nothing_is_computed(clf: RunClf, trained: Path, own_folder: Path) -> None:
    place = own_folder / "evaluations" / "trained_synthetic_test"
    with locked_place(place):
        done = clf("evaluate", trained)
        assert (done.code, f"is using {place.resolve()}" in done.err) == (1, True), done.err
    assert not list(own_folder.iterdir())
