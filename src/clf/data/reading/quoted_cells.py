"""Whether the first lines of a file are as a writer of delimited text makes them: a quote stands only where it must."""

import re
from dataclasses import dataclass

SAMPLE = 200
"""The first lines of a file, which tell its dialect; fewer lines are the whole file."""
LOOKED_AT = 100_000
"""The most characters of them that are looked at."""


@dataclass
class Cells:
    """The cells of some lines."""

    widths: list[int]
    """The number of cells of each row that is not empty."""
    quoted_rows: int = 0
    """The rows with a quoted cell."""
    told: int = 0
    """The quoted cells with a quote inside, which is doubled or escaped."""
    needed: int = 0
    """The quoted cells with a delimiter or a line break inside."""
    escaped: int = 0
    """The cells without quotes in which a delimiter, a quote or a line break is escaped."""
    other_quotes: bool = False
    """Whether a cell without quotes begins or ends with the other quote character."""

    @property
    def width(self) -> int:
        """The number of cells that all rows have; 0 if they differ."""
        return self.widths[0] if len(self.widths) > 1 and len(set(self.widths)) == 1 else 0

    @property
    def are_quoted(self) -> bool:
        """Whether nearly all rows have a quoted cell."""
        return self.quoted_rows >= max(2, 0.9 * (len(self.widths) - 1))


def well_formed(sample: list[str], delimiter: str, quote: str, escape: str = "") -> Cells | None:
    """Return the cells of the first lines; None if a quote stands where no writer of delimited text puts it.

    The last row may be cut off; it is not counted then.
    """
    text = "".join(sample)[:LOOKED_AT]
    pattern, inner = _cell(delimiter, quote, escape), re.escape(delimiter)
    told = re.compile(re.escape((escape or quote) + quote))
    needed, escaped = re.compile(f"[{inner}\r\n]"), re.compile(f"{re.escape(escape)}[{inner}{quote}\r\n]")
    other = '"' if quote == "'" else "'"
    cells, place, width, quoted = Cells([]), 0, 0, False
    while place < len(text):
        found = pattern.match(text, place)
        if not found:
            is_cut = len(sample) == SAMPLE or len(text) == LOOKED_AT
            return cells if is_cut and _is_open(text[place:], quote, escape) else None
        inside, plain, end = found["quoted"], found["plain"] or "", found["end"]
        if inside is not None:
            quoted = True
            cells.told += told.search(inside) is not None
            cells.needed += needed.search(inside) is not None
        else:
            cells.escaped += bool(escape) and escaped.search(plain) is not None
            cells.other_quotes |= plain.startswith(other) or plain.endswith(other)
        width, place = width + 1, found.end()
        if end != delimiter:
            if width > 1 or inside is not None or plain:
                cells.widths.append(width)
                cells.quoted_rows += quoted
            width, quoted = 0, False
    if len(text) == LOOKED_AT:
        del cells.widths[-1:]
    return cells


def _cell(delimiter: str, quote: str, escape: str) -> re.Pattern[str]:
    """Return the pattern of a cell and what ends it; it never goes back, so that its time is linear."""
    mark, q, e = map(re.escape, (delimiter, quote, escape))
    inside = rf"(?:[^{q}{e}]|{e}[\s\S])*+" if escape else f"(?:[^{q}]|{q}{q})*+"
    plain = rf"(?:[^{mark}{q}{e}\r\n]|{e}[\s\S])*+" if escape else rf"[^{mark}{q}\r\n]*+"
    return re.compile(rf"(?:{q}(?P<quoted>{inside}){q}|(?P<plain>{plain}))(?P<end>{mark}|\r\n|\r|\n|\Z)")


def _is_open(rest: str, quote: str, escape: str) -> bool:
    """Return whether a quoted cell goes on to the end of the text."""
    q, e = re.escape(quote), re.escape(escape)
    inside = rf"(?:[^{q}{e}]|{e}[\s\S])*+" if escape else f"(?:[^{q}]|{q}{q})*+"
    return re.fullmatch(q + inside + (f"{e}?" if escape else ""), rest) is not None
