"""The metrics where a text may have several labels, overall and per label, and their 95 % intervals.

Names and values are those of scikit-learn for tables of zeros and ones, with `zero_division=0`, and with 1 in the mean
F1 of the texts: a text of no label for which none is predicted is answered rightly.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from clf.outcomes.base import Interval, LabelMetrics, Metrics
from clf.scoring.answers import row_slices
from clf.scoring.calibration import SIMULATIONS, expected_calibration_error, simulated_calibration_error
from clf.scoring.label_table import LabelTable
from clf.scoring.metric_table import MULTI_LABEL_TABLE, OF_LABEL_COUNTS, Values
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.ranking import auroc_and_average_precision
from clf.scoring.set_significance import f1_of_sets, tally_sets
from clf.scoring.significance import MEAN_DRAWS, bootstrap_mean_intervals, interval_with

FEWEST_POSITIVES = 100
"""The fewest rows with a label, and without it, of which its calibration error is measured."""
FEWEST_DRAWS = 20
PER_ROW = ("sample_f1", "subset_accuracy", "hamming_loss", "mean_confidence", "brier", "log_loss")
"""The metrics that are means of a value of each row."""


def score_sets(answers: MultiLabelAnswers) -> Metrics:
    """Return the headline metrics by their names in `metric_table`, at the thresholds of the answers.

    Macro averages cover all labels. `sample_f1` is the mean F1 of the rows, 1 for a row where neither the truth nor
    the prediction has a label. `subset_accuracy` is the share of rows whose set is exactly right. `average_precision`
    and `auroc` are means over the labels that some rows have and some have not. `ece` is the mean calibration error of
    the labels with at least FEWEST_POSITIVES rows, `ece_expected` what it would be for calibrated probabilities.
    `brier` and `log_loss` are means over rows and labels. `brier_skill` is 1 - `brier` / the Brier score of the base
    rate of each label in these rows: a constant probability scores at most 0. What these rows do not define is None.
    """
    per_row = dict(zip(PER_ROW, _row_values(answers).mean(axis=0).tolist(), strict=True))
    found: Metrics = {
        **_metrics_of_counts(answers),
        **per_row,
        "label_ranking_average_precision": _ranking_precision(answers),
        **_macro_ranking(answers),
        **_calibration_error(answers),
        "brier_skill": _skill(per_row["brier"], float(_base_rate_brier(answers.labels).mean())),
    }
    return {metric.name: found[metric.name] for metric in MULTI_LABEL_TABLE}


def score_labels(answers: MultiLabelAnswers, names: Sequence[str]) -> dict[str, LabelMetrics]:
    """Return the metrics of each label, by its name; a metric is None if no rows define it."""
    true, answered, right = (counts[0] for counts in _label_counts(answers))
    base, found = _base_rate_brier(answers.labels), {}
    for number, name in enumerate(names):
        positive, probabilities = answers.labels[:, number], answers.probabilities[:, number]
        auroc, average_precision = _ranking(probabilities, positive)
        ece, expected = _error(probabilities, positive)
        brier = float(((probabilities - positive.astype(np.float64)) ** 2).mean())
        together = float(true[number] + answered[number])
        found[name] = LabelMetrics(
            precision=float(right[number] / answered[number]) if answered[number] else None,
            recall=float(right[number] / true[number]) if true[number] else None,
            f1=float(2 * right[number] / together) if together else None,
            rows=int(true[number]),
            threshold=float(answers.thresholds[..., number].mean()),
            average_precision=average_precision,
            auroc=auroc,
            ece=ece,
            ece_expected=expected,
            brier=brier,
            brier_skill=_skill(brier, float(base[number])),
        )
    return found


def set_intervals(answers: MultiLabelAnswers, draws: int = MEAN_DRAWS, seed: int = 0) -> dict[str, Interval]:
    """Return the 95 % bootstrap intervals (percentiles; Efron 1979) of the metrics that have one; rows are drawn."""
    table = tally_sets(answers.labels, answers.predictions)
    found: dict[str, list[Values]] = {name: [] for name in OF_LABEL_COUNTS}
    for counts in table.draw(draws, seed):
        (of_labels,) = table.label_counts(counts)
        for name, values in found.items():
            values.append(table.of_labels(name, *of_labels))
    means = zip(PER_ROW, bootstrap_mean_intervals(_row_values(answers), draws, seed), strict=True)
    in_rows = zip(found, _metrics_of_counts(answers).values(), strict=True)
    return {name: interval_with(value, np.concatenate(found[name])) for name, value in in_rows} | dict(means)


def _metrics_of_counts(answers: MultiLabelAnswers) -> dict[str, float]:
    return {name: float(of(*_label_counts(answers))[0]) for name, of in OF_LABEL_COUNTS.items()}


def _label_counts(answers: MultiLabelAnswers) -> tuple[Values, Values, Values]:
    """Return the true, predicted and correct rows of each label, shape (1, labels) each."""
    right = answers.labels & answers.predictions
    true, answered, correct = (
        table.sum(axis=0, dtype=np.float64)[None] for table in (answers.labels, answers.predictions, right)
    )
    return true, answered, correct


def _row_values(answers: MultiLabelAnswers) -> Values:
    """Return the values of PER_ROW, shape (rows, metrics)."""
    true, predicted = answers.labels, answers.predictions
    f1 = f1_of_sets(true, predicted)
    wrong = (true ^ predicted).mean(axis=1)
    columns = (f1, answers.correct, wrong, answers.confidence, answers.brier_scores, answers.log_losses)
    return np.stack(columns, axis=1).astype(np.float64)


def _ranking_precision(answers: MultiLabelAnswers) -> float:
    """Return the label ranking average precision; a row with no label, or with all, counts 1.

    The mean, over the true labels of a row, of the share of true labels among those ranked at least as high (Schapire
    and Singer 2000). scikit-learn's function gives the same, one row at a time: it takes 20 times as long.
    """
    total = 0.0
    for rows in row_slices(*answers.probabilities.shape):
        labels, scores = answers.labels[rows], -answers.probabilities[rows]
        ranks = rankdata(scores, method="max", axis=1).astype(np.int64)
        true_above = np.cumsum(np.take_along_axis(labels, np.argsort(scores, axis=1), axis=1), axis=1)
        precisions = np.take_along_axis(true_above, ranks - 1, axis=1) / ranks
        true = labels.sum(axis=1)
        means = (precisions * labels).sum(axis=1) / np.maximum(true, 1)
        total += float(np.where(true > 0, means, 1.0).sum())
    return total / len(answers)


def _macro_ranking(answers: MultiLabelAnswers) -> Metrics:
    columns = zip(answers.probabilities.T, answers.labels.T, strict=True)
    found = [one for one in (_ranking(*column) for column in columns) if one[0] is not None]
    if not found:
        return {"auroc": None, "average_precision": None}
    auroc, average_precision = np.mean(np.array(found, dtype=np.float64), axis=0)
    return {"auroc": float(auroc), "average_precision": float(average_precision)}


def _ranking(probabilities: NDArray[np.float32], positive: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Return AUROC and average precision of one label; None if all rows have it, or none."""
    if positive.all() or not positive.any():
        return None, None
    return auroc_and_average_precision(probabilities, positive)


def _calibration_error(answers: MultiLabelAnswers) -> Metrics:
    columns = zip(answers.probabilities.T, answers.labels.T, strict=True)
    draws = max(FEWEST_DRAWS, SIMULATIONS // answers.classes)  # their mean over labels varies as little
    found = [one for one in (_error(*column, draws) for column in columns) if one[0] is not None]
    if not found:
        return {"ece": None, "ece_expected": None}
    error, expected = np.mean(np.array(found, dtype=np.float64), axis=0)
    return {"ece": float(error), "ece_expected": float(expected)}


def _error(
    probabilities: NDArray[np.float32], positive: NDArray[np.bool_], draws: int = SIMULATIONS
) -> tuple[float | None, float | None]:
    """Return the calibration error of one label and what chance adds to it; None with too few rows of either kind."""
    rows = int(positive.sum())
    if min(rows, len(positive) - rows) < FEWEST_POSITIVES:
        return None, None
    values = probabilities.astype(np.float64)
    return expected_calibration_error(values, positive), simulated_calibration_error(values, draws=draws)


def _base_rate_brier(labels: LabelTable) -> Values:
    """Return the Brier score of each label's base rate, shape (labels,): that of the best constant."""
    shares = labels.mean(axis=0)
    scores: Values = shares * (1 - shares)
    return scores


def _skill(brier: float, base: float) -> float | None:
    return 1 - brier / base if base else None
