"""`clf evaluate` with a model that gives a text several labels, and the refusals of what such models have not yet."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from clf.models.configs import MULTI_LABEL
from clf.models.record import ModelRecord, write_model_record
from clf.outcomes.label_evaluation import EvaluateLabelsResult
from conftest import RunClf
from support.classifiers import write_tiny_classifier
from support.multi_label import ASPECTS, aspect_rows, write_aspects
from support.tiny import write_csv

TO_TEST = "test.jsonl"
CUTS = dict(zip(ASPECTS, (0.45, 0.5, 0.55), strict=True))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a model that knows nothing, its thresholds and a confidence, and texts to measure it on."""
    folder = tmp_path_factory.mktemp("measured")
    write_tiny_classifier(folder / "model", ASPECTS, MULTI_LABEL)
    scales, biases = dict.fromkeys(ASPECTS, 2.0), dict.fromkeys(ASPECTS, 0.1)
    calibration = {"scales": scales, "biases": biases, "rows": 200, "before": {}, "after": {}}
    record = {"labels": list(ASPECTS), "thresholds": CUTS, "threshold": 0.1245, "label_calibration": calibration}
    write_model_record(folder / "model", ModelRecord.model_validate({"schema_version": 1, **record}))
    write_aspects(folder / TO_TEST, 300)
    return folder


@pytest.fixture(autouse=True)
def here(measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def evaluated(clf: RunClf, measured: Path, *arguments: object) -> Any:
    done = clf("evaluate", measured / "model", "--dataset", measured / TO_TEST, "--json", *arguments)
    assert done.code == 0, done.err
    return done.json


def test_the_metrics_are_those_of_the_predictions_beside_them_as_scikit_learn_counts_them(
    clf: RunClf, measured: Path, tmp_path: Path
) -> None:
    from sklearn.metrics import accuracy_score, average_precision_score, f1_score, hamming_loss

    found = evaluated(clf, measured, "--output-dir", "found", "--report", "page.html")
    assert EvaluateLabelsResult.model_validate_json(json.dumps(found), strict=True).as_json().keys() == found.keys()
    rows = pyarrow.parquet.read_table("found/predictions.parquet").to_pylist()
    assert sorted(map(str, (row["label"] for row in rows))) == sorted(str(labels) for _, labels in aspect_rows(300))
    truth, answer = (
        np.array([[name in row[column] for name in ASPECTS] for row in rows]) for column in ("label", "predicted_label")
    )
    scores = np.array([[row[f"score_{name}"] for name in ASPECTS] for row in rows])
    assert (answer == (scores >= np.array(list(CUTS.values()), dtype=np.float32))).all()
    metrics = found["metrics"]
    assert metrics["subset_accuracy"] == pytest.approx(accuracy_score(truth, answer))
    assert metrics["hamming_loss"] == pytest.approx(hamming_loss(truth, answer))
    assert metrics["average_precision"] == pytest.approx(average_precision_score(truth, scores, average="macro"))
    for kind in ("micro", "macro", "weighted"):
        assert metrics[f"{kind}_f1"] == pytest.approx(f1_score(truth, answer, average=kind, zero_division=0))
    of_labels = f1_score(truth, answer, average=None, zero_division=0)
    assert [row["f1"] for row in found["per_label"].values()] == pytest.approx(of_labels)
    assert {name: row["threshold"] for name, row in found["per_label"].items()} == pytest.approx(CUTS)
    assert [row["rows"] for row in found["per_label"].values()] == truth.sum(axis=0).tolist()
    assert all(low <= metrics[name] <= high for name, (low, high) in found["intervals"].items())
    right = (truth == answer).all(axis=1)
    sure = np.array([row["predicted_confidence"] for row in rows])
    assert found["abstention"]["accuracy"] == pytest.approx(right[sure >= 0.1245].mean())
    assert sum(group["rows"] for group in found["by_length"]) == 300
    worst = found["worst_errors"][0]
    assert sure[worst["row"]] == pytest.approx(sure[~right].max(), abs=1e-4)
    assert (worst["labels"], worst["predicted"]) == (
        rows[worst["row"]]["label"],
        rows[worst["row"]]["predicted_label"],
    )
    logits = (np.log(scores / (1 - scores)) - 0.1) / 2.0
    before = -np.log(np.where(truth, 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(logits)))).mean()
    assert found["calibration"]["before"]["log_loss"] == pytest.approx(before, abs=1e-5)
    report, page = Path("found/report.md").read_text(), Path("page.html").read_text()
    for shown in (report, page):
        assert "subset accuracy" in shown.lower()
        assert "Brier skill" in shown
        assert "Before calibration (a scale and a bias for each label)" in shown
        assert "onfusion" not in shown
    assert f"| music | {truth[:, 1].sum()} | 0.5000 |" in report
    written = json.loads(Path("found/metrics.json").read_text())
    assert written == {name: value for name, value in found.items() if name not in ("label_issues", "output_dir")}


def test_what_it_prints_tells_the_thresholds_and_what_to_do_next(clf: RunClf, measured: Path) -> None:
    done = clf("evaluate", measured / "model", "--dataset", measured / TO_TEST, "--output-dir", "found")
    assert done.code == 0, done.err
    assert "F1 (macro)" in done.out
    assert "0.4500" in done.out
    assert "of the sets are right" in done.out
    assert "Next: clf compare" in done.out


def test_one_threshold_counts_for_all_labels_as_in_predict(clf: RunClf, measured: Path) -> None:
    found = evaluated(clf, measured, "--threshold", 0.4, "--output-dir", "found")
    rows = pyarrow.parquet.read_table("found/predictions.parquet").to_pylist()
    for row in rows:
        assert row["predicted_label"] == [name for name in ASPECTS if row[f"score_{name}"] >= np.float32(0.4)]
    assert {row["threshold"] for row in found["per_label"].values()} == {0.4}
    assert found["abstention"]["threshold"] == 0.1245  # that of the confidence stays
    done = clf("evaluate", measured / "model", "--threshold", 0.4, "--target-coverage", 0.5)
    assert done.code == 2
    assert "leave out --target-coverage, or the threshold: --threshold" in done.err


def test_a_label_without_texts_is_said(clf: RunClf, measured: Path, tmp_path: Path) -> None:
    rows = [(text, labels) for text, labels in aspect_rows(60) if "plot" not in labels]
    lines = [json.dumps({"text": text, "labels": labels}) for text, labels in rows]
    (tmp_path / "some.jsonl").write_text("\n".join(lines))
    done = clf("evaluate", measured / "model", "--dataset", "some.jsonl", "--json")
    assert done.code == 0, done.err
    assert "no text to measure on has the label plot; in macro averages it counts as 0" in done.err
    few = "because no label has at least 100 texts with it and 100 without it"
    assert f"not defined: calibration error (mean of labels), {few}" in done.err
    assert done.json["per_label"]["plot"]["recall"] is None
    assert done.json["per_label"]["plot"]["rows"] == 0


# --- labels that look wrong ---------------------------------------------------------------------------------


def test_labels_that_are_missing_or_surplus_are_listed_beside_the_metrics_of_the_one_asked_for(
    clf: RunClf, measured: Path
) -> None:
    asked = ("--label-issues", 40, "--positive-label", "plot", "--output-dir", "found", "--report", "page.html")
    found = evaluated(clf, measured, *asked)
    assert found["positive_label"] == found["per_label"]["plot"]
    with Path("found/label_issues.csv").open(newline="", encoding="utf-8") as file:
        issues = list(csv.DictReader(file))
    assert len(issues) == found["label_issues"] == 40
    assert list(issues[0]) == ["split", "row", "label", "issue", "margin", "probability", "labels", "text"]
    rows = pyarrow.parquet.read_table("found/predictions.parquet").to_pylist()
    for issue in issues:
        row = rows[int(issue["row"])]
        assert issue["labels"] == "|".join(row["label"])
        assert issue["issue"] == ("surplus" if issue["label"] in row["label"] else "missing")
        assert float(issue["probability"]) == pytest.approx(row[f"score_{issue['label']}"], abs=1e-4)
        assert issue["text"] == row["text"]
    assert {issue["issue"] for issue in issues} == {"missing", "surplus"}
    report, page = Path("found/report.md").read_text(), Path("page.html").read_text()
    for shown in (report, page):
        assert "the positive label" in shown
    assert "Labels that look wrong" in page
    assert f'<td class="word" dir="auto">{issues[0]["issue"]}</td>' in page
    assert "label_issues" not in json.loads(Path("found/metrics.json").read_text())


def test_a_positive_label_that_the_model_has_not_is_refused(clf: RunClf, measured: Path) -> None:
    done = clf("evaluate", measured / "model", "--dataset", measured / TO_TEST, "--positive-label", "sound")
    assert done.code == 2
    assert "--positive-label 'sound' is not a label of the model" in done.err
    assert "its labels are acting, music, plot" in done.err
    assert not Path("evaluations").exists()


# --- what is refused ----------------------------------------------------------------------------------------


def test_data_of_the_other_kind_is_refused_unless_it_is_read_as_sets(
    clf: RunClf, measured: Path, tmp_path: Path
) -> None:
    rows = [(text, labels[0]) for text, labels in aspect_rows(60) if len(labels) == 1]
    data = write_csv(tmp_path / "one.csv", rows)
    done = clf("evaluate", measured / "model", "--dataset", data, "--no-multi-label")
    assert done.code == 1
    assert "one has one label per text, but model predicts several labels per text" in done.err
    assert "evaluating on all" not in done.err
    assert "--multi-label" in done.err
    done = clf("evaluate", measured / "model", "--dataset", data, "--json")
    assert done.json["rows"] == len(rows)
    assert "one has one label per text at most" in done.err
    assert f"evaluating on all {len(rows)} rows" in done.err
    write_tiny_classifier(tmp_path / "single", ASPECTS)
    done = clf("evaluate", "single", "--dataset", measured / TO_TEST)
    assert done.code == 1
    assert "test has several labels per text, but single predicts one label per text" in done.err
    assert "--no-multi-label" in done.err
