"""Predictions are in the output only if the texts came from the command line."""

from clf.outcomes.prediction import LabelledText, PredictResult

COUNTS = {"rows": 1, "abstained": 0, "errors": 0, "seconds": 0.5, "texts_per_second": 2.0, "output": None}


def test_texts_of_a_file_have_no_predictions_in_the_output() -> None:
    assert PredictResult.model_validate(COUNTS).as_json() == COUNTS


def test_texts_of_the_command_line_have_them_even_if_there_are_none() -> None:
    text = LabelledText(text="a", label="", confidence=None, scores={}, error="empty")
    assert PredictResult.model_validate({**COUNTS, "predictions": [text]}).as_json() == {
        **COUNTS,
        "predictions": [{"text": "a", "label": "", "confidence": None, "scores": {}, "error": "empty"}],
    }
    assert PredictResult.model_validate({**COUNTS, "predictions": []}).as_json()["predictions"] == []


def test_other_fields_can_be_left_out_of_both() -> None:
    bare = PredictResult.model_validate(COUNTS)
    assert bare.as_json(without={"seconds"}).keys() == COUNTS.keys() - {"seconds"}
    full = PredictResult.model_validate({**COUNTS, "predictions": []})
    assert full.as_json(without={"seconds"}).keys() == {*COUNTS, "predictions"} - {"seconds"}
    assert full.as_json(without={"predictions"}).keys() == COUNTS.keys()
