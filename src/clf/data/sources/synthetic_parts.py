"""What the generators of synthetic reviews share: evenly dealt options, filled frames, no near duplicates."""

import random
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from typing import TypeVar

MIN_ROWS = 20
MAX_ROWS = 3000

Review = TypeVar("Review")


def likeness_of(rows: int) -> float:
    """Return the Jaccard similarity from which on two of `rows` reviews are too similar.

    The frames give only a limited number of clearly different reviews, so larger sets must allow more similar ones.
    Raises ValueError unless MIN_ROWS <= rows <= MAX_ROWS.
    """
    if not MIN_ROWS <= rows <= MAX_ROWS:
        raise ValueError(f"rows must be from {MIN_ROWS} to {MAX_ROWS}, found {rows}")
    return 0.45 if rows <= 200 else 0.7


def in_splits(
    rows: int, seen: Callable[[int], list[Review]], unseen: Callable[[int], list[Review]]
) -> dict[str, list[Review]]:
    """Return `rows` reviews, 70/10/20 % for train, validation and test; `unseen` writes as many as asked for test."""
    validation, test = round(rows / 10), round(rows / 5)
    return {"train": seen(rows - validation - test), "validation": seen(validation), "test": unseen(test)}


def filled(frames: str, word_for: Callable[[str], str]) -> str:
    """Return sentence frames with each slot, such as {film}, replaced by the word for it, and `an` before vowels."""
    text = re.sub(r"\{(\w+)\}", lambda slot: word_for(slot[1]), frames)
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


class Deck:
    """Options dealt in shuffled rounds: every option is dealt once before any is dealt again."""

    def __init__(self, options: tuple[str, ...], rng: random.Random) -> None:
        self._options, self._rng = options, rng
        self._left: list[str] = []

    def deal(self, taken: set[str]) -> str:
        """Deal the next option that is not in `taken`, and add it there; skipped options keep their turn."""
        while not (free := [option for option in self._left if option not in taken]):
            self._left += self._rng.sample(self._options, len(self._options))
        self._left.remove(free[0])
        taken.add(free[0])
        return free[0]


class Written:
    """The reviews written so far, of which no two are too similar.

    Only reviews with `common` frames in common are compared: the others stay far below the limit.
    """

    def __init__(self, likeness: float, common: int) -> None:
        self._likeness, self._common = likeness, common
        self._of_frames: dict[tuple[str, ...], list[frozenset[str]]] = defaultdict(list)

    def adds(self, text: str, frames: tuple[str, ...]) -> bool:
        """Return whether a review with these frames differs enough from all earlier ones, and if so remember it."""
        shingles = frozenset(text.lower()[start : start + 5] for start in range(len(text) - 4))
        shelves = [self._of_frames[shared] for shared in combinations(sorted(frames), self._common)]
        if any(_jaccard(shingles, other) >= self._likeness for shelf in shelves for other in shelf):
            return False
        for shelf in shelves:
            shelf.append(shingles)
        return True


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    common = len(left & right)
    return common / (len(left) + len(right) - common)
