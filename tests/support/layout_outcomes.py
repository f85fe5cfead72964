"""What clf does with a layout, and in what it differs from what is right."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet

from clf.data.prepared import PreparedDataset
from clf.data.reading.stream import open_incoming
from clf.predict import _text_columns, _texts
from clf.settings import DataSettings
from conftest import Outcome, RunClf
from support.layout_files import Layout, Read, Refused, Right, Row


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
        """The raw texts and label names of each split; several labels of a text are sorted, with | between them."""
        found = {}
        for split in PreparedDataset(self.folder).splits:
            columns = pyarrow.parquet.read_table(self.folder / f"{split}.parquet").to_pydict()
            found[split] = [
                (text, label if isinstance(label, str) else "|".join(sorted(label)))
                for text, label in zip(columns["raw_text"], columns["label_name"], strict=True)
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


def judge(clf: RunClf, folder: Path, layout: Layout) -> tuple[Happened, list[str]]:
    """Prepare a layout, and say what is wrong with that: with the outcome, its hint, or a new file of that layout."""
    right = layout.build(folder, True)
    happened = prepare(clf, layout.arguments)
    if wrong := wrongs(happened, right):
        return happened, wrong
    outcome = next(one for one in right if not _differs(happened, one))
    if isinstance(outcome, Refused):
        return happened, _misled(clf, folder, happened.line("hint"), outcome)
    if layout.predict:
        (folder / "new").mkdir()
        layout.build(folder / "new", False)
        return happened, _not_found(folder / "new" / layout.arguments[0], happened.folder, outcome)
    return happened, []


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


def _misled(clf: RunClf, folder: Path, hint: str, refused: Refused) -> list[str]:
    """Do what a hint says: every flag that it names leads to a dataset, or to another true sentence."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", hint)) - {"--dataset"}
    if unknown := named - {part for one in refused.follow for part in one.arguments}:
        return [f"nothing follows {', '.join(sorted(unknown))}: {hint}"]
    found = []
    for follow in refused.follow:
        if follow.first or named & set(follow.arguments):
            if follow.first:
                follow.first(folder)
            found += wrongs(prepare(clf, follow.arguments), follow.right)
    return [f"the hint leads to: {wrong}" for wrong in found]


def _not_found(path: Path, prepared: Path, outcome: Read) -> list[str]:
    """Say which texts of a new file, which has no labels, a model that was trained on such a file does not see."""
    found = Counter(_read_for_predict(path, prepared))
    missing = list((Counter(text for text, _ in outcome.rows) - found).elements())
    return [f"predict does not see {missing[0]!r}, but {next(iter(found), '')!r}"] if missing else []


def _read_for_predict(path: Path, prepared: Path) -> list[str]:
    """Read the texts of a new file as `clf predict` does with a model that was trained on a prepared dataset."""
    trained = PreparedDataset(prepared).manifest.text_columns
    settings = DataSettings()
    incoming = open_incoming(path, settings, trained, keep=True)
    windows = list(incoming.windows(1000))
    record = SimpleNamespace(dataset=SimpleNamespace(text_columns=trained))
    columns = _text_columns(windows[0], record, settings, incoming.shown)  # type: ignore[arg-type]
    return [text for batch in windows for text in _texts(batch, columns) if text]
