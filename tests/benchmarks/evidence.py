"""How honest the gate of `clf compare` is, and what it costs.

    PYTHONPATH=tests python tests/benchmarks/evidence.py

Simulated models share half of their luck, as two models of one dataset do. Prints how often models of equal quality
are called better (nominal 2.5 %, one-sided), how often a true gain of two points is found, how often the 95 %
interval holds the truth, and the seconds that 10,000 draws over 25,000 rows take.
"""

import time

import numpy as np

from clf.scoring.significance import DRAWS, paired_difference, tally
from scoring.test_significance import simulated


def share(times: int, rows: int, first: float, second: float, classes: int, metric: str) -> tuple[float, float, float]:
    """Return how often the first is called better, worse, and how often the interval holds the true difference."""
    generator = np.random.default_rng([rows, classes, int(1e4 * first), int(1e4 * second)])
    better = worse = held = 0
    for _ in range(times):
        labels, one, other = simulated(rows, first, second, generator, classes)
        low, high = paired_difference(tally(labels, one, other, classes=classes), metric).interval
        better, worse, held = better + (low > 0), worse + (high < 0), held + (low <= first - second <= high)
    return better / times, worse / times, held / times


def main() -> None:
    print(f"{DRAWS:,} draws a comparison\n\n| rows | classes | accuracies | metric | better | worse | interval holds |")
    print("|---|---|---|---|---|---|---|")
    cases = [
        (1000, 2000, 0.90, 0.90, 2, "accuracy"), (1000, 2000, 0.90, 0.90, 2, "macro_f1"),
        (1000, 2000, 0.90, 0.90, 4, "macro_f1"), (1000, 2000, 0.92, 0.90, 2, "accuracy"),
        (1000, 2000, 0.92, 0.90, 4, "macro_f1"), (2000, 400, 0.90, 0.86, 2, "accuracy"),
        (2000, 400, 0.90, 0.86, 2, "macro_f1"),
    ]  # fmt: skip
    for times, rows, first, second, classes, metric in cases:
        better, worse, held = share(times, rows, first, second, classes, metric)
        print(f"| {rows:,} | {classes} | {first} {second} | {metric} | {better:.1%} | {worse:.1%} | {held:.1%} |")
    print("\n| rows | classes | cells | seconds for the interval of macro F1 |\n|---|---|---|---|")
    for classes in (2, 4, 20, 77):
        labels, one, other = simulated(25_000, 0.9, 0.88, np.random.default_rng(1), classes)
        started = time.perf_counter()
        table = tally(labels, one, other, classes=classes)
        paired_difference(table, "macro_f1")
        print(f"| 25,000 | {classes} | {len(table.counts)} | {time.perf_counter() - started:.2f} |")


if __name__ == "__main__":
    main()
