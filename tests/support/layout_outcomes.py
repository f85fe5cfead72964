"""What clf does with a layout, and in what it differs from what is right."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet

from clf.data.prepared import PreparedDataset
from conftest import Outcome, RunClf
from support.layout_files import Follow, Read, Refused, Right, Row


@dataclass(frozen=True)
class Happened:
    """One run of `clf prepare`."""

    done: Outcome
    folder: Path

    @property
    def said(self) -> str:
        return self.done.err + self.done.out

    def line(self, kind: str) -> str:
        return next((line for line in self.done.err.splitlines() if line.startswith(f"{kind}: ")), "")

    @property
    def rows(self) -> dict[str, list[Row]]:
        """The raw texts and label names of each split."""
        prepared = PreparedDataset(self.folder)
        found = {}
        for split in prepared.splits:
            columns = pyarrow.parquet.read_table(self.folder / f"{split}.parquet").to_pydict()
            found[split] = [
                (text, prepared.labels[label])
                for text, label in zip(columns["raw_text"], columns["label"], strict=True)
            ]
        return found

    def __str__(self) -> str:
        if self.done.code:
            return f"{self.line('error')} | {self.line('hint')}"
        rows = [row for part in self.rows.values() for row in part]
        labels = Counter(label for _, label in rows)
        shown = ", ".join(f"{label[:30]!r} {count}" for label, count in labels.most_common(4))
        prepared = PreparedDataset(self.folder)
        return f"{len(rows)} rows, text from {' + '.join(prepared.manifest.text_columns)}, labels {shown}"


def prepare(clf: RunClf, arguments: tuple[str, ...]) -> Happened:
    folder = Path("out")
    done = clf("prepare", "--dataset", *arguments, "--output-dir", folder, "--overwrite")
    return Happened(done, folder)


def wrongs(happened: Happened, right: tuple[Right, ...]) -> list[str]:
    """Say in what an outcome differs from each that is right; nothing if it is one of them."""
    found = [_differs(happened, one) for one in right]
    return [] if "" in found else found


def _differs(happened: Happened, right: Right) -> str:
    if isinstance(right, Refused):
        return _refused(happened, right)
    if happened.done.code:
        return f"refused: {happened}"
    return _rows_differ(happened, right) or _said_differs(happened, right)


def _refused(happened: Happened, right: Refused) -> str:
    if happened.done.code != 1:
        return f"not refused: {happened}"
    error, hint = happened.line("error"), happened.line("hint")
    missing = [pattern for pattern in right.says if not re.search(pattern, error, re.IGNORECASE)]
    missing += [pattern for pattern in right.hint if not re.search(pattern, hint, re.IGNORECASE)]
    return f"does not say {missing}: {happened}" if missing else ""


def _rows_differ(happened: Happened, right: Read) -> str:
    splits = happened.rows
    found, wanted = Counter(row for rows in splits.values() for row in rows), Counter(right.rows)
    if found != wanted:
        more, less = list((found - wanted).elements()), list((wanted - found).elements())
        return f"{happened}; {len(less)} rows missing {less[:1]}, {len(more)} others {more[:1]}"
    counts = {split: len(rows) for split, rows in splits.items()}
    return f"splits are {counts}" if right.splits not in (None, counts) else ""


def _said_differs(happened: Happened, right: Read) -> str:
    dropped = sum(PreparedDataset(happened.folder).audit.dropped.values())
    if right.dropped not in (None, dropped):
        return f"{dropped} rows counted as dropped, expected {right.dropped}"
    missing = [pattern for pattern in right.says if not re.search(pattern, happened.said, re.IGNORECASE)]
    needless = [pattern for pattern in right.silent if re.search(pattern, happened.said, re.IGNORECASE)]
    return f"does not say {missing}: {happened.done.err}" if missing else f"says {needless}" if needless else ""


def matched(happened: Happened, right: tuple[Right, ...]) -> Right:
    """Return the right outcome that this is."""
    return next(one for one in right if not _differs(happened, one))


def flags_of(hint: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", hint))


def unfollowed(hint: str, follow: tuple[Follow, ...]) -> set[str]:
    """Return the flags of a hint that no arguments follow."""
    return flags_of(hint) - {part for one in follow for part in one.arguments}
