"""Where the rows stand in a single JSON object: pandas' orients, wrapped lists, splits, classes, databases."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from clf.data.reading.column_names import FIRST_WEAK_RANK, is_short, plain, suggests_label, suggests_text
from clf.data.reading.headings import HEADER_WORDS
from clf.data.reading.json_pairs import are_pairs, are_pairs_on
from clf.data.reading.json_records import NESTED, JsonObject, flat
from clf.data.split_names import split_in, split_named

OPENS_OBJECT = re.compile(r"\{\s*(\Z|\"(?:took|timed_out|_scroll_id|pit_id)\"|\"(?:[^\"\\]|\\.){0,200}\"\s*:\s*[\[{])")
"""How an object begins whose first value is a list or an object, or whose first line holds nothing else; and how a
response of Elasticsearch does."""
OPENS_ROWS = re.compile(r'"\s*:\s*[\[{]\s*(?:[\[{]|"(?:[^"\\]|\\.){0,200}"\s*[:,\]])')
"""Where a list or object begins inside an object."""
LONG_START = 30_000
"""The characters of a first line of which the end may not be known."""
LINES = re.compile(r"\.(?:jsonl|ndjson)(?:\.\w+)?\Z", re.IGNORECASE)
"""How the name of a file with one object per line ends."""
ASSIGNED = re.compile(r"((?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]{0,100}\s*=)\s*(?=\[\s*[\[{\]])")
"""How JavaScript begins that keeps an array under a name, as the archives of Twitter do."""
NUMBER = re.compile(r"\d{1,12}")
TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
SAMPLE = 100
"""The cells of a column, or the rows, that tell what all of them are."""
MOST_NESTED = 3
"""How many objects may be around a list of rows."""
FEWEST_RECORDS = 3
"""The objects in an object that may be rows under any key, as databases write them; two may be anything."""

LABELS_REPEAT = 1.5
"""How often each text of a list comes on average, from where on the list is a column of labels and no class."""
COLUMN_WORDS = HEADER_WORDS | {"input", "output", "reference", "prediction", "instruction", "verdict", "department"}
"""Words for columns; a class may be called by one, too."""


@dataclass(frozen=True)
class Layout:
    """Where rows stand: in the list under `path`, as the values of the object there, or in a list for each split."""

    kind: str
    """rows, table (of cells), values, splits, or rivals, of which none is more likely than another."""
    path: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """The columns of a table."""
    told: int = 0
    """How clearly the keys of the rows tell that they have texts."""
    rival: tuple[str, ...] = ()
    """Where further rows stand, if there are rivals."""


def may_be_one_object(start: str) -> bool:
    """Return whether the first line of a file may be the beginning of a single object that holds all rows."""
    line, ended, rest = start.partition("\n")
    is_only = not ended or not rest.strip()
    if not OPENS_OBJECT.match(line.rstrip()):
        if not is_only or not start.startswith("{"):
            return False
        is_cut = len(line) > LONG_START  # rows may stand further on
        return is_cut or OPENS_ROWS.search(line) is not None or are_pairs_on(line)
    return is_only or not line.rstrip().endswith("}")


def completed(start: str) -> str:
    """Return the beginning of a JSON text up to its last comma, with all brackets closed; empty without a comma."""
    open_now: list[str] = []
    end, closed = 0, ""
    for found in TOKENS.finditer(start):
        mark = found[0]
        if mark in "[{":
            open_now.append("]" if mark == "[" else "}")
        elif mark in "]}" and open_now:
            open_now.pop()
        elif mark == ",":
            end, closed = found.start(), "".join(reversed(open_now))
    return start[:end] + closed


# --- objects of which only one row is held ------------------------------------------------------------------


def layout_of(value: JsonObject, asked: Collection[str] = (), *, partial: bool = False) -> Layout | None:
    """Return where the rows stand in an object, or in the beginning of one; None if in no layout that is known.

    pandas.DataFrame.to_json writes `split`, `index` and `table`; other tools wrap a list of objects.
    """
    if (names := value.get("columns")) and isinstance(names, list) and isinstance(value.get("data"), list):
        return Layout("table", ("data",), tuple(map(str, names)))
    if _are_numbered(value) and all(isinstance(row, dict) for row in value.values()):
        return Layout("values")
    parts = {
        key: one for key, one in value.items() if isinstance(one, dict) or (isinstance(one, list) and _is_part(one))
    }
    named = [part for key, part in parts.items() if split_of(key) is not None]
    others: JsonObject = {key: part for key, part in parts.items() if split_of(key) is None}
    fewest = 1 if partial and not others else 2
    if len(named) >= fewest and all(isinstance(part, list) for part in named):
        if not hold_rows(others, asked):
            return Layout("splits")
        told = max(rows_below(others, asked), key=lambda found: found.told, default=Layout("rows"))
        if told.told == 2:
            return Layout("rivals", (next(key for key in parts if split_of(key) is not None),), rival=told.path)
    return _likeliest(list(rows_below(value, asked)))


def hold_rows(others: Mapping[str, JsonValue], asked: Collection[str] = ()) -> bool:
    """Return whether what stands beside splits has rows of its own: lists of cells, or objects with texts."""
    are_lists = any(isinstance(row, list) for one in others.values() if isinstance(one, list) for row in one[:SAMPLE])
    return are_lists or any(found.told > 1 for found in rows_below(dict(others), asked))


def _is_part(value: JsonObject | list[JsonValue]) -> bool:
    """Return whether a value may be a split, and is no list of names: it has rows, or nothing."""
    return isinstance(value, dict) or isinstance((value or [{}])[0], (dict, list))


def rows_below(value: JsonObject, asked: Collection[str] = (), path: tuple[str, ...] = ()) -> Iterator[Layout]:
    """Yield where rows may stand in an object, and in the objects that it holds: lists of objects, or records.

    `asked` are the columns that the settings name. The object may be the beginning of one; `path` leads to it.
    """
    if _are_records(value):
        yield Layout("values", path, told=_told(list(value.values()), asked))
        return
    for key, one in value.items():
        if isinstance(one, list) and one and all(isinstance(row, dict) for row in one[:SAMPLE]):
            yield Layout("rows", (*path, key), told=_told(one, asked))
        elif isinstance(one, dict) and len(path) < MOST_NESTED and not (key == "schema" and "data" in value):
            yield from rows_below(one, asked, (*path, key))


def _likeliest(found: list[Layout]) -> Layout | None:
    """Return the rows of which their keys tell most clearly that they have texts, or that there are rivals."""
    most = max((layout.told for layout in found), default=0)
    told = [layout for layout in found if layout.told == most]
    if not most:
        told = [layout for layout in told if layout.kind == "rows"] or told
    if len(told) > 1:
        return Layout("rivals", told[0].path, rival=told[1].path)
    return told[0] if told else None


def is_rival(other: Layout, chosen: Layout) -> bool:
    """Return whether rows elsewhere in an object are as likely those that are meant as the ones that were chosen."""
    return other.told >= chosen.told and (other.told > 0 or other.kind == chosen.kind == "rows")


def _told(rows: list[Any], asked: Collection[str]) -> int:
    """Return how clearly keys tell that rows have texts: 3 if one is asked for, 2 for a usual name, 1 for a weak."""
    keys = {key for row in rows[:SAMPLE] for key in row}
    inside = [row[name] for row in rows[:SAMPLE] for name in row.keys() & NESTED]
    keys |= {key for one in inside if isinstance(one, dict) for key in one}
    if keys & {part for name in asked for part in (name, name.split(".")[0])}:
        return 3
    return max((1 if is_weak_text(key) else 2 for key in keys if suggests_text(key)), default=0)


def is_weak_text(name: str) -> bool:
    """Return whether a name of a text is also one of what is told about other things, such as a dataset."""
    return is_short(name) or plain(name) == "description"


def _are_records(value: JsonObject) -> bool:
    """Return whether the values of an object are rows: objects with a key in common, and each with a string."""
    rows: list[Any] = list(value.values())[:SAMPLE]
    if len(rows) < FEWEST_RECORDS or not all(isinstance(row, dict) for row in value.values()):
        return False
    common = set(rows[0]).intersection(*rows[1:])
    return bool(common) and all(any(isinstance(cell, str) for cell in row.values()) for row in rows)


def _are_numbered(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(NUMBER.fullmatch(key) for key in value)


def split_of(key: str) -> str | None:
    """Return the split that a key names, such as `oos_train`; "" for a part without labels, None for another key."""
    return split_named(key) if split_named(key) is not None else split_in(key)


def is_row(value: JsonObject, name: str, asked: Collection[str] = ()) -> bool:
    """Return whether an object that stands alone on the only line of a file is a row, and does not hold all rows.

    It is a row if it has a text beside its lists, and they have none, or if a tool writes such rows. If the `name` of
    the file says that each line is a row, a label tells it, too, and lists are columns only if one has a text's name.
    """
    in_lines = LINES.search(name) is not None
    if in_lines and all(isinstance(one, list) for one in value.values()):
        return not any(key in asked or suggests_text(key) for key in value)
    if next(flat(value)) is not value:
        return True
    cells = {key: one for key, one in value.items() if isinstance(one, str)}
    if in_lines and any(key in asked or suggests_text(key) or suggests_label(key) for key in cells):
        return True
    layout = _likeliest(list(rows_below(value, asked)))
    if layout is None or not layout.told:
        return any(key in asked or suggests_text(key) or len(one.split()) > 2 for key, one in cells.items())
    return layout.told < 3 and any(suggests_text(key) and not is_weak_text(key) for key in cells)


def is_row_on_lines(value: JsonObject, layout: Layout | None, asked: Collection[str] = ()) -> bool:
    """Return whether an object over several lines is a single row: it has a text and its label beside its lists."""
    if layout and (layout.told > 2 or layout.kind in {"splits", "table"}):
        return False
    cells = (key for key, one in value.items() if isinstance(one, (str, int, float)) and one != "")
    return bool(own_texts(value, asked)) and any(key in asked or _is_sure_label(key) for key in cells)


def own_texts(value: JsonObject, asked: Collection[str] = ()) -> list[str]:
    """Return the keys of an object under which a text stands, and no list of texts."""
    texts = (key for key, one in value.items() if isinstance(one, str) and one)
    return [key for key in texts if key in asked or (suggests_text(key) and not is_weak_text(key))]


def _is_sure_label(name: str) -> bool:
    told = suggests_label(name)
    return told is not None and told.rank < FIRST_WEAK_RANK


def in_split(row: JsonValue, split: str) -> JsonValue:
    """Return a row with the split as its first column; a column of that name becomes the second of it."""
    if isinstance(row, list):
        row = {str(place): cell for place, cell in enumerate(row)}
    if not isinstance(row, dict):
        return row
    return {"split": split, **{"split.1" if name == "split" else name: cell for name, cell in row.items()}}


# --- objects that are read as a whole -----------------------------------------------------------------------


def rows_in(value: JsonObject, asked: Collection[str] = ()) -> list[JsonObject]:
    """Return the rows of an object that holds them column by column, or class by class; none if it is another.

    pandas.DataFrame.to_json writes `columns`, and `to_dict` of pandas and datasets writes lists. Keys that are `asked`
    for as columns are no classes.
    """
    inner = list(value.values())
    named = {split: one for split, one in value.items() if isinstance(one, dict) and split_of(split) is not None}
    if "train" in map(split_of, named) and not hold_rows(beside_splits(value), asked):
        parts = [(split_of(key) or key, rows_in(one)) for key, one in named.items()]
        rows: Any = [in_split(row, split) for split, part in parts for row in part]
        return list(rows) if all(part for _, part in parts) else []
    if inner and all(isinstance(one, dict) for one in inner):
        return _in_columns(value) if _are_numbered(inner[0]) else []
    if are_pairs(value, asked):
        return [{"text": text, "label": label} for text, label in value.items()]
    return _of_classes(value) if are_classes(value, asked) else [] if are_unclear(value, asked) else _of_lists(value)


def beside_splits(value: JsonObject) -> JsonObject:
    """Return the objects and lists beside splits in an object; nothing if there is no train split."""
    others: JsonObject = {
        key: one for key, one in value.items() if isinstance(one, (dict, list)) and split_of(key) is None
    }
    return others if "train" in map(split_of, value) else {}


def _of_lists(value: JsonObject) -> list[JsonObject]:
    """Return the rows of columns that are lists of the same length."""
    columns = [column for column in value.values() if isinstance(column, list)]
    if len(columns) < max(2, len(value)) or len({len(column) for column in columns}) > 1 or len(columns[0]) < 2:
        return []
    if any(isinstance(cell, (dict, list)) for column in columns for cell in column[:SAMPLE]):
        return []
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def are_classes(value: JsonObject, asked: Collection[str] = ()) -> bool:
    """Return whether an object has a list of texts for each class; the names of columns and splits are none.

    Lists of the same length are columns, unless all of their texts differ and no key is a word for a column.
    """
    return _may_be_classes(value, asked) and (not _are_even(value) or _repeats(value) == 1)


def are_unclear(value: JsonObject, asked: Collection[str] = ()) -> bool:
    """Return whether lists of the same length may be classes as well as columns, as some texts in them recur."""
    return _may_be_classes(value, asked) and _are_even(value) and 1 < _repeats(value) < LABELS_REPEAT


def _may_be_classes(value: JsonObject, asked: Collection[str]) -> bool:
    lists: dict[str, Any] = {name: texts for name, texts in value.items() if isinstance(texts, list) and texts}
    if len(lists) < max(2, len(value)) or any(name in asked or _is_no_class(name) for name in lists):
        return False
    if _are_even(value) and any(plain(name.removesuffix("s")) in COLUMN_WORDS for name in lists):
        return False
    return all(map(_are_texts, lists.values()))


def _are_even(value: JsonObject) -> bool:
    """Return whether the lists in an object have the same length."""
    return len({len(texts) for texts in value.values() if isinstance(texts, list)}) == 1


def _repeats(value: JsonObject) -> float:
    """Return how often a text comes on average in the list of texts where they recur most, or in all lists."""
    lists: list[Any] = list(value.values())
    together = sum(map(len, lists)) / len(set().union(*lists))
    return float(max(together, *(len(texts) / len(set(texts)) for texts in lists)))


def _of_classes(value: JsonObject) -> list[JsonObject]:
    lists: dict[str, Any] = dict(value)
    return [{"text": text, "label": name} for name, texts in lists.items() for text in texts]


def _is_no_class(name: str) -> bool:
    return bool(suggests_text(name) or suggests_label(name)) or split_of(name) is not None


def _are_texts(values: list[JsonValue]) -> bool:
    texts = [value for value in values if isinstance(value, str)]
    return len(texts) == len(values) and 2 * sum(" " in text.strip() for text in texts[:SAMPLE]) > len(texts[:SAMPLE])


def _in_columns(value: JsonObject) -> list[JsonObject]:
    columns: dict[str, Any] = dict(value)
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    return [{name: column.get(row) for name, column in columns.items()} for row in rows]
