"""The metrics of several labels per text: the values of scikit-learn, and the rest by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from clf.scoring.answers import Answers
from clf.scoring.metric_table import MULTI_LABEL_TABLE, TABLE, table_of
from clf.scoring.metrics import intervals, score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.multi_label_metrics import PER_ROW, score_labels

NAMES = ["acting", "plot", "music", "never"]


def drawn(rows: int = 600, labels: int = 4, seed: int = 3, never: bool = True) -> MultiLabelAnswers:
    """Probabilities that know something, rounded so that some are equal, and labels drawn from others."""
    generator = np.random.default_rng(seed)
    truth = generator.random((rows, labels)) < np.linspace(0.1, 0.6, labels)
    probabilities = np.clip(0.25 + 0.4 * truth + generator.normal(0, 0.25, truth.shape), 0.01, 0.99).round(2)
    if never:
        truth[:, -1] = False
    return MultiLabelAnswers(probabilities.astype(np.float32), truth, np.linspace(0.3, 0.6, labels))


@pytest.mark.parametrize("never", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_metrics_are_those_of_scikit_learn(seed: int, never: bool) -> None:
    answers = drawn(seed=seed, never=never)
    truth, predicted, scored = answers.labels, answers.predictions, score(answers)
    defined = [number for number in range(4) if 0 < truth[:, number].sum() < len(truth)]
    expected = {
        **{
            f"{average.removesuffix('s')}_f1": sk.f1_score(truth, predicted, average=average, zero_division=0.0)
            for average in ("micro", "macro", "weighted")
        },
        "sample_f1": sk.f1_score(truth, predicted, average="samples", zero_division=1.0),
        **{
            f"{average}_{name}": of(truth, predicted, average=average, zero_division=0.0)
            for average in ("micro", "macro")
            for name, of in (("precision", sk.precision_score), ("recall", sk.recall_score))
        },
        "subset_accuracy": sk.accuracy_score(truth, predicted),
        "hamming_loss": sk.hamming_loss(truth, predicted),
        "label_ranking_average_precision": sk.label_ranking_average_precision_score(truth, answers.probabilities),
        "average_precision": sk.average_precision_score(truth[:, defined], answers.probabilities[:, defined]),
        "auroc": sk.roc_auc_score(truth[:, defined], answers.probabilities[:, defined]),
        "log_loss": np.mean([sk.log_loss(truth[:, n], answers.probabilities[:, n].astype(float), labels=[False, True])
                             for n in range(4)]),
        "brier": np.mean([sk.brier_score_loss(truth[:, n], answers.probabilities[:, n], pos_label=True)
                          for n in range(4)]),
    }  # fmt: skip
    assert {name: scored[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert set(scored) == {metric.name for metric in MULTI_LABEL_TABLE}
    assert table_of(scored) is MULTI_LABEL_TABLE
    assert table_of({"accuracy": 1.0}) is TABLE


def test_each_label_has_the_metrics_of_scikit_learn() -> None:
    answers = drawn()
    found = score_labels(answers, NAMES)
    columns = sk.precision_recall_fscore_support(answers.labels, answers.predictions, zero_division=0.0)
    for number, name in enumerate(NAMES[:3]):
        one = found[name]
        assert (one.precision, one.recall, one.f1, one.rows) == pytest.approx([column[number] for column in columns])
        assert one.threshold == answers.thresholds[number]
        truth, probabilities = answers.labels[:, number], answers.probabilities[:, number]
        assert one.average_precision == pytest.approx(sk.average_precision_score(truth, probabilities))
        assert one.auroc == pytest.approx(sk.roc_auc_score(truth, probabilities))
        base = truth.mean() * (1 - truth.mean())
        assert one.brier_skill == pytest.approx(1 - one.brier / base)
    never = found["never"]
    assert (never.rows, never.recall, never.average_precision, never.auroc) == (0, None, None, None)
    assert never.ece is never.brier_skill is None


def test_calibration_is_measured_only_with_a_hundred_rows_of_either_kind() -> None:
    answers = drawn(never=False)
    positives = answers.labels.sum(axis=0)
    assert [one.ece is None for one in score_labels(answers, NAMES).values()] == (positives < 100).tolist()
    assert 0 < (positives < 100).sum() < 4
    assert score(answers.take(np.arange(90)))["ece"] is None


def test_a_constant_has_no_skill_and_no_calibration_error() -> None:
    truth = np.random.default_rng(0).random((500, 3)) < [0.3, 0.5, 0.6]
    constant = np.broadcast_to(truth.mean(axis=0), truth.shape).astype(np.float32)
    scored = score(MultiLabelAnswers(constant, truth, np.full(3, 0.5)))
    assert scored["brier_skill"] == pytest.approx(0.0, abs=1e-6)
    assert scored["ece"] == pytest.approx(0.0, abs=1e-6)
    assert scored["auroc"] == 0.5


def test_a_text_of_no_label_with_none_predicted_is_right() -> None:
    answers = MultiLabelAnswers(np.full((2, 2), 0.1, dtype=np.float32), np.zeros((2, 2), dtype=bool), np.full(2, 0.5))
    scored = score(answers)
    assert (scored["subset_accuracy"], scored["sample_f1"], scored["hamming_loss"]) == (1.0, 1.0, 0.0)
    assert scored["brier_skill"] is scored["auroc"] is scored["average_precision"] is None


def test_intervals_cover_their_metric_and_are_those_of_drawn_rows() -> None:
    answers, found = drawn(rows=300, never=False), intervals(drawn(rows=300, never=False))
    scored = score(answers)
    assert set(PER_ROW) <= set(found) <= set(scored)
    assert all(low <= scored[name] <= high for name, (low, high) in found.items())  # type: ignore[operator]
    generator = np.random.default_rng(1)
    by_rows = [answers.take(generator.integers(0, 300, 300)) for _ in range(400)]
    for name in ("macro_f1", "micro_f1", "macro_recall"):
        drawn_values = [score_at(one, name) for one in by_rows]
        assert found[name] == pytest.approx(tuple(np.percentile(drawn_values, [2.5, 97.5])), abs=0.01)


def score_at(answers: MultiLabelAnswers, name: str) -> float:
    """Return a metric by its definition; scikit-learn would take seconds for so many draws."""
    right, true, predicted = (
        table.sum(axis=0) for table in (answers.labels & answers.predictions, answers.labels, answers.predictions)
    )
    by_name = {
        "macro_f1": np.mean(2 * right / (true + predicted)),
        "micro_f1": 2 * right.sum() / (true + predicted).sum(),
        "macro_recall": np.mean(right / true),
    }
    return float(by_name[name])


# --- what must change nothing -------------------------------------------------------------------------------


def plain(rows: int = 600, seed: int = 5) -> MultiLabelAnswers:
    """Answers whose probabilities all differ, with a hundred texts and more with each of three labels and without."""
    generator = np.random.default_rng(seed)
    truth = generator.random((rows, 3)) < [0.25, 0.4, 0.6]
    probabilities = 1 / (1 + np.exp(-2.0 * (truth - 0.5) - generator.normal(0, 1, truth.shape)))
    return MultiLabelAnswers(probabilities.astype(np.float32), truth, np.array([0.35, 0.5, 0.6]))


def assert_same(found: MultiLabelAnswers, but: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """Check that these answers have the metrics of `plain`."""
    expected = score(plain())
    assert None not in expected.values()
    names = set(only or expected) - set(but)
    scored = score(found)
    assert {name: scored[name] for name in names} == pytest.approx({name: expected[name] for name in names}, abs=1e-6)


def test_the_order_of_the_texts_changes_nothing() -> None:
    assert_same(plain().take(np.random.default_rng(1).permutation(600)))


def test_the_order_of_the_labels_changes_nothing_and_each_keeps_its_metrics() -> None:
    one, order = plain(), [2, 0, 1]
    other = MultiLabelAnswers(one.probabilities[:, order], one.labels[:, order], one.thresholds[order])
    assert_same(other)
    names = NAMES[:3]
    assert score_labels(other, [names[number] for number in order]) == score_labels(one, names)


def test_texts_that_all_stand_twice_change_nothing_but_what_chance_adds() -> None:
    assert_same(plain().take(np.repeat(np.arange(600), 2)), but=("ece_expected",))


def test_labels_that_all_stand_twice_change_nothing_but_the_confidence_in_the_set() -> None:
    one = plain()
    twice = (np.hstack([table, table]) for table in (one.probabilities, one.labels, one.thresholds))
    assert_same(MultiLabelAnswers(*twice), but=("mean_confidence", "ece_expected"))


def test_asking_whether_a_label_is_missing_changes_no_metric_that_treats_both_answers_alike() -> None:
    one = plain()
    other = MultiLabelAnswers(1 - one.probabilities, ~one.labels, 1 - one.thresholds)
    alike = ("subset_accuracy", "hamming_loss", "auroc", "mean_confidence", "brier", "brier_skill", "log_loss", "ece")
    assert_same(other, only=alike)


def test_sets_of_one_label_have_the_metrics_of_single_labels() -> None:
    generator = np.random.default_rng(2)
    labels = generator.integers(0, 3, 300)
    single = Answers(generator.dirichlet([1, 1, 1], 300).astype(np.float32), labels)
    hard = np.eye(3, dtype=np.float32)[single.predictions]
    sets, expected = score(MultiLabelAnswers(hard, np.eye(3, dtype=bool)[labels], np.full(3, 0.5))), score(single)
    assert sets["subset_accuracy"] == sets["sample_f1"] == pytest.approx(expected["accuracy"])
    for name in ("micro_f1", "macro_f1", "weighted_f1", "macro_precision", "macro_recall"):
        assert sets[name] == pytest.approx(expected[name])
