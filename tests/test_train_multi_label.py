"""`clf train` where a text may have several labels: a model that any tool reads, calibrated, and the same when resumed."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from transformers import pipeline

import clf as package
from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.models.find_and_load import load_model
from clf.models.fresh import write_fresh_encoder
from clf.models.inference import probabilities_of
from clf.scoring.multi_label import MultiLabelAnswers, confidence_in_sets, predicted_labels
from clf.scoring.thresholds import cross_fitted
from clf.settings import ComputeSettings, Settings
from clf.training import trainer
from conftest import HANGS, Outcome, RunClf
from support.forks import ForkedClf, ranks
from support.multi_label import ASPECTS, aspect_rows, write_aspects

RECIPE = ("--dataset", "aspects", "--model", "./encoder", "--epochs", "4", "--learning-rate", "5e-3", "--batch-size", "8",
          "--max-length", "32", "--eval-steps", "9", "--precision", "fp32", "--json")  # fmt: skip
ROWS = {"train": 66, "validation": 110, "test": 30}
"""No batch of 8 divides the training texts; on so many validation texts a model is calibrated."""
FP32 = ComputeSettings(device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def aspects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a dataset and an encoder that knows its words; tests must not change it."""
    folder = tmp_path_factory.mktemp("aspects")
    for name in ("aspects", "encoder"):
        (folder / name).mkdir()
    for seed, (split, count) in enumerate(ROWS.items()):
        write_aspects(folder / "aspects" / f"{split}.jsonl", count, seed)
    write_fresh_encoder(folder / "encoder", [text for text, _ in aspect_rows(ROWS["train"])], 42)
    return folder


def rows_of(split: str, names: list[str]) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the texts of a split, and which of the labels each has."""
    rows = aspect_rows(ROWS[split], list(ROWS).index(split))
    return [text for text, _ in rows], np.array([[name in labels for name in names] for _, labels in rows])


@pytest.fixture(scope="module")
def model(aspects: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model that was trained on the texts with several labels; tests must not change it."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    from clf.cli.app import run

    here = [str(aspects / part) if part in ("aspects", "./encoder") else part for part in RECIPE]
    assert run(["train", *here, "--target-accuracy", "0.5", "--output-dir", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture
def work(aspects: Path, own_folder: Path) -> Path:
    """Give a folder to train in."""
    for name in ("aspects", "encoder"):
        (own_folder / name).symlink_to(aspects / name)
    return own_folder


def record_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "clf.json").read_text()))


def test_the_record_has_a_threshold_and_a_calibration_for_each_label_and_no_temperature(model: Path) -> None:
    record = record_of(model)
    assert set(record["thresholds"]) == set(record["label_calibration"]["scales"]) == set(ASPECTS)
    assert record["label_calibration"]["rows"] == ROWS["validation"]
    assert record["label_calibration"]["after"]["log_loss"] <= record["label_calibration"]["before"]["log_loss"]
    assert not {"temperature", "calibration"} & set(record)
    assert record["recipe"]["select_by"] == "average_precision"
    assert set(record["metrics"]["validation"]) == set(record["metrics"]["test"]) >= {"macro_f1", "subset_accuracy"}


def test_the_model_of_a_text_with_one_label_records_nothing_of_thresholds(trained: Path) -> None:
    assert not {"thresholds", "label_calibration"} & set(record_of(trained))
    assert json.loads((trained / "config.json").read_text())["problem_type"] == "single_label_classification"


def test_a_plain_pipeline_gives_the_same_scores(model: Path) -> None:
    classifier = load_model(str(model))
    texts = [text for text, _ in aspect_rows(12, seed=1)]
    ours = probabilities_of(classifier, texts, choose_compute(FP32))
    asked = pipeline("text-classification", str(model), top_k=None, function_to_apply="sigmoid")
    plain = pipeline("text-classification", str(model), top_k=None)  # config.json says how to read the logits
    for found in (asked(texts, truncation=True, max_length=32), plain(texts, truncation=True, max_length=32)):
        scores = [[{one["label"]: one["score"] for one in row}[name] for name in classifier.labels] for row in found]
        assert np.array(scores) == pytest.approx(ours, abs=1e-5)
    assert not np.allclose(ours.sum(axis=1), 1.0, atol=1e-2)


def test_the_test_figures_are_those_of_the_stored_weights_at_the_stored_thresholds(model: Path) -> None:
    classifier = load_model(str(model))
    assert classifier.multi_label
    texts, truth = rows_of("test", classifier.labels)
    probabilities = probabilities_of(classifier, texts, choose_compute(FP32))
    predicted = probabilities >= classifier.thresholds
    found = record_of(model)["metrics"]["test"]
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"), abs=1e-6)
    assert found["subset_accuracy"] == pytest.approx((truth == predicted).all(axis=1).mean(), abs=1e-6)
    assert found["average_precision"] > 0.8  # it has learned


def test_the_calibration_is_in_the_weights(model: Path) -> None:
    found = record_of(model)["label_calibration"]
    classifier = load_model(str(model))
    texts, truth = rows_of("validation", classifier.labels)
    probabilities = probabilities_of(classifier, texts, choose_compute(FP32))
    loss = -np.log(np.where(truth, probabilities, 1 - probabilities)).mean()
    assert loss == pytest.approx(found["after"]["log_loss"], abs=1e-5)


def test_the_card_tells_how_to_use_the_model_and_its_thresholds(model: Path) -> None:
    card = (model / "README.md").read_text()
    assert "to predict none, one or several of these labels:\nacting, music, plot.\n" in card
    assert 'classify("a text", truncation=True, max_length=32, top_k=None, function_to_apply="sigmoid")' in card
    texts, truth = rows_of("test", list(ASPECTS))
    train_share = rows_of("train", list(ASPECTS))[1].mean(axis=0)[ASPECTS.index("plot")]
    shown = f"| plot | {record_of(model)['thresholds']['plot']:.4f} | {train_share:.1%} | {int(truth.sum(axis=0)[ASPECTS.index('plot')])} |"
    assert shown in card
    [code] = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    found: dict[str, Any] = {}
    exec(code.replace("path/to/this/folder", str(model)).replace('"a text"', repr(texts[0])), found)
    classifier = load_model(str(model))
    [predicted] = probabilities_of(classifier, texts[:1], choose_compute(FP32)) >= classifier.thresholds
    assert set(found["labels"]) == {name for name, there in zip(classifier.labels, predicted, strict=True) if there}
    assert "The weights with the best macro average precision on 110 validation texts were kept." in card


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    work: Path, model: Path, clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_step_end(self: object, args: object, state: Any, control: object, **_: object) -> None:
        if state.global_step == 12:
            self.trainer.stop.number = 15  # type: ignore[attr-defined]

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Milestones, "on_step_end", on_step_end)
        assert train(clf, "m").code == 143
    resumed = train(clf, "m", "--resume")
    assert (resumed.code, resumed.json["resumed_from_step"]) == (0, 12), resumed.err
    assert Path("m/model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()
    assert record_of(Path("m"))["thresholds"] == record_of(model)["thresholds"]


def train(run: RunClf, folder: str, *arguments: str) -> Outcome:
    return run("train", *RECIPE, "--target-accuracy", "0.5", "--output-dir", folder, *arguments)


def test_a_coverage_is_stored_and_what_is_below_it_is_called_abstain_in_every_output(
    clf: RunClf, model: Path, aspects: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "model"))
    done = clf("evaluate", copy, "--target-coverage", 0.5, "--precision", "fp32", "--report", "page.html", "--json")
    assert done.code == 0, done.err
    classifier = load_model(str(copy))
    texts, truth = rows_of("validation", classifier.labels)
    probabilities = probabilities_of(classifier, texts, choose_compute(FP32))
    apart = cross_fitted(MultiLabelAnswers(probabilities, truth, np.full(3, 0.5)))
    threshold = record_of(copy)["threshold"]
    assert threshold == done.json["abstention"]["threshold"] == pytest.approx(np.sort(apart.confidence)[-55], abs=1e-5)
    assert record_of(copy)["abstention"]["aim"] == {"target_coverage": 0.5}
    shown = f"{done.json['abstention']['coverage']:.1%} of the"
    assert shown in Path(done.json["output_dir"], "report.md").read_text()
    assert shown in Path("page.html").read_text()
    texts, truth = rows_of("test", classifier.labels)
    sure = classifier_confidence(classifier, texts)
    assert done.json["abstention"]["answered"] == (sure >= threshold).sum() < len(texts)
    Path("new.txt").write_text("\n".join(texts))
    abstains = []
    for name in ("p.csv", "p.jsonl", "p.parquet"):
        assert clf("predict", copy, "new.txt", "--output", name, "--precision", "fp32").code == 0
    with Path("p.csv").open(newline="") as file:
        abstains.append([row["label"] == "abstain" for row in csv.DictReader(file)])
    abstains.append([json.loads(line)["label"] == ["abstain"] for line in Path("p.jsonl").read_text().splitlines()])
    abstains.append([row == ["abstain"] for row in parquet.read_table("p.parquet")["label"].to_pylist()])
    loaded = package.load(str(copy), Settings(compute=FP32))
    abstains.append([answer.label == "abstain" for answer in loaded.predict(texts)])
    assert abstains == [(sure < threshold).tolist()] * 4


def classifier_confidence(classifier: Classifier, texts: list[str]) -> NDArray[np.float64]:
    """Return the confidence in the sets that the model predicts at its thresholds."""
    probabilities = probabilities_of(classifier, texts, choose_compute(FP32))
    assert classifier.thresholds is not None
    return confidence_in_sets(probabilities, predicted_labels(probabilities, classifier.thresholds))


@pytest.mark.long
def test_labels_of_the_training_texts_are_judged_by_models_that_did_not_see_them(
    clf: RunClf, model: Path, tmp_path: Path
) -> None:
    done = clf("evaluate", model, "--folds", 2, "--label-issues", 20, "--precision", "fp32", "--json")
    assert done.code == 0, done.err
    with Path(done.json["output_dir"], "label_issues.csv").open(newline="") as file:
        issues = list(csv.DictReader(file))
    assert len(issues) == done.json["label_issues"] > 0
    rows = dict(aspect_rows(ROWS["train"]))
    for issue in issues:
        assert issue["split"] == "train"
        assert issue["labels"] == "|".join(rows[issue["text"]])
        assert (issue["issue"] == "surplus") == (issue["label"] in rows[issue["text"]])


@pytest.mark.sweep
def test_two_processes_give_the_losses_and_metrics_of_one(work: Path) -> None:
    with ForkedClf("train", *RECIPE, "--output-dir", "one") as process:
        one = process.finish(HANGS)
    two, *others = [process.finish(HANGS) for process in ranks(2, "train", *RECIPE, "--output-dir", "two")]
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert all(other.returncode == 0 and not other.stdout for other in others)
    results = [json.loads(done.stdout) for done in (one, two)]
    assert results[0]["steps"] == results[1]["steps"] == 36
    assert results[0]["metrics"] == pytest.approx(results[1]["metrics"], abs=1e-3)
    first, second = (
        [json.loads(line) for line in (work / name / "history.jsonl").read_text().splitlines()]
        for name in ("one.run", "two.run")
    )
    assert [line["loss"] for line in first if "loss" in line] == pytest.approx(
        [line["loss"] for line in second if "loss" in line], abs=1e-4
    )
