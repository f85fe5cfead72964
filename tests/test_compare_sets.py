"""`clf compare` with models that give a text several labels: baselines, rules, flips per label, and what is refused."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from clf.data.sources.find import SourceFinder
from clf.measuring.baselines import KEPT
from clf.models.configs import MULTI_LABEL
from clf.models.record import BaseModelRecord, write_model_record
from clf.outcomes.comparison import CompareLabelsResult
from clf.settings import DataSettings
from conftest import RunClf
from support.classifiers import write_tiny_classifier
from support.multi_label import ASPECTS, aspect_rows, write_aspects
from support.recorded import recorded
from support.tiny import write_csv, write_tiny_encoder

TEST = 120
BUILT_IN = [part for name in ("majority", "pretrained", "frozen") for part in ("--show-baseline", name)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a model that knows nothing, and records to have been trained on texts with several labels."""
    folder = tmp_path_factory.mktemp("compared")
    write_tiny_classifier(folder / "model", ASPECTS, MULTI_LABEL)
    write_tiny_encoder(folder / "encoder")
    (folder / "aspects").mkdir()
    for seed, (split, count) in enumerate({"train": 90, "validation": 60, "test": TEST}.items()):
        write_aspects(folder / "aspects" / f"{split}.jsonl", count, seed)
    then = recorded(DataSettings(dataset=str(folder / "aspects")), folder / "kept", SourceFinder(seed=1, offline=True))
    base = BaseModelRecord(name="tiny", folder=str(folder / "encoder"))
    cuts = dict.fromkeys(ASPECTS, 0.4)
    write_model_record(folder / "model", then.model_copy(update={"base_model": base, "thresholds": cuts}))
    return folder


def compared(clf: RunClf, made: Path, *arguments: object, code: int = 3) -> Any:
    done = clf("compare", made / "model", "--baseline", "tfidf", *arguments, "--json")
    assert done.code == code, done.err
    return done.json


def test_a_model_is_compared_with_every_baseline_and_they_are_made_once(clf: RunClf, made: Path) -> None:
    files = ("--report", "page.html", "--junit", "junit.xml", "--markdown", "report.md")
    result = compared(clf, made, *BUILT_IN, *files, "--min-accuracy", 0.9, "--max-ece", 0.9, "--min-class-recall", 0.1)
    read = CompareLabelsResult.model_validate_json(json.dumps(result), strict=True)
    assert read.as_json().keys() == result.keys()
    [against, *_] = read.comparisons
    found = read.baselines["tfidf"]
    assert (against.baseline, against.metric, against.verdict) == ("tfidf", "macro_f1", "worse")
    assert against.difference == pytest.approx(read.candidate["macro_f1"] - found["macro_f1"])  # type: ignore[operator]
    right = [metrics["subset_accuracy"] for metrics in (read.candidate, found)]
    assert (against.won - against.lost) / TEST == pytest.approx(right[0] - right[1])  # type: ignore[operator]
    hamming = [metrics["hamming_loss"] for metrics in (read.candidate, found)]
    flips = read.label_flips["tfidf"]
    gained = sum(each.won - each.lost for each in flips.values())
    assert gained / (TEST * len(ASPECTS)) == pytest.approx(hamming[1] - hamming[0])  # type: ignore[operator]
    names = [rule.name for rule in read.rules]
    assert names == ["better than tfidf", "subset_accuracy at least 0.9", "ece at most 0.9",
                     *(f"recall of {name} at least 0.1" for name in ASPECTS)]  # fmt: skip
    assert read.rules[2].message == "it is not defined with so few texts for each label"
    suite = ElementTree.parse("junit.xml").getroot()[0]
    assert (suite.get("tests"), len(suite[0].findtext("system-out", "").splitlines())) == ("6", 1 + len(ASPECTS))
    assert f"| plot | {read.per_label['plot'].rows} | 0.4000 |" in Path("report.md").read_text()
    assert "only candidate / only tfidf right" in Path("report.md").read_text()
    assert "subset accuracy" in Path("page.html").read_text()
    again = clf("compare", made / "model", "--baseline", "tfidf", *BUILT_IN, "--json")
    assert again.err.count("using cached predictions") == 4
    assert again.json["baselines"] == result["baselines"]
    assert len([*KEPT.iterdir()]) == 8
    is_the_best_constant(result["baselines"]["majority"])


def is_the_best_constant(majority: dict[str, float]) -> None:
    """Check that each label is given to each text, as thresholds fitted on validation have it."""
    shares = np.array([[name in labels for name in ASPECTS] for _, labels in aspect_rows(TEST, 2)]).mean(axis=0)
    assert majority["macro_f1"] == pytest.approx((2 * shares / (1 + shares)).mean())
    assert (majority["macro_recall"], majority["auroc"]) == (1.0, 0.5)
    assert majority["brier_skill"] == pytest.approx(0.0, abs=0.02)


def test_a_person_sees_the_labels_that_made_the_difference(clf: RunClf, made: Path) -> None:
    done = clf("compare", made / "model", "--baseline", "tfidf", "--examples", 2, "--metric", "sample_f1")
    assert done.code == 3, done.err
    assert "against tfidf: sample_f1 -" in done.out
    assert "right about a label alone, candidate / tfidf: " in done.out
    assert done.out.count("truth: ") == 2
    assert "Next: clf train --dataset" not in done.out  # nothing is recorded of the recipe


def test_a_model_against_itself_is_inconclusive_and_within_a_margin_not_worse(clf: RunClf, made: Path) -> None:
    itself = ("compare", made / "model", "--baseline", made / "model")
    done = clf(*itself)
    assert (done.code, "macro_f1 +0.0000 [+0.0000, +0.0000], inconclusive" in done.out) == (4, True), done.err
    assert "the files are identical" not in done.err  # no hashes are recorded
    allowed = clf(*itself, "--margin", 0.01, "--json")
    assert (allowed.code, allowed.json["verdict"], allowed.json["comparisons"][0]["p_value"]) == (0, "not worse", 1.0)


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "several"), [("accuracy", True), ("micro_f1", False), ("subset_accuracy", False)])
def test_a_metric_of_the_other_kind_is_refused_before_the_data_is_read(
    clf: RunClf, made: Path, own_folder: Path, metric: str, several: bool
) -> None:
    model = made / "model" if several else write_tiny_classifier(own_folder / "single", ASPECTS)
    done = clf("compare", model, "--baseline", "tfidf", "--metric", metric, "--dataset", "nothing.csv")
    kind = "several labels" if several else "one label"
    assert done.code == 2
    assert f"--metric {metric} does not suit models that predict {kind} per text" in done.err
    assert "pass --metric with one of macro_f1, " in done.err


def test_models_of_both_kinds_are_not_compared(clf: RunClf, made: Path, own_folder: Path) -> None:
    single = write_tiny_classifier(own_folder / "single", ASPECTS)
    done = clf("compare", made / "model", "--baseline", single)
    assert done.code == 1
    assert f"--baseline {single} predicts one label per text, but model predicts several labels" in done.err
    data = write_csv(own_folder / "one.csv", [(text, labels[0]) for text, labels in aspect_rows(60) if labels])
    done = clf("compare", single, "--baseline", made / "model", "--dataset", data)
    assert done.code == 1
    assert f"--baseline {made / 'model'} predicts several labels per text, but single predicts one label" in done.err
    assert "compare models of the same kind" in done.err


def test_data_of_the_other_kind_is_refused(clf: RunClf, made: Path, own_folder: Path) -> None:
    data = write_csv(own_folder / "one.csv", [(text, labels[0]) for text, labels in aspect_rows(60) if labels])
    done = clf("compare", made / "model", "--baseline", "tfidf", "--dataset", data, "--no-multi-label")
    assert done.code == 1
    assert "one has one label per text, but model predicts several labels per text" in done.err


def test_a_model_of_another_tool_is_a_baseline_at_even_thresholds_if_its_labels_are_the_same(
    clf: RunClf, made: Path, own_folder: Path
) -> None:
    plain = write_tiny_classifier(own_folder / "plain", ASPECTS[::-1], MULTI_LABEL)
    done = clf("compare", made / "model", "--baseline", plain, "--json")
    assert done.code in {0, 3, 4}, done.err
    assert "plain stores no thresholds: each label is predicted from a probability of 0.5 on" in done.err
    other = write_tiny_classifier(own_folder / "other", ["acting", "sound"], MULTI_LABEL)
    done = clf("compare", made / "model", "--baseline", other)
    assert done.code == 1
    assert f"the labels of {other} are acting, sound, but the candidate's are acting, music, plot" in done.err
