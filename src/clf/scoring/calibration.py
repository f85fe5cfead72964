"""Does confidence mean what it says? Calibration error, and what of it is only chance."""

import numpy as np
from numpy.typing import NDArray

BINS = 15
SIMULATIONS = 200


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
    edges = np.linspace(0, rows, min(BINS, rows) + 1).astype(int)
    sums = np.add.reduceat(shared - confidence, edges[:-1], axis=1)
    total: NDArray[np.float64] = np.abs(sums).sum(axis=1) / rows
    return total
