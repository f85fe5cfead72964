"""The names in one value of a label column, however an annotation tool writes them."""

import time

import pytest

from clf.data.reading.label_cells import (
    LONGEST_CELL,
    are_words,
    have_spans,
    hold_sets,
    is_span,
    name_classes,
    parsed_text,
    plain,
    read_cell,
)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("pos", ("pos",)), (3, ("3",)), (True, ("true",)), (None, ()), (float("nan"), ()),
        (["x"], ("x",)), ([], ()), ([None], ()), (["x", "x"], ("x",)), (["x", "y"], ("x", "y")), ([7], ("7",)),
        ([["x"]], ("x",)), ('["x"]', ("x",)), ("['x']", ("x",)), ("('x',)", ("x",)), ("[]", ()), ("['x' 'y']", ("x", "y")),
        ("['it' 's']", ("it", "s")), ("[1 0]", ("1", "0")), ('["a", "b"]', ("a", "b")),
    ],
)  # fmt: skip
def test_names_and_lists(value: object, names: tuple[str, ...]) -> None:
    assert read_cell(value).names == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"choices": ["x"]}, ("x",)), ('{"choices": ["x", "y"]}', ("x", "y")), ({"label": "x"}, ("x",)),
        ({"id": 4, "name": "x"}, ("x",)), ({"label": "x", "score": 0.3}, ("x",)), ({"rating": 4}, ("4",)),
        ([{"value": {"choices": ["x"]}, "from_name": "s", "type": "choices"}], ("x",)), ({"value": "x"}, ("x",)),
        ([{"result": [{"value": {"choices": ["x"]}}]}], ("x",)), ([{"label": "x"}, {"label": "y"}], ("x", "y")),
        ([{"value": "x", "user_id": 1}, {"value": "x", "user_id": 2}], ("x",)), ({"choices": []}, ()), ({}, ()),
        ({"choices": None, "label": "x"}, ("x",)),
    ],
)  # fmt: skip
def test_choices(value: object, names: tuple[str, ...]) -> None:
    cell = read_cell(value)
    assert (cell.names, cell.problem) == (names, "")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"a": 1.0, "b": 0.0}, ("a",)), ({"a": 0, "b": 1, "c": None}, ("b",)), ({"a": True, "b": False}, ("a",)),
        ({"a": 0.2, "b": 0.3}, ()), ({"a": 1, "b": 1}, ("a", "b")), ("{'a': 1.0, 'b': 0.0}", ("a",)),
        ([{"label": "a", "score": 0.1}, {"label": "b", "score": 0.9}], ("b",)),
    ],
)  # fmt: skip
def test_scores_of_classes(value: object, names: tuple[str, ...]) -> None:
    cell = read_cell(value)
    assert (cell.names, cell.form) == (names, "scores")


@pytest.mark.parametrize(
    "value",
    [
        [[0, 5, "PER"]], '[[0, 5, "PER"]]', [{"start": 0, "end": 5, "label": "PER"}], {"entities": [[0, 5, "PER"]]},
        [{"start_offset": 0, "end_offset": 3, "label": "A"}, {"start_offset": 4, "end_offset": 9, "label": "B"}],
        [{"value": {"start": 0, "end": 5, "labels": ["PER"]}}],
    ],
)  # fmt: skip
def test_spans_are_no_labels(value: object) -> None:
    assert (read_cell(value).form, read_cell(value).names) == ("spans", ())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": "b", "c": "d"}, "the label is an object with the keys 'a', 'c'"),
        ({"a": 3, "b": 0.5}, "the label is an object with the keys 'a', 'b'"),
        (b"x", "the label is bytes, expected a name or number"),
        ([[[[[[[[[["x"]]]]]]]]]], "the label is nested too deeply"),
    ],
)
def test_what_is_no_label_has_a_problem(value: object, problem: str) -> None:
    assert read_cell(value).problem == problem


@pytest.mark.parametrize(
    "text", ["[INST]", "[a, b]", "(spam)", "(1)", "{name}", "[", "", "x", "[" * 5000 + "]", f"['{'x' * LONGEST_CELL}']"]
)
def test_other_texts_are_names(text: str) -> None:
    assert parsed_text(text) is None


def test_a_span_has_two_places_and_a_name() -> None:
    assert is_span([0, 5, "PER"])
    assert not is_span([0, 5])
    assert not is_span([True, False, "x"])


def test_numbers_are_names_as_they_are_written() -> None:
    assert [plain(value) for value in (1, 1.0, -1, False, None)] == ["1", "1.0", "-1", "false", ""]


def test_lists_and_objects_name_classes_if_nearly_all_of_them_do() -> None:
    assert name_classes([["a"], ["b", "c"], None])
    assert name_classes([{"choices": ["a"]}, [{"classname": "b"}]])
    assert not name_classes([{"name": "Ann", "age": 3}] * 10)
    assert not name_classes([[]] * 10)


def test_spans_and_words_are_told_by_most_values() -> None:
    assert have_spans([[[0, 5, "PER"]], [], [{"start": 1, "end": 2}]])
    assert not have_spans([["a"], [[0, 5, "PER"]]])
    assert are_words([["a", "b"], None, ["c"]])
    assert not are_words([["a"], ["b"]])
    assert not are_words([[1, 2], [3]])


def test_an_array_that_ends_in_another_element_is_told_in_no_time() -> None:
    began = time.process_time()
    for end in ("None]", "nan]", "'a"):
        assert read_cell("[" + "'a' " * 5000 + end).form == "plain"
        assert read_cell("[" + "1.5 " * 5000 + end).form == "plain"
    assert time.process_time() - began < 1
    assert read_cell("['a' 'b c']").names == ("a", "b c")


def test_lists_that_name_labels_again_and_again_are_sets() -> None:
    assert hold_sets([None, ["a"], ["b", "a"], [], ["b"]] * 3)
    assert hold_sets([{"choices": ["a", "b"]}, {"choices": []}, {"choices": ["b"]}] * 3)
    assert hold_sets([{"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.9}, {"a": 0.1, "b": 0.1}] * 3)
    words = [[f"{number}", f"{number + 1}"] for number in range(20)]
    for others in (words, ["a", "b"] * 9, [{"start": 0, "end": 3}] * 9, [[]] * 9, [["a"]] * 9):
        assert not hold_sets(others)
