"""The verdict that an interval gives, the rules of the gate, what they say, and the advice."""

from typing import Any

import pytest

from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import Comparison, Rule
from clf.scoring.gate import MOST_RULES, advise, check_rules, decide, gate, summarize, weakest, within_margin
from clf.settings import CompareSettings, TrainSettings

CLASSES = {
    name: ClassMetrics(precision=0.9, recall=recall, f1=0.9, rows=9) for name, recall in (("a", 0.9), ("b", None))
}


def comparison(verdict: str, baseline: str = "tfidf", gates: bool = True, needed: int | None = None) -> Comparison:
    return Comparison.model_validate(
        {
            "baseline": baseline, "metric": "macro_f1", "difference": 0.01, "interval": (-0.01, 0.03), "p_value": 0.2,
            "verdict": verdict, "gates": gates, "rows_needed": needed, "won": 3, "lost": 2,
        }
    )  # fmt: skip


def metrics(f1: float, accuracy: float = 0.9, ece: float = 0.02) -> dict[str, Any]:
    return {"macro_f1": f1, "accuracy": accuracy, "ece": ece}


@pytest.mark.parametrize(
    ("interval", "settings", "verdict"),
    [
        ([0.01, 0.03], {}, "better"),
        ([0.01, 0.03], {"min_improvement": 0.02}, "inconclusive"),
        ([0.0, 0.03], {}, "inconclusive"),
        ([-0.03, -0.01], {}, "worse"),
        ([-0.03, -0.01], {"margin": 0.05}, "worse"),
        ([-0.01, 0.03], {}, "inconclusive"),
        ([-0.01, 0.03], {"margin": 0.02}, "not worse"),
        ([-0.01, 0.03], {"margin": 0.01}, "inconclusive"),
        ([0.01, 0.03], {"margin": 0.02}, "better"),
        ([0.02, 0.03], {"min_improvement": 0.02}, "inconclusive"),  # not by more than this
        ([-0.03, 0.0], {}, "inconclusive"),
        ([0.0, 0.0], {}, "inconclusive"),
        ([0.0, 0.0], {"margin": 0.02}, "not worse"),
        ([0.01, 0.03], {"min_improvement": 0.02, "margin": 0.02}, "not worse"),
        ([-0.015, -0.001], {"margin": 0.02}, "worse"),  # by more than chance, if only a little
    ],
)
def test_the_interval_decides_in_order(interval: list[float], settings: dict[str, Any], verdict: str) -> None:
    assert decide(interval, CompareSettings(**settings)) == verdict


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [
        ([-0.002, 0.0], "passed"),
        ([-0.01, 0.0], "passed"),
        ([-0.02, 0.01], "inconclusive"),
        ([-0.02, -0.01], "inconclusive"),
        ([-0.03, -0.02], "failed"),
        ([0.02, 0.03], "passed"),
    ],
)
def test_a_loss_is_judged_by_its_interval(interval: list[float], outcome: str) -> None:
    assert within_margin(interval, 0.01) == outcome


def test_the_weakest_verdict_of_those_that_gate_is_the_top_one() -> None:
    assert weakest([comparison("better"), comparison("inconclusive"), comparison("not worse")]) == "inconclusive"
    assert weakest([comparison("better"), comparison("worse", gates=False)]) == "better"
    assert weakest([comparison("inconclusive"), comparison("worse")]) == "worse"
    assert weakest([comparison("not worse"), comparison("better")]) == "not worse"
    assert weakest([]) == "better"


def outcomes(settings: CompareSettings, *comparisons: Comparison, **found: float) -> dict[str, str]:
    rules = check_rules(comparisons, metrics(0.7, **found), CLASSES, settings)
    return {rule.name: rule.outcome for rule in rules}


def test_every_rule_is_checked() -> None:
    settings = CompareSettings(min_f1=0.8, min_accuracy=0.5, max_ece=0.01, min_class_recall=0.5)
    assert outcomes(settings, comparison("better")) == {
        "better than tfidf": "passed",
        "accuracy at least 0.5": "passed",
        "macro_f1 at least 0.8": "failed",
        "ece at most 0.01": "failed",
        "recall of a at least 0.5": "passed",
        "recall of b at least 0.5": "inconclusive",
    }


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["better"], "passed"),
        (["not worse"], "passed"),
        (["inconclusive"], "inconclusive"),
        (["better", "inconclusive"], "inconclusive"),
        (["inconclusive", "worse"], "failed"),
    ],
)
def test_one_rule_that_fails_fails_the_gate(verdicts: list[str], expected: str) -> None:
    rules = check_rules([comparison(verdict) for verdict in verdicts], metrics(0.9), {}, CompareSettings())
    assert gate(rules) == expected


def test_shown_baselines_make_no_rule() -> None:
    assert outcomes(CompareSettings(), comparison("worse", gates=False)) == {}


def test_the_summary_says_what_would_settle_it() -> None:
    unsettled = [comparison("inconclusive", needed=12_345)]
    said = summarize(unsettled, check_rules(unsettled, metrics(0.9), {}, CompareSettings()))
    assert said.startswith("gate inconclusive")
    assert "12,345 rows would settle it" in said
    hopeless = [comparison("inconclusive")]
    assert "more rows would not settle it" in summarize(
        hopeless, check_rules(hopeless, metrics(0.9), {}, CompareSettings())
    )
    won = [comparison("better")]
    rules = check_rules(won, metrics(0.7), {}, CompareSettings(min_f1=0.8))
    assert summarize(won, rules).startswith("gate failed (improvement detected over tfidf): macro_f1 at least 0.8")


# --- rules at their limits, and what they say ---------------------------------------------------------------


def rules_of(settings: CompareSettings, found: dict[str, Any], *comparisons: Comparison) -> list[tuple[str, str, str]]:
    return [(rule.name, rule.outcome, rule.message) for rule in check_rules(comparisons, found, CLASSES, settings)]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"min_f1": 0.7}, "macro_f1 at least 0.7"),
        ({"min_accuracy": 0.7}, "accuracy at least 0.7"),
        ({"max_ece": 0.7}, "ece at most 0.7"),
    ],
)
def test_a_limit_itself_is_allowed_and_an_undefined_metric_settles_nothing(settings: dict[str, Any], name: str) -> None:
    def rule(value: float | None) -> list[tuple[str, str, str]]:
        return rules_of(CompareSettings(**settings), {"macro_f1": value, "accuracy": value, "ece": value})

    low, high = ("passed", "failed") if "max_ece" in settings else ("failed", "passed")
    assert rule(0.7) == [(name, "passed", "it is 0.7000")]
    assert rule(0.69994) == [(name, low, "it is 0.6999")]
    assert rule(0.70006) == [(name, high, "it is 0.7001")]
    why = "it is not defined on these texts"
    why = why if "max_ece" in settings else "it is not defined: none of these texts has this label"
    assert rule(None) == [(name, "inconclusive", why)]


def test_limits_of_zero_are_limits() -> None:
    settings = CompareSettings(min_f1=0.0, min_accuracy=0.0, max_ece=0.0, min_class_recall=0.0)
    assert rules_of(settings, metrics(0.0, accuracy=0.0, ece=0.001)) == [
        ("accuracy at least 0", "passed", "it is 0.0000"),
        ("macro_f1 at least 0", "passed", "it is 0.0000"),
        ("ece at most 0", "failed", "it is 0.0010"),
        ("recall of a at least 0", "passed", "it is 0.9000"),
        ("recall of b at least 0", "inconclusive", "it is not defined: none of these texts has this label"),
    ]


@pytest.mark.parametrize(
    ("settings", "verdict", "needed", "name", "message"),
    [
        ({}, "better", None, "better than tfidf", "better: {}"),
        ({"min_improvement": 0.005}, "better", None, "better than tfidf by more than 0.005", "better: {}"),
        ({"margin": 0.02}, "not worse", None, "better than tfidf, or worse by at most 0.02", "not worse: {}"),
        (
            {"min_improvement": 0.1, "margin": 0.02}, "inconclusive", 1000,
            "better than tfidf by more than 0.1, or worse by at most 0.02",
            "inconclusive: {}; about 1,000 rows would settle it",
        ),
        ({}, "inconclusive", None, "better than tfidf", "inconclusive: {}; more rows would not settle it"),
        ({}, "worse", 1000, "better than tfidf", "worse: {}"),
    ],
)  # fmt: skip
def test_a_rule_names_what_was_asked_and_what_was_found(
    settings: dict[str, Any], verdict: str, needed: int | None, name: str, message: str
) -> None:
    [rule] = rules_of(CompareSettings(**settings), metrics(0.9), comparison(verdict, needed=needed))
    found = "macro_f1 differs by +0.0100, 95 % interval [-0.0100, +0.0300]"
    assert (rule[0], rule[2]) == (name, message.format(found))


def test_a_gate_without_rules_passes() -> None:
    assert gate([]) == "passed"


def summary(comparisons: list[Comparison], f1: float = 0.9, **settings: float) -> str:
    return summarize(comparisons, check_rules(comparisons, metrics(f1), {}, CompareSettings(**settings)))  # type: ignore[arg-type]


def test_the_summary_of_a_passed_gate_names_the_baselines_that_were_beaten() -> None:
    both = [comparison("better", "majority"), comparison("better"), comparison("better", "x", gates=False)]
    assert summary(both) == "gate passed: improvement detected over majority and tfidf"
    assert summary([comparison("not worse")], margin=0.02) == "gate passed: every rule holds"
    assert summary([comparison("better", gates=False)], min_f1=0.9) == "gate passed: every rule holds"


def test_the_summary_of_a_gate_that_did_not_pass_lists_every_rule_that_does_not_hold() -> None:
    found = "macro_f1 differs by +0.0100, 95 % interval [-0.0100, +0.0300]"
    lost = f"better than tfidf: worse: {found}"
    assert summary([comparison("worse")]) == f"gate failed: {lost}"
    assert summary([comparison("worse")], f1=0.7, min_f1=0.8) == (
        f"gate failed: {lost}; macro_f1 at least 0.8: it is 0.7000"
    )
    open_ = [comparison("better", "majority"), comparison("inconclusive")]
    assert summary(open_) == (
        "gate inconclusive (improvement detected over majority): "
        f"better than tfidf: inconclusive: {found}; more rows would not settle it"
    )


def test_of_many_rules_that_do_not_hold_the_summary_names_the_first_and_counts_the_rest() -> None:
    rules = [Rule(name=f"recall of {number} at least 1", outcome="failed", message="it is 0") for number in range(1000)]
    found = summarize([], rules, MOST_RULES)
    assert found.startswith("gate failed: recall of 0 at least 1: it is 0; ")
    assert found.endswith("; recall of 9 at least 1: it is 0; and 990 more rules")
    assert summarize([], rules[:11], MOST_RULES).endswith("; recall of 9 at least 1: it is 0; and 1 more rule")
    assert summarize([], rules[:10], MOST_RULES).endswith("; recall of 9 at least 1: it is 0")


def test_where_texts_have_one_label_the_summary_names_every_rule_that_does_not_hold() -> None:
    rules = [Rule(name=f"recall of {number} at least 1", outcome="failed", message="it is 0") for number in range(20)]
    assert summarize([], rules) == f"gate failed: {'; '.join(f'{rule.name}: it is 0' for rule in rules)}"


# --- advice -------------------------------------------------------------------------------------------------

USUAL = ["another seed, a larger encoder, or more training texts"]
CHEAPER = (
    "a larger encoder, longer texts (--max-length) or more data: "
    "TF-IDF with logistic regression does as well at a fraction of the cost"
)
MORE_TEXTS = "more evaluation texts: about {} are needed to tell a difference of this size from chance"


def test_advice_names_what_the_recipe_was() -> None:
    lost = [comparison("inconclusive", needed=5000)]
    assert advise({"accuracy": 0.9}, lost, TrainSettings(learning_rate=2e-5, epochs=1), 100, 1e-4) == [
        MORE_TEXTS.format("5,000"),
        "a larger learning rate: it was 2e-05, but 0.0001 suits this encoder",
        "more epochs: it was trained for 1",
        "more training texts: it was trained on 100",
        CHEAPER,
    ]


def test_a_model_without_errors_needs_other_texts_and_nothing_else() -> None:
    lost = [comparison("inconclusive", needed=5000)]
    assert advise({"accuracy": 1.0}, lost, TrainSettings(epochs=1), 100, 1e-4) == [
        "a larger or harder test split: the candidate makes no errors on this one"
    ]


def test_the_texts_needed_are_the_most_that_an_open_comparison_needs() -> None:
    others = [
        comparison("inconclusive", "a", needed=70),
        comparison("inconclusive", "b", needed=900),
        comparison("inconclusive", "c"),
        comparison("inconclusive", "d", gates=False, needed=10_000),
        comparison("worse", "e", needed=20_000),
    ]
    assert advise({"accuracy": 0.9}, others, None, None, None) == [MORE_TEXTS.format("900")]
    assert advise({"accuracy": 0.9}, [comparison("inconclusive", "c")], None, None, None) == USUAL


@pytest.mark.parametrize(
    ("recipe", "suggested", "advice"),
    [
        ({"learning_rate": 4e-5}, 1e-4, ["a larger learning rate: it was 4e-05, but 0.0001 suits this encoder"]),
        ({"learning_rate": 5e-5}, 1e-4, USUAL),  # half of what suits it is near enough
        ({"learning_rate": 4e-5}, None, USUAL),
        ({"learning_rate": "auto"}, 1e-4, USUAL),
        ({"epochs": 2}, None, ["more epochs: it was trained for 2"]),
        ({"epochs": 3}, None, USUAL),
        ({"epochs": "auto"}, None, USUAL),
    ],
)
def test_only_what_the_recipe_had_too_little_of_is_advised(
    recipe: dict[str, Any], suggested: float | None, advice: list[str]
) -> None:
    assert advise({"accuracy": 0.9}, [], TrainSettings(**recipe), None, suggested) == advice


def test_a_model_without_a_recipe_gets_the_usual_advice() -> None:
    assert advise({"accuracy": 0.9}, [], None, None, 1e-4) == USUAL


BETTER_AND_CHEAPER = CHEAPER.replace("does as well", "does better")


@pytest.mark.parametrize(
    ("verdict", "advice"),
    [("better", USUAL), ("not worse", [CHEAPER]), ("inconclusive", [CHEAPER]), ("worse", [BETTER_AND_CHEAPER])],
)
def test_tfidf_is_recommended_only_where_it_was_not_beaten(verdict: str, advice: list[str]) -> None:
    assert advise({"accuracy": 0.9}, [comparison(verdict, gates=False)], None, None, None) == advice
    assert advise({"accuracy": 0.9}, [comparison(verdict, "majority")], None, None, None) == USUAL


def test_longer_texts_are_advised_only_where_some_were_cut() -> None:
    [found] = advise({"accuracy": 0.9}, [comparison("worse")], None, None, None, cut=False)
    assert found == (
        "a larger encoder or more data: TF-IDF with logistic regression does better at a fraction of the cost"
    )


@pytest.mark.parametrize(
    ("recipe", "advice"),
    [
        ({"epochs": 6, "head_init": "random"}, "more epochs, or --head-init probe: it was trained for 6, but {}"),
        ({"epochs": 2, "head_init": "probe"}, "more epochs: it was trained for 2, but {}"),
        (None, "more epochs: its run was too short: {}"),
    ],
)
def test_a_run_that_lost_to_its_own_encoder_without_fine_tuning_was_too_short(
    recipe: dict[str, Any] | None, advice: str
) -> None:
    made = None if recipe is None else TrainSettings(**recipe)
    why = "a logistic regression on the same encoder without fine-tuning does better"
    assert advise({"accuracy": 0.9}, [comparison("worse", "frozen")], made, None, None) == [advice.format(why)]
    assert why not in str(advise({"accuracy": 0.9}, [comparison("inconclusive", "frozen")], made, None, None))


def test_a_model_that_hardly_learned_should_have_its_labels_checked() -> None:
    checking = (
        "checking the labels: the model has hardly learned; clf prepare reports conflicting labels and duplicates"
    )
    assert advise({"accuracy": 0.59}, [], None, None, None) == [checking]
    assert advise({"accuracy": 0.6}, [], None, None, None) == USUAL
    assert advise({"accuracy": 0.59}, [], None, 100, None) == ["more training texts: it was trained on 100"]


# --- several labels per text --------------------------------------------------------------------------------


def sets(right: float, skill: float | None = 0.5, ece: float | None = 0.02) -> dict[str, Any]:
    return {"macro_f1": 0.7, "subset_accuracy": right, "ece": ece, "brier_skill": skill}


def test_with_several_labels_the_accuracy_is_that_of_whole_sets_and_its_rule_says_so() -> None:
    settings = CompareSettings(min_accuracy=0.5, min_f1=0.7, max_ece=0.1, min_class_recall=0.5)
    assert rules_of(settings, sets(0.4, ece=None)) == [
        ("subset_accuracy at least 0.5", "failed", "it is 0.4000"),
        ("macro_f1 at least 0.7", "passed", "it is 0.7000"),
        ("ece at most 0.1", "inconclusive", "it is not defined with so few texts for each label"),
        ("recall of a at least 0.5", "passed", "it is 0.9000"),
        ("recall of b at least 0.5", "inconclusive", "it is not defined: none of these texts has this label"),
    ]


def test_few_whole_sets_are_right_of_a_model_that_has_learned_so_its_skill_tells_whether_it_has() -> None:
    assert advise(sets(0.2), [], None, None, None) == USUAL
    assert advise(sets(0.2, skill=None), [], None, None, None) == USUAL
    assert advise(sets(0.2, skill=0.04), [], None, None, None)[0].startswith("checking the labels: ")
    assert advise(sets(1.0), [], None, None, None)[0].startswith("a larger or harder test split")
