"""The result of an export tells by its metrics whether the model predicts several labels per text."""

from support.outcomes import export_result


def test_the_metrics_of_sets_tell_that_a_text_may_have_several_labels() -> None:
    assert export_result(original={"subset_accuracy": 0.5}).several
    assert not export_result().several
