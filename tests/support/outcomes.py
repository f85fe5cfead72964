"""Small results of every command, complete and made up, for tests of what shows them."""

from typing import Any

from clf.outcomes.base import ClassMetrics, Cost, LabelMetrics
from clf.outcomes.comparison import (
    Answer,
    CompareLabelsResult,
    CompareResult,
    Comparison,
    Example,
    LabelFlips,
    SetAnswer,
    SetExample,
)
from clf.outcomes.evaluation import Abstention, BeforeCalibration, Calibration, EvaluateResult
from clf.outcomes.exporting import ExportResult
from clf.outcomes.label_evaluation import EvaluateLabelsResult, LabelsCalibration
from clf.outcomes.training import TrainExample, TrainResult

UNKNOWN_COST = Cost(train_seconds=None, texts_per_second=None, megabytes=None)


def class_metrics(**changes: Any) -> ClassMetrics:
    return ClassMetrics(**({"precision": 0.5, "recall": 0.25, "f1": 0.125, "rows": 3} | changes))


def example(text: str = "a fine film", label: str = "good", **changes: Any) -> Example:
    values = {
        "text": text,
        "label": label,
        "candidate": Answer(name="mine", label="good", confidence=0.75),
        "baseline": Answer(name="tfidf", label="bad", confidence=0.5),
    }
    return Example(**(values | changes))


def label_metrics(**changes: Any) -> LabelMetrics:
    values = {"precision": 0.5, "recall": 0.25, "f1": 0.125, "rows": 30, "threshold": 0.375, "average_precision": 0.6,
              "auroc": 0.7, "ece": 0.05, "ece_expected": 0.02, "brier": 0.1, "brier_skill": 0.3}  # fmt: skip
    return LabelMetrics(**(values | changes))


def set_example(text: str = "a fine cast", **changes: Any) -> SetExample:
    values = {
        "text": text,
        "labels": ["acting"],
        "candidate": SetAnswer(name="mine", labels=["acting", "plot"], confidence=0.75),
        "baseline": SetAnswer(name="tfidf", labels=[], confidence=0.5),
    }
    return SetExample(**(values | changes))


def comparison(**changes: Any) -> Comparison:
    values = {
        "baseline": "tfidf", "metric": "macro_f1", "difference": 0.125, "interval": (0.0625, 0.1875), "p_value": 0.01,
        "verdict": "better", "gates": True, "rows_needed": None, "won": 5, "lost": 1,
    }  # fmt: skip
    return Comparison(**(values | changes))


def compare_result(**changes: Any) -> CompareResult:
    """Return a comparison of `mine` with `tfidf`, which it passed."""
    values = {
        "model": "mine", "dataset": "reviews", "split": "test", "rows": 40, "candidate": {"accuracy": 0.875},
        "intervals": {"accuracy": (0.75, 0.9375)}, "per_class": {"good": class_metrics()},
        "baselines": {"tfidf": {"accuracy": 0.75}},
        "costs": {"mine": Cost(train_seconds=12.5, texts_per_second=None, megabytes=255.4), "tfidf": UNKNOWN_COST},
        "comparisons": [comparison()], "verdict": "better", "rules": [], "min_improvement": 0.0, "margin": None,
        "gate": "passed", "summary": "mine is better than tfidf", "advice": [], "next": [], "examples": [],
        "flips": {}, "leaked_rows": None, "without_leaks": {}, "output_dir": "comparisons/mine",
    }  # fmt: skip
    return CompareResult(**(values | changes))


def compare_labels_result(**changes: Any) -> CompareLabelsResult:
    """Return a comparison of `mine` with `tfidf`, both of which predict several labels per text; it passed."""
    single = dict(compare_result())
    del single["per_class"]
    values = {
        "candidate": {"macro_f1": 0.875, "subset_accuracy": 0.625}, "intervals": {"macro_f1": (0.75, 0.9375)},
        "baselines": {"tfidf": {"macro_f1": 0.75, "subset_accuracy": 0.5}},
        "per_label": {"acting": label_metrics(), "plot": label_metrics(rows=1)},
        "label_flips": {"tfidf": {"acting": LabelFlips(won=7, lost=2), "plot": LabelFlips(won=0, lost=0)}},
        "thresholds_fitted_here": False,
    }  # fmt: skip
    return CompareLabelsResult(**(single | values | changes))


def calibration(**changes: Any) -> Calibration:
    values = {"temperature": None, "note": None, "reliability": [], "risk_coverage": [], "before": None}
    return Calibration(**(values | changes))


def before_calibration(**changes: Any) -> BeforeCalibration:
    values = {
        "mean_confidence": 0.9876, "ece": 0.1234, "ece_expected": 0.01, "log_loss": 0.5, "brier": 0.2, "reliability": [],
    }  # fmt: skip
    return BeforeCalibration(**(values | changes))


def abstention(**changes: Any) -> Abstention:
    values = {
        "threshold": 0.625, "rows": 40, "answered": 30, "coverage": 0.75, "coverage_interval": (0.6, 0.9),
        "accuracy": 0.9, "accuracy_interval": (0.8125, 0.95), "aim": None,
    }  # fmt: skip
    return Abstention(**(values | changes))


def evaluate_result(**changes: Any) -> EvaluateResult:
    """Return an evaluation of `mine` on texts of two classes."""
    values = {
        "model": "mine", "dataset": "reviews", "split": "test", "rows": 40,
        "metrics": {"accuracy": 0.875, "mean_confidence": 0.8768, "ece": 0.0321},
        "intervals": {"accuracy": (0.75, 0.9375)},
        "per_class": {"good": class_metrics(), "bad": class_metrics(precision=None, rows=4)}, "positive_class": None,
        "confusion_matrix": [[17, 3], [2, 18]], "calibration": calibration(), "abstention": None, "by_length": [],
        "worst_errors": [], "leaked_rows": None, "without_leaks": None, "label_issues": 0,
        "output_dir": "evaluations/mine",
    }  # fmt: skip
    return EvaluateResult(**(values | changes))


def evaluate_labels_result(**changes: Any) -> EvaluateLabelsResult:
    """Return an evaluation of `mine` on texts that may have two labels."""
    values = {
        "model": "mine", "dataset": "reviews", "split": "test", "rows": 200,
        "metrics": {"macro_f1": 0.75, "subset_accuracy": 0.5, "mean_confidence": 0.4, "ece": 0.05, "ece_expected": 0.02,
                    "log_loss": 0.3},
        "intervals": {"macro_f1": (0.6875, 0.8125), "subset_accuracy": (0.4375, 0.5625)},
        "per_label": {"acting": label_metrics(), "plot": label_metrics(f1=None, precision=None, rows=4)},
        "calibration": LabelsCalibration(note=None, reliability=[], risk_coverage=[], before=None), "abstention": None,
        "by_length": [], "by_number_of_labels": [], "together": [], "replaced": [], "worst_errors": [],
        "leaked_rows": None, "without_leaks": None, "thresholds_fitted_here": False, "positive_label": None,
        "label_issues": 0, "output_dir": "evaluations/mine",
    }  # fmt: skip
    return EvaluateLabelsResult(**(values | changes))


def train_result(**changes: Any) -> TrainResult:
    """Return a training that was tested."""
    values = {
        "model_dir": "trained_models/mine", "run_dir": "trained_models/mine.run", "epochs": 3.0, "steps": 120,
        "resumed_from_step": None, "train_seconds": 12.34, "examples_per_second": 56.78,
        "metrics": {"accuracy": 0.8125}, "test_metrics": {"accuracy": 0.75},
        "examples": [TrainExample(text="a fine film", label="good", predicted="good", confidence=0.75)],
        "megabytes": 255.4,
    }  # fmt: skip
    return TrainResult(**(values | changes))


def export_result(**changes: Any) -> ExportResult:
    """Return an export that passed its check."""
    values = {
        "model": "mine", "format": "onnx", "int8": True, "dataset": "reviews", "split": "test", "rows": 40,
        "same_labels": 0.975, "largest_difference": 0.0123, "metric": "macro_f1", "difference": -0.0125,
        "interval": (-0.03125, 0.0), "margin": 0.02, "gate": "passed", "original": {"accuracy": 0.875},
        "exported": {"accuracy": 0.8625}, "costs": {"original": UNKNOWN_COST, "exported": UNKNOWN_COST},
        "output_dir": "exported/mine",
    }  # fmt: skip
    return ExportResult(**(values | changes))
