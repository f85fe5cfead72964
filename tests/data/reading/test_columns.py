"""Columns are found by name, then by their content, and a wrong name gets a suggestion."""

from collections.abc import Sequence

import pytest

from clf.data.reading.batch import Batch
from clf.data.reading.columns import FEWEST, Columns, OtherColumns, choose_columns, choose_text
from clf.errors import DataError
from clf.settings import DataSettings

LONG = "a text that is long enough to be nothing but a text, number "
LONG_TEXTS = [LONG + str(number) for number in range(40)]


def batch(**columns: Sequence[object]) -> Batch:
    lists = {name: list(values) for name, values in columns.items()}
    return Batch(lists, list(range(1, len(next(iter(lists.values()))) + 1)))


def choose(given: Batch, **settings: object) -> Columns:
    return choose_columns(given, DataSettings(**settings), "file.csv")


def choose_texts(given: Batch, **settings: object) -> list[str]:
    return choose_text(given, DataSettings(**settings), "file.csv")


def test_usual_names_are_found_in_any_case() -> None:
    assert choose(batch(id=["1"], Review=["x"], SENTIMENT=["pos"])) == Columns(["Review"], "SENTIMENT")


def test_a_title_is_joined_with_what_follows_it() -> None:
    assert choose(batch(label=["1"], title=["t"], description=["d"])) == Columns(["title", "description"], "label")


def test_a_title_is_not_joined_with_a_column_that_is_called_text() -> None:
    assert choose_texts(batch(title=["t"], text=["x"], Body=["b"])) == ["text"]
    assert choose_texts(batch(Headline=["t"], Body=["b"])) == ["Headline", "Body"]
    assert choose_texts(batch(title=["t"], nothing=["b"])) == ["title"]


def test_names_beside_the_labels_are_seen() -> None:
    assert choose(batch(text=["x"], label=["0"], label_name=["neg"])).label_name == "label_name"
    assert choose(batch(text=["x"], topic=["0"], topic_text=["news"])).label_name == "topic_text"
    assert choose(batch(text=["x"], label=["0"], topic_name=["neg"])).label_name is None


def test_a_map_of_the_labels_wins_over_the_names_beside_them() -> None:
    given = batch(text=["x"], label=["0"], label_name=["neg"])
    assert choose(given, label_map="0=bad") == Columns(["text"], "label", None)


def test_what_is_asked_for_wins_by_name_or_number() -> None:
    given = batch(text=["x"], label=["0"], other=["y"], noisy=["1"])
    assert choose(given, text_column=["other", "0"], label_column="3") == Columns(["other", "text"], "noisy")


def test_a_column_whose_name_is_a_number_wins_over_that_place() -> None:
    given = Batch({"1": ["x"], "0": ["y"]}, [1])
    assert choose(given, text_column=["1"], label_column="0") == Columns(["1"], "0")


def test_the_group_column_is_neither_text_nor_label() -> None:
    given = batch(words=LONG_TEXTS, writer=[LONG * 3] * 40, kind=["a", "b"] * 20)
    assert choose(given, group_column="writer") == Columns(["words"], "kind", None, "writer")
    given = batch(text=["x"], label=["g"], topic=["a"])
    assert choose(given, group_column="label") == Columns(["text"], "topic", None, "label")
    assert choose(given, group_column="label").needed == ["text", "topic", "label"]


def test_unusual_names_are_told_by_their_look(caplog: pytest.LogCaptureFixture) -> None:
    given = batch(nr=[str(n) for n in range(40)], words=LONG_TEXTS, kind=["a", "b"] * 20)
    assert choose(given) == Columns(["words"], "kind")
    assert "using words because of its length" in caplog.text
    assert "using kind because it has few values" in caplog.text


def test_new_texts_need_no_label() -> None:
    assert choose_texts(batch(comment=["x"])) == ["comment"]


def test_the_longest_column_is_text_however_short(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_text(batch(opinion=["A dull film."]), DataSettings(), "file.csv") == ["opinion"]


def test_a_column_of_ten_characters_is_text_and_one_of_nine_is_not() -> None:
    assert choose_texts(batch(opinion=["0123456789"])) == ["opinion"]
    with pytest.raises(DataError, match="cannot tell which column contains the text; it has 'opinion'") as refused:
        choose_texts(batch(opinion=["012345678"]))
    assert "pass --text-column with its name or number from 0" in refused.value.hint


def test_columns_that_are_not_much_shorter_than_the_longest_are_text_too() -> None:
    given = batch(long=["x" * 160], eighth=["x" * 20], less=["x" * 19])
    assert choose_texts(given) == ["long", "eighth"]
    given = batch(long=["x" * 40], short=["x" * 15], shorter=["x" * 14])
    assert choose_texts(given) == ["long", "short"]


@pytest.mark.parametrize(
    ("values", "is_label"),
    [
        (["a"] * 40, False),
        (["a", "b"] * 20, True),
        ([str(number % 10) for number in range(40)], True),
        ([str(number % 11) for number in range(40)], False),
        (["a" * 39, "b" * 39] * 20, True),
        (["a" * 40, "b" * 40] * 20, False),
    ],
    ids=["one value", "two", "a quarter of the rows", "more than a quarter", "short", "long"],
)
def test_a_column_with_few_short_values_is_the_label(values: list[str], is_label: bool) -> None:
    given = batch(text=LONG_TEXTS, kind=values)
    if is_label:
        assert choose(given).label == "kind"
    else:
        with pytest.raises(DataError, match="cannot tell which column contains the label"):
            choose(given)


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"label_column": "lable"},
            "has no column 'lable'; it has 'text', 'label'",
            "did you mean --label-column label?",
        ),
        ({"text_column": ["7"]}, "has no column '7'", "--text-column"),
        ({"text_column": ["2"]}, "has no column '2'", "pass --text-column with one of them"),
        ({"group_column": "writer"}, "has no column 'writer'", "pass --group-column with one of them"),
        (
            {"text_column": ["label"], "label_column": "label"},
            "both text and label",
            "choose them with --text-column and --label-column",
        ),
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


def test_of_many_columns_the_first_twelve_are_listed() -> None:
    given = Batch({str(number) + "n" * 50: ["x"] for number in range(13)}, [1])
    with pytest.raises(DataError) as refused:
        choose_texts(given)
    assert refused.value.message.endswith(f"'10{'n' * 38}', '11{'n' * 38}' …")


def test_several_columns_of_zeros_and_ones_are_several_labels() -> None:
    with pytest.raises(DataError) as refused:
        choose(batch(text=["x"] * 8, toxic=[0, 1] * 4, insult=["1", "0"] * 4))
    assert "the columns 'toxic', 'insult' contain only 0 and 1: multi-label" in refused.value.message
    assert "one model per label" in refused.value.hint


def suspicious(rows: int = 40, labels: Sequence[object] = "ab", **columns: Sequence[object]) -> dict[str, float]:
    others = OtherColumns()
    given = batch(text=["x"] * rows, label=[labels[row % len(labels)] for row in range(rows)], **columns)
    others.add(given, Columns(["text"], "label"))
    return others.suspicious()


def test_a_column_that_says_the_same_as_the_label_is_suspicious() -> None:
    assert suspicious(stars=["low", "high"] * 20, length=["odd", "even", "none", "all"] * 10) == {
        "stars": 1.0,
        "length": 1.0,
    }
    assert suspicious(source=["web", "web", "app", "app"] * 10) == {}


def test_numbers_in_the_order_of_the_labels_are_suspicious_and_shuffled_ones_are_not() -> None:
    assert suspicious(number=[row + 100 * (row % 2) for row in range(40)]) == {"number": 0.974}
    assert suspicious(number=list(range(40))) == {}


def test_a_value_that_stands_alone_tells_nothing_and_neither_does_a_tie() -> None:
    assert suspicious(key=[f"key {row}" for row in range(40)]) == {}
    assert suspicious(half=["x"] * 40) == {}


def test_what_one_frequent_label_explains_is_not_suspicious() -> None:
    labels = ["a"] * 19 + ["b"]
    assert suspicious(labels=labels, country=["here"] * 40) == {}
    assert suspicious(labels=labels, code=(["x"] * 19 + ["y"]) * 2) == {"code": 1.0}
    mostly = ["a"] * 3 + ["b"]  # so that 39 of 40 are enough, but 38 are not
    told = ["x"] * 3 + ["y"]
    assert suspicious(labels=mostly, code=[*told * 9, "y", *told[1:]]) == {"code": 0.975}
    assert suspicious(labels=mostly, code=[*told * 9, "y", "y", *told[2:]]) == {}


def test_a_share_below_nineteen_of_twenty_is_not_suspicious() -> None:
    agreeing = ["low", "high"] * 20
    assert suspicious(stars=["high", *agreeing[1:39], "low"]) == {"stars": 0.95}
    assert suspicious(stars=["high", "low", *agreeing[2:39], "low"]) == {}


def test_too_few_rows_tell_nothing() -> None:
    assert suspicious(FEWEST, stars=["low", "high"] * (FEWEST // 2)) == {"stars": 1.0}
    assert suspicious(FEWEST - 1, stars=(["low", "high"] * FEWEST)[: FEWEST - 1]) == {}


def test_only_some_rows_of_a_large_batch_are_kept_and_only_some_columns() -> None:
    others = OtherColumns()
    rows = 2 * others.PER_BATCH + 1
    more = {f"column {number}": ["v"] * rows for number in range(others.MOST + 1)}
    given = Batch({"text": ["x"] * rows, "label": ["a"] * rows} | more, list(range(rows)))
    others.add(given, Columns(["text"], "label"))
    assert list(others.rows) == list(more)[: others.MOST]
    assert {len(pairs) for pairs in others.rows.values()} == {-(-rows // 3)} == {others.taken}


def test_rows_without_a_label_and_values_that_are_no_scalars_are_not_kept() -> None:
    others = OtherColumns()
    given = batch(label=["a", None, "b", "c"], note=["x" * 300, "y", 2, ["z"]], label_name=["A", "B", "C", "D"])
    others.add(given, Columns([], "label", "label_name"))
    others.add(batch(note=["z"]), Columns([], "label"))
    assert others.rows == {"note": [("x" * 200, "a"), ("2", "b")]}
