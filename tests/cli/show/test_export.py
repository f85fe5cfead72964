"""What `clf export` prints: how much the export differs, and whether it was written."""

import pytest

from clf.cli.show.export import print_export
from support.outcomes import export_result


def test_an_export_that_was_written_names_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    print_export(export_result())
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("mine and its export on 40 texts of reviews, test")
    assert out[-2:] == [
        "same label for 97.50% of the texts; probabilities differ by at most 0.012; "
        "macro_f1 -0.0125 [-0.0312, +0.0000]",
        "written to exported/mine",
    ]


def test_an_export_of_several_labels_has_the_same_labels_for_a_share_of_the_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_export(export_result(original={"subset_accuracy": 0.5}, exported={"subset_accuracy": 0.5}))
    assert "same labels for 97.50% of the texts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("failed", "not written: it loses more than the margin of 0.02"),
        ("inconclusive", "not written: these texts do not show whether it loses more than the margin of 0.02"),
    ],
)
def test_an_export_that_was_refused_says_why_and_what_to_do(
    capsys: pytest.CaptureFixture[str], gate: str, said: str
) -> None:
    print_export(export_result(gate=gate, output_dir=None))
    assert capsys.readouterr().out.splitlines()[-2:] == [said, "try a larger --margin, or export without --int8"]


def test_both_models_have_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_export(export_result())
    rows = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "accuracy 0.8750 0.8625" in rows
