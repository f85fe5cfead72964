"""A file must have the columns in use."""

from clf.data.reading.columns import Columns, flags


def test_the_columns_in_use_are_needed_also_one_without_a_name() -> None:
    assert Columns(["text"], "label", "label_name", "writer").needed == ["text", "label", "writer"]
    assert Columns(["text"], None, one_hot=["good", "bad"]).needed == ["text", "good", "bad"]
    assert Columns(["text"], "").needed == ["text", ""]


def test_a_hint_names_the_flag_of_each_candidate() -> None:
    assert flags("label", ["kind", "Issue Type"]) == "pass --label-column kind or --label-column 'Issue Type'"
    assert flags("label", list("abcd")).endswith("or --label-column c (or one more column)")
    assert flags("text", ["one"]) == "pass --text-column one if that is the text"


def test_only_a_file_with_a_header_may_lack_one() -> None:
    assert flags("text", []) == (
        "pass --text-column with its name, or add the text of each row under a name of its own"
    )
    assert flags("text", [], below_header=True) == (
        "pass --text-column with its name or number from 0 (and --no-header if the first line is data)"
    )
