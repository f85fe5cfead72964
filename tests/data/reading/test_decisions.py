"""An annotator's answer says which rows are examples of their label."""

from typing import Any

import pytest

from clf.data.reading.decisions import is_contested, rejecting


def test_rejected_rows_are_left_out() -> None:
    found = rejecting("answer", ["accept", "Reject ", "ignore", None], is_label=False)
    assert {"reject", "ignore"} <= found
    assert "accept" not in found
    assert "discarded" in rejecting("status", ["submitted", "discarded"], is_label=False)
    assert "discarded" in rejecting("status", ["Default", "Validated", "Discarded"], is_label=False)
    assert rejecting("was_cancelled", [True, False], is_label=False) == {"true", "1"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", ["open", "closed", "rejected"]),
        ("status", [None, ""]),
        ("result", ["accept", "reject"]),
        ("was_cancelled", ["yes"]),
        ("status", ["complete", "cancelled"]),
        ("decision", ["accept", "reject"]),
    ],
)
def test_other_columns_decide_nothing(name: str, values: list[Any]) -> None:
    assert rejecting(name, values, is_label=False) == set()


def test_the_label_itself_rejects_nothing_but_what_was_ignored_is_no_example() -> None:
    assert rejecting("status", ["approved", "rejected"], is_label=True) == set()
    found = rejecting("answer", ["accept", "reject", "ignore"], is_label=True)
    assert "ignore" in found
    assert "reject" not in found
    assert "pending" in rejecting("decision", ["accepted", "rejected", "pending"], is_label=True)


def test_rows_are_contested_if_some_are_accepted_and_others_rejected() -> None:
    assert is_contested(["accept", "Reject"])
    assert not is_contested(["accept", None])
