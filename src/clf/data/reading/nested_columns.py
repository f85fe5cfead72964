"""Columns of lists and objects in which a text or a label was looked for: what else they hold, and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from clf.data.reading.label_cells import WHOLE_TEXTS, are_words, have_spans
from clf.errors import DataError


def of_parts(role: str, nested: Mapping[str, Sequence[Any]], shown: str) -> DataError | None:
    """Return the error for labels of spans, and for lists of words in the place of texts; None without them."""
    if role == "label" and (spans := next((name for name, values in nested.items() if have_spans(values)), None)):
        return DataError(
            f"{shown}: {spans!r} has labels of spans (parts of a text), expected one label for the whole text",
            WHOLE_TEXTS,
        )
    if role == "text" and (words := next((name for name, values in nested.items() if are_words(values)), None)):
        return DataError(
            f"{shown}: {words!r} has a list of words in each row, expected a text",
            f"write each list as one text; with pandas: df['text'] = df[{words!r}].str.join(' ')",
        )
    return None
