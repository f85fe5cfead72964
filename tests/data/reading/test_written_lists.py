"""Lists of labels that are written into a cell without quotes are told by the whole column."""

import time

import pytest

from clf.data.reading.written_lists import lines_in, list_in, listed, notation_as, notation_of

FORMS = {
    "braces": ["{a,b}", "{}", '{"late fee",a}', "{b}", None, '{b,"late fee"}', "{b,a}"],
    "brackets": ["[a, b]", "[]", "[late fee]", "[b,a]", " ", "[a, late fee]", "[b, late fee]"],
    "angles": ["<a><b>", "<late fee>", "", "<b> <a>", float("nan"), "<a><late fee>", "<b><late fee>"],
    "lines": ["a\nb", "a", "b\r\nc", "c\na", "late fee\n", "a\nb\nc", "late fee\nc", "b\n\nlate fee"],
}


@pytest.mark.parametrize("notation", FORMS)
@pytest.mark.parametrize("sets", [False, True])
def test_a_column_of_such_lists_is_told(notation: str, sets: bool) -> None:
    assert notation_of(FORMS[notation], sets=sets) == notation


@pytest.mark.parametrize("odd", ["bug", "N/A", "{a,b"])
def test_a_cell_among_many_that_is_no_such_list_does_not_hide_them(odd: str) -> None:
    names = "abcde"
    many = ["{" + ",".join(names[place] for place in range(5) if number >> place & 1) + "}" for number in range(1, 32)]
    assert notation_of([*many, odd], sets=False) == "braces"
    assert notation_of([*many[:6], odd], sets=False) is None
    assert listed(odd, "braces") is None


@pytest.mark.parametrize(
    ("notation", "cell", "labels"),
    [
        ("braces", '{a, "b, c","d\\"e",NULL}', ["a", "b, c", 'd"e']), ("braces", "{}", []), ("braces", "a", None),
        ("brackets", "[a, late fee]", ["a", "late fee"]), ("brackets", "", None), ("angles", "<c#><.net>", ["c#", ".net"]),
        ("angles", "", []), ("angles", "a", None), ("lines", " a \n\nb\r\n", ["a", "b"]), ("lines", "", []),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_its_labels(notation: str, cell: str, labels: list[str] | None) -> None:
    assert listed(cell, notation) == labels


@pytest.mark.parametrize(
    "names",
    [
        ["<unk>", "<pad>", "<unk>"], ["{name}", "{place}"], ["[INST]", "[SYS]"], ["{a,b}", "{a,b}", "x"], ["{a,b}", "{c,d}"],
        ["a", "b"], [], [3, "{a,b}", "{b}"], ["very\ngood", "bad", "good"], [["a"], ["b"]], ["{a,b}"],
    ],
)  # fmt: skip
def test_other_columns_hold_names(names: list[object]) -> None:
    assert notation_of(names, sets=False) is None


@pytest.mark.parametrize(
    ("names", "notation"),
    [
        (["{Smith, John}", "{Smith, Anna}", "{Doe, Jane}"], "braces"), (["<p><b>", "<p><i>"], "angles"),
        (["[New York, NY]", "[Albany, NY]", "[NY]"], "brackets"),
    ],
)  # fmt: skip
def test_names_of_which_a_part_comes_again_are_one_class_unless_the_user_says_so(
    names: list[str], notation: str
) -> None:
    assert notation_of(names, sets=False) is None
    assert notation_of(names, sets=True) == notation


def test_lines_are_read_without_separators_and_bullets() -> None:
    assert listed("bug,\ndocs;\n- help\n* C++\nc-d |", "lines") == ["bug", "docs", "help", "C++", "c-d"]


def test_lines_that_are_too_few_to_tell_are_labels_if_the_user_says_so() -> None:
    few = ["a", "b", "a\nb", None]
    assert notation_of(few, sets=False) is None
    assert notation_of(few, sets=True) == "lines"
    found = lines_in(few)
    assert found is not None
    assert found.labels == ["a\nb"]
    assert lines_in(["very\ngood", "bad"]) is None


def test_few_cells_are_read_in_the_notation_that_is_known() -> None:
    assert notation_as("braces", ["{a,b}"], sets=True) == "braces"
    assert notation_as("angles", ["<a>", None], sets=True) == "angles"
    assert notation_as("lines", ["a"], sets=True) == "lines"
    for known in (None, "braces", "angles"):
        assert notation_as(known, ["[a, b]", "a"], sets=True) is None
    for known in (None, "angles", "lines"):  # what all cells are themselves comes before lines
        assert notation_as(known, ["{a,b}", "{b,c}", "{c}"], sets=True) == "braces"
    assert notation_as("lines", [None, ["a"]], sets=True) is None


def test_a_cell_by_itself_is_a_list_in_any_notation() -> None:
    assert list_in("{a,b}") == list_in("[a, b]") == list_in("<a><b>") == ["a", "b"]
    assert list_in("a, b") is list_in("a\nb") is list_in("{}") is None


def test_long_cells_are_told_in_no_time() -> None:
    began = time.process_time()
    for one in ("{" + "a " * 4000, "[" + "a," * 4000, "<a>" * 3000 + "<", "{" + '"a' * 4000, '{"' + "\\\\" * 4000):
        assert notation_of([one, "{a}"], sets=False) is None
        assert listed(one, "braces") is None
    assert time.process_time() - began < 1
