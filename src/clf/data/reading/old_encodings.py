"""Encodings of old Macs and of DOS, told from the Western encoding of Windows by the letters inside words."""

import re
from collections.abc import Sequence

CANDIDATES = ("mac_roman", "cp850")
FEWEST = 3
"""The fewest letters above ASCII inside words that tell the encoding."""
NEARLY = 0.95
MOST_IN_WINDOWS = 0.8
"""The largest share of them that Windows may write inside words too."""
_INSIDE = re.compile(rb"(?<=[a-z])[\x80-\xff](?=[a-z])")


def old_encoding(head: bytes) -> str | None:
    """Return the encoding in which the bytes above ASCII between small letters are small letters; None if unsure.

    In Windows-1252 most of those that old Macs and DOS write are signs or capital letters, which nobody writes there.
    """
    inside = _INSIDE.findall(head)
    if len(inside) < FEWEST or _share(inside, "cp1252") > MOST_IN_WINDOWS:
        return None
    shares = {encoding: _share(inside, encoding) for encoding in CANDIDATES}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= NEARLY else None


def _share(letters: Sequence[bytes], encoding: str) -> float:
    """Return the share of the bytes that are small letters, apostrophes or dashes in an encoding."""
    written = [letter.decode(encoding, "replace") for letter in letters]
    return sum(text.islower() or text in "\u2019\u2013\u2014" for text in written) / len(letters)
