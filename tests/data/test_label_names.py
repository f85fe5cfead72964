"""Labels that look the same are one class, or are told apart by name."""

import time

import pytest

from clf.data.label_names import LONGEST_LABEL, clean_label, look_alikes, places_of, told_apart

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize("unseen", [
    "\u200b", "\ufeff", "\xad", "\u2060", "\u202e", "\u200e", "\u200d", "\u200c", "\ufe0f", "\u034f", "\u3164",
    "\x00", "\x1b", "\U000e0061", "\u180e", "\u200b\u200d",
], ids=ascii)  # fmt: skip
def test_what_nobody_sees_makes_no_other_class(unseen: str) -> None:
    assert {clean_label(f"neg{unseen}"), clean_label(f"{unseen}neg"), clean_label(f" neg {unseen} ")} == {"neg"}
    assert clean_label(unseen) == ""


@pytest.mark.parametrize("label", [
    "pos", "007", "a  b", "caf\xe9", FAMILY, SCOTLAND, "\u2764\ufe0f", "1\ufe0f\u20e3", "\u0645\u06cc\u200c\u062e",
    "\u0915\u094d\u200d\u0937", "\u65e5\u672c", "<b>&amp;",
], ids=ascii)  # fmt: skip
def test_what_belongs_to_a_name_stays(label: str) -> None:
    assert clean_label(label) == label
    assert clean_label(f" {label} ") == label


def test_composed_and_decomposed_letters_are_one() -> None:
    assert clean_label("cafe\u0301") == "caf\xe9"


def test_line_breaks_inside_a_name_become_spaces() -> None:
    assert clean_label("a\r\nb\tc") == "a b c"


@pytest.mark.parametrize(("one", "other"), [
    ("pos", "p\u043es"), ("Bad", "\u0412ad"), ("spam", "\uff53\uff50\uff41\uff4d"), ("Neg", "neg"), ("a b", "a  b"),
    ("x-y", "x\u2010y"), ("Kind", "\u039aind"), ("fi", "\ufb01"),
], ids=ascii)  # fmt: skip
def test_names_that_look_alike_are_found(one: str, other: str) -> None:
    assert look_alikes([one, "else", other]) == [[one, other]]


def test_names_that_look_different_are_not_alike() -> None:
    assert look_alikes(["pos", "neg", "\u0434\u0430", "\u043d\u0435\u0442", "1", "l", "01", "\xe9", "e"]) == []


def test_code_points_are_told_of_what_is_not_ascii() -> None:
    assert told_apart("p\u043es") == "'p\u043es' (U+043E)"
    assert told_apart("pos") == "'pos'"


def test_a_name_is_found_in_another_spelling_only_if_there_is_one() -> None:
    assert places_of(["neg", "caf\xe9", "none"], ["cafe\u0301", "neg\u200b"]) == [1, 0, None]
    assert places_of(["neg", "neg\u200b"], ["neg\u200b", "neg"]) == [1, 0]
    assert places_of(["neg\xad"], ["neg\u200b", "neg"]) == [None]


@pytest.mark.parametrize("odd", [
    "\u200d", "\ufe0f", "\ufe0f\u200d", "\U000e0061", "\u200b\u200d", "\u0323\u0301", " \u200d",
], ids=ascii)  # fmt: skip
@pytest.mark.parametrize("form", ["{}", "a{}b", "\xe9{}\xe9", "\u2764{}"], ids=ascii)
def test_a_long_run_of_odd_characters_takes_no_time(odd: str, form: str) -> None:
    begun = time.perf_counter()
    clean_label(form.format(odd * (10 * LONGEST_LABEL // len(odd))))
    assert time.perf_counter() - begun < 0.2
