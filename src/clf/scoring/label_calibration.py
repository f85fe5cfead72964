"""Calibration where a text may have several labels: a scale and a bias for the logit of each label.

This is Platt's scaling (1999) of each label by itself: p = sigmoid(scale * logit + bias), with scale above 0, so that
the order of the texts by a label's probability stays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import LEAST, Probabilities, row_slices
from clf.scoring.multi_label import EVEN, MultiLabelAnswers

FEWEST_ROWS = 100
FEWEST_OF_A_LABEL = 50
"""The fewest rows with a label, and without it, that it gets a scale and a bias of its own for."""
FEWEST_ERRORS = 10
"""The fewest wrong decisions, at 0.5, that tell how sure a model should be; as for a temperature."""
LOWEST_SCALE, HIGHEST_SCALE = 0.1, 4.0
"""The bounds of a scale; those of a temperature, which divides, are their inverses."""
LARGEST_BIAS = 8.0

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LabelCalibration:
    """The scale and the bias of each label's logit, shape (labels,); figures before and after, and why there is none.

    `own` marks the labels whose values were fitted on them alone; the others share one pair.
    """

    scales: Values
    biases: Values
    own: NDArray[np.bool_]
    rows: int
    before: dict[str, float]
    after: dict[str, float]
    reason: str | None = None

    def apply(self, probabilities: Probabilities) -> Probabilities:
        """Return the calibrated probabilities, shape (rows, labels)."""
        return scaled(probabilities, self.scales, self.biases)


def scaled(probabilities: Probabilities, scales: Values, biases: Values) -> Probabilities:
    """Return the probabilities after a scale and a bias for each label's logit, shape (rows, labels)."""
    found = np.empty(probabilities.shape, dtype=np.float32)
    for rows in row_slices(*probabilities.shape):
        found[rows] = _sigmoid(scales * logits_of(probabilities[rows]) + biases)
    return found


def logits_of(probabilities: Probabilities) -> Values:
    """Return log(p / (1 - p)), with p at least 1e-12 away from 0 and 1."""
    clipped = np.clip(probabilities.astype(np.float64), LEAST, 1 - LEAST)
    logits: Values = np.log(clipped) - np.log1p(-clipped)
    return logits


def fit_label_calibration(answers: MultiLabelAnswers, *, with_bias: bool = True) -> LabelCalibration:
    """Find the scale and bias with the lowest log loss for each label, on rows that were not trained on.

    A label with fewer than FEWEST_OF_A_LABEL rows of either kind, or FEWEST_ERRORS wrong decisions, shares one pair
    with all such labels: fitted on their rows together, or on those of all labels if they are still too few. Where
    `with_bias` is False, for a head that has none, biases stay 0. Nothing is changed with fewer than FEWEST_ROWS rows,
    or FEWEST_ERRORS wrong decisions in all.
    """
    rows, labels = answers.labels.shape
    scales, biases = np.ones(labels), np.zeros(labels)
    positives = answers.labels.sum(axis=0)
    fewer = np.minimum(positives, rows - positives)
    errors = ((answers.probabilities >= EVEN) != answers.labels).sum(axis=0)
    own = (fewer >= FEWEST_OF_A_LABEL) & (errors >= FEWEST_ERRORS)
    before = _figures(answers)
    if rows < FEWEST_ROWS or errors.sum() < FEWEST_ERRORS:
        reason = (
            f"{rows} validation rows with {int(errors.sum())} wrong decisions are too few to calibrate on "
            f"(at least {FEWEST_ROWS} rows and {FEWEST_ERRORS} wrong decisions are needed)"
        )
        return LabelCalibration(scales, biases, np.zeros(labels, dtype=bool), rows, before, before, reason)
    logits = logits_of(answers.probabilities)
    for label in np.flatnonzero(own).tolist():
        scales[label], biases[label] = _fit(logits[:, label], answers.labels[:, label], with_bias)
    if not own.all():
        enough = fewer[~own].sum() >= FEWEST_OF_A_LABEL and errors[~own].sum() >= FEWEST_ERRORS
        among = ~own if enough else np.ones(labels, dtype=bool)
        shared = _fit(logits[:, among].ravel(), answers.labels[:, among].ravel(), with_bias)
        scales[~own], biases[~own] = shared
    scales, biases = scales.round(6), biases.round(6)
    found = LabelCalibration(scales, biases, own, rows, before, before)
    calibrated = MultiLabelAnswers(found.apply(answers.probabilities), answers.labels, answers.thresholds)
    return LabelCalibration(scales, biases, own, rows, before, _figures(calibrated))


def _fit(logits: Values, positive: NDArray[np.bool_], with_bias: bool) -> tuple[float, float]:
    """Return the scale and bias with the lowest log loss of these logits, shape (values,)."""
    from scipy.optimize import minimize

    truth = positive.astype(np.float64)

    def loss_and_slope(values: Values) -> tuple[float, Values]:
        scaled = values[0] * logits + values[1]
        off = _sigmoid(scaled) - truth
        loss = float((np.logaddexp(0.0, scaled) - truth * scaled).mean())
        return loss, np.array([(off * logits).mean(), off.mean()])

    most = LARGEST_BIAS if with_bias else 0.0
    bounds = [(LOWEST_SCALE, HIGHEST_SCALE), (-most, most)]
    found = minimize(loss_and_slope, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]), float(found.x[1])


def _figures(answers: MultiLabelAnswers) -> dict[str, float]:
    """Return the log loss and Brier score, and the mean probability beside the share of labels that are true."""
    return {
        "log_loss": answers.log_loss,
        "brier": float(answers.brier_scores.mean()),
        "mean_probability": float(answers.probabilities.mean(dtype=np.float64)),
        "share_of_labels": float(answers.labels.mean()),
    }


def _sigmoid(values: Values) -> Values:
    from scipy.special import expit

    found: Values = expit(values)
    return found
