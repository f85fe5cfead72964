"""Makes untrusted text safe to show: nothing from a dataset or a model may become active in the output."""

import re
import unicodedata

SECRET = re.compile(r"hf_[A-Za-z0-9]{10,}|(?<=://)[^/\s]+(?=@)")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def safe(text: object) -> str:
    """Make an untrusted string safe for a terminal: show control and bidi characters, replace secrets by stars."""
    shown = "".join(_visible(character) for character in str(text))
    return SECRET.sub("***", shown)


def _visible(character: str) -> str:
    keep = character in "\n\u200c\u200d" or unicodedata.category(character) not in INVISIBLE
    keep = keep and ord(character) & 0xFFFE != 0xFFFE  # noncharacters, not allowed in XML
    return character if keep else character.encode("unicode_escape", "surrogatepass").decode("ascii")


def one_line(text: object, width: int | None = None) -> str:
    """Make an untrusted string safe and put it on one line, truncated to `width` characters."""
    line = " ".join(safe(text).split())
    return line if width is None or len(line) <= width else line[: width - 1] + "…"
