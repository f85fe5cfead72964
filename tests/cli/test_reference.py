"""The reference page is what the settings say."""

from pathlib import Path

from clf.cli.reference import reference


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference(), "run `make docs`"
