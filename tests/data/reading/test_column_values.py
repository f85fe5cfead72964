"""Values look like texts, numbers, dates, ids and so on."""

from datetime import date
from decimal import Decimal

import pytest

from clf.data.reading import column_values
from clf.data.reading.column_values import (
    MOST_FIELDS,
    count_words,
    likely_fields,
    likely_texts,
    look_at,
    shown_examples,
)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["A dull film, far too long.", "I liked it a lot."], "texts"),
        (["这部电影非常好看", "服务很差不会再来了"], "texts"),
        (["房间很干净，住了3天都很满意", "空调坏了2次，晚上完全睡不着"], "texts"),
        (["第3组", "订单A10023", "商品编号0012345"], "ids"),
        (["good", "bad", "so so"], "words"),
        (["1", "-2.5", "1,234.50", "3e-4", "12 %", "$5"], "numbers"),
        ([1, 2.5, Decimal("3"), True], "numbers"),
        (["2024-03-01", "2024-03-01T10:00:00Z", "2024-03-01 10:00:00.123+00:00"], "dates"),
        (["3/14/2024", "14.03.24", "03/14/2024 9:05 PM", "10:00"], "dates"),
        (["Mon Apr 06 22:19:45 PDT 2009", "5 May 2020", "Jan 3, 2021", "20240301T101500Z"], "dates"),
        (["01/Mar/24 9:12 AM", "12-Mar-2024 09:12", "Mar 12, 2024 9:12 AM", "12.Mar.24"], "dates"),
        (["2024年3月1日", "2024年12月31日 10:00", "2024년 3월 1일"], "dates"),
        (["1. März 2024", "3 février 2024", "1 de marzo de 2024", "12. Okt. 2024", "MÄRZ 5"], "dates"),
        (["12 Maier", "7 Oktaven"], "words"),
        ([date(2024, 3, 1)], "dates"),
        (["https://example.org/a?b=1", "www.example.org"], "links"),
        (["ann@example.org"], "addresses"),
        (["0b1f6d0e-1c1f-4d0c-9c3f-0a1b2c3d4e5f"], "ids"),
        (["B000LQOCH0", "ab12cd34ef56", "user_17", "@somebody1", "data/a/b.txt"], "ids"),
        ([["a"], []], "lists"),
        ([{"a": 1}], "objects"),
        ([None, "", "NaN", float("nan")], "nothing"),
        ([], "nothing"),
    ],
)
def test_the_kind_of_a_column(values: list[object], kind: str) -> None:
    assert look_at(values).kind == kind


def test_a_few_values_of_another_kind_change_nothing() -> None:
    assert look_at(["A text of five words here."] * 6 + ["12", "2024-01-01", "x1"]).kind == "texts"
    assert look_at(["17"] * 9 + ["a text of five words"]).kind == "numbers"


def test_a_look_counts() -> None:
    look = look_at(["one two", "three", None, "one two"])
    assert (look.rows, look.filled, look.distinct) == (4, 3, 2)
    assert (look.length, look.words) == (19 / 4, 5 / 3)
    assert look.examples == ("one two", "three")
    assert look_at(["a"] * 10, 4).rows == 4


def test_words_of_scripts_without_spaces() -> None:
    assert count_words("two words") == 2
    assert count_words("这部电影非常好看") == 4


def test_few_values_are_a_category_and_dates_are_not() -> None:
    assert look_at(["a", "b"] * 20).is_category
    assert not look_at([str(number) for number in range(40)]).is_category
    assert not look_at(["2024-01-01", "2024-01-02"] * 20).is_category


def test_examples_are_shown_shortened() -> None:
    shown = shown_examples([("a", look_at(["x" * 50])), ("b", look_at([]))])
    assert shown == f"'a' ('{'x' * 40} …'); 'b' (empty)"


def test_a_word_for_nothing_counts_beside_a_single_other_value() -> None:
    assert look_at(["none", "hate", "None"] * 10).distinct == 2
    assert look_at(["none", "hate", "love"]).distinct == 2
    assert look_at(["nan", "hate", None]).distinct == 1


def test_what_may_be_the_text_has_not_few_values() -> None:
    looks = {
        "kind": look_at(["a", "b"] * 20),
        "all": look_at(["x"] * 40),
        "url": look_at([f"https://site{number}.example/" for number in range(40)]),
    }
    assert likely_texts(looks) == ["url"]
    assert likely_texts({"key": look_at([f"k{number}" for number in range(40)])}) == []
    assert likely_texts({**looks, "word": look_at([chr(97 + number) * 4 for number in range(26)])}) == ["word"]


TEXTS = [f"this is a text about the number {number}" for number in range(30)]
WIDE = [{f"n{field}": number * 7919 + field for field in range(60)} for number in range(30)]


@pytest.mark.parametrize("wide_first", [True, False])
def test_an_object_with_many_fields_hides_no_text_in_another(wide_first: bool) -> None:
    columns = {"stats": WIDE, "post": [{"data": {"body": text}, "z": 1} for text in TEXTS]}
    names = sorted(columns, reverse=wide_first)
    assert [*likely_fields("text", {name: columns[name] for name in names}, names, 30)] == ["post.data.body"]


def test_many_numbers_hide_no_text_in_the_same_object() -> None:
    columns = {"data": [{**one, "body": text} for one, text in zip(WIDE, TEXTS, strict=True)]}
    assert [*likely_fields("text", columns, ["data"], 30)] == ["data.body"]


def test_few_of_many_fields_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    look = column_values.look_at
    monkeypatch.setattr(column_values, "look_at", lambda values, *rows: looked.append(len(values)) or look(values))
    objects = [{f"a{n}": {f"b{m}": "ab"[row % 2] for m in range(60)} for n in range(60)} for row in range(40)]
    found = likely_fields("label", {"data": objects, "more": objects}, ["data", "more"], 20)
    assert looked == [20] * MOST_FIELDS
    assert {name.split(".")[0] for name in found} == {"data", "more"}
