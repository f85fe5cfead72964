"""A JSON object with a text in each key, and its label as the value."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import JsonValue

FEWEST_PAIRS = 8
"""The fewest texts in an object that may have each text as a key and its label as the value."""
LONGEST_LABEL = 60
"""The most characters of a label there."""


def are_pairs(value: Mapping[str, JsonValue], asked: Collection[str] = ()) -> bool:
    """Return whether an object has a text in each key and its label, or a list of them, as the value: some come again.

    A row has such keys only in a survey, and then an answer of its own to each.
    """
    if len(value) < FEWEST_PAIRS or any(key in asked for key in value):
        return False
    if len({isinstance(one, list) for one in value.values()}) > 1:
        return False
    labels: list[Any] = [label for one in value.values() for label in (one if isinstance(one, list) else [one])]
    if not labels or not all(isinstance(label, (str, int)) and len(str(label)) <= LONGEST_LABEL for label in labels):
        return False
    texts = [key for key in value if len(key.split()) > 2]
    return len({*labels}) <= len(labels) / 2 and 2 * len(texts) > len(value)


def are_pairs_on(line: str) -> bool:
    """Return whether a line is an object that has a text in each key and its label as the value."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and are_pairs(value)
