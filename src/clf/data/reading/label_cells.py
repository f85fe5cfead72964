"""The names in one value of a label column: a plain name, a list of names, choices, or scores for each class."""

import ast
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]
LONGEST_CELL = 10_000
"""Characters of a text cell that is parsed as a list or an object; a longer one is no label in any reading."""
WHOLE_TEXTS = "clf labels whole texts: write one label for each of them"
"""What to do where the labels are those of parts of a text."""
MOST_NESTED = 8
LOOKED = 200
"""The most values that tell what a column of lists or objects holds."""
SURE = 0.5
"""A class whose score is above this, and above all others, is the label."""
WRAPPERS = ("choices", "label", "labels", "name", "value", "class", "classname", "result", "rating", "annotations")
"""Keys under which annotation tools write the names: the first that an object has counts."""
START = ("start", "start_offset", "begin", "startOffset")
END = ("end", "end_offset", "endOffset")
BRACKETS = {"[": "]", "{": "}", "(": ")"}
_BESIDE = re.compile(r"""(?<=['"\d.])\s+(?=['"\d.-])""")
"""The blanks between the elements of a NumPy array that was written as text, which has no commas."""
_ELEMENT = r"""(?:'[^']*+'|"[^"]*+"|-?[\d.]++)"""
_NO_COMMAS = re.compile(rf"\[\s*+{_ELEMENT}(?:\s++{_ELEMENT})++\s*+\]")
"""Such an array; it never goes back, as a cell may have many elements and then another one."""


class Cell(NamedTuple):
    """The names in a value, without repetitions; `form` tells how they were written, `problem` what is wrong."""

    names: tuple[str, ...] = ()
    form: str = ""
    """plain, list, choices, scores or spans."""
    problem: str = ""


def read_cell(value: Any) -> Cell:
    """Find the names in a value that is not text, or in a text that is JSON or the repr of a Python list or dict."""
    if isinstance(value, str):
        parsed = parsed_text(value)
        return Cell((value,), "plain") if parsed is None else read_cell(parsed)
    if isinstance(value, (list, tuple, dict)):
        return _in_container(value, 0)
    if isinstance(value, bytes):
        return Cell(problem="the label is bytes, expected a name or number")
    name = plain(value)
    return Cell((name,) if name else (), "plain")


def name_classes(values: Sequence[Any]) -> bool:
    """Return whether lists or objects can be labels: nearly all name some, and the objects hold nothing else."""
    filled = [value for value in values[:LOOKED] if value is not None]
    alone = [value for value in filled if not isinstance(value, dict) or len(value) == 1 or _scores(value) is not None]
    return sum(bool(read_cell(value).names) for value in alone) >= 0.9 * len(filled)


def hold_sets(values: Sequence[Any]) -> bool:
    """Return whether lists or objects name some labels again and again; those of texts with no label are empty."""
    filled = [value for value in values if value is not None]
    cells = [read_cell(value) for value in filled if isinstance(value, (list, dict))]
    sets = {cell.names for cell in cells if not cell.problem and (cell.names or cell.form != "spans")}
    good = sum(cell.names in sets and cell.form != "spans" and not cell.problem for cell in cells)
    distinct = {name for names in sets for name in names}
    return good >= 0.9 * len(filled) and len(sets) > 1 and 2 <= len(distinct) <= max(2, len(filled) // 4)


def have_spans(values: Sequence[Any]) -> bool:
    """Return whether most lists or objects that hold anything mark parts of a text."""
    filled = [value for value in values[:LOOKED] if value]
    return sum(read_cell(value).form == "spans" or _are_spans(value) for value in filled) > len(filled) / 2


def are_words(values: Sequence[Any]) -> bool:
    """Return whether most values that hold anything are lists of words."""
    filled = [value for value in values[:LOOKED] if value]
    lists = [
        value for value in filled if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    ]
    return len(lists) > len(filled) / 2 and any(len(value) > 1 for value in lists)


def plain(value: Any) -> str:
    """Return a number or boolean as a name: true or false, numbers unchanged; empty for None and NaN."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def parsed_text(text: str) -> list[Any] | JsonObject | None:
    """Return the list or object that a text spells out in JSON or Python; None if it is any other text."""
    text = text.strip()
    if len(text) > LONGEST_CELL or len(text) < 2 or BRACKETS.get(text[0]) != text[-1]:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _literal(text)
    if isinstance(value, tuple):
        return list(value) if all(isinstance(name, str) for name in value) else None  # ('x',), but not (1, 2)
    if isinstance(value, dict):
        return value if all(isinstance(key, str) for key in value) else None
    return value if isinstance(value, list) else None


def _literal(text: str) -> Any:
    """Read a list or dict as Python prints it, and as pandas therefore writes it to CSV; NumPy's arrays likewise."""
    if _NO_COMMAS.fullmatch(text):
        text = _BESIDE.sub(", ", text)  # otherwise Python would join 'a' 'b' to 'ab'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _in_container(value: Any, depth: int) -> Cell:
    if depth > MOST_NESTED:
        return Cell(problem="the label is nested too deeply")
    if isinstance(value, dict):
        return _in_object(value, depth)
    if is_span(value):
        return Cell((), "spans", "the label is a list of spans")
    if scored := _scored_list(value):
        return _of_scores(scored)
    inside = [_element(element, depth) for element in value]
    form = next((cell.form for cell in inside if cell.form not in {"plain", "list"}), "list")
    problem = next((cell.problem for cell in inside if cell.problem), "")
    return Cell(_distinct(name for cell in inside for name in cell.names), form, problem)


def _element(value: Any, depth: int) -> Cell:
    if isinstance(value, (list, tuple, dict)):
        return _in_container(value, depth + 1)
    if isinstance(value, str):
        return Cell(_distinct([value]), "plain")
    return read_cell(value)


def _in_object(value: JsonObject, depth: int) -> Cell:
    if is_span(value) or _has_spans(value):
        return Cell((), "spans", "the label is an object with spans")
    if (scores := _scores(value)) is not None:
        return _of_scores(scores)
    for key in WRAPPERS:
        if key in value and value[key] is not None:
            inside = _element(value[key], depth)
            return inside._replace(form="choices" if inside.form in {"plain", "list"} else inside.form)
    if not any(content is not None for content in value.values()):
        return Cell((), "choices")
    return Cell(problem=f"the label is an object with the keys {', '.join(map(repr, list(value)[:5]))}")


def is_span(value: Any) -> bool:
    """Return whether a value marks a part of a text: [0, 5, "PER"], or an object with its start and end."""
    if isinstance(value, Mapping):
        return any(key in value for key in START) and any(key in value for key in END)
    return (
        isinstance(value, (list, tuple))
        and len(value) >= 3
        and all(isinstance(place, int) and not isinstance(place, bool) for place in value[:2])
        and isinstance(value[2], str)
    )


def _are_spans(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(is_span, value))


def _has_spans(value: JsonObject) -> bool:
    """Return whether the object has a list of spans, such as spaCy's `{"entities": [[0, 5, "PER"]]}`."""
    return any(isinstance(inside, list) and inside and all(map(is_span, inside)) for inside in value.values())


def _scores(value: JsonObject) -> dict[str, float] | None:
    """Return the scores if every value is a number from 0 to 1 or missing, and at least one is there."""
    numbers = [score for score in value.values() if score is not None]
    if not numbers or any(key in value for key in (*WRAPPERS, "id", "score")):
        return None
    if not all(isinstance(score, (bool, int, float)) and 0 <= score <= 1 for score in numbers):
        return None
    return {name: float(score) if isinstance(score, (int, float)) else 0.0 for name, score in value.items()}


def _scored_list(value: Any) -> dict[str, float] | None:
    """Return the scores of a list such as `[{"label": "x", "score": 0.9}, …]`."""
    if len(value) < 2 or not all(isinstance(one, dict) for one in value):
        return None
    pairs = [(one.get("label", one.get("name")), one.get("score", one.get("confidence"))) for one in value]
    if all(isinstance(name, str) and isinstance(score, (int, float)) and 0 <= score <= 1 for name, score in pairs):
        return {str(name): float(score) for name, score in pairs}
    return None


def _of_scores(scores: dict[str, float]) -> Cell:
    """Return the classes whose score is sure: a single one is the label."""
    return Cell(_distinct(name for name, score in scores.items() if score > SURE), "scores")


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
