"""What `clf compare` decides, shows and suggests for answers that were written by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.compare import _check_rules, _differ, _either, _model_paths, _next, _result, exit_code
from clf.errors import UsageError
from clf.models.record import ModelRecord
from clf.outcomes.comparison import CompareResult
from clf.scoring.metrics import intervals, score
from clf.settings import CompareSettings
from support.outcomes import compare_result
from support.recorded import bare_classifier
from support.two_models import RIGHT, TEXTS, model

NEW, OLD = model("new", RIGHT[0]), model("old", RIGHT[1])


# --- the gate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "on_inconclusive", "code"),
    [
        ("passed", "fail", 0),
        ("failed", "fail", 3),
        ("inconclusive", "fail", 4),
        ("passed", "pass", 0),
        ("failed", "pass", 3),
        ("inconclusive", "pass", 0),
    ],
)
def test_the_exit_code_is_the_outcome_of_the_gate(gate: str, on_inconclusive: Any, code: int) -> None:
    assert exit_code(compare_result(gate=gate), CompareSettings(on_inconclusive=on_inconclusive)) == code


@pytest.mark.parametrize("limit", ["min_accuracy", "min_f1", "max_ece", "min_class_recall"])
def test_a_limit_alone_is_a_rule_even_if_it_is_zero(limit: str) -> None:
    _check_rules(CompareSettings(baseline=[], **{limit: 0.0}))
    _check_rules(CompareSettings(baseline=["majority"]))


def test_a_gate_without_a_baseline_or_a_limit_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no baseline and no limit, so the gate has nothing to check") as said:
        _check_rules(CompareSettings(baseline=[], show_baseline=["majority"]))
    assert said.value.hint == "pass --baseline, or a limit such as --min-f1"


def result(leaked: Any = None, record: ModelRecord | None = None, **settings: Any) -> CompareResult:
    choice = CompareSettings(**{"baseline": ["old"], "metric": "accuracy", **settings})
    marked = None if leaked is None else np.array(leaked)
    return _result(bare_classifier("m", record), NEW, [OLD.compared(marked)], TEXTS, choice, marked, Path("out"))


@pytest.fixture(scope="module")
def plain() -> CompareResult:
    """Give the result of a model without a record, and with a limit that it does not reach."""
    return result(min_f1=0.9, examples=0)


def test_the_result_holds_both_models_their_comparison_and_the_rules(plain: CompareResult) -> None:
    found = plain
    assert (found.model, found.dataset, found.split, found.rows) == ("new", "films", "test", 8)
    assert (found.candidate, found.baselines) == (NEW.metrics, {"old": OLD.metrics})
    assert found.intervals == intervals(NEW.answers)
    assert {name: cost.texts_per_second for name, cost in found.costs.items()} == {"new": 4.0, "old": 4.0}
    [comparison] = found.comparisons
    assert (comparison.difference, comparison.won, comparison.lost) == (0.25, 4, 2)
    assert (found.verdict, found.gate) == ("inconclusive", "failed")
    assert [rule.outcome for rule in found.rules] == ["inconclusive", "failed"]
    assert found.summary.startswith("gate failed: better than old: inconclusive")
    assert found.advice[0].startswith("more evaluation texts: about ")


def test_a_passed_gate_needs_no_advice() -> None:
    found = result(baseline=[], show_baseline=["old"], min_f1=0.1)
    assert (found.gate, found.advice, found.verdict) == ("passed", [], "better")


def test_the_report_has_the_texts_that_one_model_alone_gets_right_whatever_examples_are_shown(
    plain: CompareResult,
) -> None:
    assert plain.examples == []
    flips = plain.flips["old"]
    assert [each.text for each in flips.won] == ["text 3", "text 2", "text 1", "text 0"]
    assert [each.text for each in flips.lost] == ["text 5", "text 4"]


def test_leaked_rows_are_counted_and_left_out_of_the_second_figures(plain: CompareResult) -> None:
    assert (plain.leaked_rows, plain.without_leaks) == (None, {"new": None, "old": None})
    found = result(leaked=[True, True] + [False] * 6)
    assert found.leaked_rows == 2
    assert found.without_leaks["new"] == score(NEW.answers.take(np.arange(2, 8)))
    assert found.without_leaks["old"] == score(OLD.answers.take(np.arange(2, 8)))


def test_a_row_leaked_if_either_model_was_trained_on_it() -> None:
    one, other = np.array([True, False, False]), np.array([True, True, False])
    both = _either(one, other)
    assert both is not None
    assert both.tolist() == [True, True, False]
    assert _either(one, None) is one
    assert _either(None, other) is other
    assert _either(None, None) is None


# --- what to do next ----------------------------------------------------------------------------------------


def trained(data: dict[str, Any], train: dict[str, Any], recipe: dict[str, Any], typed: str | None) -> ModelRecord:
    dataset = {"name": "films", "origin": "", "fingerprint": "", "files": {}, "data": {}, "seed": 1, "prepared": "",
               "dataset": typed}  # fmt: skip
    values = {"schema_version": 1, "dataset": dataset, "settings": {"data": data, "train": train}, "recipe": recipe}
    return ModelRecord.model_validate(values)


def test_a_good_model_is_used_next() -> None:
    record = trained({}, {"model": "acme/large"}, {"epochs": 2}, "films.csv")
    predict = ["clf", "predict", "m", "--text", "a new text"]
    assert _next(bare_classifier("m", record), good=True) == predict
    assert _next(bare_classifier(Path.cwd() / "m"), good=False) == predict


@pytest.mark.parametrize(
    ("train", "epochs", "more"),
    [
        ({}, 2, ["--epochs", "4"]),
        ({}, 10, ["--epochs", "15"]),
        ({"learning_rate": 1e-3}, 3, ["--learning-rate", "0.001", "--epochs", "5"]),
        ({"learning_rate": 1e-5}, 3, ["--learning-rate", "0.0001", "--epochs", "5"]),  # what suits a narrow encoder
    ],
)
def test_another_model_is_trained_again_for_longer(train: dict[str, Any], epochs: int, more: list[str]) -> None:
    record = trained({}, {"model": "acme/small", **train}, {"epochs": epochs}, "films.csv")
    command = ["clf", "train", "--dataset", "films.csv", "--model", "acme/small", *more]
    assert _next(bare_classifier("m", record), good=False) == command


def test_a_length_that_was_chosen_is_kept_and_a_dataset_that_was_not_typed_is_the_usual_one() -> None:
    record = trained({"max_length": 48}, {"model": "acme/small"}, {"epochs": 2}, None)
    assert _next(bare_classifier("m", record), good=False) == [
        "clf", "train", "--dataset", "imdb", "--model", "acme/small", "--epochs", "4", "--max-length", "48",
    ]  # fmt: skip


def test_a_model_whose_labels_were_read_as_sets_on_request_is_trained_on_sets_again() -> None:
    record = trained({"multi_label": True}, {"model": "acme/small"}, {"epochs": 2}, "films.csv")
    assert _next(bare_classifier("m", record), good=False)[-1] == "--multi-label"


def test_what_training_was_told_of_the_head_and_the_columns_is_told_again() -> None:
    data = {"label_column": "tags", "delimiter": ";", "max_train_samples": 9, "allow_leak": True}
    record = trained(data, {"model": "acme/small", "head_init": "probe"}, {"epochs": 2}, "films.csv")
    assert _next(bare_classifier("m", record), good=False)[-8:] == [
        "--epochs", "4", "--head-init", "probe", "--label-column", "tags", "--delimiter", ";",
    ]  # fmt: skip


def test_a_model_without_errors_is_used_next_even_if_the_gate_did_not_pass() -> None:
    record = trained({}, {}, {"epochs": 2}, "films.csv")
    perfect = model("new", list(range(8)))
    choice = CompareSettings(baseline=["old"], metric="accuracy", min_improvement=0.9)
    stuck = _result(bare_classifier("m", record), perfect, [OLD.compared(None)], TEXTS, choice, None, Path("out"))
    assert (stuck.gate, stuck.next[1]) == ("inconclusive", "predict")
    assert result(record=record).next[1] == "train"


def test_only_baselines_that_are_paths_are_inputs() -> None:
    assert _model_paths(["tfidf", "./model", "~/model"]) == [Path("model"), Path.home() / "model"]


def test_models_of_many_classes_are_told_apart_by_those_that_only_one_has() -> None:
    many = [f"class {number:02}" for number in range(30)]
    assert _differ("old", ["a", "b"], ["a"]) == "the labels of old are a, b, but the candidate's are a"
    assert _differ("old", [*many[:28], "x"], many) == (
        "the labels of old are not the candidate's: old alone has the label 'x'; "
        "old lacks the label 'class 28' and 1 more"
    )
