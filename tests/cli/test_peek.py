"""`clf prepare --peek` writes nothing and refuses what prepare refuses; on a terminal the same is said in three lines."""

from pathlib import Path

import pytest

from clf.outcomes.peek import PeekResult
from conftest import RunClf
from support.terminal import stderr_on_terminal
from support.tiny import review_rows, write_csv

TABLE = "No,Review Text,Sentiment\n" + "".join(
    f"{row},{'It leaks after a week' if row % 2 else 'Quiet and quick'} in room {row},{'bad' if row % 2 else 'good'}\n"
    for row in range(40)
)
LINES = [
    "reviews.csv: CSV, UTF-8, commas, with a header",
    "text: Review Text · label: Sentiment · not used: No (numbers)",
    "“Quiet and quick in room 0” → good",
]


@pytest.fixture
def file(own_folder: Path) -> Path:
    (own_folder / "reviews.csv").write_text(TABLE)
    return Path("reviews.csv")


def test_peeking_writes_nothing_and_ends_with_the_command_that_prepares(clf: RunClf, file: Path) -> None:
    done = clf("prepare", "--dataset", file, "--label-column", 2, "--peek")
    assert done.code == 0, done.err
    assert list(Path().iterdir()) == [file]
    lines = done.out.splitlines()
    assert lines[0] == f"train: {LINES[0]}"
    assert LINES[2] in lines
    assert lines[-2:] == [
        "The same as flags: --text-column 'Review Text' --label-column Sentiment --delimiter , --encoding utf-8",
        "Next: clf prepare --dataset reviews.csv --label-column 2",
    ]


def test_peeking_refuses_what_prepare_refuses_after_what_was_understood(clf: RunClf, own_folder: Path) -> None:
    (own_folder / "a.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    refused, peeked = (clf("prepare", "--dataset", "a.csv", *more) for more in ((), ("--peek",)))
    assert (peeked.code, peeked.err) == (refused.code, refused.err)
    assert peeked.out.startswith("train: a.csv: CSV, UTF-8, commas, with a header\n")
    assert "1, 3, 5" in peeked.out
    as_json = clf("prepare", "--dataset", "a.csv", "--peek", "--json")
    assert as_json.json["error"]["message"] in refused.err
    missing = clf("prepare", "--dataset", "b.csv", "--peek")
    assert (missing.code, missing.out) == (1, "")


def test_peeking_leaves_out_the_test_split_that_prepare_leaves_out(clf: RunClf, own_folder: Path) -> None:
    (own_folder / "data").mkdir()
    write_csv(own_folder / "data" / "train.csv", review_rows(40))
    (own_folder / "data" / "test.csv").write_text("text\na film that nobody has labelled\nand another one\n")
    peeked, prepared = (clf("prepare", "--dataset", "data", *more) for more in (["--peek"], []))
    assert (peeked.code, prepared.code) == (0, 0)
    said = "has no label column 'label': the test split is left out"
    assert said in peeked.err
    assert said in prepared.err
    assert "test:" not in peeked.out
    named = clf("prepare", "--dataset", "data/train.csv", "--test", "data/test.csv", "--peek")
    assert named.code == 1
    assert "train: data/train.csv" in named.out


REFUSED_FIRST = {
    "no labels before a text that is a number": '{"text": 7, "label": ""}\n{"text": "a film", "label": ""}\n',
    "a text that is a number": '{"text": 7, "label": "good"}\n{"text": "a film", "label": "bad"}\n',
    "no column of labels before a text that is a list": '{"text": ["a"]}\n{"text": "a film"}\n',
}


@pytest.mark.parametrize("test", [*REFUSED_FIRST.values()], ids=[*REFUSED_FIRST])
def test_peeking_says_first_what_prepare_says_first(clf: RunClf, own_folder: Path, test: str) -> None:
    write_csv(own_folder / "train.csv", review_rows(40))
    (own_folder / "test.jsonl").write_text(test)
    both = [clf("prepare", "--dataset", "train.csv", "--test", "test.jsonl", *more) for more in (["--peek"], [])]
    assert [done.code for done in both] == [1, 1]
    errors = [done.err[done.err.index("error: ") :] for done in both]
    assert errors[0] == errors[1]
    assert "test: test.jsonl" in both[0].out


@pytest.mark.parametrize("label", ["-1", ""])
def test_peeking_refuses_a_named_test_file_without_labels(clf: RunClf, own_folder: Path, label: str) -> None:
    write_csv(own_folder / "train.csv", review_rows(40))
    write_csv(own_folder / "test.csv", [(text, label) for text, _ in review_rows(10)])
    both = [clf("prepare", "--dataset", "train.csv", "--test", "test.csv", *more) for more in (["--peek"], [])]
    assert [done.code for done in both] == [1, 1]
    assert all("has no labels: every 'label' is" in done.err for done in both)


def test_a_prepared_dataset_tells_what_its_columns_were(clf: RunClf, file: Path) -> None:
    audit = clf("prepare", "--dataset", file, "--json").json
    assert audit["text_columns"] == ["Review Text"]
    assert audit["label_column"] == "Sentiment"
    assert audit["ignored_columns"] == {"No": "it holds numbers"}
    assert [(column["name"], column["role"]) for column in audit["columns"]] == [
        ("No", "ignored"), ("Review Text", "text"), ("Sentiment", "label"),
    ]  # fmt: skip
    found = PeekResult.model_validate(clf("prepare", "--dataset", "prepared/reviews", "--peek", "--json").json)
    assert (found.prepared, found.labels) == (True, ["bad", "good"])
    assert [split.rows_read for split in found.splits] == [32, 4, 4]
    assert found.splits[0].columns[0].reason == "it holds numbers"


def test_on_a_terminal_the_first_three_lines_tell_how_a_file_is_read(
    clf: RunClf, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = stderr_on_terminal(monkeypatch)
    assert clf("prepare", "--dataset", file).code == 0
    assert [line for line in screen.shown().splitlines() if "review" in line.lower() or "→" in line] == LINES


@pytest.mark.parametrize("more", [["--quiet"], ["--json"], ["CI"]], ids=" ".join)
def test_nobody_is_told_who_did_not_ask(
    clf: RunClf, file: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    screen = stderr_on_terminal(monkeypatch)
    if more == ["CI"]:
        monkeypatch.setenv("CI", "true")
        more = []
    assert clf("prepare", "--dataset", file, *more).code == 0
    assert "→" not in screen.shown()
    assert ("text from Review Text, label from Sentiment" in screen.shown()) == (more != ["--quiet"])


def test_predict_begins_with_the_same_and_a_file_of_plain_lines_needs_none(
    clf: RunClf, file: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = stderr_on_terminal(monkeypatch)
    assert clf("predict", trained, file, "--text-column", "Review Text", "--output", "out.csv").code == 0
    told = screen.shown()
    assert f"{LINES[0]}\n" in told
    assert "text: Review Text\n“Quiet and quick in room 0”\n" in told
    assert "text from" not in told
    Path("lines.txt").write_text("a film\nanother film\n")
    assert clf("predict", trained, "lines.txt", "--output", "more.csv").code == 0
    assert "“a film”" not in screen.shown()
