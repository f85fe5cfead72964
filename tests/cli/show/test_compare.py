"""What `clf compare` prints: metrics, differences, examples, the verdict and what to try."""

import pytest

from clf.cli.show.compare import print_comparison, print_examples
from clf.outcomes.comparison import Answer, LabelFlips
from support.outcomes import compare_labels_result, compare_result, comparison, example, set_example


def test_labels_with_markup_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    candidate = Answer(name="a", label="[/x]", confidence=0.5)
    baseline = Answer(name="b", label="c", confidence=0.4567)
    print_examples([example(text="[/y]", label="[red]z", candidate=candidate, baseline=baseline)])
    assert capsys.readouterr().out.splitlines() == [
        "", "“[/y]”", "  truth: [red]z", "  a: [/x] (0.500)", "  b: c (0.457)",
    ]  # fmt: skip


def test_each_difference_has_its_sign_interval_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    shown_only = comparison(
        baseline="old",
        metric="accuracy",
        difference=-0.02,
        interval=(-0.0512, 0.01),
        verdict="inconclusive",
        gates=False,
    )
    print_comparison(compare_result(comparisons=[comparison(), shown_only]))
    out = capsys.readouterr().out.splitlines()
    assert "against tfidf: macro_f1 +0.1250 [+0.0625, +0.1875], better" in out
    assert "against old: accuracy -0.0200 [-0.0512, +0.0100], inconclusive (shown only)" in out


def test_the_summary_comes_last_with_advice_and_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(compare_result(summary="it is [not] better", advice=["more texts", "--margin 0.01"]))
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("40 texts of reviews, test")
    assert out[-5:] == [
        "", "it is [not] better", "try more texts", "try --margin 0.01", "written to comparisons/mine",
    ]  # fmt: skip


def test_confidence_is_compared_only_with_the_encoder_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(compare_result())
    assert "mean confidence:" not in capsys.readouterr().out
    before = {"accuracy": 0.5, "mean_confidence": 0.51234}
    after = {"accuracy": 0.875, "mean_confidence": 0.9876}
    costs = compare_result().costs
    result = compare_result(
        candidate=after, baselines={"pretrained": before}, costs=costs | {"pretrained": costs["tfidf"]}
    )
    print_comparison(result)
    assert "mean confidence: 0.512 before training, 0.988 after" in capsys.readouterr().out.splitlines()


def test_metrics_without_leaked_rows_are_shown_where_they_are_defined(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(compare_result(leaked_rows=1, without_leaks={"mine": {"accuracy": 0.125}, "tfidf": None}))
    out = capsys.readouterr().out
    assert "Without 1 row found in training data" in out
    assert "0.1250" in out
    print_comparison(compare_result(leaked_rows=40, without_leaks={"mine": None, "tfidf": None}))
    assert "Without" not in capsys.readouterr().out


def test_with_several_labels_those_that_changed_most_are_told_and_a_set_is_shown_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flips = {f"label {number}": LabelFlips(won=number, lost=0) for number in range(8)}
    print_comparison(compare_labels_result(examples=[set_example(labels=[])], label_flips={"tfidf": flips, "old": {}}))
    out = capsys.readouterr().out.splitlines()
    shown = "label 7 7 / 0, label 6 6 / 0, label 5 5 / 0, label 4 4 / 0, label 3 3 / 0 and 2 more labels"
    assert [line for line in out if "alone" in line] == [f"right about a label alone, candidate / tfidf: {shown}"]
    assert out[-6:-3] == ["  truth: (no label)", "  mine: acting | plot (0.750)", "  tfidf: (no label) (0.500)"]
