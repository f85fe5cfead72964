"""The results of a comparison of either kind: their fields in order, and what people read of a set."""

import pytest

from clf.outcomes.comparison import CompareLabelsResult, CompareResult, LabelFlips, most_changed
from support.outcomes import compare_labels_result, compare_result, set_example

SHARED = [
    "baselines", "costs", "comparisons", "verdict", "rules", "min_improvement", "margin", "gate", "summary", "advice",
    "next", "examples", "flips", "leaked_rows", "without_leaks", "output_dir",
]  # fmt: skip
FIRST = ["model", "dataset", "split", "rows", "candidate", "intervals"]


def test_the_fields_have_their_order_in_either_kind_and_in_its_schema() -> None:
    single, several = [*FIRST, "per_class", *SHARED], [*FIRST, "per_label", *SHARED, "label_flips"]
    assert list(compare_result().as_json()) == single
    assert list(CompareResult.model_json_schema()["properties"]) == single
    assert list(compare_labels_result().as_json()) == [*several, "thresholds_fitted_here"]
    assert list(CompareLabelsResult.model_json_schema()["properties"]) == [*several, "thresholds_fitted_here"]


def test_a_result_of_several_labels_is_read_back_as_it_was_written() -> None:
    result = compare_labels_result(examples=[set_example()])
    assert CompareLabelsResult.model_validate(result.as_json()) == result
    with pytest.raises(ValueError, match="label"):
        CompareResult.model_validate(result.as_json())


def test_a_set_is_shown_as_its_labels_and_one_of_none_in_words() -> None:
    example = set_example(labels=[])
    assert (example.shown, example.candidate.shown) == ("(no label)", "acting | plot")


def test_the_labels_that_changed_most_stand_first_and_those_that_did_not_are_left_out() -> None:
    flips = {"a": LabelFlips(won=1, lost=0), "b": LabelFlips(won=0, lost=0), "c": LabelFlips(won=2, lost=9)}
    assert [name for name, _ in most_changed(flips)] == ["c", "a"]
