"""The columns of a dataset to measure on: those of the model's training, where the dataset has them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from clf.data.reading.batch import Batch
from clf.data.reading.column_values import ROWS
from clf.data.reading.listed_columns import listed_labels
from clf.data.reading.numbered import fits
from clf.data.sources.source import Source
from clf.errors import DataError
from clf.models.record import DatasetRecord
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def asked_as_trained(recorded: DatasetRecord | None, data: DataSettings) -> DataSettings:
    """Return the settings to find a dataset with: they name the columns of training for which the user names none."""
    if recorded is None:
        return data
    trained = {"text_column": recorded.text_columns, "label_column": _label(recorded)}
    return as_trained(data, **{name: value for name, value in trained.items() if value and not getattr(data, name)})


def as_trained(data: DataSettings, **trained: object) -> DataSettings:
    """Return the settings with those of training as if they were defaults: the user does not ask for them."""
    return DataSettings.model_construct({*data.model_fields_set}, **{**dict(data), **trained})


def chosen_as_trained(
    recorded: DatasetRecord | None, data: DataSettings, source: Source, *, several: bool = False
) -> DataSettings:
    """Return the settings with the text, label and ignored columns of training that the dataset has.

    Whether a text may have several labels is as it was set in training; a model with `several` reads each label as a
    set of one. What the user names himself stays as it is.
    """
    first = _first(source, data)
    chosen = data
    if recorded is not None and first is not None:
        of_training = recorded.data.multi_label
        data = data if data.multi_label is not None else as_trained(data, multi_label=of_training)
        chosen = _with_columns(recorded, data, first)
        chosen = data if _has_one_for_two(chosen) else chosen
    return as_trained(chosen, multi_label=True) if several and chosen.multi_label is None else chosen


def _with_columns(recorded: DatasetRecord, data: DataSettings, first: Batch) -> DataSettings:
    """Return the settings with the columns of training that the dataset has.

    A label that the user named in training is named again, unless more columns have the labels of a text together.
    """
    label = _label(recorded)
    trained = {
        "text_column": recorded.text_columns if fits(first.columns, recorded.text_columns) else [],
        "label_column": label if label in first.columns else None,
        "ignore_column": [name for name in recorded.data.ignore_column if name in first.columns],
    }
    used = {name: value for name, value in trained.items() if value and not getattr(data, name)}
    named = label if recorded.data.label_column and "label_column" in used else None
    if named is None or listed_labels([named], first.part(0, ROWS).columns, known=True):
        return as_trained(data, **used)
    return data.model_copy(update=used)


@contextmanager
def telling_the_trained_label(recorded: DatasetRecord | None, data: DataSettings) -> Iterator[None]:
    """Say in the hint of an error about a label that cannot be found which one the model was trained with."""
    try:
        yield
    except DataError as error:
        label = _label(recorded) if recorded else None
        if label is None or data.label_column or "label" not in error.message or "--label-column" not in error.hint:
            raise
        raise DataError(
            error.message,
            f"the model was trained with the label in {label!r}: {error.hint}; clf predict labels texts without",
        ) from error


def _label(recorded: DatasetRecord) -> str | None:
    """Return the label column of training by the name that it has in the file, also if the user gave its number."""
    return recorded.label_column or recorded.data.label_column


def _first(source: Source, data: DataSettings) -> Batch | None:
    split = source.splits.get(data.split) or next(iter(source.splits.values()), None)
    return next(split.rows(), None) if split else None


def _has_one_for_two(data: DataSettings) -> bool:
    """Return whether a column would be used for two things, as the user's text that was the label in training."""
    named = [*data.text_column, *data.ignore_column, *([data.label_column] if data.label_column else [])]
    return len(named) > len({*named})
