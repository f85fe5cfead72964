"""Columns are found by name, then by look, and a wrong name gets a suggestion."""

import pytest

from clf.data.reading.batch import Batch
from clf.data.reading.columns import Columns, choose_columns, choose_text
from clf.errors import DataError
from clf.settings import DataSettings

LONG = "a text that is long enough to be nothing but a text, number "


def batch(**columns: list[object]) -> Batch:
    return Batch(columns, list(range(1, len(next(iter(columns.values()))) + 1)))


def choose(given: Batch, **settings: object) -> Columns:
    return choose_columns(given, DataSettings(**settings), "file.csv")


def test_usual_names_are_found_in_any_case() -> None:
    assert choose(batch(id=["1"], Review=["x"], SENTIMENT=["pos"])) == Columns(["Review"], "SENTIMENT")


def test_a_title_is_joined_with_what_follows_it() -> None:
    assert choose(batch(label=["1"], title=["t"], description=["d"])) == Columns(["title", "description"], "label")


def test_names_beside_the_labels_are_seen() -> None:
    assert choose(batch(text=["x"], label=["0"], label_name=["neg"])).label_name == "label_name"


def test_what_is_asked_for_wins_by_name_or_number() -> None:
    given = batch(text=["x"], label=["0"], other=["y"], noisy=["1"])
    assert choose(given, text_column=["other", "0"], label_column="3") == Columns(["other", "text"], "noisy")


def test_unusual_names_are_told_by_their_look(caplog: pytest.LogCaptureFixture) -> None:
    given = batch(nr=[str(n) for n in range(40)], words=[LONG + str(n) for n in range(40)], kind=["a", "b"] * 20)
    assert choose(given) == Columns(["words"], "kind")
    assert "using words because of its length" in caplog.text
    assert "using kind because it has few values" in caplog.text


def test_new_texts_need_no_label() -> None:
    assert choose_text(batch(comment=["x"]), DataSettings(), "file.csv") == ["comment"]


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"label_column": "lable"},
            "has no column 'lable'; it has 'text', 'label'",
            "did you mean --label-column label?",
        ),
        ({"text_column": ["7"]}, "has no column '7'", "--text-column"),
        ({"text_column": ["label"], "label_column": "label"}, "both text and label", ""),
    ],
)
def test_a_wrong_name_gets_a_suggestion(settings: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        choose(batch(text=["x"], label=["0"]), **settings)
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_columns_that_cannot_be_told_are_listed() -> None:
    with pytest.raises(DataError, match="cannot tell which column contains the label; it has 'text', 'a', 'b'"):
        choose(batch(text=["x"] * 8, a=list("ababcdcd"), b=list("ababcdcd")))


def test_the_longest_column_is_text_however_short(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_text(batch(opinion=["A dull film."]), DataSettings(), "file.csv") == ["opinion"]
