"""Which names may become part of a path."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from clf.storage.names import PathText, is_plain_name, place_in

HOSTILE = [
    "", ".", "..", ".git", "a/b", "../a", "/etc", "a\\b", "a\0b", "a\nb", "a\x1b[2J", "a\x85b", "a\u2028b", "a\udc80",
    "x" * 256, "é" * 128,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_elsewhere_is_no_name_of_a_result(name: str) -> None:
    assert not is_plain_name(name)
    place = place_in(Path("evaluations"), name)
    assert place.parent == Path("evaluations")
    assert is_plain_name(place.name)


@pytest.mark.parametrize("name", ["reviews", "my reviews (2)", "日本語", "a..b", "a.b-c_d", "x" * 200, "~", "-x"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert is_plain_name(name)
    assert place_in(Path("evaluations"), name) == Path("evaluations") / name


def test_a_long_name_leaves_room_for_the_names_of_its_stage_and_lock() -> None:
    assert len(place_in(Path(), "é" * 300).name.encode()) == 200


@pytest.mark.parametrize("text", ["a\0b", "x" * 256, "/a/" + "x" * 256, "é" * 128 + "/a", "a/" * 2049])
def test_a_text_that_no_path_can_be_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PathText).validate_python(text)


@pytest.mark.parametrize("text", ["", "/", "~/a", "owner/name@" + "0" * 40, "/" + "x" * 255, "a/" * 2000, "é" * 127])
def test_a_text_that_a_path_can_be_is_read(text: str) -> None:
    assert TypeAdapter(PathText).validate_python(text) == text
