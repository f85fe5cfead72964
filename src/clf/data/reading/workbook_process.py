"""The rows of a sheet as lines of JSON, written by a process of its own: `workbook_process.py PATH SHEET MEMORY CELLS`.

A damaged or hostile workbook can make its reader allocate any amount of memory, which ends the process that reads it.
The first line tells about the sheets; then comes one line for each row: its number from 1, and its cells as Excel saves
them in a CSV; empty rows are left out. Nothing of clf is imported here, so that the process starts quickly.
"""

import datetime
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

WITHOUT_VALUE = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
"""A cell of a formula whose result was not saved."""
LONGEST_SHEET = 200_000_000
"""The bytes of a sheet in which formulas are looked for."""
Sheet = tuple[str, bool, bool]
"""The name of a sheet, whether it has rows, and whether it is hidden."""
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def main(path: str, wanted: str, memory: int, cells: int) -> int:
    """Write the lines for one sheet, or only the first one if `wanted` is no sheet or several have rows.

    A sheet with more than that many cells, also empty ones, is a problem.
    """
    _limit_memory(memory)
    import python_calamine

    end: Any = "end"
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            sheets = [_told(book, sheet, cells) for sheet in book.sheets_metadata]
            name = _chosen(sheets, wanted)
            _write([sheets, name, _unsaved(path, name)])
            for row in _rows(book.get_sheet_by_name(name), cells) if name is not None else ():
                _write(row)
    except python_calamine.PasswordError:
        end = ["password", ""]
    except MemoryError:
        end = ["memory", ""]
    except _TooManyCells as error:
        end = ["cells", str(error)]
    except BrokenPipeError:  # nobody reads any further
        sys.stderr.close()
        return 0
    except BaseException as error:  # a panic of the reader is no Exception
        end = ["damaged", f"{error}"[:300]]
    _write({"end": end})
    return 0


class _TooManyCells(Exception):
    """A sheet or its merged cells reach further than one that is read."""


def _limit_memory(memory: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass  # the system has no such limit


def _told(book: Any, sheet: Any, most: int) -> Sheet:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    rows = book.get_sheet_by_name(sheet.name) if sheet.typ == SheetTypeEnum.WorkSheet else None
    if rows is not None and rows.start is not None and (reach := (rows.end[0] + 1) * rows.width) > most:
        raise _TooManyCells(f"{reach:,}")
    return sheet.name, rows is not None and rows.start is not None, sheet.visible != SheetVisibleEnum.Visible


def _chosen(sheets: list[Sheet], wanted: str) -> str | None:
    """Return the sheet that is wanted, or the only one with rows; hidden ones count if no other has rows."""
    if wanted:
        return next((name for name, _, _ in sheets if name == wanted), None)
    filled = [(name, hidden) for name, has_rows, hidden in sheets if has_rows]
    names = [name for name, hidden in filled if not hidden] or [name for name, _ in filled]
    return names[0] if len(names) == 1 else None


def _rows(sheet: Any, most: int) -> Iterator[list[Any]]:
    """Yield the number and the cells of each row that is not empty; merged cells below one another have their value.

    The cells begin with the first column that has any.
    """
    if sheet.start is None:
        return
    left = sheet.start[1]
    ranges = [(first, min(last[0], sheet.end[0])) for first, last in sheet.merged_cell_ranges or []]
    if (below := sum(last - first[0] for first, last in ranges)) > most:
        raise _TooManyCells(f"{below:,}")
    starts: dict[int, list[tuple[int, int]]] = {}
    for first, last in ranges:
        if last > first[0] and left <= first[1] <= sheet.end[1]:
            starts.setdefault(first[0], []).append((first[1] - left, last))
    going: dict[int, tuple[int, Any]] = {}
    for place, values in enumerate(sheet.iter_rows()):
        for column, (last, value) in [*going.items()]:
            if place > last:
                del going[column]
            else:
                values[column] = value
        for column, last in starts.get(place, ()):
            going[column] = last, values[column]
        if any(value != "" for value in values):
            yield [place + 1, [_shown(value) for value in values]]


def _shown(value: Any) -> str:
    """Return a value as Excel saves it in a CSV, but for dates, which are written as in ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value)


def _unsaved(path: str, name: str | None) -> list[str]:
    """Return the first cells of an .xlsx sheet with a formula whose result was not saved, and how many there are."""
    if name is None or not zipfile.is_zipfile(path):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
            found = {sheet.get("name"): sheet.get(RELATION) for sheet in book.iter() if sheet.tag.endswith("}sheet")}
            relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            part = next(one.get("Target", "") for one in relations if one.get("Id") == found.get(name))
            part = part.removeprefix("/") if part.startswith("/") else f"xl/{part}"
            if archive.getinfo(part).file_size > LONGEST_SHEET:
                return []
            cells = [cell.decode() for cell in WITHOUT_VALUE.findall(archive.read(part))]
            return [*cells[:3], str(len(cells))] if cells else []
    except (KeyError, StopIteration, ElementTree.ParseError, zipfile.BadZipFile, OSError, ValueError):
        return []  # an .ods or .xlsb file, or a damaged one, which its reader reports


def _write(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
