"""The keys of JSON objects, or the header above lists of cells -> the columns of batches."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from clf.data.reading.batch import BATCH_CELLS, Batch, unfold
from clf.data.reading.headers import has_header
from clf.data.reading.headings import unique_names
from clf.data.reading.json_records import JsonObject, Submitted
from clf.data.reading.row_sizes import MOST_COLUMNS
from clf.errors import DataError

if TYPE_CHECKING:
    from clf.settings import DataSettings

SHOWS_HEADER = 100
"""The rows below the first one of an array that tell whether it is a header."""


def below_names(rows: Iterator[JsonValue], settings: "DataSettings") -> tuple[Iterator[JsonValue], list[str]]:
    """Return the rows of an array, and the names in the first of its lists of cells, if it is a header."""
    first = list(islice(rows, 1))
    if settings.no_header or not first or not isinstance(first[0], list):
        return chain(first, rows), []
    first += islice(rows, SHOWS_HEADER)
    cells = [
        (place, ["" if cell is None else str(cell) for cell in row])
        for place, row in enumerate(first)
        if isinstance(row, list)
    ]
    if not all(isinstance(name, str) for name in first[0]) or len(first) < 2 or not has_header(cells, settings):
        return chain(first, rows), []
    return chain(first[1:], rows), unique_names(cells[0][1])[0]


def renamed(row: JsonValue, names: dict[str, str]) -> JsonValue:
    """Return a row of numbered cells under their names."""
    return {names.get(name, name): cell for name, cell in row.items()} if isinstance(row, dict) else row


class Keys:
    """The keys of all objects of a file, which become its columns, as `named` calls them."""

    def __init__(self, path: Path, named: "Callable[[list[str], Path, DataSettings], list[str]]") -> None:
        self.path, self.named = path, named
        self.known: set[str] = set()

    def batches(
        self, rows: list[tuple[int, JsonObject]], problems: dict[int, str], settings: "DataSettings"
    ) -> Iterator[Batch]:
        """Yield the rows in batches of at most BATCH_CELLS cells.

        Raises DataError if the objects of the file have more than MOST_COLUMNS different keys.
        """
        start, names = 0, dict[str, None]()
        for number, (line, row) in enumerate(rows):
            if row.keys() <= names.keys():
                fresh: set[str] = set()
            else:
                fresh = row.keys() - names.keys()
                self._meet(fresh, line)
            if number > start and (number - start + 1) * (len(names) + len(fresh)) > BATCH_CELLS:
                yield self._batch(rows[start:number], start, names, problems, settings)
                start, names = number, {}
            names |= dict.fromkeys(row)
        yield self._batch(rows[start:], start, names, problems, settings)

    def _meet(self, fresh: set[str], line: int) -> None:
        self.known |= fresh
        if len(self.known) > MOST_COLUMNS:
            raise DataError(
                f"{self.path}, row {line}: the objects up to here have {len(self.known):,} different keys, "
                f"expected at most {MOST_COLUMNS:,}",
                "put the text and the label under the same keys in every object",
            )

    def _batch(
        self,
        rows: list[tuple[int, JsonObject]],
        start: int,
        names: dict[str, None],
        problems: dict[int, str],
        settings: "DataSettings",
    ) -> Batch:
        questions = {key for _, row in rows if isinstance(row, Submitted) for key in row.questions()}
        columns = {
            name: [_answer(row, given) if given in questions else row.get(given) for _, row in rows]
            for name, given in zip(self.named(list(names), self.path, settings), names, strict=True)
        }
        here = {row - start: what for row, what in problems.items() if start <= row < start + len(rows)}
        return Batch(unfold(columns, settings.columns), [line for line, _ in rows], problems=here)


def _answer(row: JsonObject, question: str) -> JsonValue:
    """Return the choices in a row; an empty list if an annotator submitted it without any of them."""
    return [] if isinstance(row, Submitted) and row.get(question) is None else row.get(question)
