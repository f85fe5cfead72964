"""Confidence that means something: the temperature of `train`, the threshold that is stored, and what becomes of both."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.settings import CleaningSettings
from clf.storage.report_files import OURS
from clf.training import setup
from conftest import RunClf, write_csv

WORDS = ("plain", "quiet", "green", "round", "late", "soft", "dry", "new")


def noisy_rows(rows: int = 900) -> list[tuple[str, str]]:
    """Make texts whose label a tenth of the time is the other one: no model can be right, or sure, always."""
    generator = np.random.default_rng(4)
    made = []
    for number in range(rows):
        good = bool(generator.integers(0, 2))
        words = " ".join(generator.choice(WORDS, 5))
        label = good if generator.random() > 0.12 else not good
        made.append((f"a {'fine' if good else 'dull'} film {words} {number}", "good" if label else "bad"))
    return made


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("noisy") / "noisy.csv", noisy_rows())


@pytest.fixture(scope="module")
def calibrated(noisy: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from clf.cli.app import run

    folder = tmp_path_factory.mktemp("calibrated") / "model"
    recipe = ["--epochs", "4", "--learning-rate", "3e-3", "--batch-size", "16", "--max-length", "24"]
    sizes = ["--validation-size", "0.25", "--test-size", "0.25", "--target-coverage", "0.5"]
    command = ["train", "--dataset", str(noisy), "--model", str(tiny_encoder), "--output-dir", str(folder)]
    assert run([*command, *recipe, *sizes, "--report", str(folder.with_suffix(".html")), "--quiet"]) == 0
    return folder


def record(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "clf.json").read_text()))


def test_train_records_its_temperature_and_its_threshold(calibrated: Path) -> None:
    found = record(calibrated)
    calibration = found["calibration"]
    assert isinstance(calibration, dict)
    assert 0.25 <= found["temperature"] <= 10  # type: ignore[operator]
    assert found["temperature"] == calibration["value"] != 1.0
    assert calibration["after"]["log_loss"] <= calibration["before"]["log_loss"]
    assert found["threshold"] is not None
    assert found["abstention"]["validation"]["coverage"] >= 0.5  # type: ignore[index]


def test_plain_transformers_gives_the_calibrated_confidence(clf: RunClf, calibrated: Path) -> None:
    from transformers import pipeline

    from clf.data.cleaning import clean_text

    text = "a fine film plain quiet green"
    plain = pipeline("text-classification", str(calibrated))(clean_text(text, CleaningSettings()))[0]
    clf("predict", calibrated, "--text", text, "--threshold", 0, "--precision", "fp32", "--output", "p.jsonl")
    ours = json.loads(Path("p.jsonl").read_text())
    assert plain["label"] == ours["label"]
    assert plain["score"] == pytest.approx(ours["confidence"], abs=1e-3)


def test_evaluate_shows_before_and_after_and_what_the_threshold_does(clf: RunClf, calibrated: Path) -> None:
    done = clf("evaluate", calibrated, "--json")
    result = done.json
    before = result["calibration"]["before"]
    assert before["log_loss"] != pytest.approx(result["metrics"]["log_loss"], abs=1e-6)
    answered = result["abstention"]
    assert answered["coverage_interval"][0] < answered["coverage"] < answered["coverage_interval"][1]
    assert answered["accuracy_interval"][0] <= answered["accuracy"] <= answered["accuracy_interval"][1]
    shown = clf("evaluate", calibrated)
    assert "before calibration: mean confidence" in shown.out
    assert "above a confidence of" in shown.out


def test_evaluate_stores_a_threshold_that_predict_honours(clf: RunClf, calibrated: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(calibrated, tmp_path / "model"))
    done = clf("evaluate", model, "--target-coverage", 0.2, "--json")
    assert done.code == 0, done.err
    assert "choosing the threshold on the" in done.err
    threshold = record(model)["threshold"]
    covered, before = (record(each)["abstention"]["validation"]["coverage"] for each in (model, calibrated))  # type: ignore[index]
    assert 0.2 <= covered <= before  # half of the texts have the same confidence
    assert done.json["abstention"]["threshold"] == threshold
    path = write_csv(tmp_path / "new.csv", noisy_rows(200))
    result = clf("predict", model, path, "--output", "p.csv", "--json").json
    assert result["abstained"] > 50


def test_an_unreachable_accuracy_is_a_warning_and_no_threshold(clf: RunClf, calibrated: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(calibrated, tmp_path / "model"))
    done = clf("evaluate", model, "--target-accuracy", 0.999, "--json")
    assert done.code == 0
    assert "an accuracy of 0.999 is unreachable" in done.err
    assert record(model)["threshold"] == record(calibrated)["threshold"]
    assert "is kept" in done.err


def test_a_validation_split_too_small_leaves_the_model_as_it_is(trained: Path) -> None:
    found = record(trained)
    assert found["temperature"] == 1.0
    assert "too few to calibrate on" in found["calibration"]["reason"]  # type: ignore[index]


def test_train_writes_a_page_with_its_learning_curves(calibrated: Path) -> None:
    page = calibrated.with_suffix(".html").read_text()
    assert OURS.match(page)  # so that the next one may replace it
    assert '<meta name="generator" content="clf ' in page
    assert "learning curves" in page
    assert "Audit of the data" in page


@pytest.mark.long
def test_wrong_labels_of_the_training_split_are_found_by_folds(
    clf: RunClf, calibrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules = []

    def seen(one: setup.Work, *rest: Any) -> Any:
        schedules.append((one.schedule, len(one.train)))
        return fine_tune_work(one, *rest, resume=False)

    fine_tune_work = setup.fine_tune_work
    monkeypatch.setattr(setup, "fine_tune_work", lambda *given, resume: seen(*given))
    done = clf("evaluate", calibrated, "--folds", 3, "--label-issues", 30, "--report", "page.html", "--json")
    for one, texts in schedules:  # each part by the schedule for its own texts
        assert one.steps_per_epoch == -(-texts // 16)
        assert one.eval_steps % one.steps_per_epoch == 0
        assert one.warmup_steps <= one.steps / 10
    assert len(schedules) == 3
    assert done.code == 0, done.err
    assert done.json["label_issues"] == 30
    lines = Path(done.json["output_dir"], "label_issues.csv").read_text().splitlines()
    assert lines[0] == "split,row,label,suggested_label,margin,confidence_in_label,text"
    wrong = [line for line in lines[1:] if ("fine" in line) != (line.split(",")[2] == "good")]
    assert len(wrong) >= 27
    assert "Labels that look wrong" in Path("page.html").read_text()


def test_labels_are_judged_only_on_texts_that_trained_nothing(clf: RunClf, calibrated: Path) -> None:
    seen = clf("evaluate", calibrated, "--split", "train", "--allow-leak", "--label-issues", 5, "--json")
    assert seen.code == 0
    assert "texts that the model was trained on" in seen.err
    assert seen.json["label_issues"] == 0


def test_issues_are_listed_again_and_again(clf: RunClf, calibrated: Path) -> None:
    for _ in range(2):
        done = clf("evaluate", calibrated, "--label-issues", 5, "--json")
        assert done.code == 0, done.err
        assert done.json["label_issues"] == 5


def test_a_threshold_makes_a_model_no_newer_and_needs_a_folder_of_ones_own(
    clf: RunClf, calibrated: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(calibrated, tmp_path / "model"))
    before = (model / "clf.json").stat().st_mtime_ns
    assert clf("evaluate", model, "--target-coverage", 0.3).code == 0
    assert (model / "clf.json").stat().st_mtime_ns == before
    both = clf("evaluate", model, "--target-coverage", 0.3, "--target-accuracy", 0.9)
    assert both.code == 2


@pytest.mark.parametrize(("key", "value"), [("temperature", "1.0"), ("temperature", 0), ("threshold", "high")])
def test_a_record_that_says_nonsense_is_refused(
    clf: RunClf, calibrated: Path, tmp_path: Path, key: str, value: object
) -> None:
    model = Path(shutil.copytree(calibrated, tmp_path / "model"))
    (model / "clf.json").write_text(json.dumps({**record(model), key: value}))
    refused = clf("evaluate", model)
    assert refused.code == 1
    assert f"its {key} is" in refused.err
