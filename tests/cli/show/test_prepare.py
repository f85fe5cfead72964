"""What `clf prepare` prints: rows and classes of each split, and each finding of the audit that there is."""

from typing import Any

import pytest

from clf.cli.show.prepare import SHOWN_CLASSES, print_prepared
from clf.outcomes.preparation import Audit, Conflict, LargeCluster, Leaks, Lengths, PrepareResult, TokenQuantiles


def shown(capsys: pytest.CaptureFixture[str], **found: Any) -> list[str]:
    """Print a dataset of three rows with these findings, and return the lines below its table."""
    values = {
        "rows_read": {"train": 3}, "labels": ["bad", "good"], "rows": {"train": 3, "test": 0},
        "classes": {"train": {"bad": 1, "good": 2}, "test": {"bad": 0, "good": 0}},
    }  # fmt: skip
    print_prepared(PrepareResult(name="reviews", audit=Audit(**(values | found)), output_dir="prepared/reviews"))
    lines = capsys.readouterr().out.splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith("└")) + 1 :]


def test_classes_have_their_share_of_each_split_even_an_empty_one(capsys: pytest.CaptureFixture[str]) -> None:
    audit = Audit(
        rows_read={"train": 3}, labels=["bad", "[b]"], rows={"train": 3, "test": 0},
        classes={"train": {"bad": 1, "[b]": 2}, "test": {"bad": 0, "[b]": 0}},
    )  # fmt: skip
    print_prepared(PrepareResult(name="reviews", audit=audit, output_dir="x"))
    rows = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == "Dataset reviews"
    assert [row for row in rows if "%" in row] == ["bad 1 (33%) 0 (0%)", "[b] 2 (67%) 0 (0%)"]
    assert "rows 3 0" in rows


def test_clean_data_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == ["3 rows read, 3 usable, 0 dropped"]


def test_what_was_dropped_is_counted_by_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, rows_read={"train": 5, "test": 2}, dropped={"no label": 1, "no text": 2, "too long": 0})
    assert found == ["7 rows read, 4 usable, 3 dropped", "1 row dropped: no label", "2 rows dropped: no text"]


def test_each_finding_has_its_line_and_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(
        capsys,
        duplicates={"train": 2, "test": 0},
        near_duplicates={"test": 1},
        leaks={"test_in_train": 1},
        near_leaks={"test_in_train": 3},
        odd_characters={"train": 1, "test": 1},
        changed_by_cleaning={"train": 4},
        groups_in_two_splits=2,
        conflicting=1,
        conflicting_after_cleaning=3,
        near_conflicting=1,
        suspicious_columns={"[id]": 0.995},
    )
    assert found[1:] == [
        "2 duplicate rows in the original train split",
        "1 near duplicate of other texts in the original test split",
        "1 distinct text of test also in train, in the original splits",
        "3 more texts of test with a near duplicate in train",
        "2 texts with control or invisible characters",
        "4 texts changed by cleaning",
        "2 groups with rows in two of the original splits",
        "1 text with two labels",
        "2 texts with two labels only after cleaning",
        "1 group of near duplicates with different labels (see conflicts in audit.json)",
        "column [id] gives the label away in 100% of the rows",
    ]


@pytest.mark.parametrize(
    ("cut", "said"), [(True, ["1 text of test with a near duplicate in train after splitting"]), (False, [])]
)
def test_near_duplicates_after_splitting_are_those_of_clusters_that_were_cut(
    capsys: pytest.CaptureFixture[str], cut: bool, said: list[str]
) -> None:
    cluster = [LargeCluster(rows=9, line=1, text="x")] if cut else []
    leaks = Leaks(exact={}, near={"test_in_train": 1, "test_in_validation": 0})
    assert shown(capsys, clusters_cut=cluster, leaks_after_split=leaks)[1:] == said


def test_two_conflicts_are_shown_with_four_rows_each(capsys: pytest.CaptureFixture[str]) -> None:
    def conflict(number: int, rows: int) -> list[Conflict]:
        return [Conflict(split="train", line=line, label="good", text=f"t{number}") for line in range(rows)]

    found = shown(capsys, conflicts=[conflict(1, 2), conflict(2, 5), conflict(3, 2)])
    assert found[1:] == [
        *(f"  good (train, line {line}): “t1”" for line in range(2)),
        *(f"  good (train, line {line}): “t2”" for line in range(4)),
    ]


@pytest.mark.parametrize(
    ("classes", "more"), [(SHOWN_CLASSES, []), (SHOWN_CLASSES + 2, ["… and 2 more classes, in audit.json"])]
)
def test_of_many_classes_the_first_are_shown(capsys: pytest.CaptureFixture[str], classes: int, more: list[str]) -> None:
    labels = [f"c{number}" for number in range(classes)]
    split = dict.fromkeys(labels, 1)
    found = shown(
        capsys, labels=labels, rows={"train": classes}, classes={"train": split}, rows_read={"train": classes}
    )
    assert found[:-1] == more


def test_lengths_are_a_histogram_and_what_truncation_would_lose(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = Lengths(
        model="bert", measured_texts=1, share_longer_than={"128": 0.25, "512": 0.0},
        share_of_tokens_cut_at={"128": 0.125, "512": 0.0}, histogram={"1-10": 10, "11-20": 5, "21-30": 0},
        tokens=TokenQuantiles(median=12, p95=140, max=300),
    )  # fmt: skip
    found = shown(capsys, truncated=lengths)
    assert found[1].strip() == "Tokens per training text (bert, 1 text)"
    bars = {line.split("│")[1].strip(): line.count("█") for line in found if line.startswith("│")}
    assert bars == {"1-10": 30, "11-20": 15, "21-30": 0}
    assert found[-2:] == [
        "median 12, 95th percentile 140, longest 300",
        "truncated at 128: 25.0% of texts, 12.5% of tokens; 512: 0.0% of texts, 0.0% of tokens",
    ]
