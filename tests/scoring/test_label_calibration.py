"""A scale and a bias for each label's logit, found again where they are known."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from clf.scoring.label_calibration import fit_label_calibration, logits_of
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers


def distorted(rows: int, rates: list[float], seed: int = 0) -> MultiLabelAnswers:
    """Labels drawn from true probabilities; the model says logits twice as large, and 1 too low."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (rows, len(rates))) + np.log(rates) - np.log1p(-np.array(rates))
    truth = generator.random(logits.shape) < expit(logits)
    return MultiLabelAnswers(expit(2 * logits - 1).astype(np.float32), truth, np.full(len(rates), 0.5))


def test_what_distorted_the_logits_is_found_and_undone() -> None:
    answers = distorted(10_000, [0.2, 0.7])
    found = fit_label_calibration(answers)
    assert found.reason is None
    assert found.own.all()
    assert found.scales == pytest.approx([0.5] * 2, abs=0.04)
    assert found.biases == pytest.approx([0.5] * 2, abs=0.08)
    calibrated = MultiLabelAnswers(found.apply(answers.probabilities), answers.labels, answers.thresholds)
    before, after = score(answers), score(calibrated)
    assert before["ece"] > 0.05 > 0.02 > after["ece"]  # type: ignore[operator]
    assert after["auroc"] == pytest.approx(before["auroc"], abs=1e-4)
    assert found.after["log_loss"] == pytest.approx(calibrated.log_loss, abs=1e-6)
    assert found.before["log_loss"] == answers.log_loss > found.after["log_loss"]
    assert found.after["mean_probability"] == pytest.approx(found.after["share_of_labels"], abs=1e-4)


def test_the_values_are_those_of_an_unpenalised_logistic_regression() -> None:
    answers = distorted(2_000, [0.3])
    found = fit_label_calibration(answers)
    plain = LogisticRegression(C=np.inf).fit(logits_of(answers.probabilities), answers.labels[:, 0])
    assert found.scales == pytest.approx(plain.coef_[0], abs=1e-3)
    assert found.biases == pytest.approx(plain.intercept_, abs=1e-3)


def test_rare_labels_share_one_pair_and_without_enough_of_them_that_of_all_labels() -> None:
    answers = distorted(500, [0.5, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02])
    found = fit_label_calibration(answers)
    assert found.own.tolist() == [True] + [False] * 6
    assert len({*found.scales[1:].tolist()}) == len({*found.biases[1:].tolist()}) == 1
    few = fit_label_calibration(distorted(500, [0.5, 0.01]))
    assert few.own.tolist() == [True, False]
    assert few.scales[1] != 1.0


def test_a_head_without_a_bias_gets_scales_only() -> None:
    found = fit_label_calibration(distorted(2_000, [0.3, 0.5]), with_bias=False)
    assert found.biases.tolist() == [0.0, 0.0]
    assert (found.scales != 1.0).all()


def test_nothing_is_fitted_on_few_rows_or_without_labels() -> None:
    few = fit_label_calibration(distorted(99, [0.5]))
    assert "99 validation rows" in (few.reason or "")
    assert (few.scales.tolist(), few.biases.tolist(), few.own.tolist()) == ([1.0], [0.0], [False])
    none = MultiLabelAnswers(np.full((300, 2), 0.1, dtype=np.float32), np.zeros((300, 2), dtype=bool), np.full(2, 0.5))
    assert fit_label_calibration(none).reason


def test_a_label_that_the_model_tells_apart_entirely_is_not_made_surer() -> None:
    truth = np.random.default_rng(0).random((400, 2)) < 0.5
    sure = MultiLabelAnswers(np.where(truth, 0.9, 0.1).astype(np.float32), truth, np.full(2, 0.5))
    found = fit_label_calibration(sure)
    assert "with 0 wrong decisions" in (found.reason or "")
    assert found.scales.tolist() == [1.0, 1.0]
    beside = distorted(400, [0.5])
    both = MultiLabelAnswers(
        np.hstack([sure.probabilities[:, :1], beside.probabilities]),
        np.hstack([truth[:, :1], beside.labels]),
        np.full(2, 0.5),
    )
    assert fit_label_calibration(both).own.tolist() == [False, True]
    assert (fit_label_calibration(both).scales < 4.0).all()
