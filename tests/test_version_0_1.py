"""What version 0.1 made is read, measured, used and gone on with as by version 0.1.

`fixtures/v0.1` was made by it in a folder that its records name; here that folder is the one of the test.
"""

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from clf.data.prepared import PreparedDataset
from conftest import RunClf

FIXTURE = Path(__file__).parent / "fixtures" / "v0.1"
MADE_IN = "/srv/reviews"
RECIPE = ("--dataset", "reviews.csv", "--validation-size", 0.2, "--test-size", 0.2, "--model", "./encoder", "--epochs", 4,
          "--learning-rate", 3e-3, "--batch-size", 8, "--max-length", 32, "--precision", "fp32", "--device", "cpu",
          "--seed", 3, "--save-steps", 20, "--target-coverage", 0.8)  # fmt: skip
ELSEWHERE = 0.02  # what probabilities may differ on another processor


@pytest.fixture
def old(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder in which version 0.1 was at work, and enter it."""
    folder = Path(os.path.realpath(shutil.copytree(FIXTURE, own_folder / "old")))
    for record in (*folder.rglob("clf.json"), *folder.rglob("manifest.json"), *folder.rglob("result.json")):
        record.write_text(record.read_text(encoding="utf-8").replace(MADE_IN, str(folder)), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_same_predictions(path: Path, apart: float = ELSEWHERE) -> None:
    threshold = json.loads(Path("models/reviews/clf.json").read_text())["threshold"]
    then, now = rows_of(Path("predictions.csv")), rows_of(path)
    assert [row["text"] for row in now] == [row["text"] for row in then]
    for name in ("predicted_confidence", "predicted_score_negative", "predicted_score_positive"):
        assert [float(row[name]) for row in now] == pytest.approx([float(row[name]) for row in then], abs=apart)
    clear = [abs(float(row["predicted_confidence"]) - threshold) > apart for row in then]
    assert sum(clear) > 200 or apart > ELSEWHERE
    labels = [[row["predicted_label"] for row, sure in zip(rows, clear, strict=True) if sure] for rows in (then, now)]
    assert labels[0] == labels[1]


def test_the_fixture_is_small_and_of_version_0_1() -> None:
    files = [path for path in FIXTURE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert json.loads((FIXTURE / "models" / "reviews" / "clf.json").read_text())["clf_version"] == "0.1.0"


def test_its_model_labels_the_same(clf: RunClf, old: Path) -> None:
    done = clf("predict", "models/reviews", "reviews.csv", "--output", "now.csv", "--all-scores", "--precision", "fp32")
    assert done.code == 0, done.err
    assert_same_predictions(Path("now.csv"))


def test_its_model_measures_the_same(clf: RunClf, old: Path) -> None:
    then = json.loads(Path("evaluate.json").read_text())
    done = clf("evaluate", "models/reviews", "--precision", "fp32", "--json")
    assert done.code == 0, done.err
    assert (done.json["rows"], done.json["split"], done.json["dataset"]) == (120, "test", "reviews")
    assert done.json["metrics"] == pytest.approx(then["metrics"], abs=ELSEWHERE)
    again = clf("evaluate", "models/reviews", "--dataset", "prepared/reviews", "--allow-leak", "--json")
    assert again.code == 0, again.err


def test_its_model_is_compared_with_its_own_baselines(clf: RunClf, old: Path) -> None:
    done = clf("compare", "models/reviews", "--baseline", "pretrained", "--show-baseline", "tfidf", "--json")
    assert done.code == 0, done.err
    assert done.json["candidate"]["accuracy"] == pytest.approx(
        json.loads(Path("evaluate.json").read_text())["metrics"]["accuracy"], abs=ELSEWHERE
    )


def test_its_export_labels_the_same(clf: RunClf, old: Path) -> None:
    pytest.importorskip("onnxruntime")
    done = clf("predict", "exported/reviews", "reviews.csv", "--output", "now.csv", "--all-scores")
    assert done.code == 0, done.err
    assert_same_predictions(Path("now.csv"))


def test_its_dataset_is_read_and_trained_on(clf: RunClf, old: Path) -> None:
    prepared = PreparedDataset(old / "prepared" / "reviews")
    assert prepared.labels == ["negative", "positive"]
    assert {split: len(prepared.subset(split, None, 1)) for split in prepared.splits} == {
        "train": 360, "validation": 120, "test": 120,
    }  # fmt: skip
    arguments = ("--dataset", "prepared/reviews", "--model", "./encoder", "--epochs", 1, "--max-length", 32)
    assert clf("train", *arguments, "--output-dir", "new").code == 0


def test_a_finished_run_of_it_is_finished(clf: RunClf, old: Path) -> None:
    weights = Path("models/reviews/model.safetensors").stat().st_mtime_ns
    done = clf("train", *RECIPE, "--output-dir", "models/reviews", "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json == json.loads(Path("train.json").read_text())
    assert Path("models/reviews/model.safetensors").stat().st_mtime_ns == weights


def test_an_interrupted_run_of_it_goes_on_to_the_same_model(clf: RunClf, old: Path) -> None:
    done = clf("train", *RECIPE, "--output-dir", "models/interrupted", "--resume", "--json")
    assert done.code == 0, done.err
    whole = json.loads(Path("train.json").read_text())
    assert (done.json["resumed_from_step"], done.json["steps"]) == (61, whole["steps"])
    assert done.json["metrics"] == pytest.approx(whole["metrics"], abs=ELSEWHERE)
    arguments = ("reviews.csv", "--output", "now.csv", "--all-scores", "--precision", "fp32")
    assert clf("predict", "models/interrupted", *arguments).code == 0
    assert_same_predictions(Path("now.csv"), 0.1)


def test_a_warm_up_that_was_set_for_it_is_a_tenth_at_most_as_then(clf: RunClf, old: Path) -> None:
    done = clf("train", *RECIPE, "--warmup-steps", 500, "--output-dir", "models/interrupted", "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed_from_step"] == 61


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (("--seed", 4), "--seed was 3, is now 4"),
        (("--attention-dropout", "keep"), "--attention-dropout was 'off', is now 'keep'"),
    ],
)
def test_an_interrupted_run_of_it_with_other_settings_is_refused(
    clf: RunClf, old: Path, setting: tuple[str, object], said: str
) -> None:
    done = clf("train", *RECIPE, "--output-dir", "models/interrupted", "--resume", *setting)
    assert done.code == 2
    assert said in done.err
