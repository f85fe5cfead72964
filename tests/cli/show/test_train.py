"""What `clf train` and `clf demo` print: metrics, speed, example predictions, and where the model is."""

import pytest

from clf.cli.show.train import print_demo, print_training
from clf.outcomes.demonstration import DemoResult
from clf.outcomes.training import TrainExample
from support.outcomes import compare_result, train_result


def rows_of(out: str) -> list[str]:
    return [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]


def test_steps_epochs_seconds_and_speed_are_the_title(capsys: pytest.CaptureFixture[str]) -> None:
    print_training(train_result())
    out = capsys.readouterr().out
    assert out.splitlines()[0].strip() == "120 steps, 3 epochs, 12.3 s, 56.8 texts per second"
    assert "accuracy 0.8125 0.7500" in rows_of(out)
    assert rows_of(out)[-1] == "model: trained_models/mine (255.4 MB), run: trained_models/mine.run"


def test_a_resumed_run_says_from_which_step(capsys: pytest.CaptureFixture[str]) -> None:
    print_training(train_result(resumed_from_step=60, steps=1, epochs=0.5))
    said = capsys.readouterr().out.splitlines()[0].strip()
    assert said == "1 step, 0.5 epochs, resumed from step 60, 12.3 s, 56.8 texts per second"


def test_without_a_test_there_is_only_the_validation(capsys: pytest.CaptureFixture[str]) -> None:
    print_training(train_result(test_metrics=None, examples=[]))
    rows = rows_of(capsys.readouterr().out)
    assert "accuracy 0.8125" in rows
    assert not [row for row in rows if row.endswith(" test")]


def test_the_truth_is_shown_where_the_model_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    right = TrainExample(text="a fine [film]", label="good", predicted="good", confidence=0.75)
    wrong = TrainExample(text="x" * 101, label="good", predicted="bad", confidence=0.5004)
    print_training(train_result(examples=[right, wrong]))
    assert capsys.readouterr().out.splitlines()[-3:-1] == [
        "good 0.750: “a fine [film]”",
        f"bad 0.500 (truth: good): “{'x' * 99}…”",
    ]


def test_a_demo_shows_the_encoder_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = compare_result(baselines={"pretrained": {"accuracy": 0.5}})
    print_demo(DemoResult(training=train_result(), comparison=comparison))
    out = capsys.readouterr().out
    assert "40 test reviews before and after fine-tuning" in out
    assert rows_of(out.partition("40 test reviews")[2])[4] == "accuracy 0.5000 0.8750"
