"""The encodings of before UTF-8, guessed from the bytes of a file.

Those of old Macs and of DOS are told from the Western encoding of Windows by the letters inside words.
"""

import re
from collections.abc import Sequence

GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "latin_1", "shift_jis", "gb18030", "big5", "euc_kr"]
TWO_BYTES = GUESSED[-4:]
CANDIDATES = ("mac_roman", "cp850")
FEWEST = 3
"""The fewest letters above ASCII inside words that tell the encoding."""
NEARLY = 0.95
MOST_IN_WINDOWS = 0.8
"""The largest share of them that Windows may write inside words too."""
_INSIDE = re.compile(rb"(?<=[a-z])[\x80-\xff](?=[a-z])")


def guess_encoding(head: bytes) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8."""
    from charset_normalizer import from_bytes

    if old := old_encoding(head):
        return old
    found = from_bytes(head, cp_isolation=GUESSED)
    best = found.best()
    # With few accented letters, the detector cannot tell the Latin encodings apart: use the most common one then.
    western = best is None or any("cp1252" in match.could_be_from_charset for match in found)
    latin = best is None or best.encoding in {"cp1250", "latin_1"}
    unlikely = best is not None and best.encoding in TWO_BYTES and _are_single(head)
    return "cp1252" if unlikely or (western and latin) else str(best.encoding if best else "cp1252")


def _are_single(head: bytes) -> bool:
    """Return whether nearly all bytes above ASCII stand alone, as accented letters do and other scripts do not."""
    runs = re.findall(rb"[\x80-\xff]+", head)
    return sum(len(run) == 1 for run in runs) >= 0.8 * len(runs)


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
