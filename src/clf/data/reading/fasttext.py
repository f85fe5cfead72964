"""fastText lines -> batches of rows."""

import re
from collections.abc import Iterator
from pathlib import Path

from clf.data.reading.batch import BATCH_ROWS, SHOWN, Batch, chunked
from clf.data.reading.files import numbered_lines, open_text
from clf.errors import DataError
from clf.settings import DataSettings

MARK = "__label__"
LAST = re.compile(rf"[^\s,;|\"'] +{MARK}\S+\s*$")
"""The end of a line with its label after the text; after a delimiter, the label is a cell of a table."""
GLUED = re.compile(rf"({MARK}[^,;|:]+)[,;|:].+")
ENDS = re.compile(rf"[,;|]\s*{MARK}\S+\s*$")
"""The end of a line with its label after a delimiter."""
AFTER_TAB = re.compile(rf"\t *{MARK}\S+(?:\s+{MARK}\S+)*+\s*$")
"""The end of a line with its labels after a tab."""
BEGINS = re.compile(rf"^\s*(?:{MARK}\S+\s+)*{MARK}[^\s,;|:]+[,;|:](?=\s)")
"""The beginning of a line with a delimiter and a space after its label."""
NEXT = re.compile(rf"\s*({MARK}\S*)")
"""The next word of a line, if it is a label."""
DELIMITED = re.compile(r"[^\s,;|:]+[,;|:]")
"""A label with a delimiter behind it."""
LOOKED_AT = 50
FEW_SEVERAL = 0.1
"""The largest share of lines with several labels in a file whose lines should have one each."""


def is_fasttext(start: str) -> bool:
    """Return whether a text begins with lines of fastText: with a label before or after the text of each line.

    If some lines have several labels, others may have none.
    """
    if start.startswith(MARK):
        return True
    lines = [line for line in start.splitlines()[:LOOKED_AT] if line.strip()]
    lines = lines[:-1] or lines  # the last one may be cut off
    if all(map(ENDS.search, lines)) and not any('"' in line for line in lines):
        vary = any(len({line.count(mark) for line in lines}) > 1 for mark in ",;|")  # the cells of a table are as many
        return vary or any(len(labels_and_text(line, ENDS)[0]) > 1 for line in lines)
    are_several = any(len(labels_and_text(line)[0]) > 1 for line in lines)
    if are_several and all(map(AFTER_TAB.search, lines)):
        return True
    labelled = [line for line in lines if line.lstrip().startswith(MARK) or LAST.search(line)]
    if len(labelled) == len(lines):
        return True
    return are_several and 2 * len(labelled) >= len(lines) and not any(map(_is_cell, labelled))


def _is_cell(line: str) -> bool:
    """Return whether the first label of a line stands after a delimiter or a quote, as in the cell of a table."""
    return line.partition(MARK)[0].rstrip(" ").endswith((",", ";", "|", "\t", '"', "'"))


def read_fasttext(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read fastText lines: `__label__x the text`, or `the text __label__x`; several labels of a line are a list.

    A line without a label is refused, unless other lines have several: then its text has none.
    """
    bad: list[str] = []
    count = 0
    parting: re.Pattern[str] | None = None
    sets: bool | None = None
    with open_text(path, settings) as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            parting = _delimiter_of([text for _, text in chunk]) if sets is None else parting
            parts = [(line, *labels_and_text(text, parting)) for line, text in chunk]
            if sets is None:
                _check_gap([(line, labels[0] if len(labels) == 1 else "") for line, labels, _ in parts], path)
                several = sum(len(labels) > 1 for _, labels, _ in parts)
                sets = bool(settings.multi_label) or several > FEW_SEVERAL * len(parts)
            problems = [f"line {line}: no label" for line, labels, _ in parts if not labels and not sets]
            count += len(problems)
            bad += problems[: SHOWN - len(bad)]
            if not count:
                labels = [found[0] if len(found) == 1 else found for _, found, _ in parts]
                yield Batch({"text": [rest for *_, rest in parts], "label": labels}, [line for line, *_ in parts])
    if count:
        raise DataError(
            f"{path}: {'; '.join(bad)} ({count} bad rows)",
            "expected `__label__x the text`; --multi-label reads a line without a label as a text that has none",
        )


def _delimiter_of(lines: list[str]) -> re.Pattern[str] | None:
    """Return the pattern of a label with the delimiter between it and the text, if nearly all lines have one."""
    lines = [line for line in lines if MARK in line]
    usual = (kind for kind in (BEGINS, ENDS) if sum(map(bool, map(kind.search, lines))) > 0.9 * len(lines))
    return next(usual, None)


def labels_and_text(line: str, parting: re.Pattern[str] | None = None) -> tuple[list[str], str]:
    """Return the labels and the text of a line that is not blank; a line without labels is all text.

    With `parting`, BEGINS or ENDS, the delimiter between labels and text belongs to neither.
    """
    words, end = [], 0
    while found := NEXT.match(line, end):
        words.append(found[1])
        end = found.end()
    if not words:
        return _behind(line.strip(), is_delimited=parting is ENDS)
    rest = line[end:]
    if parting is BEGINS and rest and DELIMITED.fullmatch(words[-1].rpartition(MARK)[2]):
        words[-1] = words[-1][:-1]
    return _names(words), rest.strip()


def _behind(line: str, *, is_delimited: bool) -> tuple[list[str], str]:
    """Return the labels behind the text of a line, and the text."""
    labels: list[str] = []
    end = len(line)
    for word in reversed([*re.finditer(r"\S+", line)] if MARK in line else []):
        if word.start() >= end:
            continue  # a delimiter that stands alone
        last = line[word.start() : end]
        glued = last.find(MARK)
        if glued < 0 or (glued and not ((labels or is_delimited) and last[glued - 1] in ",;|")):
            break
        labels.append(last[glued:])
        end = _end_of_text(line, word.start() + glued, is_delimited=is_delimited or glued > 0)
        if glued:
            break
    return _names(labels[::-1]), line[:end]


def _end_of_text(line: str, end: int, *, is_delimited: bool) -> int:
    """Return where the text before a label ends, without the delimiter between them."""
    while end and line[end - 1].isspace():
        end -= 1
    if is_delimited and end and line[end - 1] in ",;|":
        return _end_of_text(line, end - 1, is_delimited=False)
    return end


def _names(words: list[str]) -> list[str]:
    """Return the labels in words such as `__label__a` and `__label__a,__label__b`."""
    names = [name for word in words for name in word.split(MARK)[1:]]
    names = [*(name.rstrip(",;|") for name in names[:-1]), *names[-1:]]
    return [*dict.fromkeys(filter(None, names))]


def _check_gap(labels: list[tuple[int, str]], path: Path) -> None:
    """Raise DataError if most labels are followed by a comma or another mark instead of a space."""
    glued = [(line, label, found[1]) for line, label in labels if (found := GLUED.fullmatch(MARK + label))]
    glued = [(line, label, name) for line, label, name in glued if MARK not in label]  # which are two labels
    before = {name for _, _, name in glued}
    share = len(glued) / len(labels)
    if share > 0.9 or (share > 0.5 and len({label for _, label, _ in glued}) >= 2 * len(before)):
        line, label, name = glued[0]
        shown = f"{MARK}{label}"[:60]
        raise DataError(
            f"{path}, line {line}: {shown!r} is one word, expected a space after the label {name!r} "
            f"({len(glued)} such lines)",
            f"put a space there: sed -E 's/^[[:space:]]*({MARK}[^,;|:]+)[,;|:]/\\1 /' {path.name} > spaced.txt",
        )
