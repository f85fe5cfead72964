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
ENDS = re.compile(rf"[,;|]\s*({MARK}\S+)\s*$")
"""The end of a line with its label after a delimiter."""
BEGINS = re.compile(rf"^\s*({MARK}[^\s,;|:]+)[,;|:](?=\s)")
"""The beginning of a line with a delimiter and a space after its label."""
LOOKED_AT = 50


def is_fasttext(start: str) -> bool:
    """Return whether a text begins with lines of fastText: with a label before or after the text of each line."""
    if start.startswith(MARK):
        return True
    lines = [line for line in start.splitlines()[:LOOKED_AT] if line.strip()]
    lines = lines[:-1] or lines  # the last one may be cut off
    if all(ENDS.search(line) for line in lines) and not any('"' in line for line in lines):
        return any(len({line.count(mark) for line in lines}) > 1 for mark in ",;|")  # the cells of a table are as many
    return all(line.lstrip().startswith(MARK) or LAST.search(line) for line in lines)


def read_fasttext(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read fastText lines: `__label__x the text`, or `the text __label__x`."""
    bad: list[str] = []
    count, first = 0, True
    parting: re.Pattern[str] | None = None
    with open_text(path, settings) as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            if first:
                parting = _delimiter_of([text for _, text in chunk])
            if parting:
                chunk = [(line, parting.sub(r" \1 ", text)) for line, text in chunk]
            parts = [(line, *_label_and_text(text)) for line, text in chunk]
            if first:
                _check_gap([(line, label) for line, label, _ in parts], path)
                first = False
            problems = [
                f"line {line}: {'two labels' if label else 'no label'}"
                for line, label, rest in parts
                if not label or rest.startswith(MARK) or MARK in label
            ]
            count += len(problems)
            bad += problems[: SHOWN - len(bad)]
            if not count:
                columns = {"text": [rest for _, _, rest in parts], "label": [label for _, label, _ in parts]}
                yield Batch(columns, [line for line, _, _ in parts])
    if count:
        raise DataError(
            f"{path}: {'; '.join(bad)} ({count} bad rows)",
            "expected `__label__x the text`, one label per line (multi-label is not supported yet)",
        )


def _delimiter_of(lines: list[str]) -> re.Pattern[str] | None:
    """Return the pattern of a label with the delimiter between it and the text, if nearly all lines have one."""
    usual = (kind for kind in (BEGINS, ENDS) if sum(map(bool, map(kind.search, lines))) > 0.9 * len(lines))
    return next(usual, None)


def _label_and_text(line: str) -> tuple[str, str]:
    """Return the label and the text of a line that is not blank; the label is empty if it has none.

    The text begins with a label if the line has two.
    """
    first, *rest = line.split(maxsplit=1)
    if first.startswith(MARK):
        return first.removeprefix(MARK), rest[0].rstrip() if rest else ""
    *before, last = line.rsplit(maxsplit=1)
    if not last.startswith(MARK):
        return "", ""
    text = before[0].lstrip()
    further = text.rsplit(maxsplit=1)[-1]
    return last.removeprefix(MARK), further[further.index(MARK) :] if MARK in further else text


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
