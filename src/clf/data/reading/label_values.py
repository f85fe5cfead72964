"""How the values of the label column become labels: decided from the first rows, and said.

A value is a name or a number, a list of one, choices or scores for each class as annotation tools write them, or one
text that spells out any of these. Rows without a label and rows with several are left out, with the reason; where texts
may have several labels, a row has the set of them, which may be empty, and only a missing label leaves a row out.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from shlex import quote
from typing import Any, NamedTuple

from clf.data.label_names import clean_label
from clf.data.label_sets import PLAIN, joined
from clf.data.reading.label_cells import WHOLE_TEXTS, Cell, parsed_text, plain, read_cell
from clf.data.reading.label_form import LabelForm
from clf.data.reading.marked_sets import Unclear
from clf.data.reading.written_lists import LINES, lines_in, listed, notation_as
from clf.errors import DataError, SeveralLabels

LOOKED = 2000
"""Rows that are looked at before the first is read."""
FEW_SEVERAL = 0.1
"""The largest share of labelled rows that may have several labels, and are then left out."""
NO_LABEL = "no label"
SEVERAL = "several labels"
MOST_KNOWN = 50_000
"""Values whose reading is kept; a column of classes has fewer."""
ONE_LABEL = "write the label of each text as a name or number"
OTHER_COLUMN = "pass --label-column with a column that has one label for each text"
SAID = {
    "list": "a list of one label is read as that label",
    "choices": "a choice in JSON is read as its label",
    "scores": f"of the scores of the classes, the one above {0.5} is read as the label",
    "vector": "the position of the 1 in each list, from 0, is read as the label",
    LINES: "each line of a cell is read as a label",
}
SAID_OF_SETS = {
    "list": "a list is read as the labels of a text",
    "choices": "the choices in JSON are read as the labels of a text",
    "scores": f"of the scores of the classes, all above {0.5} are read as the labels of a text",
    "vector": "the positions of the 1s in each list, from 0, are read as the labels of a text",
    LINES: "the lines of a cell are read as the labels of a text",
}

log = logging.getLogger(__name__)


class Read(NamedTuple):
    """The label of one value; without one, why the row is left out (`dropped`) or what is wrong (`problem`)."""

    label: str | None
    dropped: str = ""
    problem: str = ""
    written: str | None = None
    """How the label was written, if it is read in another spelling."""


class LabelReading:
    """Reads the values of one label column; `said` are the sentences that tell how.

    With `sets`, a label is a set as `label_sets.joined` writes it, or a plain text behind PLAIN, which is divided once
    all labels are known.
    """

    def __init__(
        self, said: Sequence[str] = (), *, vectors: bool = False, sets: bool = False, notation: str | None = None
    ) -> None:
        self.said = list(said)
        self.vectors, self.sets, self.notation = vectors, sets, notation
        self._known: dict[str | tuple[str, ...], Read] = {}

    @property
    def form(self) -> LabelForm:
        """How the labels are written, as far as their cells tell it; whether they are joined is told by all rows."""
        return LabelForm(notation=self.notation, vectors=self.vectors)

    def read(self, value: Any) -> Read:
        """Read one value; what was read before costs one look into a dictionary."""
        if type(value) is str or type(value) is tuple:
            found = self._known.get(value)
            if found is None:
                found = self._text(value) if isinstance(value, str) else self._cell(read_cell(value))
                if len(self._known) < MOST_KNOWN:
                    self._known[value] = found
            return found
        if isinstance(value, (list, dict, bytes)):
            return self._cell(read_cell(value), value)
        if isinstance(value, Unclear):
            return Read(None, problem=value.problem)
        label = plain(value)
        return Read(label) if label else Read(None, NO_LABEL)

    def _text(self, value: str) -> Read:
        parsed = _contents(value, self.notation)
        if parsed is not None:
            return self._cell(read_cell(parsed), parsed)
        label = clean_label(value) or None
        stripped = value.strip()
        written = None if stripped == (label or "") else stripped
        if self.sets:
            return Read(PLAIN + (label or ""), written=written)
        return Read(label, "" if label else NO_LABEL, written=written)

    def _cell(self, cell: Cell, value: Any = None) -> Read:
        if cell.problem:
            return Read(None, problem=cell.problem)
        names = _ones(value) if self.vectors and _is_vector(value) else cell.names
        cleaned = {clean_label(name) for name in names} - {""}
        if self.sets:
            return Read(None, NO_LABEL) if _is_missing(value) else Read(joined(cleaned))
        if len(cleaned) == 1:
            return Read(cleaned.pop())
        return Read(None, SEVERAL if cleaned else NO_LABEL)


def plain_label(value: Any) -> str | None:
    """Convert a value to a label or group: strings cleaned, true or false, numbers unchanged; None if empty."""
    return (clean_label(value) if isinstance(value, str) else plain(value)) or None


def look_at_labels(
    values: Sequence[Any],
    lines: Sequence[int],
    column: str,
    shown: str,
    *,
    sets: bool = False,
    like: LabelForm | None = None,
) -> LabelReading:
    """Decide how a label column is read, from its first rows; with `sets`, as the sets of labels of texts.

    What is known of how the labels of train are written, `like`, holds here too.

    Raises DataError if its values are not labels of whole texts, but spans or other objects, and SeveralLabels if they
    are sets and should be one label for each text.
    """
    step = max(1, len(values) // LOOKED)
    known, like = like is not None, like or LabelForm()
    notation = notation_as(like.notation, values[::step], sets=sets)
    seen = zip(lines[::step], values[::step], strict=True)
    looked = [(line, value) for line, value in seen if _contents(value, notation) is not None]
    if not notation and (lined := lines_in(values[::step])):
        log.warning(
            "%s: the labels of several lines, such as %r (column %s), are read as one class each; if they mean several"
            " labels, --multi-label reads them so",
            shown, lined.labels[0], column,
        )  # fmt: skip
    if not looked:
        return LabelReading(sets=sets)
    contents = [_contents(value, notation) for _, value in looked]
    vectors = (like.vectors or len(looked) == len(values[::step])) and _are_vectors(contents)
    vectors = vectors and (like.vectors or not (known and sets) or _repeat(contents))
    cells = [(line, value, read_cell(inside)) for (line, value), inside in zip(looked, contents, strict=True)]
    _refuse_spans(cells, column, shown)
    _refuse_objects(cells, column, shown)
    forms = Counter(cell.form for _, _, cell in cells if cell.form in SAID)
    form = "vector" if vectors else max(forms, key=lambda form: forms[form], default="list")
    told = (SAID_OF_SETS if sets else SAID)[LINES if notation == LINES else form]
    of_what = next((line for line, _, cell in cells if sets or cell.names), None)  # nothing, if all lists are empty
    said = [] if of_what is None else [f"{shown}: {told} (column {column}, line {of_what})"]
    reading = LabelReading(said, vectors=vectors, sets=sets, notation=notation)
    if sets:
        return reading
    several = [line for line, value, _ in cells if reading.read(value).dropped == SEVERAL]
    labelled = sum(1 for value in values[::step] if reading.read(value).dropped != NO_LABEL)
    refuse_several(len(several), labelled, several, shown)
    return reading


def refuse_several(several: int, labelled: int, lines: Sequence[int], shown: str) -> None:
    """Raise SeveralLabels if more rows have several labels than can be left out."""
    if several > FEW_SEVERAL * labelled:
        raise SeveralLabels(f"{shown}, line {lines[0]}: {several} of {labelled} rows have several labels")


def _contents(value: Any, notation: str | None = None) -> Any:
    """Return the list or object in a value, or that it spells out; None if it is a plain name or number."""
    if isinstance(value, str):
        is_quoted = value.lstrip()[:1] in {"[", "{", "("}
        parsed = parsed_text(value) if is_quoted else None
        return listed(value, notation) if parsed is None and notation else parsed
    return value if isinstance(value, (list, tuple, dict)) else None


def _is_missing(value: Any) -> bool:
    """Return whether a list or object holds only missing values, which is not the same as nothing."""
    inside = [*value.values()] if isinstance(value, dict) else value
    return bool(inside) and isinstance(inside, list) and all(one is None or one != one for one in inside)


def _are_vectors(values: list[Any]) -> bool:
    """Return whether all lists have the same length and only zeros and ones: one place for each class."""
    return len({len(value) for value in values}) == 1 and all(map(_is_vector, values))


def _repeat(values: list[Any]) -> bool:
    """Return whether a list has a value twice, as one of numbers of labels, such as `[0, 1]`, has not."""
    return any(len({*value}) < len(value) for value in values)


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(one, (bool, int, float)) and one in {0, 1} for one in value)
    )


def _ones(value: list[Any]) -> tuple[str, ...]:
    return tuple(str(place) for place, one in enumerate(value) if one)


def _refuse_spans(cells: list[tuple[int, Any, Cell]], column: str, shown: str) -> None:
    found = next(((line, value) for line, value, cell in cells if cell.form == "spans"), None)
    if found:
        raise DataError(
            f"{shown}, line {found[0]}: {column} has labels of spans (parts of a text), such as "
            f"{_short(found[1])}, expected one label for the whole text",
            WHOLE_TEXTS,
        )


def _refuse_objects(cells: list[tuple[int, Any, Cell]], column: str, shown: str) -> None:
    """Raise DataError if most values are objects without a label that is known as such, or scores of one class."""
    scored = {key for _, value, cell in cells if cell.form == "scores" for key in _contents(value)}
    only = f"the label is an object with the score of {next(iter(scored))!r} only" if len(scored) == 1 else ""
    odd = [(line, value, cell.problem or only) for line, value, cell in cells if cell.problem or only]
    if len(odd) * 2 <= len(cells):
        return
    line, value, problem = odd[0]
    inside = value.items() if isinstance(value, dict) else []
    keys = [key for key, content in inside if _names_a_class(content) and "." not in key]
    keys = [key for key in keys if len({str(other.get(key)) for _, other, _ in odd if isinstance(other, dict)}) > 1]
    raise DataError(
        f"{shown}, line {line}: {problem}, such as {_short(value)}, expected a name or number",
        f"pass the key that has the label: --label-column {quote(f'{column}.{keys[0]}')}" if keys else OTHER_COLUMN,
    )


def _names_a_class(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and 0 < len(str(value)) < 40


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
