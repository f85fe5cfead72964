"""Changes to JSON, JSON lines, `.npy` and safetensors files, as hypothesis strategies of their new bytes.

A document is parsed into a tree that keeps repeated keys and can hold text that is no JSON; one to three places of it
are changed, or its bytes are. `OUTSIDE` in a string stands for a folder that must stay as it is.
"""

import ast
import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as some

OUTSIDE = "@outside@"
Draw = Callable[..., Any]


@dataclass(frozen=True)
class Raw:
    """Text that is written as it is."""

    text: str


class Object(list[list[Any]]):
    """A JSON object as pairs of key and value, of which several may have the same key."""


STRINGS = [
    "", " ", "\0", "a\0b", "..", "../../planted", f"{OUTSIDE}/planted", f"{OUTSIDE}/precious.txt", "../outside/precious.txt",
    "~/planted", "~nobody/x", "/dev/zero", "/etc/passwd", ".git/hooks/pre-commit", "C:\\x", "a/b", "-", "--output",
    "\x1b[31mred\x1b]0;title\x07", "\x9b31m", "x\rerror: forged\nerror: forged", "::set-output name=x::y", "\u202eabc",
    "<script>x</script>", "=1+1", "NaN", "1e400", "\u2028", "caf\u00e9", "cafe\u0301", "auto", "x" * 300, "x" * 70_000, "\U0001f600" * 90,
    "f" * 64, "0" * 40, "abstain",
]  # fmt: skip
NUMBERS = ["0", "1", "-1", "2", "0.5", "-0.0", "1e-400", "1e308", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "4294967296",
           "9007199254740993", "9223372036854775808", "-9223372036854775809", "1" + "0" * 39, "1" + "0" * 40, "1" + "0" * 5000]  # fmt: skip
OTHERS = ["null", "true", "false", "[]", "{}", "[[]]", "[null]", '{"": null}', '["a", "a"]', "[1, 2, 3]", '"\\ud800"', '["\\udfff"]',
          '{"a": "\\uD83D"}', "[" * 70 + "]" * 70, "[" * 100_000 + "]" * 100_000, '{"a":' * 3000 + "1" + "}" * 3000,
          "[" + "0," * 100_000 + "0]", "{" + ",".join(f'"k{number}": {number}' for number in range(20_000)) + "}", "undefined"]  # fmt: skip
ODD = (*(json.dumps(text) for text in STRINGS), *NUMBERS, *OTHERS)


def parsed(content: bytes) -> Any:
    """Return JSON as lists, pairs and values."""
    return json.loads(content, object_pairs_hook=lambda pairs: Object(list(pair) for pair in pairs))


def written(value: Any) -> str:
    """Return a tree as text, which is JSON unless it was made otherwise."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Object):
        return "{" + ",".join(f"{json.dumps(key)}:{written(inner)}" for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


# --- JSON ---------------------------------------------------------------------------------------------------


@some.composite
def changed_json(draw: Draw, content: bytes) -> bytes:
    """Draw a document with changed places, or with changed bytes."""
    if draw(some.sampled_from(range(16))) == 7:
        return draw(changed_bytes(content))
    tree = [parsed(content)]
    for _ in range(draw(some.sampled_from([1, 1, 1, 2, 3]))):
        _change_a_place(draw, tree)
    return written(tree[0]).encode("utf-8")


@some.composite
def changed_lines(draw: Draw, content: bytes) -> bytes:
    """Draw a file of JSON lines in which one line is changed, left out, given twice or put elsewhere."""
    lines = content.splitlines()
    at = draw(some.sampled_from(range(len(lines))))
    how = draw(some.sampled_from(["change", "change", "change", "drop", "twice", "cut", "bytes", "odd"]))
    if how == "bytes":
        return draw(changed_bytes(content))
    new = {
        "change": lambda: [draw(changed_json(lines[at]))],
        "drop": list,
        "twice": lambda: [lines[at], lines[0]],
        "cut": lambda: [lines[at][: len(lines[at]) // 2]],
        "odd": lambda: [draw(some.sampled_from(ODD)).encode()],
    }[how]()
    return b"\n".join([*lines[:at], *new, *lines[at + 1 :]]) + b"\n"


def _change_a_place(draw: Draw, tree: list[Any]) -> None:
    """Change the value, the key or the order at a place, chosen level by level so that long lists do not draw all."""
    holder, at = tree, 0
    while True:
        value = _at(holder, at)
        if not isinstance(value, list) or not value or (holder is not tree and draw(some.sampled_from(range(4))) == 0):
            break
        holder, at = value, draw(some.sampled_from(range(len(value))))
    choices: list[Callable[[Draw, Any, int], None]] = [_replace] * 6 + [_nudge] * 3
    if holder is not tree:
        choices += [_delete, _repeat, _exchange]
    if isinstance(holder, Object):
        choices += [_rename]
    draw(some.sampled_from(choices))(draw, holder, at)


def _at(holder: Any, at: int) -> Any:
    return holder[at][1] if isinstance(holder, Object) else holder[at]


def _put(holder: Any, at: int, value: Any) -> None:
    if isinstance(holder, Object):
        holder[at] = [holder[at][0], value]
    else:
        holder[at] = value


def _replace(draw: Draw, holder: Any, at: int) -> None:
    """Put an odd value, half of the time one of the same kind."""
    value = _at(holder, at)
    alike = STRINGS if isinstance(value, str) else OTHERS if isinstance(value, list) or value is None else NUMBERS
    of_a_kind = draw(some.sampled_from([alike, alike, alike, STRINGS, NUMBERS, OTHERS]))
    text = draw(some.sampled_from(of_a_kind))
    _put(holder, at, Raw(json.dumps(text) if of_a_kind is STRINGS else text))


def _nudge(draw: Draw, holder: Any, at: int) -> None:
    """Change a value a little, or to the same of another type."""
    value = _at(holder, at)
    if isinstance(value, bool) or value is None:
        new: Any = [not value, str(value), int(bool(value))]
    elif isinstance(value, (int, float)):
        new = [value + 1, -value, value * 1000, value / 3, str(value), [value], Raw(f"{value}{'0' * 20}")]
    elif isinstance(value, str):
        new = [
            value + "x",
            value[:-1],
            value.upper(),
            value[::-1],
            f"../{value}",
            value + "\0",
            [value],
            {value: value},
        ]
    elif isinstance(value, Object):
        new = [Object(reversed(value)), [inner for _, inner in value], Object([*value, ["added", 1]]), Object([])]
    elif isinstance(value, list):
        new = [value[::-1], value[:-1], [*value, *value], [value], Object([str(n), one] for n, one in enumerate(value))]
    else:
        new = [1]
    _put(holder, at, draw(some.sampled_from(new)))


def _delete(draw: Draw, holder: Any, at: int) -> None:
    del holder[at]


def _repeat(draw: Draw, holder: Any, at: int) -> None:
    times = draw(some.sampled_from([1, 1, 200]))
    holder[at:at] = [holder[at]] * times


def _exchange(draw: Draw, holder: Any, at: int) -> None:
    """Exchange two values, such as the ids of two labels."""
    other = draw(some.sampled_from(range(len(holder))))
    one, two = _at(holder, at), _at(holder, other)
    _put(holder, at, two)
    _put(holder, other, one)


def _rename(draw: Draw, holder: Any, at: int) -> None:
    key, value = holder[at]
    others = [one for one, _ in holder]
    name = draw(
        some.sampled_from(
            [
                key + "x",
                key.upper(),
                key.replace("_", ""),
                f"_{key}",
                f"__{key}",
                draw(some.sampled_from(STRINGS)),
                draw(some.sampled_from(others)),
            ]
        )
    )
    holder[at] = [name, value]


# --- bytes --------------------------------------------------------------------------------------------------


@some.composite
def changed_bytes(draw: Draw, content: bytes) -> bytes:
    """Draw bytes that were cut, flipped, put in or encoded otherwise."""
    at = draw(some.sampled_from(range(max(1, len(content)))))
    how = draw(
        some.sampled_from(
            ["flip", "flip", "flip", "cut", "empty", "put in", "append", "BOM", "UTF-16", "zeros", "twice"]
        )
    )
    if how == "flip" and content:
        flipped = bytearray(content)
        flipped[at] ^= 1 << draw(some.integers(0, 7))
        return bytes(flipped)
    odd = draw(
        some.sampled_from([b"\0", b"\x1b[31m", b"\xff", b"\xed\xa0\x80", b"\n", b"}", b",", b"\\ud800", b"\x93NUMPY"])
    )
    return {
        "cut": content[:at],
        "put in": content[:at] + odd + content[at:],
        "append": content + odd,
        "BOM": b"\xef\xbb\xbf" + content,
        "UTF-16": content.decode("utf-8", "replace").encode("utf-16"),
        "zeros": bytes(len(content)),
        "twice": content + content,
    }.get(how, b"")


# --- arrays -------------------------------------------------------------------------------------------------

TYPES = [
    "<f4",
    "<f8",
    ">f4",
    "<i4",
    "<i8",
    ">i4",
    "<u8",
    ">u8",
    "|O",
    "|b1",
    "<U10",
    "|S1000000000",
    "|V8",
    "<M8[ns]",
    "<c16",
    "x",
    "",
    "<f4, <f4",
]
SHAPES = ["()", "(1,)", "(0,)", "(-1,)", "(3, 3)", "(1000000000000,)", f"({10**40},)", "(True,)", "('a',)", "(1.5,)", "5", "None", "(0, 1000000000000)",
          "(" * 90 + ")" * 90, "(" + "1," * 60 + ")"]  # fmt: skip
HEADERS = ["", "{}", "None", "[" * 5000, "(" * 5000 + ")" * 5000, "{'descr': '<f4'}", "__import__('os').system('true')", "\0", "{'descr': [('a', '<f4')]}",
           "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "9" * 6000, "-" * 9000 + "1", "{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,)}"]  # fmt: skip


class Touch:
    """Makes a file where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("unpickled"),)


@some.composite
def changed_array(draw: Draw, content: bytes) -> bytes:
    """Draw a `.npy` file with another header, other values, or changed bytes."""
    start = 10 + int.from_bytes(content[8:10], "little")
    header, values = ast.literal_eval(content[10:start].decode()), content[start:]
    how = draw(
        some.sampled_from(["type", "shape", "order", "text", "values", "size", "pickle", "version", "length", "bytes"])
    )
    if how == "bytes":
        return draw(changed_bytes(content))
    if how == "pickle":
        return _array("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", pickle.dumps([Touch()]))
    if how == "text":
        return _array(draw(some.sampled_from(HEADERS)), values)
    if how == "version":
        return content[:6] + bytes(draw(some.sampled_from([(2, 0), (3, 0), (0, 1), (255, 255)]))) + content[8:]
    if how == "length":
        return content[:8] + draw(some.sampled_from([b"\0\0", b"\xff\xff", b"\x01\0"])) + content[10:]
    if how == "values":
        odd = [
            b"\xff" * len(values),
            bytes(len(values)),
            values[::-1],
            struct.pack("<f", float("inf")) * (len(values) // 4),
            b"\0\0\xc0\x7f" * (len(values) // 4),
        ]
        return _array(repr(header), draw(some.sampled_from(odd)))
    if how == "size":
        return _array(
            repr(header), draw(some.sampled_from([values[:-1], values[:-8], b"", values + b"\0" * 8, values * 2]))
        )
    header["fortran_order"] = how == "order" or header["fortran_order"]
    header["descr"] = draw(some.sampled_from(TYPES)) if how == "type" else header["descr"]
    shape = draw(some.sampled_from(SHAPES)) if how == "shape" else repr(header["shape"])
    said = f"{{'descr': {header['descr']!r}, 'fortran_order': {header['fortran_order']}, 'shape': {shape}}}"
    return _array(said, values)


def _array(header: str, values: bytes) -> bytes:
    text = header.encode() + b" " * (-(len(header.encode()) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + values


# --- weights ------------------------------------------------------------------------------------------------


@some.composite
def changed_weights(draw: Draw, content: bytes) -> bytes:
    """Draw a safetensors file whose header, the length of it, or bytes are changed."""
    end = 8 + int.from_bytes(content[:8], "little")
    how = draw(some.sampled_from(["header", "header", "header", "header", "length", "start", "bytes"]))
    if how == "bytes":
        return draw(changed_bytes(content))
    if how == "start":
        return draw(changed_bytes(content[:end])) + content[end:]
    if how == "length":
        lengths = [0, 1, end - 9, end - 7, len(content), 2**31, 2**32, 2**62, 2**64 - 1]
        return draw(some.sampled_from(lengths)).to_bytes(8, "little") + content[8:]
    header = draw(changed_json(content[8:end]))
    return len(header).to_bytes(8, "little") + header + content[end:]


def strategy_for(name: str, content: bytes) -> some.SearchStrategy[bytes]:
    """Return the changes of a file with this name."""
    kinds = {".json": changed_json, ".jsonl": changed_lines, ".npy": changed_array, ".safetensors": changed_weights}
    return kinds.get(Path(name).suffix, changed_bytes)(content)
