"""The rows in JSON values that are no list of flat objects: pandas' orients, wrapped lists, Label Studio's tasks."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

OPENS_OBJECT = re.compile(r"\{\s*(\Z|\"(?:[^\"\\]|\\.){0,200}\"\s*:\s*[\[{])")
"""How an object begins whose first value is a list or an object, or whose first line holds nothing else."""
NUMBER = re.compile(r"\d{1,12}")
TASK = {"annotations", "predictions", "file_upload"}
"""Keys beside the data of a task of Label Studio."""
ANNOTATED = {"cats", "entities"}
"""Keys of the annotations of spaCy."""
SAMPLE = 100
"""The cells of a column that tell whether it holds cells, or rows."""
MOST_NESTED = 3
"""How many objects may be around a list of rows."""


def may_be_one_object(start: str) -> bool:
    """Return whether the first line of a file may be the beginning of a single object that holds all rows."""
    line, ended, rest = start.partition("\n")
    if not OPENS_OBJECT.match(line.rstrip()):
        return False
    return not ended or not rest.strip() or not line.rstrip().endswith("}")


def rows_in(value: JsonObject) -> list[JsonObject]:
    """Return the rows in a single object; none if they are in no layout that is known.

    pandas.DataFrame.to_json writes `columns`, `split`, `index` and `table`; other tools wrap a list of objects.
    """
    if (names := value.get("columns")) and isinstance(names, list) and isinstance(value.get("data"), list):
        cells: Any = value["data"]
        return [dict(zip(map(str, names), row, strict=True)) for row in cells if isinstance(row, list)]
    inner = list(value.values())
    if inner and all(isinstance(one, dict) for one in inner):
        if _are_numbered(inner[0]):
            return _in_columns(value)
        if _are_numbered(value):
            return _in_index(value)
    return _of_lists(value) or _wrapped(value)


def _of_lists(value: JsonObject) -> list[JsonObject]:
    """Return the rows of columns that are lists of the same length, as `to_dict` of pandas and datasets writes them."""
    columns = [column for column in value.values() if isinstance(column, list)]
    if len(columns) < max(2, len(value)) or len({len(column) for column in columns}) > 1 or len(columns[0]) < 2:
        return []
    if any(isinstance(cell, (dict, list)) for column in columns for cell in column[:SAMPLE]):
        return []
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _are_numbered(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(NUMBER.fullmatch(key) for key in value)


def _in_columns(value: JsonObject) -> list[JsonObject]:
    columns: dict[str, Any] = dict(value)
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    return [{name: column.get(row) for name, column in columns.items()} for row in rows]


def _in_index(value: JsonObject) -> list[JsonObject]:
    return [row for row in value.values() if isinstance(row, dict)]


def _wrapped(value: JsonObject, depth: int = 0) -> list[JsonObject]:
    """Return the only list of objects in an object, or in the only object that it holds."""
    given = [one for one in value.values() if isinstance(one, list) and one]
    lists = [one for one in given if all(isinstance(row, dict) for row in one)]
    objects = [one for one in value.values() if isinstance(one, dict)]
    if len(lists) == 1:
        found: Any = lists[0]
        return list(found)
    return _wrapped(objects[0], depth + 1) if not lists and len(objects) == 1 and depth < MOST_NESTED else []


def flat(row: Any, *, of_cells: bool = False) -> Iterator[JsonValue]:
    """Yield the rows in one element of an array: an object itself, the annotations of Label Studio, a list of cells."""
    if of_cells and _is_spacy_pair(row):
        yield {**row[1], "text": row[0]}
    elif of_cells and isinstance(row, list):
        yield {str(place): cell for place, cell in enumerate(row)}
    elif isinstance(row, dict) and isinstance(row.get("data"), dict) and row.keys() & TASK:
        yield from _annotated(row)
    else:
        yield row


def _is_spacy_pair(row: Any) -> bool:
    """Return whether a list is a training example of spaCy: a text and an object with its categories or entities."""
    return len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], dict) and bool(row[1].keys() & ANNOTATED)


def _annotated(task: Any) -> Iterator[JsonValue]:
    """Yield a row for each annotation of a task of Label Studio: its data, and a column for each question."""
    annotations = task.get("annotations") or []
    if not annotations:
        yield dict(task["data"])
    for annotation in annotations:
        row, given = dict(task["data"]), annotation if isinstance(annotation, dict) else {}
        for result in given.get("result") or []:
            answer = result.get("value") if isinstance(result, dict) else None
            if isinstance(answer, dict) and result.get("type") in answer:
                row[str(result.get("from_name"))] = answer[result["type"]]
            elif isinstance(answer, dict):
                row[str(result.get("from_name"))] = answer
        if given.get("was_cancelled"):
            row["was_cancelled"] = True
        yield row
