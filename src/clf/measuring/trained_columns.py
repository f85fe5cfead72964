"""The columns of a dataset to measure on: those of the model's training, where the dataset has them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from clf.data.reading.batch import Batch
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
    return data.model_copy(update={name: value for name, value in trained.items() if value and not getattr(data, name)})


def chosen_as_trained(recorded: DatasetRecord | None, data: DataSettings, source: Source) -> DataSettings:
    """Return the settings with the text, label and ignored columns of training that the dataset has.

    Whether a text may have several labels is as it was set in training. What the user names himself stays as it is.
    """
    first = _first(source, data)
    if recorded is None or first is None:
        return data
    label = _label(recorded)
    trained = {
        "text_column": recorded.text_columns if fits(first.columns, recorded.text_columns) else [],
        "label_column": label if label in first.columns else None,
        "ignore_column": [name for name in recorded.data.ignore_column if name in first.columns],
    }
    used = {name: value for name, value in trained.items() if value and not getattr(data, name)}
    several = recorded.data.multi_label if data.multi_label is None else data.multi_label
    data = data.model_copy(update={"multi_label": several})
    chosen = data.model_copy(update=used)
    return data if _has_one_for_two(chosen) else chosen


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
    return recorded.data.label_column or recorded.label_column


def _first(source: Source, data: DataSettings) -> Batch | None:
    split = source.splits.get(data.split) or next(iter(source.splits.values()), None)
    return next(split.rows(), None) if split else None


def _has_one_for_two(data: DataSettings) -> bool:
    """Return whether a column would be used for two things, as the user's text that was the label in training."""
    named = [*data.text_column, *data.ignore_column, *([data.label_column] if data.label_column else [])]
    return len(named) > len({*named})
