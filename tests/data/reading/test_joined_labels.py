"""Labels with a separator between them, where each text has one label, and where it may have several."""

import pytest

from clf.data.reading.joined_labels import (
    are_joined,
    divided,
    doubtful,
    joined_by,
    made_of,
    mixed,
    separator_in,
    several_joined,
)


@pytest.mark.parametrize("separator", ["|", ";", ",", "#", "、", "\uff1b", "\uff0c", "\uff5c"])
def test_the_separator_joins_most_labels(separator: str) -> None:
    labels = ["a", "b", f"a{separator}b", f"c{separator}a", f"a {separator} b {separator} c", "R&D/Ops"]
    assert separator_in(labels) == separator
    assert divided(f" a {separator} b c{separator}", separator) == ["a", "b c"]


def test_a_part_that_comes_twice_tells_the_separator_if_all_texts_have_several_labels() -> None:
    assert separator_in(["a|b", "b|c", "c|d|e"]) == "|"
    assert separator_in(["a|b", "c|d"]) is None
    assert separator_in(["News/Arts", "News/Sports", "Games"]) is None
    assert separator_in(["0,5", "1,5", "2,5"]) is None


@pytest.mark.parametrize("separator", ["/", "+", " & ", " and ", " - ", "·", "<br>", "\\"])
def test_what_stands_in_names_too_is_told_where_a_part_is_a_label_or_comes_at_two_places(separator: str) -> None:
    for labels in (["a", "b", f"a{separator}b"], [f"a{separator}b", f"b{separator}c"]):
        found = doubtful(labels)
        assert found is not None
        assert (found.separator, found.meant, found.alone) == (separator, False, "a" in labels)
        assert separator_in(labels) == separator  # as the warning says
    assert doubtful([f"a{separator}b", f"a{separator}c", "d"]) is None


@pytest.mark.parametrize("separator", [":", "_", " "])
def test_what_stands_in_most_names_is_told_only_if_the_combinations_outnumber_the_parts(separator: str) -> None:
    some = ["a", "b", f"a{separator}b"]
    assert doubtful(some) is None
    many = [*some, f"b{separator}a", f"a{separator}c", f"c{separator}b"]
    found = doubtful(many)
    assert found is not None
    assert (found.separator, found.meant) == (separator, False)
    assert several_joined(dict.fromkeys(many, 1), ()) is None  # so that they are read as one class each
    assert doubtful(["card_arrival", "card_swallowed", "card_not_working", "pin_blocked", "pin_change"]) is None


def test_what_joins_most_labels_for_sure_comes_before_what_stands_in_names() -> None:
    assert separator_in(["very good|cheap", "good|cheap", "very good", "good", "cheap", "very cheap"]) == "|"
    assert separator_in(["R & D|Ops", "Ops|Sales & Ops", "Sales"]) == "|"


def test_the_labels_with_one_separator_are_found_by_a_label_or_a_part_that_comes_again() -> None:
    assert joined_by("\n", ["a", "b\nc"]) is None
    alone, again = joined_by("\n", ["a", "a\nb"]), joined_by("\n", ["a\nb", "b\r\nc"])
    assert alone is not None
    assert again is not None
    assert (alone.alone, again.alone, again.part) == (True, False, "b")


def test_labels_without_a_separator_are_whole() -> None:
    assert separator_in(["a", "b c"]) is None
    assert (divided("a, b", None), divided("", None)) == (["a, b"], [])


def test_short_texts_are_joined_labels_if_most_of_them_are_combinations() -> None:
    assert are_joined(["a", "b", "c", "a|b", "b|c", "a|c", "a|b|c", "", None])
    assert not are_joined(["a", "b", "a|b", None])
    assert not are_joined([])


@pytest.mark.parametrize("end", ["|", "; ", " ,", "||"])
def test_a_separator_behind_the_last_label_or_twice_is_still_one(end: str) -> None:
    between = end if end == "||" else end.strip() + " "
    labels = [between.join(names) + end for names in ("a", "b", "c", "ab", "bc", "ac", "abc")]
    joined = several_joined(dict.fromkeys(labels, 1), ())
    assert joined is not None
    assert (joined.separator, joined.meant) == (end.strip()[0], True)
    assert divided(labels[-1], joined.separator) == ["a", "b", "c"]


def test_names_that_end_in_a_sign_are_whole() -> None:
    assert several_joined(dict.fromkeys(["C", "C#", "F", "F#", "C++", "R"], 1), ()) is None


def test_another_separator_divides_a_label_only_if_all_its_parts_are_labels() -> None:
    names = ["billing", "delivery", "billing;delivery", "billing, delivery", "Smith, John", "billing,other"]
    assert mixed(names, "|") == {
        "billing;delivery": ["billing", "delivery"],
        "billing, delivery": ["billing", "delivery"],
    }
    assert mixed(["a", "b", "a|b"], "|") == {}


def test_a_name_is_made_of_known_labels_whatever_stands_between() -> None:
    known = {"a", "b", "a b"}
    assert made_of("a; b", known) == (";", ["a", "b"])
    assert made_of("a - b", known) == (" - ", ["a", "b"])
    assert made_of("a b", {"a", "b"}) == (" ", ["a", "b"])
    assert (
        made_of("a & b", known, (";",)) is made_of("a, c", known) is made_of("a", known) is made_of("a;", known) is None
    )
