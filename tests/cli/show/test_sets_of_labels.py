"""What `clf prepare` prints of texts with several labels: how many they have, and labels that are hard to learn."""

from typing import Any

import pytest

from clf.cli.show.sets_of_labels import MOST_LABELS, print_sets
from clf.outcomes.preparation import SetsOfLabels


def printed(capsys: pytest.CaptureFixture[str], **found: Any) -> list[str]:
    values = {"labels_per_text": {"train": {"0": 1, "1": 2}, "test": {"0": 0, "1": 0, "2": 1}},
              "mean_labels_per_text": {"train": 0.6667, "test": 2.0}, "different_sets": 3, "rare": {},
              "of_nearly_all": {}, "always_together": []}  # fmt: skip
    print_sets(SetsOfLabels(**(values | found)), {"train": 3, "test": 1})
    return [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]


def test_texts_are_counted_by_their_labels_in_each_split(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys)
    assert lines[0] == "Labels per text"
    assert [line for line in lines if "%" in line] == ["none 1 (33%) 0 (0%)", "1 2 (67%) 0 (0%)", "2 0 (0%) 1 (100%)"]
    assert lines[-1] == "labels per text on average: 0.67 in train, 2.00 in test; 3 different sets"


def test_texts_with_many_labels_are_counted_together(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {str(size): 1 for size in range(MOST_LABELS + 4)}
    lines = printed(capsys, labels_per_text={"train": counts, "test": {}})
    assert [line for line in lines if "%" in line][-2:] == ["10 1 (33%) 0 (0%)", "over 10 3 (100%) 0 (0%)"]


def test_what_is_hard_to_learn_has_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    rare = {f"[r{number}]": 9 - number for number in range(7)}
    lines = printed(capsys, rare=rare, of_nearly_all={"x": 0.987}, always_together=[["a", "b"], ["c", "d", "e"]])
    assert " ".join(lines[-4:]).split("sets ")[-1] == (
        "labels of fewer than ten training texts: [r6] (3), [r5] (4), [r4] (5), [r3] (6), [r2] (7) and 2 more, under "
        "sets_of_labels in audit.json "
        "label x is on 98.7% of the training texts: there is nearly nothing to tell apart "
        "labels that always go together: a and b, c and d and e"
    )
