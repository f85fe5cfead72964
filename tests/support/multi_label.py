"""Texts with several labels, as JSON lines: which words a text has tells its labels."""

import json
import random
from pathlib import Path

ASPECTS = ("acting", "music", "plot")
WORDS = {
    "acting": ("actor", "cast", "performance", "lead", "role"),
    "music": ("score", "song", "theme", "piano", "strings"),
    "plot": ("story", "twist", "ending", "script", "scene"),
}
OTHERS = ("tuesday", "cinema", "popcorn", "seat", "ticket", "sister", "rain", "evening", "credits", "screen")


def aspect_rows(count: int, seed: int = 0) -> list[tuple[str, list[str]]]:
    """Return texts of a few words with the aspects that they are about, none of them in one text of eight."""
    pick = random.Random(seed)
    rows = []
    for number in range(count):
        labels = [] if number % 8 == 7 else sorted(pick.sample(ASPECTS, pick.choice((1, 1, 2, 3))))
        words = [pick.choice(WORDS[label]) for label in labels for _ in range(2)] + pick.choices(OTHERS, k=5)
        pick.shuffle(words)
        rows.append((" ".join([*words, f"number{number}x{pick.randrange(10**6)}"]), labels))
    return rows


def write_aspects(path: Path, count: int = 120, seed: int = 0) -> Path:
    """Write the texts as JSON lines with a list of labels each."""
    lines = [json.dumps({"text": text, "labels": labels}) for text, labels in aspect_rows(count, seed)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
