"""What `clf predict` prints: a line for each text, and the count of a file."""

import pytest

from clf.cli.show.predict import print_labelled, print_predictions
from clf.outcomes.prediction import LabelledText, PredictResult

SURE = LabelledText(
    text="a fine\nfilm", label="good", confidence=0.9876, scores={"bad": 0.0124, "good": 0.9876}, error=""
)
EMPTY = LabelledText(text=" ", label="", confidence=None, scores={}, error="the text is empty")


@pytest.mark.parametrize(
    ("all_scores", "said"),
    [(False, "good 0.988: “a fine film”"), (True, "good 0.988: “a fine film”  bad 0.012, good 0.988")],
)
def test_each_text_has_its_label_and_the_scores_if_asked_for(
    capsys: pytest.CaptureFixture[str], all_scores: bool, said: str
) -> None:
    print_predictions([SURE, EMPTY], all_scores)
    assert capsys.readouterr().out.splitlines() == [said, "the text is empty: “”"]


def test_a_confidence_of_zero_is_a_prediction_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_predictions([LabelledText(text="x", label="[b]", confidence=0.0, scores={}, error="")], False)
    assert capsys.readouterr().out == "[b] 0.000: “x”\n"


def test_a_long_text_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    print_predictions([LabelledText(text="x" * 161, label="a", confidence=1.0, scores={}, error="")], False)
    assert capsys.readouterr().out == f"a 1.000: “{'x' * 159}…”\n"


@pytest.mark.parametrize(
    ("rows", "errors", "abstained", "said"),
    [
        (1, 0, 0, "1 row written to out.csv in 0.1 s"),
        (0, 0, 0, "0 rows written to out.csv in 0.1 s"),
        (9, 1, 0, "9 rows written to out.csv in 0.1 s, 1 with an error"),
        (9, 0, 2, "9 rows written to out.csv in 0.1 s, 2 labelled `abstain` (below the threshold)"),
        (9, 1, 2, "9 rows written to out.csv in 0.1 s, 1 with an error, 2 labelled `abstain` (below the threshold)"),
    ],
)
def test_errors_and_abstentions_of_a_file_are_counted(
    capsys: pytest.CaptureFixture[str], rows: int, errors: int, abstained: int, said: str
) -> None:
    counts = {"rows": rows, "errors": errors, "abstained": abstained}
    print_labelled(PredictResult(**counts, seconds=0.12, texts_per_second=75.0, output="out.csv"))
    assert capsys.readouterr().out == said + "\n"
