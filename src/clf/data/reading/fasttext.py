"""fastText lines -> batches of rows."""

from collections.abc import Iterator
from pathlib import Path

from clf.data.reading.batch import BATCH_ROWS, SHOWN, Batch, chunked
from clf.data.reading.files import numbered_lines, open_text
from clf.errors import DataError
from clf.settings import DataSettings


def read_fasttext(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read fastText lines: `__label__x the text`."""
    bad = []
    with open_text(path, settings) as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            parts = [(line, *_label_and_text(text)) for line, text in chunk]
            bad += [
                f"line {line}: {'two labels' if '__label__' in rest[:9] else 'no label'}"
                for line, label, rest in parts
                if not label.startswith("__label__") or rest.startswith("__label__")
            ]
            columns = {
                "text": [rest for _, _, rest in parts],
                "label": [label.removeprefix("__label__") for _, label, _ in parts],
            }
            if not bad:
                yield Batch(columns, [line for line, _, _ in parts])
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)",
            "expected `__label__x the text`, one label per line (multi-label is not supported yet)",
        )


def _label_and_text(line: str) -> tuple[str, str]:
    """Split a line that is not blank at its first white space, which may be tabs."""
    label, *rest = line.split(maxsplit=1)
    return label, rest[0].rstrip() if rest else ""
