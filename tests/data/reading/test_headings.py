"""Each column gets one name: without invisible characters, and another one if it has none or that of another column."""

from pathlib import Path

import pytest

from clf.data.reading.files import column_names
from clf.data.reading.headings import seen, unique_names
from clf.errors import DataError
from clf.settings import DataSettings


def named(*names: str, **settings: object) -> list[str]:
    return column_names(list(names), Path("x.csv"), DataSettings(**settings))


def test_names_lose_what_nobody_sees_around_them() -> None:
    assert named(" a", "b\n", "c d", "") == ["a", "b", "c d", ""]
    assert named("\ufeff\u200btext\u200b ", "\u00a0label", "ï»¿id") == ["text", "label", "id"]
    assert seen("a\u200bb") == "a\u200bb"  # inside a name, it stays


def test_one_nameless_column_has_no_name_and_several_are_named_by_number() -> None:
    assert named("", "text", "label") == ["", "text", "label"]
    assert named("text", "\u200b", " ", "label") == ["text", "Unnamed: 1", "Unnamed: 2", "label"]


def test_doubled_names_are_numbered_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert named("text", "text ", "text.1", "text") == ["text", "text.2", "text.1", "text.3"]
    assert "x.csv has 3 columns called 'text'; they are read as 'text', 'text.2', 'text.3'" in caplog.text


@pytest.mark.parametrize(("role", "value"), [("text_column", ["text"]), ("label_column", "text")])
def test_a_doubled_name_that_is_asked_for_is_refused_with_the_numbers(role: str, value: object) -> None:
    with pytest.raises(DataError) as refused:
        named("text", "label", "text", **{role: value})
    flag = f"--{role.replace('_', '-')}"
    assert refused.value.message == "x.csv has 2 columns called 'text': the numbers 0, 2 from 0"
    assert refused.value.hint.startswith(f"pass {flag} 0 or {flag} 2")
    assert ("leave it out if they are the labels of a text together" in refused.value.hint) == (role == "label_column")
    assert named("text", "label", "text", label_column="2") == ["text", "label", "text.1"]


def test_of_a_doubled_name_that_a_model_was_trained_with_the_first_is_meant() -> None:
    trained = DataSettings.model_construct(set(), label_column="label", text_column=["text"])  # the user names neither
    assert column_names(["text", "label", "text", "label"], Path("x.csv"), trained) == [
        "text",
        "label",
        "text.1",
        "label.1",
    ]


def test_a_name_that_is_taken_is_not_given_again() -> None:
    assert unique_names(["a", "a", "a.1", "a"]) == (["a", "a.2", "a.1", "a.3"], {"a": [0, 1, 3]})
    assert unique_names(["a", "b"]) == (["a", "b"], {})
