"""Every metric that clf reports: its name, what tables call it, and how to compute it from counts.

To add a metric, add a row here and compute its value in `clf.scoring.metrics.score`. Tables, JSON, reports and the
model card then include it. A metric needs `of_counts` to have a bootstrap interval or to decide a comparison.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clf.outcomes.base import Metrics

Values = NDArray[np.float64]
OfCounts = Callable[[Values, Values, Values], Values]
"""True, predicted and correct row counts per class or label, each (draws, classes) -> the metric, shape (draws,)."""


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str
    shown: str | None
    """What tables call it; None if they leave it out."""
    of_counts: OfCounts | None = None
    """Computes it from counts per class, for the bootstrap; None if it has no bootstrap interval of that kind."""
    in_model_index: bool = False
    """Whether the model card lists it in the model index that the Hub reads."""


def _accuracy(true: Values, answered: Values, right: Values) -> Values:
    total: Values = right.sum(axis=1) / true.sum(axis=1)
    return total


def _macro_f1(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(2 * right, true + answered, true + answered)


def _macro_precision(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(right, answered, true + answered)


def _macro_recall(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(right, true, true + answered)


def _weighted_f1(true: Values, answered: Values, right: Values) -> Values:
    f1 = 2 * right / np.maximum(true + answered, 1e-300)
    weighted: Values = (f1 * true).sum(axis=1) / np.maximum(true.sum(axis=1), 1e-300)
    return weighted


def _mean_where(over: Values, under: Values, present: Values) -> Values:
    there = present > 0
    shares = np.where(under > 0, over / np.maximum(under, 1e-300), 0.0)
    mean: Values = (shares * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return mean


def _micro_f1(true: Values, answered: Values, right: Values) -> Values:
    return _share(2 * right, true + answered)


def _micro_precision(true: Values, answered: Values, right: Values) -> Values:
    return _share(right, answered)


def _micro_recall(true: Values, answered: Values, right: Values) -> Values:
    return _share(right, true)


def _macro_f1_of_labels(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(2 * right, true + answered, np.ones_like(true))


def _macro_precision_of_labels(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(right, answered, np.ones_like(true))


def _macro_recall_of_labels(true: Values, answered: Values, right: Values) -> Values:
    return _mean_where(right, true, np.ones_like(true))


def _share(over: Values, under: Values) -> Values:
    """Divide the sums over labels; 0 where there is nothing to divide by, as in scikit-learn."""
    share: Values = over.sum(axis=1) / np.maximum(under.sum(axis=1), 1e-300)
    return share


TABLE = (
    Metric("accuracy", "accuracy", _accuracy, in_model_index=True),
    Metric("macro_precision", "precision (macro)", _macro_precision),
    Metric("macro_recall", "recall (macro)", _macro_recall),
    Metric("macro_f1", "F1 (macro)", _macro_f1, in_model_index=True),
    Metric("micro_f1", None),
    Metric("weighted_precision", "precision (weighted)"),
    Metric("weighted_recall", "recall (weighted)"),
    Metric("weighted_f1", "F1 (weighted)", _weighted_f1, in_model_index=True),
    Metric("balanced_accuracy", "balanced accuracy"),
    Metric("mcc", "Matthews correlation", in_model_index=True),
    Metric("auroc", "ROC AUC", in_model_index=True),
    Metric("average_precision", "average precision"),
    Metric("mean_confidence", "mean confidence"),
    Metric("ece", "calibration error", in_model_index=True),
    Metric("ece_expected", "… by chance"),
    Metric("brier", "Brier score"),
    Metric("log_loss", "log loss", in_model_index=True),
)

MULTI_LABEL_TABLE = (
    Metric("macro_f1", "F1 (macro)", _macro_f1_of_labels, in_model_index=True),
    Metric("micro_f1", "F1 (micro)", _micro_f1, in_model_index=True),
    Metric("weighted_f1", "F1 (weighted)", _weighted_f1, in_model_index=True),
    Metric("sample_f1", "F1 (mean of texts)", in_model_index=True),
    Metric("macro_precision", "precision (macro)", _macro_precision_of_labels),
    Metric("macro_recall", "recall (macro)", _macro_recall_of_labels),
    Metric("micro_precision", "precision (micro)", _micro_precision),
    Metric("micro_recall", "recall (micro)", _micro_recall),
    Metric("subset_accuracy", "subset accuracy", in_model_index=True),
    Metric("hamming_loss", "Hamming loss", in_model_index=True),
    Metric("label_ranking_average_precision", "label ranking average precision", in_model_index=True),
    Metric("average_precision", "average precision (macro)", in_model_index=True),
    Metric("auroc", "ROC AUC (macro)", in_model_index=True),
    Metric("mean_confidence", "mean confidence"),
    Metric("ece", "calibration error (mean of labels)", in_model_index=True),
    Metric("ece_expected", "… by chance"),
    Metric("brier", "Brier score (mean of labels)"),
    Metric("brier_skill", "Brier skill"),
    Metric("log_loss", "log loss (mean of labels)", in_model_index=True),
)
"""The metrics where a text may have several labels; `of_counts` takes counts per label."""
METRICS = tuple(metric.name for metric in TABLE)
ALL_METRICS = tuple(dict.fromkeys(metric.name for metric in (*TABLE, *MULTI_LABEL_TABLE)))
SHOWN = {metric.name: metric.shown for metric in TABLE if metric.shown}
OF_COUNTS = {metric.name: metric.of_counts for metric in TABLE if metric.of_counts}
OF_LABEL_COUNTS = {metric.name: metric.of_counts for metric in MULTI_LABEL_TABLE if metric.of_counts}


def is_of_sets(metrics: Metrics) -> bool:
    """Return whether these are the metrics of a model that predicts several labels per text."""
    return "subset_accuracy" in metrics


def table_of(metrics: Metrics) -> tuple[Metric, ...]:
    """Return the table that lists these metrics: that of single labels, or of several labels per text."""
    return MULTI_LABEL_TABLE if is_of_sets(metrics) else TABLE


def name_of_share_right(metrics: Metrics) -> str:
    """Return the metric that is the share of texts answered rightly: with all their labels, where they have several."""
    return "subset_accuracy" if is_of_sets(metrics) else "accuracy"


def share_right(metrics: Metrics) -> float:
    """Return the share of texts that are answered rightly."""
    return defined(metrics, name_of_share_right(metrics))


def shown_name(name: str, metrics: Metrics) -> str:
    """Return what tables call a metric, as in the table of these metrics."""
    return next((metric.shown for metric in table_of(metrics) if metric.name == name), None) or name


def undefined_metrics(metrics: Metrics) -> list[str]:
    """Return what tables call the metrics that are None."""
    return [shown_name(name, metrics) for name, value in metrics.items() if value is None]


def defined(metrics: Metrics, name: str) -> float:
    """Return a metric that is always defined, such as accuracy, macro F1 or log loss."""
    value = metrics[name]
    assert value is not None, name
    return value
