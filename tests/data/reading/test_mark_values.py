"""What a cell says in a column for one class."""

import pytest

from clf.data.reading.mark_values import is_no_mark, is_of_class, says_no


@pytest.mark.parametrize(
    ("value", "is_marked", "says_it", "is_none"),
    [
        (1, True, False, False), ("true", True, False, False), ("x", True, False, False), ("Billing", True, False, False),
        (0, False, True, False), ("0.0", False, True, False), (False, False, True, False), ("no", None, True, True),
        ("-", None, True, True), ("", None, False, True), (" ", None, False, True), (None, None, False, True),
        (float("nan"), None, False, True), ("other", None, False, False), (["x"], None, False, False),
    ],
)  # fmt: skip
def test_a_mark_no_mark_and_nothing_are_told_apart(
    value: object, is_marked: bool | None, says_it: bool, is_none: bool
) -> None:
    assert (is_of_class(value, "billing"), says_no(value), is_no_mark(value)) == (is_marked, says_it, is_none)
