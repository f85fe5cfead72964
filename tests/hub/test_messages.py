"""Orders and messages arrive in the other process as they were sent."""

import json

import pytest

from clf.hub.messages import Message, Order, Refusal


def test_an_order_arrives_as_it_was_sent() -> None:
    order = Order("dataset", "acme/texts", "größe\n", {"a\nb.csv": "0" * 64}, timeout=2.5)
    line = order.as_line()
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert Order.of_line(line) == order


def test_an_order_without_revision_and_pins_keeps_them_apart_from_empty_ones() -> None:
    assert Order.of_line(Order("model", "bert", None).as_line()) == Order("model", "bert", None, None, 60.0)
    assert Order.of_line(Order("model", "bert", "", {}).as_line()) == Order("model", "bert", "", {})


def test_what_a_message_does_not_send_keeps_its_default() -> None:
    assert Message.of_line('{"bytes": 5, "total": 9}') == Message(bytes=5, total=9)
    assert Message.of_line("{}") == Message()


def test_a_message_of_zero_seconds_or_bytes_is_told_from_one_without_them() -> None:
    message = Message.of_line('{"waited": 0.0, "bytes": 0}')
    assert (message.waited, message.bytes, message.answered) == (0.0, 0, None)


def test_fields_of_another_version_are_left_out() -> None:
    assert Message.of_line(json.dumps({"done": "a" * 40, "mood": "good"})) == Message(done="a" * 40)


NO_MESSAGES = ["", "\n", "Traceback (most recent call last):\n", "[]", "5", "null", '"done"', "[" * 100_000, '{"bytes": "5"}',
               '{"waited": NaN}', '{"waited": 1e400}', '{"done": 5}', '{"error": "it is gated"}', '{"error": {"message": "it is gated"}}']  # fmt: skip


@pytest.mark.parametrize("line", NO_MESSAGES, ids=range(len(NO_MESSAGES)))
def test_a_line_that_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that of json, or clf's own
        Message.of_line(line)


def test_an_error_arrives_with_its_kind_and_hint() -> None:
    told = {"kind": "model", "message": "it is gated", "hint": "ask for access"}
    assert Message.of_line(json.dumps({"error": told})) == Message(error=Refusal(**told))
