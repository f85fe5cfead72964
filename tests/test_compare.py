"""`clf compare`: the table before and after, the verdict, and the exit code a CI job reads."""

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from clf.data.cleaning import clean_text
from clf.data.sources.synthetic import synthetic_reviews
from clf.data.text_hashes import seen_in
from clf.measuring import baseline_models
from clf.settings import CleaningSettings
from clf.storage.locks import locked_place
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


def test_a_model_against_itself_is_inconclusive_for_ever(clf: RunClf, trained: Path) -> None:
    done = clf("compare", trained, "--baseline", trained)
    assert done.code == 4
    assert "more rows would not settle it" in done.out
    assert "try " in done.out
    assert "macro_f1 +0.0000 [+0.0000, +0.0000], inconclusive" in done.out
    assert clf("compare", trained, "--baseline", trained, "--on-inconclusive", "pass").code == 0
    allowed = clf("compare", trained, "--baseline", trained, "--margin", 0.01, "--json")
    assert (allowed.code, allowed.json["verdict"]) == (0, "not worse")


def test_a_worse_model_fails_the_gate(clf: RunClf, trained: Path, tiny_encoder: Path) -> None:
    weak = ("--epochs", 1, "--learning-rate", 1e-6, "--output-dir", "weak", "--no-final-test")
    assert clf("train", "--dataset", "synthetic", "--model", tiny_encoder, *weak).code == 0
    done = clf("compare", "weak", "--baseline", trained, "--json")
    assert done.code == 3
    assert done.json["verdict"] == "worse"
    [comparison] = done.json["comparisons"]
    assert comparison["interval"][1] < 0
    assert comparison["lost"] > comparison["won"]


def test_every_baseline_must_be_beaten_but_shown_ones_do_not_gate(clf: RunClf, trained: Path) -> None:
    both = clf("compare", trained, "--baseline", "pretrained", "--baseline", trained, "--json")
    assert both.code == 4
    assert both.json["gate"] == "inconclusive"
    assert both.json["verdict"] == "inconclusive"
    shown = clf("compare", trained, "--baseline", "pretrained", "--show-baseline", trained, "--json")
    assert shown.code == 0
    assert set(shown.json["baselines"]) == {"pretrained", str(trained)}


def tfidf_on_the_training_split() -> float:
    splits = {name: [(one.text, one.label) for one in made] for name, made in synthetic_reviews(100, 42).items()}
    (texts, labels), (tests, truth) = (zip(*splits[name], strict=True) for name in ("train", "test"))
    names = sorted(set(labels))
    fitted = baseline_models.tfidf(
        list(texts), np.array([names.index(label) for label in labels]), list(tests), 2, seed=42
    )
    return float((fitted.probabilities.argmax(axis=1) == [names.index(label) for label in truth]).mean())


def test_tfidf_is_trained_on_the_candidates_own_training_texts(clf: RunClf, trained: Path) -> None:
    result = clf("compare", trained, "--baseline", "tfidf", "--json").json
    assert result["baselines"]["tfidf"]["accuracy"] == tfidf_on_the_training_split()


def test_floors_and_a_least_improvement_must_be_reached(clf: RunClf, trained: Path) -> None:
    reached = clf("compare", trained, "--baseline", "pretrained", "--json").json["candidate"]["macro_f1"]
    assert clf("compare", trained, "--baseline", "pretrained", "--min-f1", reached - 0.01).code == 0
    asked = clf("compare", trained, "--baseline", "pretrained", "--min-improvement", 0.99)
    assert asked.code == 4
    assert "better than pretrained by more than 0.99" in asked.out
    floor = clf("compare", trained, "--baseline", "pretrained", "--max-ece", 0.0)
    assert floor.code == 3
    assert "gate failed (improvement detected over pretrained): ece at most 0" in floor.out


def test_a_misspelt_baseline_is_found_before_anything_is_computed(clf: RunClf, trained: Path) -> None:
    done = clf("compare", trained, "--baseline", "tf-idf")
    assert done.code == 2
    assert "did you mean tfidf?" in done.err
    assert "evaluating" not in done.err
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
    assert done.code == {"passed": 0, "failed": 3, "inconclusive": 4}[done.json["gate"]], done.err
    assert set(done.json["baselines"]) == {"pretrained", "tfidf"}
    assert json.loads(Path("comparisons/tiny_synthetic_final_synthetic_test/comparison.json").read_text())["rows"] == 20


def test_cheap_baselines_are_made_once(clf: RunClf, trained: Path) -> None:
    names = [part for name in ("majority", "tfidf", "frozen") for part in ("--show-baseline", name)]
    first = clf("compare", trained, "--baseline", "pretrained", *names, "--json")
    assert first.code == 0, first.err
    again = clf("compare", trained, "--baseline", "pretrained", *names, "--json")
    assert again.err.count("using cached predictions") == 4
    assert again.json["baselines"] == first.json["baselines"]
    costs = again.json["costs"]
    assert costs["tfidf"] == first.json["costs"]["tfidf"]
    assert costs["trained"]["train_seconds"] > 0 < costs["trained"]["megabytes"]
    assert costs["frozen"]["texts_per_second"] > 0
    assert first.json["baselines"]["majority"]["accuracy"] == 0.5


def test_a_damaged_answer_of_a_baseline_is_made_anew(clf: RunClf, trained: Path) -> None:
    first = clf("compare", trained, "--show-baseline", "tfidf", "--baseline", "pretrained", "--json")
    assert first.code == 0, first.err
    for kept in Path("comparisons/.baselines").glob("*.npy"):
        kept.write_bytes(b"nonsense")
    again = clf("compare", trained, "--show-baseline", "tfidf", "--baseline", "pretrained", "--json")
    assert again.code == 0, again.err
    assert "using cached predictions" not in again.err
    assert again.json["baselines"] == first.json["baselines"]


def test_reports_for_people_and_machines(clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("earlier\n")
    files = ("--report", "out/page.html", "--junit", "out/junit.xml", "--markdown", "out/report.md")
    done = clf("compare", trained, "--baseline", "pretrained", "--min-f1", 0.1, "--max-ece", 0.0, *files)
    assert done.code == 3, done.err
    suite = ElementTree.parse("out/junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "0")
    assert [case.find("failure") is not None for case in suite.iter("testcase")] == [False, False, True]
    assert "ece at most 0" in Path("out/report.md").read_text()
    assert Path("summary.md").read_text().startswith("earlier\n# trained compared on")
    assert "Gate failed: 2 of 3 rules met." in Path("out/page.html").read_text()


def test_a_floor_on_a_class_without_rows_is_inconclusive(clf: RunClf, trained: Path, own_folder: Path) -> None:
    rows = [(review.text, review.label) for review in synthetic_reviews(100, 7)["test"] if review.label == "positive"]
    path = write_csv(own_folder / "a.csv", rows)
    done = clf("compare", trained, "--dataset", path, "--baseline", "majority", "--min-class-recall", 0.1, "--json")
    outcomes = {rule["name"]: rule["outcome"] for rule in done.json["rules"]}
    assert outcomes["recall of negative at least 0.1"] == "inconclusive"


def test_one_row_is_measured_and_settles_nothing_it_cannot(clf: RunClf, trained: Path, own_folder: Path) -> None:
    review = synthetic_reviews(100, 7)["test"][0]
    path = write_csv(own_folder / "a.csv", [(review.text, review.label)])
    done = clf("compare", trained, "--dataset", path, "--baseline", trained, "--json")
    assert done.code == 4, done.err
    assert done.json["candidate"]["mcc"] is None


def test_a_model_that_clf_did_not_make_works_and_says_what_is_unknown(clf: RunClf, trained: Path) -> None:
    plain = Path(shutil.copytree(trained, "plain"))
    (plain / "clf.json").unlink()
    (plain / "train_rows.npy").unlink()
    done = clf("compare", plain, "--dataset", "synthetic", "--baseline", trained, "--json")
    assert done.code == 4, done.err
    assert "does not record its training texts" in done.err
    assert done.json["costs"]["plain"]["train_seconds"] is None
    refused = clf("compare", plain, "--dataset", "synthetic", "--baseline", "frozen")
    assert refused.code == 1
    assert "does not record" in refused.err


def test_a_gate_that_asks_for_nothing_is_refused(clf: RunClf, trained: Path) -> None:
    Path("clf.toml").write_text("[compare]\nbaseline = []\n")
    assert clf("compare", trained).code == 2
    assert clf("compare", trained, "--min-accuracy", 0.1).code == 0


def test_reports_that_cannot_be_written_are_found_first(clf: RunClf, trained: Path) -> None:
    Path("folder").mkdir()
    refused = clf("compare", trained, "--report", "folder")
    assert refused.code == 1
    assert "evaluating" not in refused.err
    assert "expected a file" in refused.err


def test_a_champion_of_the_same_name_has_a_column_of_its_own(clf: RunClf, trained: Path) -> None:
    shutil.copytree(trained, "trained")
    result = clf("compare", trained, "--baseline", "./trained", "--baseline", "majority", "--json").json
    assert result["model"] == "trained"
    shutil.copytree(trained, "other/trained")
    os.chdir("other")
    result = clf("compare", "../trained", "--show-baseline", "trained", "--baseline", "majority", "--json").json
    assert result["model"] == "trained (candidate)"
    assert set(result["costs"]) == {"trained (candidate)", "trained", "majority"}


def test_rows_that_a_champion_was_trained_on_count_as_leaked(clf: RunClf, trained: Path, tiny_encoder: Path) -> None:
    splits = synthetic_reviews(100, 42)
    rows = [(review.text, review.label) for review in splits["test"] + splits["train"]]
    path = write_csv(Path("all.csv"), rows)
    weak = ("--epochs", 1, "--output-dir", "weak", "--seed", 3, "--no-final-test")
    assert clf("train", "--dataset", path, "--model", tiny_encoder, *weak).code == 0
    compared = ("compare", trained, "--baseline", "weak", "--allow-leak")
    leaked = clf(*compared, "--json").json["leaked_rows"]
    seen = seen_in(
        [clean_text(review.text, CleaningSettings()) for review in splits["test"]], Path("weak/train_rows.npy")
    )
    assert leaked == seen.sum()
    assert 0 < leaked < 20
    assert f"Without {leaked}" in " ".join(clf(*compared).out.split())


def test_reports_are_apart_and_the_job_summary_is_not_written_through_a_link(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = clf("compare", trained, "--junit", "a.xml", "--markdown", "./a.xml")
    assert (done.code, "error: two reports would be written to a.xml" in done.err) == (1, True), done.err
    (own_folder / "precious").write_text("precious")
    (own_folder / "summary").symlink_to("precious")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary")
    done = clf("compare", trained, "--baseline", "majority", "--junit", "j.xml", "--markdown", "m.md")
    assert "cannot write the GitHub job summary: summary is a symbolic link" in done.err
    assert (own_folder / "precious").read_text() == "precious"
    again = clf("compare", trained, "--baseline", "majority", "--junit", "j.xml", "--markdown", "m.md")
    assert again.code == done.code == 0, again.err


def test_while_another_process_uses_its_place_nothing_is_compared(clf: RunClf, trained: Path, own_folder: Path) -> None:
    with locked_place(own_folder / "comparisons" / "trained_synthetic_test"):
        done = clf("compare", trained, "--baseline", "majority")
    assert (done.code, "is using" in done.err) == (1, True), done.err
    assert not (own_folder / "comparisons").exists()
