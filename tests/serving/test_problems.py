"""Errors as answers: one JSON shape, whatever stands in it."""

import asyncio
import json

from clf.serving.problems import Message, Problem, answer, ignore, internal, timed_out


def test_an_error_is_one_json_object_of_three_texts() -> None:
    problem = Problem(413, "too_large", "128 texts are too many", "send fewer")
    assert problem.body() == {"error": "128 texts are too many", "error_type": "too_large", "hint": "send fewer"}
    assert json.loads(problem.encoded()) == problem.body()


def test_foreign_text_in_an_error_is_cut_and_escaped() -> None:
    problem = Problem(422, "validation", "\udcff\n\u2028" + "é" * 10_000)
    assert len(problem.body()["error"]) == 1000
    assert problem.encoded().isascii()
    assert b"\n" not in problem.encoded()
    assert dict(problem.headers())[b"content-length"] == str(len(problem.encoded())).encode()


def test_an_error_on_the_wire_closes_the_connection() -> None:
    wire = Problem(429, "overloaded", "wait", headers=[(b"retry-after", b"1")]).on_the_wire([(b"date", b"now")])
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[:2] == [b"HTTP/1.1 429 Too Many Requests", b"date: now"]
    assert {b"retry-after: 1", b"connection: close", b"cache-control: no-store"} < set(lines)
    assert json.loads(body)["error_type"] == "overloaded"


def test_an_error_is_sent_in_two_messages() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(answer(internal(), send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["body"]) == (500, internal().encoded())
    assert "0.5 s" in timed_out(0.5).message
    ignore(internal())
