"""JSON text that is decoded value by value while it is read, so that memory holds one value and not the file.

`json.JSONDecoder` decodes the values, so that they are what `json.loads` would give: NaN and Infinity, whole numbers of
any length, and errors with their line and column. Its only lack is that it does not know whether an error is the end of
the text so far; errors at the very end are therefore tried again with more of the text.
"""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from pydantic import JsonValue

from clf.data.reading.json_records import JsonObject, single_value

PIECE = 1 << 20
"""The characters that are read at once, or as many again as a value has that is longer."""
TAIL = 20
"""The characters before the end of what was read in which an error may be that of a number or word that goes on."""
MOST_KEYS = 10_000
"""How many keys of an object are compared with each other; of an object with more, the others are rows."""
MOST_SEEN = 100
"""The keys and elements that are returned of a value that is passed over."""
MOST_SKIPPED = 3
"""The depth to which values that nobody needs are passed over piece by piece."""
BLANKS = re.compile(r"[ \t\n\r]*")
SURROGATE = re.compile(
    r"(\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|\\u[dD][89a-fA-F][\da-fA-F]{2}", re.ASCII
)
"""A lone surrogate as a JSON escape. The first group matches what stays: surrogate pairs, which are whole characters,
and escaped backslashes, so that what follows one is not taken for an escape."""
IN_ESCAPES = "\\u0123456789abcdefABCDEF"
"""The characters of which such escapes consist."""
BETWEEN = re.compile(r"\s*,?\s*")
"""What may stand between objects on one line, and after the last."""
UNFINISHED = "Unterminated string starting at"


class LongValue(Exception):
    """A value is too long to be held; the argument is the line on which it begins."""


class JsonStream:
    """JSON text from a file, read up to `at`: whoever takes values reads them in order, and each only once."""

    def __init__(self, file: IO[str], longest: int) -> None:
        self.file, self.longest = file, longest
        self.text, self.at, self.ended = "", 0, False
        self.size = 0
        """The characters of the last value."""
        self._before = self._lines = self._column = 0
        self._held = ""
        self._decode = json.JSONDecoder(object_pairs_hook=unique_keys).raw_decode

    def more(self) -> bool:
        """Forget what was taken, and read on; return False at the end.

        Raises LongValue if a single value has more than `longest` characters.
        """
        if self.ended:
            return False
        self._forget()
        added = ""
        while not added and not self.ended:
            if len(self.text) + len(self._held) > self.longest:
                raise LongValue(self._lines + 1)
            size = max(PIECE, len(self.text), len(self._held))
            piece = self.file.read(size)
            self.ended = len(piece) < size
            piece = self._held + piece
            whole = len(piece) if self.ended else len(piece.rstrip(IN_ESCAPES))  # an escape may go on
            added, self._held = without_halves(piece[:whole]), piece[whole:]
        self.text += added
        return bool(added)

    def rest(self, most: int) -> str | None:
        """Return all of the text from here; None if it has more than `most` characters."""
        parts, left = [self.text[self.at :]], most - len(self.text)
        self.text, self.at = "", 0
        while left >= 0 and self.more():  # of more, Python would reserve all of it at once
            parts.append(self.text)
            left -= len(self.text)
            self.text = ""
        return "".join(parts) if left >= 0 else None

    def mark(self) -> str:
        """Pass over blanks, and return the next character without taking it; empty at the end."""
        while True:
            found = BLANKS.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        """Take the value that begins here. Raises ValueError or RecursionError where the text is not JSON."""
        while True:
            try:
                value, end = self._decode(self.text, self.at)
            except json.JSONDecodeError as error:
                may_go_on = error.msg == UNFINISHED or error.pos + TAIL > len(self.text)
                if self.ended or not may_go_on:
                    raise self.wrong(error.msg, error.pos) from None
            else:
                is_cut = isinstance(value, (int, float)) and len(self.text) - end < TAIL  # more digits may follow
                if self.ended or not is_cut:
                    self.size, self.at = end - self.at, end
                    return value
            self.more()

    def elements(self) -> Iterator[Any]:
        """Take the elements of the array that begins here, one after the other."""
        if self.mark() != "[":
            raise self.wrong("Expecting value", self.at)
        self.at += 1
        ended = self.mark() == "]"
        self.at += ended
        while not ended:
            self.mark()
            yield self.value()
            ended = self._ends("]")

    def members(self) -> Iterator[str]:
        """Yield each key of the object that begins here; whoever gets one takes its value before the next."""
        self.at += 1
        known: set[str] = set()
        ended = self.mark() == "}"
        self.at += ended
        while not ended:
            if self.mark() != '"':
                raise self.wrong("Expecting property name enclosed in double quotes", self.at)
            key = self.value()
            if self.mark() != ":":
                raise self.wrong("Expecting ':' delimiter", self.at)
            if key in known:
                raise ValueError("a key appears twice")
            if len(known) < MOST_KEYS:
                known.add(key)
            self.at += 1
            self.mark()
            yield key
            ended = self._ends("}")

    def values(self) -> Iterator[Any]:
        """Take all values up to the end, with nothing between them but blanks, and a comma after any."""
        while self.mark():
            yield self.value()
            if self.mark() == ",":
                self.at += 1

    def skip(self, depth: int = MOST_SKIPPED) -> Any:
        """Pass over a value; return its beginning: of an object the first keys, of a list the first elements."""
        mark = self.mark()
        if mark == "{" and depth:
            begun: dict[str, Any] = {}
            for key in self.members():
                value = self.skip(depth - 1)
                if len(begun) < MOST_SEEN:
                    begun[key] = value
            return begun
        if mark != "[":
            return self.value()
        first: list[Any] = []
        for element in self.elements():
            if len(first) < MOST_SEEN:
                first.append(element)
        return first

    def look(self) -> int:
        """Return where the value that begins here ends; 0 if it was not read to its end yet."""
        try:
            return int(self._decode(self.text, self.at)[1])
        except (ValueError, RecursionError):
            return 0

    def end(self, mark: str = "") -> None:
        """Raise ValueError if something else than this mark follows here."""
        if mark and self.mark() == mark:
            self.at += 1
        if self.mark():
            raise self.wrong("Extra data", self.at)

    def wrong(self, what: str, place: int) -> ValueError:
        """Return the error for a place in the text that is held, as `json` words it."""
        lines = self.text.count("\n", 0, place)
        column = place - self.text.rfind("\n", 0, place) + (0 if lines else self._column)
        return ValueError(f"{what}: line {self._lines + lines + 1} column {column} (char {self._before + place})")

    def _ends(self, close: str) -> bool:
        mark = self.mark()
        if mark not in {",", close}:
            raise self.wrong("Expecting ',' delimiter", self.at)
        self.at += 1
        return mark == close

    def _forget(self) -> None:
        taken = self.text[: self.at]
        if lines := taken.count("\n"):
            self._lines, self._column = self._lines + lines, 0
        self._column += len(taken) - taken.rfind("\n") - 1
        self._before += len(taken)
        self.text, self.at = self.text[self.at :], 0


def without_halves(text: str) -> str:
    """Replace the lone surrogates in a JSON text with the replacement character (U+FFFD)."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return SURROGATE.sub(lambda found: found[1] or r"\ufffd", text)


def unique_keys(pairs: list[tuple[str, JsonValue]]) -> Any:
    """Return an object, or the value that it stands for in MongoDB's exports; raise ValueError for a doubled key."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key appears twice")
    if len(pairs) == 1 and pairs[0][0][:1] == "$":
        return single_value(*pairs[0])
    return row


def objects_on(text: str) -> tuple[list[JsonObject], str]:
    """Return the objects on a line: one, or several with blanks or commas between them; or what is wrong with it."""
    try:
        value = json.loads(without_halves(text), object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        several = _one_after_another(without_halves(text)) if error.msg == "Extra data" else []
        return several, "" if several else f"invalid JSON at character {error.pos + 1} ({error.msg})"
    except (ValueError, RecursionError) as error:
        return [], str(error)
    return ([value], "") if isinstance(value, dict) else ([], "expected an object")


def _one_after_another(text: str) -> list[JsonObject]:
    decode = json.JSONDecoder(object_pairs_hook=unique_keys).raw_decode
    found, at = [], len(text) - len(text.lstrip())
    try:
        while at < len(text):
            value, end = decode(text, at)
            found.append(value)
            between = BETWEEN.match(text, end)
            at = between.end() if between else end
    except (ValueError, RecursionError):
        return []
    return found if all(isinstance(value, dict) for value in found) else []


def single_object(text: str) -> JsonObject | int:
    """Return the object that a text holds; where the second one begins if it holds several, or 0 if it holds none."""
    try:
        value = json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return error.pos
        if "\n" in text.strip():
            raise
        return 0
    return value if isinstance(value, dict) else 0


def parsed(text: str) -> JsonValue:
    """Return the value of a JSON text; None if it is not JSON."""
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError):
        return None
    return value
