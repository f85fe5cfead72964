"""Columns of lists and objects in which a text or a label was looked for: what else they hold, and what to do."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from clf.data.reading.label_cells import WHOLE_TEXTS, are_words, have_spans
from clf.errors import DataError

LOOKED = 100
CONTENTS = {"role": "content", "from": "value"}
"""The key of what was said in a message, by that of who said it, as training files for chat models have them."""


def of_parts(role: str, nested: Mapping[str, Sequence[Any]], shown: str) -> DataError | None:
    """Return the error for labels of spans, and for lists of words and conversations in the place of texts."""
    if role == "label" and (spans := next((name for name, values in nested.items() if have_spans(values)), None)):
        return DataError(
            f"{shown}: {spans!r} has labels of spans (parts of a text), expected one label for the whole text",
            WHOLE_TEXTS,
        )
    if role == "text" and (chat := next((name for name, values in nested.items() if _turn(values)), None)):
        content = _turn(nested[chat])
        return DataError(
            f"{shown}: {chat!r} has a conversation in each row, expected a text and a label",
            "if the last message is the label of the one before it, write both on their own: "
            f"jq -c '{{text: .{chat}[-2].{content}, label: .{chat}[-1].{content}}}' {quote(shown)} > rows.jsonl",
        )
    if role == "text" and (words := next((name for name, values in nested.items() if are_words(values)), None)):
        return DataError(
            f"{shown}: {words!r} has a list of words in each row, expected a text",
            f"write each list as one text; with pandas: df['text'] = df[{words!r}].str.join(' ')",
        )
    return None


def _turn(values: Sequence[Any]) -> str | None:
    """Return the key of what was said if all values are conversations of two messages or more; None otherwise."""
    filled = [value for value in values[:LOOKED] if value is not None]
    for who, content in CONTENTS.items():
        if filled and all(
            isinstance(value, list)
            and len(value) > 1
            and all(isinstance(one, dict) and who in one and content in one for one in value)
            for value in filled
        ):
            return content
    return None
