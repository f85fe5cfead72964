"""The tally of sets is the rows, its metrics are those of scikit-learn, and two models are compared by it as by rows."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import accuracy_score, f1_score

from clf.scoring import set_significance
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.multi_label_metrics import set_intervals
from clf.scoring.set_significance import DRAWS, FEWEST_DRAWS, SET_METRICS, SetCounts, tally_sets
from clf.scoring.significance import mcnemar, paired_difference, tally
from support.simulated_sets import EVERYTHING, NOTHING, World

Table = np.ndarray
Sets = tuple[Table, Table, Table]


def f1_of(average: str) -> Callable[[Table, Table], float]:
    """Return the F1 of scikit-learn; a text of no label for which none is predicted counts 1."""
    empty = 1.0 if average == "samples" else 0.0
    return lambda true, predicted: float(f1_score(true, predicted, average=average, zero_division=empty))


PEERS: dict[str, Callable[[Table, Table], float]] = {
    **{f"{average.removesuffix('s')}_f1": f1_of(average) for average in ("macro", "micro", "weighted", "samples")},
    "subset_accuracy": lambda true, predicted: float(accuracy_score(true, predicted)),
}


def drawn(rows: int = 300, labels: int = 4, seed: int = 3) -> Sets:
    """Return true sets and those of two models, of which the second errs more; the last label is in no text."""
    generator = np.random.default_rng(seed)
    true = generator.random((rows, labels)) < np.linspace(0.1, 0.6, labels)
    true[:, -1] = False
    first, second = (true ^ (generator.random(true.shape) < share) for share in (0.08, 0.12))
    return true, first, second


def by_rows(sets: Sets, metric: str) -> float:
    """Return the difference that scikit-learn finds."""
    true, first, second = sets
    return PEERS[metric](true, first) - PEERS[metric](true, second)


# --- the tally ----------------------------------------------------------------------------------------------


def test_the_tally_of_sets_is_the_rows() -> None:
    true, first, second = drawn(labels=9)
    table = tally_sets(true, first, second)
    assert table.rows == table.counts.sum() == len(true)
    combinations = np.hstack([table.true, *table.predicted])
    assert len(np.unique(combinations, axis=0)) == len(table.counts)
    assert sorted(map(tuple, np.repeat(combinations, table.counts, axis=0))) == sorted(
        map(tuple, np.hstack([true, first, second]))
    )
    for model, (truth, answered, right) in zip((first, second), table.label_counts(table.counts[None]), strict=True):
        assert truth[0].tolist() == true.sum(axis=0).tolist()
        assert answered[0].tolist() == model.sum(axis=0).tolist()
        assert right[0].tolist() == (true & model).sum(axis=0).tolist()


def test_label_counts_in_slices_are_those_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tally_sets(*drawn(labels=9))
    (counts,) = table.draw(20)
    at_once = table.label_counts(counts)
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 500)
    assert np.array_equal(table.label_counts(counts), at_once)


@pytest.mark.parametrize("few", [1, 10**6])
def test_each_draw_has_as_many_rows_as_the_table(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_significance, "FEW_OF_ROWS", few)
    table = tally_sets(*drawn())
    parts = list(table.draw(1001, seed=3))
    assert [part.shape for part in parts] == [(rows, len(table.counts)) for rows in (500, 500, 1)]
    assert {int(rows) for part in parts for rows in part.sum(axis=1)} == {300}
    counts = np.concatenate(parts)
    assert counts.mean(axis=0) == pytest.approx(table.counts, abs=0.15 * math.sqrt(table.counts.max()))
    spread = np.sqrt(table.counts * (1 - table.counts / 300))  # that of a binomial distribution
    assert counts.std(axis=0) == pytest.approx(spread, rel=0.15)


def test_a_large_tally_takes_fewer_draws() -> None:
    def of(combinations: int) -> int:
        table = np.zeros((combinations, 1), dtype=bool)
        return SetCounts(table, (table, table), np.ones(combinations, dtype=np.int64)).draws

    assert of(1) == of(5_000) == DRAWS
    assert of(10_000) == DRAWS / 2
    assert of(50_000) == of(1_000_000) == FEWEST_DRAWS


# --- differences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", SET_METRICS)
@pytest.mark.parametrize("seed", range(3))
def test_a_difference_is_that_of_scikit_learn(metric: str, seed: int) -> None:
    sets = drawn(seed=seed)
    found = paired_difference(tally_sets(*sets), metric, draws=200)
    assert (found.metric, found.rows) == (metric, 300)
    assert found.difference == pytest.approx(by_rows(sets, metric), abs=1e-9)
    assert found.interval[0] < found.difference < found.interval[1]


@pytest.mark.parametrize("metric", SET_METRICS)
@pytest.mark.parametrize("few", [1, 10**6])
def test_drawing_counts_is_drawing_rows(metric: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_significance, "FEW_OF_ROWS", few)
    true, first, second = drawn()
    found = paired_difference(tally_sets(true, first, second), metric, draws=1500)
    generator = np.random.default_rng(1)
    rows = np.array([np.bincount(generator.integers(0, 300, 300), minlength=300) for _ in range(1500)])
    each = SetCounts(true, (first, second), np.ones(300, dtype=np.int64)).metric(metric)(rows)
    assert found.interval == pytest.approx(np.percentile(each[0] - each[1], [2.5, 97.5]), abs=0.009)
    assert found.standard_error == pytest.approx((each[0] - each[1]).std(), rel=0.08)


def test_a_seed_gives_the_same_draws_and_another_one_others() -> None:
    table = tally_sets(*drawn(rows=30))
    assert paired_difference(table, "macro_f1") == paired_difference(table, "macro_f1", draws=DRAWS, seed=0)
    assert paired_difference(table, "macro_f1", 300) != paired_difference(table, "macro_f1", 300, seed=1)


def test_a_metric_that_counts_do_not_determine_is_refused() -> None:
    with pytest.raises(KeyError, match="auroc"):
        paired_difference(tally_sets(*drawn()), "auroc")


@pytest.mark.parametrize("metric", SET_METRICS)
def test_a_model_does_not_differ_from_itself(metric: str) -> None:
    true, first, _ = drawn()
    found = paired_difference(tally_sets(true, first, first), metric, draws=50)
    assert (found.difference, found.interval, found.standard_error) == (0.0, (0.0, 0.0), 0.0)
    assert found.rows_needed() is None


def test_mcnemar_counts_texts_of_which_only_one_model_has_the_whole_set_right() -> None:
    true = np.zeros((40, 3), dtype=bool)
    first, second = true.copy(), true.copy()
    first[:2, 0], second[2:12, 1:], first[12:, 2], second[12:, 0] = True, True, True, True
    expected = 2 * sum(math.comb(12, number) for number in range(3)) / 2**12
    table = tally_sets(true, first, second)
    assert mcnemar(table) == pytest.approx(expected)
    assert (table.counts[table.right(0)].sum(), table.counts[table.right(1)].sum()) == (10, 2)
    assert mcnemar(tally_sets(true, first, first)) == 1.0


# --- what must change nothing, or only the sign -------------------------------------------------------------


@pytest.mark.parametrize("metric", SET_METRICS)
def test_the_order_of_texts_and_labels_changes_no_difference(metric: str) -> None:
    sets = drawn()
    rows, labels = np.random.default_rng(1).permutation(300), [2, 0, 3, 1]
    found = paired_difference(tally_sets(*sets), metric, draws=1000)
    assert paired_difference(tally_sets(*(table[rows] for table in sets)), metric, draws=1000) == found
    other = paired_difference(tally_sets(*(table[:, labels] for table in sets)), metric, draws=1000)
    assert other.difference == pytest.approx(found.difference, abs=1e-9)
    assert other.interval == pytest.approx(found.interval, abs=0.01)


@pytest.mark.parametrize("metric", SET_METRICS)
def test_models_that_change_places_change_the_sign(metric: str) -> None:
    true, first, second = drawn()
    found, other = (
        paired_difference(table, metric, draws=1000)
        for table in (tally_sets(true, first, second), tally_sets(true, second, first))
    )
    assert other.difference == pytest.approx(-found.difference, abs=1e-9)
    assert other.interval == pytest.approx([-found.interval[1], -found.interval[0]], abs=0.01)
    assert mcnemar(tally_sets(true, first, second)) == mcnemar(tally_sets(true, second, first))


@pytest.mark.parametrize("metric", SET_METRICS)
def test_texts_that_all_stand_four_times_halve_the_error_alone(metric: str) -> None:
    sets = drawn()
    found = paired_difference(tally_sets(*sets), metric, draws=1000)
    other = paired_difference(tally_sets(*(np.repeat(table, 4, axis=0) for table in sets)), metric, draws=1000)
    assert (other.difference, other.rows) == (pytest.approx(found.difference, abs=1e-9), 1200)
    assert other.standard_error == pytest.approx(found.standard_error / 2, rel=0.1)


def test_sets_of_one_label_are_compared_as_single_labels() -> None:
    generator = np.random.default_rng(2)
    labels, first, second = generator.integers(0, 3, (3, 300))
    first, second = (np.where(generator.random(300) < 0.7, labels, one) for one in (first, second))
    single, sets = tally(labels, first, second, classes=3), tally_sets(*np.eye(3, dtype=bool)[[labels, first, second]])
    assert mcnemar(sets) == mcnemar(single)
    for of_sets, name in (("macro_f1", "macro_f1"), ("weighted_f1", "weighted_f1"), ("subset_accuracy", "accuracy")):
        one, other = paired_difference(sets, of_sets, draws=2000), paired_difference(single, name, draws=2000)
        assert one.difference == pytest.approx(other.difference, abs=1e-9)
        assert one.interval == pytest.approx(other.interval, abs=0.01)


# --- simulations: tests/benchmarks/set_evidence.py has many more of them --------------------------------------

SKILLS = (2.5, 2.5, 2.5)


def f1_of_skills(world: World, skills: tuple[float, ...]) -> float:
    """Return the macro F1 of a model on infinitely many texts."""
    shares, skill = np.array(world.shares), np.array(skills)
    threshold = skill / 2 + np.log((1 - shares) / shares) / (2 * skill)
    hits, alarms = shares * norm.sf(threshold - skill), (1 - shares) * norm.sf(threshold)
    return float((2 * hits / (shares + hits + alarms)).mean())


def test_the_interval_holds_the_truth_as_often_as_it_says_and_equal_models_are_rarely_better() -> None:
    generator, held, better = np.random.default_rng(17), 0, 0
    world = World((0.5, 0.3, 0.15), SKILLS, (2.2, 2.2, 2.2))
    truth = f1_of_skills(world, world.first) - f1_of_skills(world, world.second)
    for _ in range(200):
        low, high = paired_difference(tally_sets(*world.draw(150, generator)), "macro_f1", draws=200).interval
        held += low <= truth <= high
        equal = World(world.shares, SKILLS, SKILLS).draw(150, generator)
        better += paired_difference(tally_sets(*equal), "macro_f1", draws=200).interval[0] > 0
    assert 0.92 <= held / 200 <= 0.98
    assert better / 200 <= 0.04


@pytest.mark.parametrize("skill", [EVERYTHING, NOTHING])
@pytest.mark.parametrize("metric", SET_METRICS)
def test_a_baseline_of_every_label_or_none_is_compared_as_any_other(metric: str, skill: float) -> None:
    sets = World((0.5, 0.3, 0.15), SKILLS, (skill,) * 3).draw(400, np.random.default_rng(1))
    assert set(sets[2].ravel().tolist()) == {skill > 0}
    found = paired_difference(tally_sets(*sets), metric, draws=300)
    assert found.difference == pytest.approx(by_rows(sets, metric), abs=1e-9)
    assert 0 < found.interval[0] < found.difference < found.interval[1]


def test_a_label_of_which_a_draw_has_no_row_makes_no_draw_worse() -> None:
    each_its_own = np.eye(60, dtype=bool)  # of 60 labels, a draw has about 38
    table = tally_sets(each_its_own, each_its_own, np.zeros_like(each_its_own))
    assert paired_difference(table, "macro_f1", draws=50).interval == (1.0, 1.0)
    one = MultiLabelAnswers(each_its_own.astype(np.float32), each_its_own, np.full(60, 0.5))
    assert set_intervals(one, draws=50)["macro_f1"] == (1.0, 1.0)


def test_a_label_that_no_row_has_counts_as_zero_in_the_rows_and_in_each_draw() -> None:
    half = np.eye(60, dtype=bool)[:, :60] & (np.arange(60) < 30)
    table = tally_sets(half, half, np.zeros_like(half))
    found = paired_difference(table, "macro_f1", draws=50)
    assert found.difference == 0.5
    assert found.interval[0] < 0.5 <= found.interval[1]
