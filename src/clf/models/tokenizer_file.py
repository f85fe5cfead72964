"""tokenizer.json: what clf refuses before the library of tokenizers reads it.

The library trusts the file: a rule that doubles its input, given thirty times, fills any memory, and some damage ends
the process. Refused is what no tokenizer of an encoder has.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue

from clf.errors import ModelError
from clf.storage.documents import load_json

MOST_GROWTH = 32
"""How many times as long its rules may make a text; one ligature of Arabic becomes 18 letters."""
MOST_STEPS = 100
MOST_ADDED = 16
"""Tokens that may be put around a text; two are usual."""
LONGEST_WORD = 1000
"""The most characters of a word that is divided; a hundred are usual, and the work grows with their square."""


def check_tokenizer_file(file: Path) -> None:
    """Check a tokenizer.json, if there is one; raise ModelError if it would take too much memory or time."""
    if not file.exists():
        return
    try:
        written = load_json(file, of_another_tool=True)
        if not isinstance(written, dict):
            raise ValueError("it is not a JSON object")
        _check(written)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{file} is damaged: {why}", "download or save the model again") from error


def _check(written: dict[str, JsonValue]) -> None:
    steps = [step for part in ("normalizer", "pre_tokenizer") for step in _steps(written.get(part))]
    if len(steps) > MOST_STEPS:
        raise ValueError(f"it changes a text in {len(steps)} steps, expected at most {MOST_STEPS}")
    if (growth := math.prod(map(_growth, steps))) > MOST_GROWTH:
        raise ValueError(f"it makes a text up to {growth:.0e} times as long, expected at most {MOST_GROWTH}")
    added = sum(_added(step) for step in _steps(written.get("post_processor")))
    if added > MOST_ADDED:
        raise ValueError(f"it puts {added} tokens around each text, expected at most {MOST_ADDED}")
    model = written.get("model")
    if not isinstance(model, dict):
        return
    if model.get("dropout"):
        raise ValueError("it divides words at random (its dropout is not 0)")
    longest = model.get("max_input_chars_per_word")
    if isinstance(longest, (int, float)) and longest > LONGEST_WORD:
        raise ValueError(f"it divides words of {longest} characters, expected at most {LONGEST_WORD}")


def _steps(part: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Yield the steps of a part, also those inside others."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from _steps(inner) if isinstance(inner, (dict, list)) else ()
    elif isinstance(part, list):
        for inner in part:
            yield from _steps(inner)


def _growth(step: dict[str, JsonValue]) -> float:
    """Return how many times as long a step may make a text."""
    match step.get("type"):
        case "Replace":
            return _growth_of_replacing(step.get("pattern"), len(str(step.get("content"))))
        case "Prepend":
            return max(1.0, len(str(step.get("prepend"))) / 4)
        case "ByteLevel":
            return 2.0
        case "Precompiled":
            return _growth_of_map(str(step.get("precompiled_charsmap")))
    return 1.0


def _growth_of_replacing(pattern: JsonValue, length: int) -> float:
    replaced = pattern.get("String") if isinstance(pattern, dict) else None
    if isinstance(replaced, str) and replaced:
        return max(1.0, length / len(replaced))
    expression = pattern.get("Regex") if isinstance(pattern, dict) else None
    inserts = not isinstance(expression, str) or _may_match_nothing(expression)
    return max(1.0, length + inserts)


def _may_match_nothing(expression: str) -> bool:
    """Return whether a regular expression may match between two characters, so that a text is only added to."""
    if "(?" in expression or "\\" in expression:
        return True
    try:
        return re.search(expression, "") is not None
    except (re.error, OverflowError, RecursionError):  # or it is of another dialect
        return True


def _growth_of_map(encoded: str) -> float:
    """Return the length of the longest text in a map of characters: its size, a table of that size, and texts."""
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError("its map of characters cannot be decoded") from error
    size = int.from_bytes(content[:4], "little")
    if len(content) < 4 or size > len(content) - 4:
        raise ValueError("its map of characters is cut off")
    longest = max(map(len, content[4 + size :].split(b"\0")))
    return max(1.0, longest / 3)  # bytes in UTF-8, for one character, which usually has as many


def _added(step: dict[str, JsonValue]) -> int:
    """Return how many tokens a step puts around a text."""
    around, named = step.get("single"), step.get("special_tokens")
    if not isinstance(around, list):
        return 0
    ids = [one.get("ids") for one in named.values() if isinstance(one, dict)] if isinstance(named, dict) else []
    longest = max((len(one) for one in ids if isinstance(one, list)), default=1)
    return len(around) * max(1, longest)
