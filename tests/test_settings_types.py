"""What settings are made of."""

from pathlib import Path

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from clf.settings_types import Section, Strings, from_home


class Example(Section):
    """A section."""

    names: Strings = Field(default_factory=list)
    count: int = 1


def test_a_list_may_be_given_as_one_name_or_as_json() -> None:
    read = TypeAdapter(Strings).validate_python
    assert (read("a"), read('["a", "b"]'), read(["a"])) == (["a"], ["a", "b"], ["a"])
    with pytest.raises(ValidationError, match="JSON list"):
        read("[a")


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of-a-test")
    assert (from_home(Path("~/x")), from_home(None)) == (Path("/home/of-a-test/x"), None)
    with pytest.raises(ValueError, match="unknown"):
        from_home(Path("~no-such-user-of-a-test/x"))


def test_a_section_keeps_what_was_set_and_drops_what_it_does_not_know() -> None:
    assert Example(count=2).overlaid_on(Example(names=["a"])) == Example(names=["a"], count=2)
    assert Example.known({"count": 3, "later": 4}) == {"count": 3}
    assert Example.known(None) is None
    with pytest.raises(ValidationError):
        Example(later=4)  # type: ignore[call-arg]
