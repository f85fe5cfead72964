"""Texts with several labels: whether a dataset has them, and the named sets of labels of its rows.

A dataset is read with one label for each text. If that shows that texts have several, it is read again as such, unless
the user says which it is.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from clf.data.label_sets import PLAIN, LabelSets, shown
from clf.data.preparing.dividing import divided_sets
from clf.data.preparing.label_looks import are_texts_or_numbers, check_names, refuse_joined
from clf.data.preparing.labels import name_labels
from clf.data.preparing.unlabelled import (
    counts_of,
    drop_labels,
    labels_to_drop,
    meaning_none,
    tell_marks,
    together,
    warn_of_placeholders,
    warn_of_unlabelled,
)
from clf.data.reading.joined_labels import several_joined
from clf.data.reading.label_form import LabelForm, TrainedLabels
from clf.data.reading.label_values import NO_LABEL
from clf.data.sources.source import Source
from clf.errors import DataError, SeveralLabels
from clf.settings import DEFAULT_DATASET, DataSettings

if TYPE_CHECKING:
    from clf.data.preparing.ingest import Delivered

MOST_BYTES = 2_000_000_000
"""The most memory that the table of sets and labels may take."""

log = logging.getLogger(__name__)
Found = TypeVar("Found")
Parts = dict[str, tuple[str, ...]]
"""The labels of each set, as it was written."""
Counts = Mapping[str, Mapping[str, int]]
"""The rows of each split that have each label or set, as it was written."""


def as_found(read: Callable[[DataSettings], Found], data: DataSettings) -> Found:
    """Return what `read` gives with one label for each text, or with several if the texts have them.

    Raises SeveralLabels only if the user says that a text has one label.
    """
    try:
        return read(data)
    except SeveralLabels as told:
        if data.multi_label is not None:
            raise
        log.info("%s: a text may have several labels; --no-multi-label refuses them", told.message)
    return read(data.model_copy(update={"multi_label": True}))


def refuse_several(
    counts: Counts, data: DataSettings, named: Mapping[str, str], lines: Callable[[], Mapping[str, int]]
) -> None:
    """Raise SeveralLabels if the labels join several, once those are left out that mean none or are `named`.

    `counts` has the rows of each label in each split; `lines` gives the first line of each label.
    """
    dropped = labels_to_drop(counts, data.unlabelled, named)
    left = {split: {label: count for label, count in of_split.items() if label not in {**dropped[split], **named}}
            for split, of_split in counts.items()}  # fmt: skip
    total = together(left)
    joined = several_joined(total, ())
    if joined and joined.meant and not are_texts_or_numbers(total, _shown(data)):
        refuse_joined(total, lines(), _shown(data))


def first_lines(given: "Delivered") -> dict[str, int]:
    """Return the line of the first row with each label, in the order of the rows."""
    ids, first = np.unique(given.rows.label, return_index=True)
    pairs = sorted(zip(first.tolist(), ids.tolist(), strict=True))
    return {given.labels[label]: int(given.rows.line[row]) for row, label in pairs}


def leave_out_without(
    given: "Delivered",
    data: DataSettings,
    named: Collection[str],
    trained: TrainedLabels | None = None,
    *,
    measure_only: bool = False,
) -> Parts:
    """Drop and count the rows whose labels are not known, and return the labels of each set of the others.

    How they are written is noted in `given`. With `measure_only`, a model that has several labels is measured, and
    `trained` are its labels: empty cells are texts of none of them, also where no text has several. Raises DataError if
    all cells are empty, unless the user asks for several labels.
    """
    form = (trained and trained.form) or next(iter(given.tallies.values())).label_form
    known = {*trained.names, *named} if trained else ()
    counts = counts_of(given)
    written, dropped, given.label_form = sets_in(counts, data, named, form, known, measure_only=measure_only)
    if measure_only:
        _tell_empty(counts.get(data.split) or together(counts), written, data)
    drop_labels(given, dropped)
    return {label: written[label] for label in together(counts_of(given))}


def _tell_empty(rows: Mapping[str, int], written: Parts, data: DataSettings) -> None:
    """Tell how many rows of each label, as it was written, are read as none only since the model has several labels."""
    of_split = [written[label] for label in rows if label in written]
    if PLAIN not in rows or PLAIN not in written or any(len(names) > 1 for names in of_split):
        return
    if not any(of_split) and "multi_label" not in data.model_fields_set:
        raise DataError(
            f"{_shown(data)}: no row has a label: the cells of all {rows[PLAIN]} are empty",
            "clf predict gives labels to texts without; if each is an example of none of the labels, pass"
            " --multi-label",
        )
    log.warning(
        "%d of %d rows have an empty label: each is read as a text of none of the labels; if nobody has labelled these,"
        " leave them out of the file",
        rows[PLAIN], sum(rows.values()),
    )  # fmt: skip


def sets_in(
    counts: Counts,
    data: DataSettings,
    named: Collection[str],
    like: LabelForm | None,
    known: Collection[str] = (),
    *,
    measure_only: bool = False,
) -> tuple[Parts, dict[str, dict[str, str]], LabelForm]:
    """Return the labels of each set, as it was written, the sets of each split whose rows are left out, and the form.

    Labels that mean that there is none are taken out of all sets; a row that has no others is left out. `counts` has
    the rows of each set in each split; they are written `like` the labels of train, or of a model, whose labels are
    `known`. Warns of labels that are read as none.
    """
    like = like or LabelForm()
    divided, separator = divided_sets(counts, like, known, measure_only=measure_only)
    parts = {label: names for label, names in divided.items() if names is not None}
    of_parts = {split: _count_parts(of_split, parts) for split, of_split in counts.items()}
    tell_marks(together(of_parts), data.unlabelled, named)
    none = meaning_none(of_parts, data.unlabelled, named)
    every = {name for of_split in none.values() for name in of_split}
    every -= {name for split, of_split in of_parts.items() for name in of_split if name not in none[split]}
    sets = {label: tuple(name for name in names if name not in every) for label, names in parts.items()}
    to_drop = {split: _to_drop(of_split, parts, none[split]) for split, of_split in counts.items()}
    return sets, to_drop, like.model_copy(update={"separator": separator or like.separator})


def _count_parts(of_split: Mapping[str, int], known: Parts) -> Counter[str]:
    counts: Counter[str] = Counter()
    for label, rows in of_split.items():
        for name in known.get(label, ()):
            counts[name] += rows
    return counts


def _to_drop(of_split: Mapping[str, int], known: Parts, none: Mapping[str, str]) -> dict[str, str]:
    """Return the sets of a split whose rows have no label, with the reason."""
    found = {label: NO_LABEL for label in of_split if label not in known}
    for label in of_split:
        names = known.get(label, ())
        if names and all(name in none for name in names):
            found[label] = none[names[0]]
    return found


def check_written(given: "Delivered", written: Parts, named: Collection[str], data: DataSettings) -> None:
    """Look at the labels as they are written; raise DataError if they are no classes."""
    counts = counts_of(given)
    total = together({split: _count_parts(of_split, written) for split, of_split in counts.items()})
    warn_of_unlabelled(given, total, named)
    warn_of_placeholders(replace(given, labels=[shown(label) for label in given.labels]))
    lines: dict[str, int] = {}
    for label, line in first_lines(given).items():
        for name in written[label]:
            lines.setdefault(name, line)
    if not any(len(names) > 1 for names in written.values()):
        log.warning(
            "no text has several labels; if some should, write these as a list, or with | between them, or leave out"
            " --multi-label"
        )
    check_names({name: count for name, count in total.items() if name not in named}, lines, _shown(data))


def name_sets(
    given: "Delivered", written: Parts, source: Source, data: DataSettings, *, measure_only: bool = False
) -> LabelSets:
    """Replace the raw label ids of the rows by the numbers of their sets, and return these, with the label names.

    Sets are numbered by the ids of their labels. Raises DataError if no text has a label, which may still be measured,
    or the sets need too much memory.
    """
    raw = list(dict.fromkeys(name for names in written.values() for name in names))
    if not raw and not measure_only:
        raise DataError(
            f"{_shown(data)}: none of the {len(given.rows)} texts has a label",
            "label some of the texts first, or pass --label-column with the column that has their labels",
        )
    alone: set[tuple[str, str | None]] = {(name, None) for name in raw}
    names, ids = name_labels(raw, alone, source.label_order, source.class_names, data.label_map)
    id_of = dict(zip(raw, ids.tolist(), strict=True))
    sets = {label: tuple(sorted({id_of[name] for name in of_set})) for label, of_set in written.items()}
    distinct = sorted(set(sets.values()))
    if (size := len(distinct) * len(names)) > MOST_BYTES:
        raise DataError(
            f"{_shown(data)}: the texts have {len(distinct):,} different sets of {len(names):,} labels, which take "
            f"{size / 1e9:,.0f} GB of memory",
            "leave out rare labels, or use fewer texts",
        )
    given.rows = replace(given.rows, label=_numbers(given.labels, sets, distinct)[given.rows.label])
    return LabelSets(names, _members(distinct, len(names)))


def _numbers(
    labels: Sequence[str], sets: Mapping[str, tuple[int, ...]], distinct: Sequence[tuple[int, ...]]
) -> NDArray[np.int32]:
    number = {members: place for place, members in enumerate(distinct)}
    return np.array([number[sets[label]] if label in sets else 0 for label in labels], dtype=np.int32)


def _members(distinct: Sequence[tuple[int, ...]], labels: int) -> NDArray[np.bool_]:
    members = np.zeros((len(distinct), labels), dtype=bool)
    for place, of_set in enumerate(distinct):
        members[place, list(of_set)] = True
    return members


def _shown(data: DataSettings) -> str:
    return data.dataset or DEFAULT_DATASET
