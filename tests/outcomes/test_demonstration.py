"""The demo's output is that of the training, with the comparison beside it."""

from clf.outcomes.demonstration import DemoResult
from support.outcomes import compare_result, train_result


def test_the_comparison_stands_among_the_fields_of_the_training_without_its_folder() -> None:
    training, comparison = train_result(), compare_result()
    found = DemoResult(training=training, comparison=comparison).as_json()
    assert found == {**training.as_json(), "comparison": comparison.as_json(without={"output_dir"})}
    assert found["steps"] == training.steps
    assert "output_dir" not in found["comparison"]  # type: ignore[operator]
