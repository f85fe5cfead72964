"""What a layout is, what is right for it, and how its files are written; all texts are made up here.

A builder writes the files of a layout into a folder and returns what is right. With `labelled` false it writes the
same file without its labels, as a user has it who wants to predict.
"""

import csv
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = tuple[str, str]
"""A text and its label, as they should be read."""

WHO = [
    "the plumber",
    "my neighbour",
    "our teacher",
    "a student",
    "the nurse",
    "her cousin",
    "the guard",
    "a visitor",
    "the clerk",
    "my uncle",
]
DID = [
    "bought",
    "painted",
    "lifted",
    "washed",
    "measured",
    "opened",
    "carried",
    "stored",
    "sold",
    "fixed",
    "borrowed",
    "wrapped",
    "tested",
    "moved",
]
HOW = [
    "quick",
    "brown",
    "narrow",
    "heavy",
    "golden",
    "silent",
    "plain",
    "round",
    "broken",
    "warm",
    "yellow",
    "tiny",
    "crooked",
    "shiny",
    "faded",
    "soft",
]
WHAT = [
    "kettle",
    "ladder",
    "lamp",
    "mirror",
    "basket",
    "blanket",
    "radio",
    "scarf",
    "pillow",
    "printer",
    "bucket",
    "curtain",
    "drawer",
    "hammer",
    "helmet",
    "keyboard",
    "wallet",
    "tent",
    "candle",
    "clock",
    "sofa",
    "heater",
    "glove",
    "bottle",
    "camera",
    "bicycle",
    "guitar",
    "umbrella",
    "oven",
    "shelf",
]
WHERE = [
    "in the garden",
    "near the bridge",
    "at the station",
    "behind the school",
    "by the river",
    "in the cellar",
    "at the market",
    "on the roof",
]
WHEN = [
    "yesterday",
    "in the morning",
    "last week",
    "after lunch",
    "during the storm",
    "on Friday",
    "before dinner",
    "all summer",
    "at noon",
    "once",
]


@dataclass(frozen=True)
class Read:
    """The file is read: exactly these rows, whatever their order and split."""

    rows: Sequence[Row]
    splits: dict[str, int] | None = None
    """The number of rows of each split, where the files themselves decide."""
    dropped: int | None = None
    """How many rows are left out, where that is counted."""
    says: tuple[str, ...] = ()
    """Patterns that what is printed must match."""
    silent: tuple[str, ...] = ()
    """Patterns that what is printed must not match."""


@dataclass(frozen=True)
class Follow:
    """What a hint says to do: files to change first, then the arguments, and what is right then."""

    arguments: tuple[str, ...]
    right: "tuple[Read | Refused, ...]"
    first: Callable[[Path], Any] | None = None


@dataclass(frozen=True)
class Refused:
    """The file is refused with an error whose line matches all these patterns, and a hint that does."""

    says: tuple[str, ...]
    hint: tuple[str, ...] = ()
    follow: tuple[Follow, ...] = ()


Right = Read | Refused
Builder = Callable[[Path, bool], tuple[Right, ...]]


@dataclass(frozen=True)
class Layout:
    """One layout: where it comes from, how its files are written, and how it is prepared.

    `why` says in a few words why that is right.
    """

    name: str
    source: str
    build: Builder
    arguments: tuple[str, ...]
    why: str
    predict: bool = True
    """Whether a new file of this layout, without labels, can be given to `clf predict`."""


def sentences(count: int, seed: int = 1, *, start: str = "") -> list[str]:
    """Make texts of 15 to 20 words, no two of them alike."""
    pick, made = random.Random(seed), dict[str, None]()
    while len(made) < count:
        first = f"{pick.choice(WHO)} {pick.choice(DID)} a {pick.choice(HOW)} {pick.choice(WHAT)} {pick.choice(WHERE)}"
        then = f"{pick.choice(WHEN)} the {pick.choice(WHAT)} was {pick.choice(HOW)}, {pick.choice(WHO)} {pick.choice(DID)} it"
        text = f"{start}{first} {then}{pick.choice(('.', '!', ''))}"
        made[text if start else text[0].upper() + text[1:]] = None
    return list(made)


def titles(count: int, seed: int = 2) -> list[str]:
    """Make short titles; some come twice."""
    pick = random.Random(seed)
    return [f"{pick.choice(HOW).title()} {pick.choice(WHAT)} {pick.choice(WHEN)}" for _ in range(count)]


def labelled_rows(count: int, labels: Sequence[str], seed: int = 1, *, start: str = "") -> list[Row]:
    """Make rows in which every label is about as frequent as the others."""
    given = [labels[number % len(labels)] for number in range(count)]
    random.Random(seed).shuffle(given)
    return list(zip(sentences(count, seed, start=start), given, strict=True))


def codes(count: int, digits: int, seed: int = 3) -> list[str]:
    """Make distinct hexadecimal codes of so many digits."""
    pick = random.Random(seed)
    return [f"{pick.getrandbits(4 * digits):0{digits}x}" for _ in range(count)]


def table(
    path: Path,
    header: Sequence[str] | None,
    rows: Sequence[Sequence[object]],
    *,
    without: Sequence[int] = (),
    encoding: str = "utf-8",
    top: str = "",
    end: str = "",
    **dialect: Any,
) -> None:
    """Write a delimited file; the columns whose numbers are in `without` are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as file:
        file.write(top)
        writer = csv.writer(file, **{"lineterminator": "\n", **dialect})
        for row in [*([header] if header else []), *rows]:
            writer.writerow([cell for number, cell in enumerate(row) if number not in without])
        file.write(end)


def json_lines(path: Path, rows: Sequence[dict[str, Any]], *, without: Sequence[str] = (), array: bool = False) -> None:
    """Write objects, one on each line or all in an array; the keys in `without` are left out."""
    kept = [{key: value for key, value in row.items() if key not in without} for row in rows]
    content = json.dumps(kept) if array else "".join(json.dumps(row) + "\n" for row in kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def unless(labelled: bool, *columns: Any) -> tuple[Any, ...]:
    """Return the columns to leave out of a file without labels."""
    return () if labelled else columns
