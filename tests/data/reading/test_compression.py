"""What a decompressor gives is passed on up to a limit."""

import gzip
import io

import pytest

from clf.data.reading.compression import COMPRESSIONS, FREE, Inflated


def inflated(content: bytes, limit: int) -> Inflated:
    beneath = io.BytesIO(gzip.compress(content, 1, mtime=0))
    return Inflated(COMPRESSIONS[b"\x1f\x8b"].open(beneath), beneath, limit, lambda: ValueError("too much"))


def test_all_of_it_is_read_up_to_the_limit_and_what_is_free() -> None:
    assert inflated(b"a" * FREE, 0).read() == b"a" * FREE
    assert inflated(b"a" * (FREE + 1), FREE + 1).read() == b"a" * (FREE + 1)


def test_more_is_refused() -> None:
    with pytest.raises(ValueError, match="too much"):
        inflated(b"a" * (FREE + 1), FREE).read()


def test_closing_closes_what_is_beneath() -> None:
    stream = inflated(b"a", 1)
    stream.close()
    assert stream.beneath.closed
