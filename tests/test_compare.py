"""`clf compare`: the table before and after, the verdict, and the exit code a CI job reads."""

import json
from pathlib import Path

import pytest

from clf.data.synthetic import synthetic_reviews
from conftest import FAST, RunClf, review_rows, write_csv


def test_the_trained_model_beats_the_one_before_training(clf: RunClf, trained: Path) -> None:
    done = clf("compare", trained, "--baseline", "pretrained", "--json")
    assert done.code == 0, done.err
    result = done.json
    before, after = result["baselines"]["pretrained"], result["candidate"]
    assert before["mean_confidence"] < 0.6 < after["mean_confidence"]
    assert after["macro_f1"] > before["macro_f1"]
    assert (result["verdict"], result["gate"]) == ("better", "passed")
    [comparison] = result["comparisons"]
    assert (comparison["baseline"], comparison["metric"], comparison["verdict"]) == ("pretrained", "macro_f1", "better")
    assert comparison["difference"] == pytest.approx(after["macro_f1"] - before["macro_f1"])


def test_a_person_sees_the_table_examples_and_the_verdict(clf: RunClf, trained: Path) -> None:
    done = clf("compare", "--trained_model", trained, "--baseline", "pretrained", "--examples", 2)
    assert done.code == 0, done.err
    assert "improvement detected" in done.out
    assert "mean confidence: 0.5" in done.out
    assert done.out.count("truth: ") == 2
    folder = Path("comparisons/trained_synthetic_test")
    assert {path.name for path in folder.iterdir()} == {"comparison.json", "report.md", "settings.json"}


def test_a_model_that_is_not_better_fails_the_gate_with_advice(clf: RunClf, trained: Path) -> None:
    done = clf("compare", trained, "--baseline", trained)
    assert done.code == 3
    assert "review the hyper-parameters" in done.out
    assert "try " in done.out
    assert "macro_f1 +0.0000, not better" in done.out


def test_every_baseline_must_be_beaten_but_shown_ones_do_not_gate(clf: RunClf, trained: Path) -> None:
    both = clf("compare", trained, "--baseline", "pretrained", "--baseline", trained, "--json")
    assert both.code == 3
    assert both.json["gate"] == "failed"
    assert both.json["verdict"] == "not better"
    shown = clf("compare", trained, "--baseline", "pretrained", "--show-baseline", trained, "--json")
    assert shown.code == 0
    assert set(shown.json["baselines"]) == {"pretrained", str(trained)}


def test_tfidf_is_trained_on_the_candidates_own_training_texts(clf: RunClf, trained: Path) -> None:
    result = clf("compare", trained, "--baseline", "tfidf", "--json").json
    assert result["baselines"]["tfidf"]["accuracy"] >= 0.9


def test_floors_and_a_least_improvement_must_be_reached(clf: RunClf, trained: Path) -> None:
    reached = clf("compare", trained, "--baseline", "pretrained", "--json").json["candidate"]["macro_f1"]
    assert clf("compare", trained, "--baseline", "pretrained", "--min-f1", reached - 0.01).code == 0
    asked = clf("compare", trained, "--baseline", "pretrained", "--min-improvement", 0.99)
    assert asked.code == 3
    assert "(asked for more than 0.99)" in asked.out
    if reached < 1.0:
        floor = clf("compare", trained, "--baseline", "pretrained", "--min-f1", 1.0)
        assert floor.code == 3
        assert "improvement detected over pretrained, but gate failed" in floor.out


def test_a_misspelt_baseline_is_found_before_anything_is_computed(clf: RunClf, trained: Path) -> None:
    done = clf("compare", trained, "--baseline", "tf-idf")
    assert done.code == 2
    assert "did you mean tfidf?" in done.err
    assert "measuring" not in done.err
    assert clf("compare", trained, "--baseline", "pretrained,tfidf").code == 2


def test_pretrained_has_a_fresh_head_also_when_its_base_was_fine_tuned(clf: RunClf, trained: Path) -> None:
    done = clf("train", "--dataset", "synthetic", "--model", trained, *FAST, "--output-dir", "again")
    assert "its own head" in done.err
    before = clf("compare", "again", "--baseline", "pretrained", "--json").json["baselines"]["pretrained"]
    assert before["mean_confidence"] < 0.7


def test_figures_without_leaked_rows_stand_beside_the_full_ones(clf: RunClf, trained: Path, own_folder: Path) -> None:
    splits = synthetic_reviews(100, 42)
    rows = [(review.text, review.label) for review in splits["test"] + splits["train"][:5]]
    path = write_csv(own_folder / "a.csv", rows)
    result = clf("compare", trained, "--dataset", path, "--baseline", "tfidf", "--allow-leak", "--json").json
    assert result["leaked_rows"] == 5
    plain = clf("compare", trained, "--baseline", "tfidf", "--json").json
    assert result["without_leaks"]["trained"] == pytest.approx(plain["candidate"], abs=1e-5)


def test_few_rows_are_warned_of(clf: RunClf, trained: Path) -> None:
    assert "only 20 texts to compare on" in clf("compare", trained, "--baseline", "pretrained").err


def test_a_model_of_other_classes_is_refused(clf: RunClf, trained: Path, own_folder: Path, tiny_encoder: Path) -> None:
    reviews = write_csv(own_folder / "reviews.csv", review_rows())
    assert clf("train", "--dataset", reviews, "--model", tiny_encoder, *FAST, "--output-dir", "other").code == 0
    done = clf("compare", trained, "--baseline", "other")
    assert done.code == 1
    assert "the labels of other are bad, good" in done.err


def test_without_arguments_the_newest_model_meets_both_baselines(clf: RunClf, tiny_encoder: Path) -> None:
    assert clf("train", "--dataset", "synthetic", "--model", tiny_encoder, *FAST).code == 0
    done = clf("compare", "--json")
    assert done.code == (0 if done.json["gate"] == "passed" else 3)
    assert set(done.json["baselines"]) == {"pretrained", "tfidf"}
    assert json.loads(Path("comparisons/tiny_synthetic_final_synthetic_test/comparison.json").read_text())["rows"] == 20
