"""Which entries of an archive are tables: `reviews.zip` -> `reviews.zip/reviews.csv`."""

import logging
import stat
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from clf.data.reading.archives import Entry, through
from clf.data.reading.batch import SHOWN
from clf.data.reading.file_names import CLASSES_FILE, is_about_data, is_hidden
from clf.data.reading.files import entries_of, kind_of, kind_of_archive, open_bytes
from clf.data.reading.workbooks import WORKBOOKS
from clf.errors import DataError
from clf.safety import one_line, shell_line
from clf.settings import DataSettings
from clf.storage.scratch import START

ARCHIVES = {".zip", ".tar", ".tgz"}
"""The extensions of archives, beside those of compressed files."""
CONTENT_TYPES, MIMETYPE = "[Content_Types].xml", "mimetype"
DOCUMENTS = {
    "word/document.xml": "a Word document", "ppt/presentation.xml": "a PowerPoint presentation",
    "META-INF/MANIFEST.MF": "a Java archive", "AndroidManifest.xml": "an Android app",
}  # fmt: skip
"""Files that are a zip inside, by an entry that each of them has."""
LONGEST_SHOWN = 100
"""Characters of a name in a message."""
FEW, MOST_PASSED = 10, 20_000_000_000
"""The tables in a compressed tar that are always read, and for more of them the bytes before all of them together."""
EXPORT = "export the table as CSV or Parquet, and use that file"

log = logging.getLogger(__name__)


def one_table(path: Path, endings: Collection[str], data: DataSettings) -> Path:
    """Return the path through an archive to its only table; any path that is not one of an archive, as it is.

    Raises DataError if there are several tables, or none.
    """
    tables = tables_in(path, endings, data)
    if len(tables) > 1:
        raise several(path, tables)
    return tables[0] if tables else path


def tables_in(path: Path, endings: Collection[str], data: DataSettings) -> list[Path]:
    """Return the paths through an archive, or a folder in it, to its tables; nothing if `path` is none of these.

    Files with other extensions than those in `endings` count if there is no table with one. Raises DataError if there
    is no table, or the archive cannot be read.
    """
    archive, inner = through(path) or (path, "")
    if kind_of(archive) != stat.S_IFREG or not kind_of_archive(archive, data.max_inflation):
        return []
    entries = entries_of(archive, data.max_inflation)
    files = [entry for entry in entries.values() if entry.kind != "folder"]
    if any(entry.name == inner for entry in files) or _is_workbook(archive, {entry.name for entry in files}):
        return []
    folder = PurePosixPath(inner)
    files = [entry for entry in files if PurePosixPath(entry.name).is_relative_to(folder)]
    if not files:
        raise _nothing(path, archive, inner, [*entries.values()])
    files = _without_links(files, endings)
    names = [name for entry in files if not any(map(is_hidden, (name := PurePosixPath(entry.name)).parts))]
    found = _tables(names, endings)
    if not found and (book := next((name for name in names if name.suffix.lower() in WORKBOOKS), None)):
        raise DataError(
            f"{archive / book} is a workbook inside an archive", f"unpack {archive} first, and pass {book.name}"
        )
    if not found:
        shown = ", ".join(one_line(name, LONGEST_SHOWN) for name in names[:SHOWN]) or "only hidden files"
        raise DataError(f"{path} has no table in it (it contains {shown})", "pass a file with a table")
    _check_way(archive, [entries[str(name)] for name in found])
    return [archive / name for name in found]


def _without_links(entries: list[Entry], endings: Collection[str]) -> list[Entry]:
    """Return the entries that are files, unless there is none; a link or device with a table's ending is told of."""
    files = [entry for entry in entries if entry.kind == "file"]
    left = [
        entry.name for entry in entries if entry.kind != "file" and _may_be_data(PurePosixPath(entry.name), endings)
    ]
    if files and left:
        shown = ", ".join(one_line(name, LONGEST_SHOWN) for name in left[:SHOWN])
        log.warning("%s: no regular file, so not read", shown)
    return files or entries


def _check_way(archive: Path, tables: list[Entry]) -> None:
    """Raise DataError if reading each table of a compressed tar would pass over too many bytes before it."""
    with open_bytes(archive) as file:
        passed = 0 if file.seekable() else sum(table.where[0] for table in tables)
    if len(tables) > FEW and passed > MOST_PASSED:
        raise DataError(
            f"{archive} has {len(tables):,} tables in a compressed tar, which is decompressed anew for each of them",
            f"unpack it with tar -xf {shell_line([str(archive)])}, and pass the folder",
        )


def several(path: Path, tables: list[Path]) -> DataError:
    """Return the error for an archive with several tables, none of which is named as that of a split."""
    archive = (through(tables[0]) or (path, ""))[0]
    inside = [table.relative_to(archive) for table in tables]
    are_texts = len({name.parent for name in inside}) > 1 and all(name.suffix == ".txt" for name in inside)
    most = 3 if are_texts else SHOWN
    listed = ", ".join(one_line(name, LONGEST_SHOWN) for name in inside[:most])
    more = f" and {len(tables) - most:,} more" if len(tables) > most else ""
    if are_texts:
        name = shell_line([str(archive)])
        unpack = f"unzip {name}" if kind_of_archive(archive) == "zip" else f"tar -xf {name}"
        return DataError(
            f"{path} has {len(tables):,} text files in folders: {listed}{more}",
            f"unpack it with {unpack}, and pass the folder, in which each folder of texts is a class",
        )
    if archive.parent.name.startswith(START) or archive.is_relative_to("/dev"):  # no path leads there again
        return DataError(f"{path} has several tables in it: {listed}{more}", "pipe one of them, or pass a file")
    choices = " or ".join(shell_line([str(table)]) for table in tables[:3])
    return DataError(
        f"{path} has several tables in it: {listed}{more}",
        f"pass one of them: {choices}; to read all as one, unpack them as train_1.csv, train_2.csv … into a folder",
    )


def _is_workbook(archive: Path, names: set[str]) -> bool:
    """Return whether a zip is a workbook, which its own reader reads; raise DataError for another kind of document."""
    kind = next((what for name, what in DOCUMENTS.items() if name in names), None)
    if names and all(name.endswith(".npy") for name in names):
        kind = "a NumPy file of arrays"
    elif any(name.endswith(".dist-info/WHEEL") for name in names):
        kind = "a Python package"
    elif any(PurePosixPath(name).name == "data.pkl" for name in names):
        kind = "a PyTorch file"
    if kind:
        raise DataError(f"{archive} is {kind}", EXPORT)
    return CONTENT_TYPES in names or MIMETYPE in names


def _tables(names: list[PurePosixPath], endings: Collection[str]) -> list[PurePosixPath]:
    """Return the names of tables: by their extensions, then those of text files, then all."""
    data = [name for name in names if name.name != CLASSES_FILE and name.suffix.lower() not in WORKBOOKS]
    by_ending = [name for name in data if name.suffix.lower() in endings]
    told = [name for name in by_ending if name.suffix.lower() != ".txt"]
    texts = [name for name in by_ending if name not in told and not is_about_data(name.name)]
    rest = [name for name in data if not is_about_data(name.name)]
    tables = [name for name in told if not is_about_data(name.name)] or told or texts or rest
    if tables and (left := [name for name in names if name not in tables and _may_be_data(name, endings)]):
        shown = [", ".join(one_line(name, LONGEST_SHOWN) for name in some[:SHOWN]) for some in (left, tables)]
        log.warning("%s %s not read beside %s", shown[0], "is" if len(left) == 1 else "are", shown[1])  # fmt: skip
    return sorted(tables)


def _may_be_data(name: PurePosixPath, endings: Collection[str]) -> bool:
    """Return whether a file has the ending of a table or a workbook; a text file about data is none."""
    ending = name.suffix.lower()
    is_text = ending == ".txt" and (name.name == CLASSES_FILE or is_about_data(name.name))
    return not is_text and (ending in endings or ending in WORKBOOKS)


def _nothing(path: Path, archive: Path, inner: str, entries: list[Entry]) -> DataError:
    """Return the error for an archive without a file, or for a path that it does not have."""
    if inner in {"", "."}:
        return DataError(f"{archive} is an empty archive", "check how it was made, or download it again")
    names = [entry.name for entry in entries if entry.kind != "folder"]
    close = get_close_matches(inner[:1000], names[:1000], n=1, cutoff=0.5)
    shown = ", ".join(one_line(name, LONGEST_SHOWN) for name in names[:SHOWN]) or "nothing"
    return DataError(
        f"{archive} has no file {inner!r} in it",
        f"did you mean {shell_line([str(archive / close[0])])}?" if close else f"it contains {shown}",
    )
