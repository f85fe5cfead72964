"""The texts to show of two models: those that only one gets right, the surest first; and the labels, counted."""

import numpy as np
import pytest

from clf.measuring.flips import examples_of, flips_of, label_flips
from clf.measuring.measured_model import MeasuredModel
from clf.measuring.rows import MeasuredTexts
from clf.outcomes.comparison import Example, Flips, LabelFlips, SetExample, SetFlips
from clf.scoring.multi_label import MultiLabelAnswers
from support.two_models import RIGHT, TEXTS, model

NEW, OLD = model("new", RIGHT[0]), model("old", RIGHT[1])


@pytest.mark.parametrize(
    ("count", "rows"),
    [
        (0, []),
        (1, [3]),
        (2, [3, 5]),
        (3, [3, 5, 4]),
        (4, [3, 2, 5, 4]),
        (5, [3, 2, 1, 5, 4]),
        (7, [3, 2, 1, 0, 5, 4, 7]),
        (100, [3, 2, 1, 0, 5, 4, 7, 6]),
    ],
)
def test_examples_are_the_surest_that_one_model_alone_gets_right_of_both_kinds(count: int, rows: list[int]) -> None:
    found = examples_of(NEW, [OLD, NEW], TEXTS, count)
    assert [each.text for each in found] == [f"text {row}" for row in rows]


def test_without_a_row_that_only_the_candidate_gets_right_the_others_are_shown() -> None:
    assert [each.text for each in examples_of(model("a", [6]), [model("b", [0, 6])], TEXTS, 2)] == ["text 0", "text 7"]
    assert examples_of(NEW, [], TEXTS, 3) == []


def test_an_example_has_the_answers_of_both() -> None:
    [found] = examples_of(NEW, [OLD], TEXTS, 1)
    assert isinstance(found, Example)
    assert (found.text, found.label) == ("text 3", "good")
    assert (found.candidate.name, found.candidate.label, found.candidate.confidence) == ("new", "good", 0.75)
    assert (found.baseline.name, found.baseline.label, found.baseline.confidence) == ("old", "bad", 0.75)


def test_flips_are_the_texts_that_one_model_alone_gets_right() -> None:
    flips = flips_of(NEW, [OLD], TEXTS, 3)["old"]
    assert isinstance(flips, Flips)
    assert [each.text for each in flips.won] == ["text 3", "text 2", "text 1"]
    assert [each.text for each in flips.lost] == ["text 5", "text 4"]


# --- several labels per text --------------------------------------------------------------------------------

SETS = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=bool)
OF_SETS = MeasuredTexts("films", "test", ["one", "two", "none", "both"], SETS, ["acting", "music", "plot"])


def model_of_sets(name: str, wrong: list[tuple[int, int]]) -> MeasuredModel:
    """Make a model that is wrong about these labels of these rows, and sure of each of its decisions by 0.9."""
    decided = SETS.copy()
    for row, label in wrong:
        decided[row, label] ^= True
    probabilities = np.where(decided, 0.9, 0.1).astype(np.float32)
    return MeasuredModel(name, MultiLabelAnswers(probabilities, SETS, np.full(3, 0.5)), {})


def test_with_several_labels_a_text_flips_if_one_model_alone_has_its_whole_set_right() -> None:
    new, old = model_of_sets("new", [(1, 0)]), model_of_sets("old", [(0, 1), (2, 2), (1, 0), (1, 1)])
    flips = flips_of(new, [old], OF_SETS, 10)["old"]
    assert isinstance(flips, SetFlips)
    assert [each.text for each in flips.won] == ["one", "none"]
    assert flips.lost == []
    [won, none, *_] = examples_of(new, [old], OF_SETS, 4)
    assert isinstance(won, SetExample)
    assert (won.labels, won.candidate.labels, won.baseline.labels) == (["acting", "music"],) * 2 + (["acting"],)
    assert (won.candidate.confidence, won.shown, won.baseline.shown) == (0.729, "acting | music", "acting")
    assert (none.shown, none.candidate.shown, none.baseline.shown) == ("(no label)", "(no label)", "plot")


def test_each_label_is_counted_for_itself() -> None:
    new, old = model_of_sets("new", [(1, 0), (3, 2)]), model_of_sets("old", [(0, 1), (2, 2), (1, 0), (1, 1)])
    assert label_flips(new, [old], OF_SETS.names) == {
        "old": {
            "acting": LabelFlips(won=0, lost=0),
            "music": LabelFlips(won=2, lost=0),
            "plot": LabelFlips(won=1, lost=1),
        }
    }
