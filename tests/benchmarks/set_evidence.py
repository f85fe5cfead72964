"""How honest the gate of `clf compare` is where a text may have several labels, and what it costs.

    PYTHONPATH=tests python tests/benchmarks/set_evidence.py [EVALUATIONS]

Simulated texts have labels that go together, and simulated models share half of their luck; the truth is that of four
million texts. Prints how often the 95 % interval holds the true difference, how often a model is called better or worse
(nominal 2.5 % each if it is neither), how often a true gain of two points is found, also at as many texts as
`rows_needed` asks for (nominal 80 %), and the processor seconds of one comparison.
"""

import sys
import time
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from clf.scoring.set_significance import SET_METRICS, SetCounts, tally_sets
from clf.scoring.significance import Difference, paired_difference
from support.simulated_sets import EVERYTHING, NOTHING, World

DRAWS = 1_000
POPULATION, AT_ONCE = 4_000_000, 250_000
SHARES, RARE = (0.4, 0.3, 0.2, 0.15, 0.1, 0.08), (0.4, 0.3, 0.2, 0.1, 0.05, 0.05)
PAIRS = (0.3, 0.3, 0.15, 0.15, 0.08, 0.08)
SKILLS = (2.5,) * 6
RARE_LABELS = "a better model, two labels of 5 % of the texts"
EQUAL = World(SHARES, SKILLS, SKILLS)
WORLDS = {
    "equal models": EQUAL,
    "each better at half of the labels": World(PAIRS, (2.7, 2.3) * 3, (2.3, 2.7) * 3),
    "a better model": EQUAL.with_gain(0.3),
    RARE_LABELS: World(RARE, SKILLS, SKILLS).with_gain(0.3),
    "against every label for every text": World(SHARES, SKILLS, (EVERYTHING,) * 6),
    "against a model that never predicts the rarest label": World(SHARES, SKILLS, (*SKILLS[:5], NOTHING)),
    "against no label for any text": World(SHARES, SKILLS, (NOTHING,) * 6),
}
NO_DIFFERENCE = tuple(WORLDS)[:2]
ROWS = {"equal models": (400, 2000), RARE_LABELS: (400, 200, 100)}
"""The numbers of texts to simulate, where they are others than 400: a label of 5 % has 20, 10 and 5 of them."""


class DrawnOnce(SetCounts):
    """A tally whose draws serve all metrics."""

    @cached_property
    def drawn(self) -> list[np.ndarray]:
        return list(super().draw(DRAWS))

    def draw(self, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
        return iter(self.drawn)


def truth(world: World, rows: int = POPULATION) -> dict[str, float]:
    """Return the difference of each metric on very many texts."""
    parts = [world.draw(AT_ONCE, np.random.default_rng([7, number])) for number in range(rows // AT_ONCE)]
    whole = tally_sets(*(np.concatenate(tables) for tables in zip(*parts, strict=True)))
    return {metric: paired_difference(whole, metric, draws=1).difference for metric in SET_METRICS}


def evaluations(
    world: World, rows: int, times: int, metrics: tuple[str, ...] = SET_METRICS
) -> dict[str, list[Difference]]:
    """Simulate evaluations of this many texts; return the differences of each metric."""
    generator = np.random.default_rng([rows, times])
    tables = (tally_sets(*world.draw(rows, generator)) for _ in range(times))
    drawn = (DrawnOnce(table.true, table.predicted, table.counts) for table in tables)
    found = [[paired_difference(table, metric) for metric in metrics] for table in drawn]
    return dict(zip(metrics, map(list, zip(*found, strict=True)), strict=True))


def share(found: list[Difference], low: float, high: float) -> tuple[float, float, float]:
    """Return how often the interval covers [low, high], lies above 0, and lies below 0."""
    ends = np.array([each.interval for each in found])
    covers = (ends[:, 0] <= high) & (low <= ends[:, 1])
    return float(covers.mean()), float((ends[:, 0] > 0).mean()), float((ends[:, 1] < 0).mean())


def print_intervals(times: int) -> None:
    print(
        "| models | texts | metric | true difference | interval holds it | better | worse |\n|---|---|---|---|---|---|---|"
    )
    for name, world in WORLDS.items():
        true = dict.fromkeys(SET_METRICS, 0.0) if name in NO_DIFFERENCE else truth(world)
        for rows in ROWS.get(name, (400,)):
            for metric, found in evaluations(world, rows, times).items():
                held, better, worse = share(found, true[metric], true[metric])
                figures = f"{true[metric]:+.4f} | {held:.1%} | {better:.1%} | {worse:.1%}"
                print(f"| {name} | {rows:,} | {metric} | {figures} |", flush=True)


def world_of_gain(metric: str, wanted: float) -> World:
    """Return the world in which the first model is better by `wanted`."""
    low, high, chance = 0.0, 1.0, truth(EQUAL, 1_000_000)[metric]  # of the same texts
    for _ in range(12):
        middle = (low + high) / 2
        too_good = truth(EQUAL.with_gain(middle), 1_000_000)[metric] - chance > wanted
        low, high = (low, middle) if too_good else (middle, high)
    return EQUAL.with_gain(low)


def print_power(times: int) -> None:
    print("\n| metric | texts | a gain of two points is found |\n|---|---|---|")
    for metric in SET_METRICS:
        world = world_of_gain(metric, 0.02)
        error = float(np.mean([each.standard_error for each in evaluations(world, 1000, 50, (metric,))[metric]]))
        needed = Difference(metric, 0.02, (0.0, 0.0), error, 1000).rows_needed()
        assert needed is not None
        for rows, note in ((500, ""), (1000, ""), (2000, ""), (needed, ", as many as `rows_needed` asks for")):
            _, better, _ = share(evaluations(world, rows, times, (metric,))[metric], 0.02, 0.02)
            print(f"| {metric} | {rows:,}{note} | {better:.1%} |", flush=True)


def print_costs() -> None:
    print("\n| texts | labels | combinations | draws | seconds for macro F1 |\n|---|---|---|---|---|")
    for rows, labels in ((1000, 6), (25_000, 6), (100_000, 6), (100_000, 30), (1_000_000, 30), (100_000, 1000)):
        shares = tuple(np.geomspace(0.3, 0.01, labels) * min(1.0, 30 / labels))
        sets = World(shares, (2.5,) * labels, (2.3,) * labels).draw(rows, np.random.default_rng(1))
        started = time.process_time()
        table = tally_sets(*sets)
        paired_difference(table, "macro_f1")
        spent = time.process_time() - started
        print(f"| {rows:,} | {labels} | {len(table.counts):,} | {table.draws:,} | {spent:.1f} |", flush=True)


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(f"{times:,} simulated evaluations for each row, {DRAWS:,} draws for each\n")
    print_intervals(times)
    print_power(times // 4)
    print_costs()


if __name__ == "__main__":
    main()
