"""Fills the template of the page; every text in it is made safe, put on one line and escaped."""

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from clf import __version__
from clf.reports.page.glossary import explained
from clf.reports.page.parts import Page, Section
from clf.safety import one_line

if TYPE_CHECKING:
    from markupsafe import Markup

QUOTED, COMMAND = re.compile("“[^”]*”"), re.compile("`([^`]*)`")


def render(page: Page) -> str:
    """Return the HTML of a page; sections with nothing in them are left out."""
    from jinja2 import Environment

    folder = files("clf.reports.page")
    template = folder.joinpath("page.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, finalize=_harmless)
    environment.filters["sentence"] = _sentence
    made: str = environment.from_string(template).render(
        version=__version__,
        page=page,
        sections=[section for section in page.sections if _has_content(section)],
        explained=explained(page),
        style=folder.joinpath("page.css").read_text(encoding="utf-8"),
    )
    return made


def _harmless(value: object) -> object:
    """Make every text of the page one safe line; what is markup already is our own, and made of such lines."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _sentence(text: str) -> "Markup":
    """Return a sentence in which names in quotes keep to themselves, whichever way they run, and commands look so."""
    from markupsafe import Markup, escape

    isolated = QUOTED.sub(r"<bdi>\g<0></bdi>", str(escape(one_line(text))))
    return Markup(COMMAND.sub(r"<code>\1</code>", isolated))


def _has_content(section: Section) -> bool:
    return bool(section.notes or section.charts or any(table.rows for table in section.tables))
