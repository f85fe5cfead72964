"""Calibration error, how much of it is due to chance, and the temperature that reduces it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clf.outcomes.evaluation import Bin
from clf.scoring.answers import Answers, row_slices
from clf.scoring.multi_label import AnyAnswers

BINS = 15
SIMULATIONS = 200
LOWEST, HIGHEST = 0.25, 10.0
FEWEST_ROWS, FEWEST_ERRORS = 100, 10


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Return the mean gap between confidence and accuracy over BINS bins of equal row counts, shapes (rows,).

    Guo et al., "On Calibration of Modern Neural Networks", 2017, with equal-mass bins. Rows of equal confidence
    share their mean accuracy, so the order of the rows does not matter.
    """
    order = np.argsort(confidence, kind="stable")
    ordered, right = confidence[order], correct[order]
    del order
    return float(_binned(right[None, :], ordered, _ties(ordered))[0])


def simulated_calibration_error(confidence: NDArray[np.float64], seed: int = 0, draws: int = SIMULATIONS) -> float:
    """Return the mean ECE of a perfectly calibrated model with these confidences: the part due to chance.

    ECE is biased upward on few rows, so compare it with this value. `seed` seeds a separate random generator,
    `draws` is the number of simulations.
    """
    generator = np.random.default_rng(seed)
    ordered = np.sort(confidence)
    ties = _ties(ordered)
    errors = [
        _binned(generator.random((part.stop - part.start, len(ordered))) < ordered, ordered, ties)
        for part in row_slices(draws, len(ordered))
    ]
    return float(np.concatenate(errors).mean())


Ties = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where each run of equal values starts, and how many they are."""


def _ties(ordered: NDArray[np.float64]) -> Ties:
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return starts, np.diff(starts, append=len(ordered))


def _shared(correct: NDArray[np.bool_], ties: Ties) -> NDArray[np.float64]:
    """Give rows of equal confidence their mean accuracy; `correct` is (draws, rows), sorted by rising confidence."""
    starts, counts = ties
    means = np.add.reduceat(correct.astype(np.float64), starts, axis=1)
    means /= counts
    return means if len(starts) == correct.shape[1] else np.repeat(means, counts, axis=1)


def _binned(correct: NDArray[np.bool_], confidence: NDArray[np.float64], ties: Ties) -> NDArray[np.float64]:
    """Average |accuracy - confidence| over equal-mass bins; `correct` is (draws, rows), sorted by rising confidence."""
    rows = len(confidence)
    gaps = _shared(correct, ties)
    gaps -= confidence
    sums = np.add.reduceat(gaps, _edges(rows)[:-1], axis=1)
    total: NDArray[np.float64] = np.abs(sums).sum(axis=1) / rows
    return total


def _edges(rows: int) -> NDArray[np.int64]:
    return np.linspace(0, rows, min(BINS, rows) + 1).astype(np.int64)


def reliability(answers: AnyAnswers) -> list[Bin]:
    """Return the reliability diagram, with the same bins as `expected_calibration_error`."""
    order = np.argsort(answers.confidence, kind="stable")
    ordered = answers.confidence[order]
    shared = _shared(answers.correct[order][None, :], _ties(ordered))[0]
    parts = [slice(start, end) for start, end in pairwise(_edges(len(order)).tolist())]
    return [
        Bin(
            confidence=float(ordered[part].mean()),
            accuracy=float(shared[part].mean()),
            rows=part.stop - part.start,
        )
        for part in parts
    ]


# --- temperature --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Temperature:
    """The divisor of the logits, calibration figures before and after it, and the reason if it was left at 1."""

    value: float
    rows: int
    errors: int
    before: dict[str, float]
    after: dict[str, float]
    reason: str | None = None


def fit_temperature(answers: Answers) -> Temperature:
    """Find the temperature with the lowest log loss on rows that were not trained on (Guo et al. 2017).

    Bounded to 0.25-10. It stays 1 if there are fewer than 100 rows or 10 errors, which are too few to fit it.
    """
    from scipy.optimize import minimize_scalar

    rows, errors = len(answers), int((~answers.correct).sum())
    before = _calibration(answers)
    if rows < FEWEST_ROWS or errors < FEWEST_ERRORS:
        many = "1 error" if errors == 1 else f"{errors} errors"
        reason = (
            f"{rows} validation rows with {many} are too few to calibrate on "
            f"(at least {FEWEST_ROWS} rows and {FEWEST_ERRORS} errors are needed)"
        )
        return Temperature(1.0, rows, errors, before, before, reason)
    found = minimize_scalar(
        lambda power: answers.with_temperature(float(np.exp(power))).log_loss,
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    value = round(float(np.exp(found.x)), 4)
    return Temperature(value, rows, errors, before, _calibration(answers.with_temperature(value)))


def _calibration(answers: Answers) -> dict[str, float]:
    return {
        "accuracy": float(answers.correct.mean()),
        "mean_confidence": float(answers.confidence.mean()),
        "ece": expected_calibration_error(answers.confidence, answers.correct),
        "ece_expected": simulated_calibration_error(answers.confidence),
        "log_loss": answers.log_loss,
    }
