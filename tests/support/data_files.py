"""The same two rows in several formats, and files with them that are written and read whole."""

import json
from pathlib import Path

from clf.data.reading.batch import Batch
from clf.data.reading.formats import read_file
from clf.settings import DataSettings

ROWS = {"text": ["first, with a comma", "second\nwith a line"], "label": ["a", "b"]}
CSV = 'text,label\n"first, with a comma",a\n"second\nwith a line",b\n'
JSONL = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(*ROWS.values(), strict=True))


def written(path: Path, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **settings: object) -> Batch:
    """Read all rows of a file, of any format, as one batch."""
    return joined(list(read_file(path, DataSettings(**settings))))


def joined(batches: list[Batch]) -> Batch:
    """Put the rows of several batches into one, with their problems."""
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    columns = {name: [value for batch in batches for value in batch.columns[name]] for name in names}
    problems, first = {}, 0
    for batch in batches:
        problems |= {first + row: what for row, what in batch.problems.items()}
        first += len(batch.lines)
    return Batch(columns, [line for batch in batches for line in batch.lines], problems=problems)
