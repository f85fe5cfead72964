"""Pairs of files, such as `train_text.txt` with one text per line and `train_labels.txt` with the label of each."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from clf.data.reading.batch import BATCH_ROWS, SHOWN, Batch, Split, chunked
from clf.data.reading.compression import COMPRESSED_ENDINGS
from clf.data.reading.files import CUT_OFF, bounded_lines, cut_off, decoding_failed, open_text, readable
from clf.data.reading.headings import HEADER_WORDS, seen
from clf.data.sources.folders import visible
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.settings import DataSettings

TEXTS = {"text", "texts", "x", "sentences", "tweets", "documents"}
LABELS = {"label", "labels", "y", "targets"}
"""Words in the name of a file that say what its lines are; another word must name a split."""
NAMES = "mapping.txt"
"""The file beside the pairs with a label and its name on each line, divided by a tab."""
MOST_NAMES = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """A file of texts and the file with the label of each; without the latter, the texts have no labels."""

    texts: Path
    labels: Path | None
    names: Path | None
    data: DataSettings

    @property
    def files(self) -> list[Path]:
        """All files on which the rows depend."""
        return [path for path in (self.texts, self.labels, self.names) if path]

    def split(self) -> Split:
        """Return the rows of the pair.

        Raises DataError if the files have different numbers of lines.
        """
        rows = _count_rows(self.texts, self.labels, self.data) if self.labels else None
        if self.labels:
            log.info("%s and %s are read as pairs of lines", self.texts.name, self.labels.name)
        return Split(lambda: self._rows(rows), str(self.texts), lambda: rows or 0)

    def _rows(self, rows: int | None) -> Iterator[Batch]:
        texts = enumerate(_lines(self.texts, self.data), 1)
        if self.labels is None:
            for chunk in chunked(texts, BATCH_ROWS, lambda row: len(row[1])):
                yield Batch({"text": [text for _, text in chunk]}, [line for line, _ in chunk])
            return
        names = _read_names(self.names, self.data) if self.names else {}
        unnamed: dict[str, int] = {}
        pairs = islice(zip(texts, _lines(self.labels, self.data), strict=False), rows)
        for batch in chunked(_below_header(pairs, self.texts), BATCH_ROWS, lambda row: len(row[0][1])):
            labels = [label.strip() for _, label in batch]
            lines = [line for (line, _), _ in batch]
            columns = {"text": [text for (_, text), _ in batch], "label": labels}
            if names:
                columns["label_name"] = [names.get(label, label) for label in labels]
                for label, line in zip(labels, lines, strict=True):
                    if label not in names and label and len(unnamed) < SHOWN:
                        unnamed.setdefault(label, line)
            yield Batch(columns, lines)
        if unnamed := {label: line for label, line in unnamed.items() if label not in names.values()}:
            told = ", ".join(f"{label[:40]!r} (line {line})" for label, line in unnamed.items())
            log.warning("%s has no name for %s of %s", self.names, told, self.labels.name)


def find_pairs(path: Path, data: DataSettings) -> dict[str, Pair]:
    """Return the pair of each split in a folder, or as train the pair to which a file belongs; nothing without pairs.

    Raises DataError if a folder has several pairs for a split.
    """
    folder = path if path.is_dir() else path.parent
    if folder == path:
        return pairs_among(folder, _files(folder), data)
    if _role(path.name) and folder.is_dir():
        found = _pairs(_files(folder), data)
        return next(({"train": pair} for _, pair in found if pair.labels and path in pair.files[:2]), {})
    return {}


def pairs_among(folder: Path, files: list[Path], data: DataSettings) -> dict[str, Pair]:
    """Return the pair of each split among the files of a folder; nothing without pairs.

    Raises DataError if there are several pairs for a split.
    """
    found = _pairs(files, data)
    return _one_each(folder, files, found) if any(pair.labels for _, pair in found) else {}


def _role(name: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the split, whether the lines are texts or labels, and the other words of the name; None without both."""
    path = Path(name.lower())
    path = path.with_suffix("") if path.suffix in COMPRESSED_ENDINGS else path
    if path.suffix[1:] not in {"", "txt"} | TEXTS | LABELS:
        return None
    words = re.split(r"[^a-z0-9]+", path.name.removesuffix(".txt"))
    roles = [word for word in words if word in TEXTS | LABELS]
    splits = [split for word in words if (split := split_at_start(word))]
    if len(roles) != 1 or len(splits) != 1:
        return None
    return splits[0], "text" if roles[0] in TEXTS else "label", tuple(w for w in words if w not in roles)


def _files(folder: Path) -> list[Path]:
    return [path for path in visible(folder) if path.is_file() and (path.name != NAMES or path.stat().st_size)]


def _pairs(files: list[Path], data: DataSettings) -> list[tuple[str, Pair]]:
    """Return all pairs among files and the texts without labels, each with its split."""
    beside = next((path for path in files if path.name == NAMES), None)
    found: dict[tuple[str, tuple[str, ...]], dict[str, list[Path]]] = {}
    for path in files:
        if told := _role(path.name):
            split, role, words = told
            found.setdefault((split, words), {}).setdefault(role, []).append(path)
    return [
        (split, Pair(texts, labels, beside if labels else None, data))
        for (split, _), files in found.items()
        for texts in files.get("text", [])
        for labels in files.get("label", [None])
    ]


def _one_each(folder: Path, files: list[Path], found: list[tuple[str, Pair]]) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    for split, pair in found:
        if split in pairs:
            shown = " and ".join(readable(path.name) for path in (*pairs[split].files[:2], *pair.files[:2]))
            raise DataError(
                f"{readable(str(folder))} has several files of texts or labels for {split}: {shown}",
                "keep one file of texts and one of labels for each split, or pass one of the files as --dataset",
            )
        pairs[split] = pair
    used = {path for pair in pairs.values() for path in pair.files}
    for path in files:
        if path not in used and split_at_start(path.name.split(".")[0]):
            log.warning("ignoring %s: it is not one of the pairs of texts and labels", path)
    return pairs


# --- lines --------------------------------------------------------------------------------------------------


def _lines(path: Path, data: DataSettings) -> Iterator[str]:
    line = 0
    try:
        with open_text(path, data, newline="\n") as file:
            for text in bounded_lines(file, path):
                line += 1
                yield text.rstrip("\r\n")
    except UnicodeDecodeError as error:
        decoding_failed(error, path, line)
    except CUT_OFF as error:
        cut_off(error, path)


def _count_rows(texts: Path, labels: Path, data: DataSettings) -> int:
    """Return the number of rows; one file may have more empty lines at its end."""
    (all_texts, some_texts), (all_labels, some_labels) = _count(texts, data), _count(labels, data)
    rows = min(all_texts, all_labels)
    if rows < max(some_texts, some_labels):
        if all_labels < all_texts:
            hint = (f"add the missing labels to {labels.name}, an empty line for a text without one;"
                    f" or correct {texts.name} if a text has line breaks")  # fmt: skip
        else:
            hint = (f"add the missing texts to {texts.name}, an empty line for a label without one;"
                    f" or remove the additional lines of {labels.name}")  # fmt: skip
        raise DataError(
            f"{texts} has {all_texts:,} lines, but {labels.name} has {all_labels:,}; expected a label for each text",
            hint,
        )
    return rows


def _count(path: Path, data: DataSettings) -> tuple[int, int]:
    """Return the number of lines, and the number of the last one that is not empty."""
    line = last = 0
    for line, text in enumerate(_lines(path, data), 1):
        if text and not text.isspace():
            last = line
    return line, last


def _below_header(pairs: Iterator[tuple[tuple[int, str], str]], path: Path) -> Iterator[tuple[tuple[int, str], str]]:
    """Yield the pairs without the names of the columns in the first lines."""
    for pair in islice(pairs, 1):
        (_, text), label = pair
        if {seen(text).lower(), seen(label).lower()} <= HEADER_WORDS:
            log.warning("%s: skipped line 1 (%r and %r), the names of the columns", path, text, label)
        else:
            yield pair
    yield from pairs


def _read_names(path: Path, data: DataSettings) -> dict[str, str]:
    """Read the name of each label; nothing, with a warning, if a line is something else."""
    names: dict[str, str] = {}
    for line, text in enumerate(islice(_lines(path, data), MOST_NAMES), 1):
        label, name = ([cell.strip() for cell in text.split("\t")] + [""])[:2]
        if text.strip() and not (label and name and names.setdefault(label, name) == name):
            log.warning("ignoring %s: line %d is not a label, a tab and its name", path, line)
            return {}
    return names
