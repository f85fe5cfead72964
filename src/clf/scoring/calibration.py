"""Does confidence mean what it says? Calibration error, what of it is chance, and the temperature that mends it."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15
SIMULATIONS = 200
LOWEST, HIGHEST = 0.25, 10.0
FEWEST_ROWS, FEWEST_ERRORS = 100, 10
TINY = 1e-30


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence and accuracy over BINS bins of equal row counts, shapes (rows,).

    Guo et al., "On Calibration of Modern Neural Networks", 2017, with equal-mass bins. Rows of equal confidence
    share their accuracy, so that their order in the file changes nothing.
    """
    order = np.argsort(confidence, kind="stable")
    return float(_binned(correct[order].astype(np.float64)[None, :], confidence[order])[0])


def simulated_calibration_error(confidence: NDArray[np.float64], seed: int = 0) -> float:
    """Return the mean ECE of a perfectly calibrated model with these confidences: the part that is chance.

    ECE is biased upward at few rows, so it is read beside this value. Seeded by `seed`, apart from any other
    random state.
    """
    generator = np.random.default_rng(seed)
    ordered = np.sort(confidence)
    draws = [generator.random((20, len(ordered))) < ordered for _ in range(SIMULATIONS // 20)]
    return float(np.concatenate([_binned(correct.astype(np.float64), ordered) for correct in draws]).mean())


def _binned(correct: NDArray[np.float64], confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average |accuracy - confidence| over bins of equal mass; `correct` is (draws, rows), by rising confidence."""
    rows = len(confidence)
    starts = np.flatnonzero(np.diff(confidence, prepend=-1.0))
    counts = np.diff(starts, append=rows)
    shared = np.repeat(np.add.reduceat(correct, starts, axis=1) / counts, counts, axis=1)
    sums = np.add.reduceat(shared - confidence, _edges(rows)[:-1], axis=1)
    total: NDArray[np.float64] = np.abs(sums).sum(axis=1) / rows
    return total


def _edges(rows: int) -> NDArray[np.int64]:
    return np.linspace(0, rows, min(BINS, rows) + 1).astype(np.int64)


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: mean confidence and accuracy of its rows."""

    confidence: float
    accuracy: float
    rows: int


def reliability(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> list[Bin]:
    """Return the reliability diagram: the bins of `expected_calibration_error`."""
    order = np.argsort(confidence, kind="stable")
    ordered = confidence[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1.0))
    counts = np.diff(starts, append=len(ordered))
    shared = np.repeat(np.add.reduceat(correct[order].astype(np.float64), starts) / counts, counts)
    parts = [slice(start, end) for start, end in pairwise(_edges(len(order)).tolist())]
    return [Bin(float(ordered[part].mean()), float(shared[part].mean()), part.stop - part.start) for part in parts]


# --- temperature --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Temperature:
    """What logits are divided by, how the calibration error and log loss were before and after, and why it is 1."""

    value: float
    rows: int
    errors: int
    before: dict[str, float]
    after: dict[str, float]
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as `clf.json` has it."""
        return asdict(self)


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Temperature:
    """Find the temperature with the least log loss on rows that trained nothing (Guo et al. 2017).

    Bounded to 0.25-10. It stays 1 with fewer than 100 rows or fewer than 10 errors among them, which could not tell.
    """
    from scipy.optimize import minimize_scalar

    errors = int((probabilities.argmax(axis=1) != labels).sum())
    before = _calibration(probabilities, labels)
    if len(labels) < FEWEST_ROWS or errors < FEWEST_ERRORS:
        many = "1 error" if errors == 1 else f"{errors} errors"
        reason = (
            f"{len(labels)} validation rows with {many} are too few to calibrate on "
            f"(at least {FEWEST_ROWS} with {FEWEST_ERRORS})"
        )
        return Temperature(1.0, len(labels), errors, before, before, reason)
    found = minimize_scalar(
        lambda power: _log_loss(with_temperature(probabilities, float(np.exp(power))), labels),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    value = round(float(np.exp(found.x)), 4)
    return Temperature(value, len(labels), errors, before, _calibration(with_temperature(probabilities, value), labels))


def with_temperature(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return what the probabilities, shape (texts, classes), become when the logits are divided by `temperature`."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), TINY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled


def _calibration(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    confidence, correct = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels
    return {
        "accuracy": float(correct.mean()),
        "mean_confidence": float(confidence.mean()),
        "ece": expected_calibration_error(confidence, correct),
        "ece_expected": simulated_calibration_error(confidence),
        "log_loss": _log_loss(probabilities, labels),
    }


def _log_loss(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(chosen, TINY)).mean())
