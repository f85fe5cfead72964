"""Which characters stand between cells, and how a user types them."""

from collections.abc import Sequence

DELIMITERS = (",", "\t", ";", "|")
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
CONTROLS = {"\x01": "Ctrl-A", "\x1f": "the unit separator"}
"""Characters that stand in no text; Hive writes the first between cells, and no quotes."""


def as_character(typed: str) -> str:
    r"""Return the delimiter that a user typed, also as an escape: `\t` and `\x01`."""
    return {"\\t": "\t", "\\x01": "\x01", "\\x1f": "\x1f"}.get(typed, typed)


def as_typed(delimiter: str) -> str:
    """Return a delimiter as a user types it."""
    return "\\t" if delimiter == "\t" else f"\\x{ord(delimiter):02x}" if delimiter in CONTROLS else delimiter


def control_in(lines: Sequence[str]) -> str | None:
    """Return the control character that each line has as often as the first one."""
    lines = [line for line in lines if line.strip()]
    lines = lines[:-1] or lines  # the last one may be cut
    counts = {mark: {line.count(mark) for line in lines} for mark in CONTROLS}
    return next((mark for mark, found in counts.items() if len(found) == 1 and found != {0}), None)
