"""Data in folders: `train.* validation.* test.*`, or a tree `split/class/*.txt` like that of the aclImdb download."""

import hashlib
import io
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from clf.data.reading.batch import BATCH_ROWS, SPLITS, Batch, Split, chunked
from clf.data.reading.files import (
    ESCAPED,
    LONGEST,
    check_is_file,
    known_encoding,
    open_file,
    readable,
    too_long,
    undecoded,
)
from clf.errors import DataError
from clf.settings import DataSettings
from clf.storage.disk import sha256

UNLABELLED = {"unsupervised", "unsup", "unlabeled", "unlabelled"}
SPLIT_NAME = re.compile(
    r"(?:(train|training)|(validation|valid|val|dev|eval)|(test|testing))(?:[^a-z].*)?", re.IGNORECASE
)

log = logging.getLogger(__name__)


def split_files(folder: Path, endings: set[str]) -> dict[str, list[Path]]:
    """Find the files with these extensions whose names start with train, validation or test; log the others."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in endings:
            stem = path.name.split(".")[0]
            if match := SPLIT_NAME.fullmatch(stem):
                if twin := next(
                    (other for other in files.get(split_of(match), []) if other.name.split(".")[0] == stem), None
                ):
                    raise DataError(f"{folder} holds both {twin.name} and {path.name}", "keep one of them")
                files.setdefault(split_of(match), []).append(path)
            elif path.name != "classes.txt":
                log.info("ignoring %s: its name does not start with train, validation or test", path)
    return files


def split_of(match: re.Match[str]) -> str:
    """Return the split that a match of SPLIT_NAME refers to."""
    return SPLITS[next(number for number, group in enumerate(match.groups()) if group)]


def class_tree(folder: Path, data: DataSettings) -> dict[str, Split]:
    """Find `split/class/*.txt`, as in the aclImdb download; without split folders, all class folders form train."""
    trees: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (match := SPLIT_NAME.fullmatch(path.name)) and (classes := _class_folders(path)):
            trees.setdefault(split_of(match), []).extend(classes)
    if not trees and (classes := _class_folders(folder)):
        trees = {"train": classes}
    return {
        split: Split(partial(_read_classes, classes, data), str(classes[0].parent), partial(_count_texts, classes))
        for split, classes in trees.items()
    }


def _count_texts(folders: list[Path]) -> int:
    return sum(1 for folder in folders for _ in folder.glob("*.txt"))


def _class_folders(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.iterdir()) if path.is_dir() and next(path.glob("*.txt"), None)]
    for path in found:
        if path.name in UNLABELLED:
            log.info("skipping %s: its texts have no labels", path)
        if what := undecoded(path.name):
            raise DataError(
                f"{readable(str(path))}: {what} in the name of this folder", "rename the folder; its name is the label"
            )
    return [path for path in found if path.name not in UNLABELLED]


def _read_classes(folders: list[Path], data: DataSettings) -> Iterator[Batch]:
    files = [(path, folder.name) for folder in folders for path in sorted(folder.glob("*.txt"))]
    encoding = _encoding(data)
    first = 1
    for chunk in chunked(files, BATCH_ROWS, lambda file: file[0].stat().st_size):
        texts = [_read_text(path, encoding) for path, _ in chunk]
        yield Batch({"text": texts, "label": [label for _, label in chunk]}, list(range(first, first + len(chunk))))
        first += len(chunk)


def _encoding(data: DataSettings) -> str:
    return known_encoding(data.encoding) if data.encoding else "utf-8-sig"


def _read_text(path: Path, encoding: str) -> str:
    try:
        with open_file(path) as file, io.TextIOWrapper(file, encoding=encoding) as characters:
            text = characters.read(LONGEST + 1)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte 0x{error.object[error.start]:02x} is not {encoding}",
            "pass the correct --encoding, such as cp1252",
        ) from error
    if len(text) > LONGEST:
        raise too_long(str(path))
    return text


def class_names(path: Path, data: DataSettings) -> list[str]:
    """Read the `classes.txt` next to the data, with one name per line."""
    file = (path if path.is_dir() else path.parent) / "classes.txt"
    if path == file or not file.is_file():
        return []
    return [line.strip() for line in _read_text(file, _encoding(data)).splitlines() if line.strip()]


def tree_fingerprint(folder: Path) -> str:
    """Hash the paths and content of the files; paths count because the folder of a text is its label."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.txt")):
        check_is_file(path)
        found.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode(errors=ESCAPED))
    return found.hexdigest()
