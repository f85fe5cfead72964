"""What is said of rows that were left out, and of labels that are read in another spelling than they were written."""

import logging
from collections.abc import Mapping
from itertools import islice
from shlex import quote

from clf.data.reading.batch import SHOWN
from clf.data.reading.columns import Columns
from clf.data.reading.examples import RowTally
from clf.data.reading.label_values import SEVERAL

log = logging.getLogger(__name__)


def say_left_out(tallies: Mapping[str, RowTally]) -> None:
    """Warn of rows that were dropped, labels in another spelling and what may be missing, in each split."""
    _say_dropped(tallies)
    _say_empty(tallies)
    _say_respelled(tallies)
    _say_missing_texts(tallies)


def _say_missing_texts(tallies: Mapping[str, RowTally]) -> None:
    """Warn of texts such as `nan` that come again: one may be an answer, several are likely to be missing texts."""
    for split, tally in tallies.items():
        for mark, count in tally.marks.items():
            if count > 1:
                log.warning(
                    "%s: %d of %d rows have the text %r, which programs write for a missing text; they are kept; empty"
                    " these cells in the file to leave the rows out",
                    split, count, tally.read, mark,
                )  # fmt: skip


def _say_dropped(tallies: Mapping[str, RowTally]) -> None:
    for split, tally in tallies.items():
        for reason, count in tally.dropped.items():
            lines = ", ".join(map(str, tally.first_dropped[reason]))
            log.warning(
                "%s: dropped %d of %d rows with %s (line %s%s)%s",
                split,
                count,
                tally.read,
                reason,
                lines,
                " …" if count > len(tally.first_dropped[reason]) else "",
                _to_keep(reason, tally),
            )


def _say_empty(tallies: Mapping[str, RowTally]) -> None:
    """Warn of empty cells in the columns of several labels that are read as no, though other cells say 0 or no."""
    for split, tally in tallies.items():
        if tally.first_empty:
            line, column = tally.first_empty
            log.warning(
                "%s: %d empty cells in the columns of labels, in %d of %d rows, are read as no, as 0 is (line %d, %r);"
                " if nobody has labelled them, fill them, or empty all labels of these rows, which leaves them out",
                split, tally.empty["cells"], tally.empty["rows"], tally.read, line, column,
            )  # fmt: skip


def _to_keep(reason: str, tally: RowTally) -> str:
    """Say how to keep rows that an annotator rejected, or that have several labels; nothing of other reasons."""
    if reason == SEVERAL:
        return "; --multi-label keeps them"
    columns = tally.columns or Columns([], None)
    asked = (name for name in columns.left_out if name != columns.label and reason.startswith(f"{name} "))
    return "".join(f"; --ignore-column {quote(name)} keeps them" for name in islice(asked, 1))


def _say_respelled(tallies: Mapping[str, RowTally]) -> None:
    for split, tally in tallies.items():
        if tally.respelled:
            shown = list(tally.respelled.items())[:SHOWN]
            listed = ", ".join(f"{was!a} is read as {label!r} ({count})" for (was, label), count in shown)
            log.warning(
                "%s: %d labels have invisible or uncomposed characters: %s%s",
                split,
                sum(tally.respelled.values()),
                listed,
                " …" if len(tally.respelled) > SHOWN else "",
            )
