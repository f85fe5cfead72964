"""Data in folders: `train.* validation.* test.*`, or a tree `split/class/*.txt` like that of the aclImdb download."""

import hashlib
import io
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from clf.data.reading.archives import through
from clf.data.reading.batch import BATCH_ROWS, Batch, Split, chunked
from clf.data.reading.file_names import CLASSES_FILE, is_hidden
from clf.data.reading.files import ESCAPED, check_is_file, has_file, known_encoding, open_file, readable, undecoded
from clf.data.reading.row_sizes import LONGEST, too_long
from clf.data.split_names import UNLABELLED, among_files, split_at_start, split_in
from clf.errors import DataError
from clf.settings import DataSettings
from clf.storage.disk import sha256

NOT_TEXTS = {".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".ipynb", ".xlsx", ".xls", ".ods", ".zip", ".gz",
             ".zst", ".bz2", ".xz", ".tar", ".tgz", ".7z", ".db", ".sqlite", ".pkl", ".npy", ".bin", ".py"}  # fmt: skip
"""Extensions of files that are not one text each, however a folder is called."""
MOST_NAMED = 6
"""Files named in one message."""
CLASSES = 2  # the fewest class folders whose files have any ending

log = logging.getLogger(__name__)


def visible(folder: Path) -> list[Path]:
    """Return what is in a folder, in the order of the names, but for what systems and tools hide there."""
    return sorted(path for path in folder.iterdir() if not is_hidden(path.name))


def data_files(folder: Path, endings: set[str]) -> list[Path]:
    """Return the files in a folder that have one of these extensions; nothing for a file."""
    found = visible(folder) if folder.is_dir() else []
    return [path for path in found if path.is_file() and path.suffix.lower() in endings]


def at_the_top(tables: list[Path]) -> list[Path]:
    """Return the tables of an archive that are not in a folder beside others."""
    common = os.path.commonpath([table.parent for table in tables])
    return [table for table in tables if str(table.parent) == common]


def check_inside(paths: Iterable[Path], folder: Path) -> None:
    """Raise DataError if what is at one of these paths lies elsewhere than in the folder."""
    top = folder.resolve()
    for path in paths:
        if not path.resolve().is_relative_to(top):
            raise DataError(
                f"{readable(str(path))} is a link out of the folder {readable(str(folder))}",
                "copy the files into the folder with cp -rL, or pass a dataset of the Hub by its name",
            )


def split_files(folder: Path, files: list[Path]) -> dict[str, list[Path]]:
    """Find the files of a folder whose names start with train, validation or test.

    Copies and other versions beside a `train.csv` are passed over with a warning. Raises DataError if two files differ
    only by their extension.
    """
    found: dict[str, list[Path]] = {}
    stems: dict[str, Path] = {}
    for path in files:
        stem = path.name.split(".")[0]
        if split := split_at_start(stem):
            if (twin := stems.setdefault(stem, path)) is not path:
                raise DataError(f"{folder} holds both {twin.name} and {path.name}", "keep one of them")
            found.setdefault(split, []).append(path)
    return {split: _without_versions(split, paths) for split, paths in found.items()}


def _without_versions(split: str, paths: list[Path]) -> list[Path]:
    """Return the files or folders of a split without other versions of it, and say what is read together."""
    read, left = among_files([path.name.split(".")[0] for path in paths])
    kept = set(read)
    used = [path for path in paths if path.name.split(".")[0] in kept]
    folder = readable(str(paths[0].parent))
    if left:
        others = _listed([path for path in paths if path.name.split(".")[0] not in kept])
        log.warning(
            "%s: the %s split is read from %s; %s %s not read with it (rename them to parts such as %s_1 and %s_2 to"
            " read all of them)",
            folder, split, _listed(used), others, "is" if len(left) == 1 else "are", split, split,
        )  # fmt: skip
    elif len(used) > 1:
        log.info("%s: the %s split is read from %d together: %s", folder, split, len(used), _listed(used))
    return used


def _listed(paths: list[Path]) -> str:
    named = [readable(path.name) for path in paths[:MOST_NAMED]]
    return ", ".join(named) + (f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else "")


def say_ignored(files: Iterable[Path], used: Collection[Path]) -> None:
    """Log the files of a folder or an archive whose names tell no split, but for those that are used."""
    known = set(used)
    for path in files:
        if path not in known and path.name != CLASSES_FILE and split_at_start(path.name.split(".")[0]) is None:
            log.info("ignoring %s: its name does not start with train, validation or test", path)


def split_files_by_word(files: list[Path]) -> dict[str, list[Path]]:
    """Find files such as `reviews_train.csv` and `reviews_test.csv`: one for each split, and one of them is train."""
    found: dict[str, list[Path]] = {}
    for path in files:
        if split := split_in(path.name.split(".")[0]):
            found.setdefault(split, []).append(path)
    return found if "train" in found and all(len(paths) == 1 for paths in found.values()) else {}


def without_splits(folder: Path) -> DataError:
    """Return the error for a folder in which no data was found."""
    found = ", ".join(child.name for child in visible(folder)[:6]) or "nothing"
    return DataError(
        f"the folder {folder} has no train.*, validation.* or test.* and no class folders (it contains {found})",
        "pass a file, or name the files train.csv and test.csv",
    )


def class_tree(folder: Path, data: DataSettings) -> dict[str, Split]:
    """Find `split/class/*.txt`, as in the aclImdb download; without split folders, all class folders form train.

    If there is none, the files of the class folders may have any ending, as those of 20 newsgroups.
    """
    found, texts = _trees(folder)
    trees = {split: [each for path in _without_versions(split, [*folders]) for each in folders[path]]
             for split, folders in found.items()}  # fmt: skip
    if texts is _any_texts:
        shown = ", ".join(readable(path.name) for path in next(iter(trees.values()))[:3])
        log.warning("%s: each file in the class folders %s … is read as one text", readable(str(folder)), shown)
    return {
        split: Split(
            partial(_read_classes, classes, texts, data), str(classes[0].parent), partial(_count_texts, classes, texts)
        )
        for split, classes in trees.items()
    }


def _trees(folder: Path) -> tuple[dict[str, dict[Path, list[Path]]], Callable[[Path], list[Path]]]:
    """Return the folders of each split with their class folders, and the function that lists the texts of one."""
    texts: Callable[[Path], list[Path]]
    for texts in (_named_texts, _any_texts):
        for find_split in (split_at_start, split_in):
            trees: dict[str, dict[Path, list[Path]]] = {}
            for path in visible(folder):
                if (
                    path.is_dir()
                    and (split := find_split(path.name))
                    and (classes := _class_folders(path, texts, folder))
                ):
                    trees.setdefault(split, {})[path] = classes
            if not trees and find_split is split_at_start and (classes := _class_folders(folder, texts, folder)):
                trees = {"train": {folder: classes}}
            if trees:
                return trees, texts
    return {}, _named_texts


def _named_texts(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.txt")) if not is_hidden(path.name)]


def _any_texts(folder: Path) -> list[Path]:
    return [path for path in visible(folder) if path.is_file()]


def _count_texts(folders: list[Path], texts: Callable[[Path], list[Path]]) -> int:
    return sum(len(texts(folder)) for folder in folders)


def _class_folders(folder: Path, texts: Callable[[Path], list[Path]], top: Path) -> list[Path]:
    """Return the folders with texts in a folder; raise DataError if a link leads from one of them out of `top`."""
    found = [path for path in visible(folder) if path.is_dir() and texts(path)]
    if texts is _any_texts and (
        len({path.name for path in found} - UNLABELLED) < CLASSES
        or any(file.suffix.lower() in NOT_TEXTS for path in found for file in texts(path))
    ):
        return []
    for path in found:
        if path.name in UNLABELLED:
            log.info("skipping %s: its texts have no labels", path)
        if what := undecoded(path.name):
            raise DataError(
                f"{readable(str(path))}: {what} in the name of this folder", "rename the folder; its name is the label"
            )
        check_inside([path, *(file for file in texts(path) if file.is_symlink())], top)
    return [path for path in found if path.name not in UNLABELLED]


def _read_classes(folders: list[Path], texts: Callable[[Path], list[Path]], data: DataSettings) -> Iterator[Batch]:
    files = enumerate(((path, folder.name) for folder in folders for path in texts(folder)), 1)
    encoding = _encoding(data)
    binary: list[Path] = []
    other: list[Path] = []
    for chunk in chunked(files, BATCH_ROWS, lambda file: file[1][0].stat().st_size):
        rows: list[tuple[int, str, str]] = []
        for number, (path, label) in chunk:
            if texts is _any_texts and _is_binary(path):
                binary.append(path)
                continue
            try:
                rows.append((number, _read_text(path, encoding), label))
            except UndecodedText:
                if data.encoding:
                    raise
                other.append(path)
                rows.append((number, _read_western(path), label))
        yield Batch({"text": [row[1] for row in rows], "label": [row[2] for row in rows]}, [row[0] for row in rows])
    shown = readable(str(folders[0].parent))
    if other:
        where = readable(str(other[0].relative_to(other[0].parent.parent)))
        log.warning("%s: %d texts are not UTF-8 (%s …); read as cp1252 (pass --encoding to override)",
                    shown, len(other), where)  # fmt: skip
    if binary:
        log.warning("%s: left out %d files that are no text (%s …)", shown, len(binary), readable(binary[0].name))


def _is_binary(path: Path) -> bool:
    with open_file(path) as file:
        head = file.read(8192)
    return b"\0" in head or head.startswith(b"%PDF")


def _encoding(data: DataSettings) -> str:
    return known_encoding(data.encoding) if data.encoding else "utf-8-sig"


class UndecodedText(DataError):
    """A text is not in the encoding that was expected."""


def _read_western(path: Path) -> str:
    """Read a text as cp1252, and its few bytes that are none as control characters, as browsers do."""
    try:
        return _read_text(path, "cp1252")
    except UndecodedText:
        return _read_text(path, "latin-1")


def _read_text(path: Path, encoding: str) -> str:
    try:
        with open_file(path) as file, io.TextIOWrapper(file, encoding=encoding) as characters:
            text = characters.read(LONGEST + 1)
    except UnicodeDecodeError as error:
        raise UndecodedText(
            f"{path}: byte 0x{error.object[error.start]:02x} is not {encoding}",
            "pass the correct --encoding, such as cp1252",
        ) from error
    if len(text) > LONGEST:
        raise too_long(str(path))
    return text


def class_names(path: Path, data: DataSettings) -> list[str]:
    """Read the `classes.txt` next to the data, with one name per line."""
    file = (path if path.is_dir() else path.parent) / CLASSES_FILE
    if path == file or not has_file(file, data):
        return []
    return [line.strip() for line in _read_text(file, _encoding(data)).splitlines() if line.strip()]


def files_fingerprint(files: dict[str, list[Path]]) -> str:
    """Hash the content of each split's files, so that edits are noticed even if size and time stay the same.

    Of a file in an archive, the whole archive is hashed, and the path inside counts.
    """
    found = hashlib.sha256()
    known: dict[Path, str] = {}
    for split, paths in sorted(files.items()):
        for path in paths:
            archive, inner = through(path) or (path, "")
            if archive not in known:
                known[archive] = sha256(archive)
            found.update(f"{split}\0{known[archive]}{inner and '/'}{inner}\n".encode(errors=ESCAPED))
    return found.hexdigest()


def tree_fingerprint(folder: Path) -> str:
    """Hash the paths and content of the files; paths count because the folder of a text is its label."""
    found = hashlib.sha256()
    texts = _trees(folder)[1]
    for path in sorted(folder.rglob("*.txt" if texts is _named_texts else "*")):
        inside = path.relative_to(folder)
        if any(map(is_hidden, inside.parts)) or (texts is _any_texts and path.is_dir()):
            continue
        check_is_file(path)
        found.update(f"{inside.as_posix()}\0{sha256(path)}\n".encode(errors=ESCAPED))
    return found.hexdigest()
