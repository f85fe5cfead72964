"""How the first rows of all splits are read: what is left out of one may depend on the others."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from clf.data.preparing.ingest import beside_train
from clf.data.preparing.labels import read_label_map
from clf.data.preparing.several import as_found, refuse_several, sets_in
from clf.data.preparing.unlabelled import labels_to_drop, refuse_unlabelled
from clf.data.preparing.unlabelled_splits import asked_for, labelled_splits
from clf.data.reading.batch import Split
from clf.data.reading.peek import Peeked, peek_at
from clf.errors import ClfError, DataError, SeveralLabels
from clf.settings import DEFAULT_DATASET, DataSettings


def peek_at_splits(splits: Mapping[str, Split], data: DataSettings) -> tuple[list[Peeked], ClfError | None]:
    """Look at the first rows of each split, up to one that cannot be read.

    The error is what preparing those rows would raise first: for a split without labels that the user named, for rows
    that cannot be read, or for a train split without labels. Raises UsageError for a label map that cannot be read.
    """

    def read(data: DataSettings) -> tuple[list[Peeked], ClfError | None]:
        found, error = _peek(splits, data)
        if isinstance(error, SeveralLabels) and data.multi_label is None:
            error = beside_train(error, found[-1].split.split, splits, found[0].examples.labels)
            if isinstance(error, SeveralLabels):
                raise error
        return found, error

    return as_found(read, data)


def _peek(splits: Mapping[str, Split], data: DataSettings) -> tuple[list[Peeked], ClfError | None]:
    named = read_label_map(data.label_map) if data.label_map else {}
    refusal: ClfError | None = None
    try:
        splits = labelled_splits(splits, data, asked_for(data))
    except DataError as error:  # all splits are shown, so that the user sees why
        refusal = error
    found: list[Peeked] = []
    for name, split in splits.items():
        like = found[0].columns if found and found[0].split.split == "train" else None
        form = found[0].label_form if found else None
        found.append(peek_at(name, replace(split, like=like, label_form=form), data))
        if found[-1].error:
            break
    counts = {one.split.split: Counter(one.examples.labels) for one in found}
    if data.multi_label:
        written, dropped, _ = sets_in(counts, data, named, found[0].label_form)
        found = [one.with_sets(written, dropped[one.split.split]) for one in found]
    else:
        dropped = labels_to_drop(counts, data.unlabelled, named)
        if data.multi_label is None:
            refuse_several(counts, data, named, lambda: _first_lines(found))
    found = [one.without(dropped[one.split.split]) for one in found]
    return found, refusal or found[-1].error or _no_label(found, splits, data)


def _first_lines(found: list[Peeked]) -> dict[str, int]:
    pairs = [pair for one in found for pair in zip(one.examples.labels, one.examples.lines, strict=True)]
    return dict(reversed(pairs))


def _no_label(found: list[Peeked], splits: Mapping[str, Split], data: DataSettings) -> ClfError | None:
    """Return the error for a train split of which no row has a label; None if it has further rows."""
    for one in (one.split for one in found if one.split.split == "train"):
        try:
            refuse_unlabelled(one.rows_left_out, one.rows_read, data.dataset or DEFAULT_DATASET)
        except DataError as error:
            return None if _goes_on(splits["train"]) else error
    return None


def _goes_on(split: Split) -> bool:
    """Return whether a split has rows beyond its first batch; one that cannot be read further may."""
    try:
        return split.goes_on() or next(islice(split.rows(), 1, None), None) is not None
    except DataError:
        return True
