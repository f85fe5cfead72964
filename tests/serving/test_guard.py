"""What a request must pass before the app sees it, and what every answer carries."""

import asyncio
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from clf.errors import ModelError
from clf.models.tokens import tokenize
from clf.serving.guard import LARGEST_HEAD, MOST_HEADERS, OPEN_PATHS, WAITING_BODIES, Guard, host_of, log_failure
from clf.serving.problems import App, Message, Problem, Receive, Scope, Send
from support.wire import Address, assert_secure, echo, get, is_problem, read_answer, serving

TOKEN = "canary-TOKEN-0123456789"
SHOWN = f"Authorization: Bearer {TOKEN}"
MOST = 1000


@pytest.fixture(scope="module")
def server() -> Iterator[Address]:
    with serving(Guard(echo, ["models.example"], TOKEN, MOST)) as address:
        yield address


# --- the name of the host ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost", "LocalHost:1", "localhost.", "[::1]", "[::1]:8000", "192.0.2.7:80", "models.example",
     "MODELS.example.:443"],
)  # fmt: skip
def test_own_names_and_addresses_are_answered(server: Address, host: str) -> None:
    assert server.ask(get(host=host)).body == b"GET / 0"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "models.example.evil.example", "x.models.example", "localhost.evil.example", "", ":8000", "::1",
     "[::1", "[localhost]", "[::1]x", "127.0.0.1:x", "127.0.0.1:8000:1", "127.1", "2130706433", "0x7f.0.0.1", "user@localhost", "localhost/x",
     "local host", "127.0.0.1, evil.example", "*", "127.0.0.1:٣"],
)  # fmt: skip
def test_another_name_is_refused_as_a_page_elsewhere_may_have_chosen_it(server: Address, host: str) -> None:
    request = get("/", SHOWN).replace(b"Host: 127.0.0.1", b"Host: " + host.encode())
    assert is_problem(server.ask(request), 421, "host")


def test_a_request_of_http_1_0_may_name_no_host(server: Address) -> None:
    assert server.ask(b"GET / HTTP/1.0\r\n\r\n").body == b"GET / 0"
    assert is_problem(server.ask(b"GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n"), 421, "host")


def test_all_names_are_answered_if_told_so() -> None:
    status, _ = ask(Guard(echo, ["*"], None, MOST), headers=[(b"host", b"any.example")])
    assert status == 200
    status, _ = ask(Guard(echo, ["*"], None, MOST), headers=[(b"host", b"a"), (b"host", b"a")])
    assert status == 421


def test_the_host_of_a_header() -> None:
    assert [host_of(header) for header in (b"A.b:80", b"[2001:db8::1]:80", b"a:", b" a ")] == [
        "a.b",
        "2001:db8::1",
        "a",
        "a",
    ]


# --- the token --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_page_and_the_checks_of_health_are_open(server: Address, path: str, method: str) -> None:
    assert server.ask(get(path, method=method)).status == 200


@pytest.mark.parametrize(
    "path",
    ["/predict", "/info", "/metrics", "/nothing", "//", "//health", "/health/", "/health%2f", "/health/../predict", "/./health", "/HEALTH",
     "http://127.0.0.1/predict", "*"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "TRACE"])
def test_everything_else_asks_for_the_token(server: Address, path: str, method: str) -> None:
    with server.connect() as client:
        client.sendall(get(path, method=method))
        answer = read_answer(client, body=method != "HEAD")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert method == "HEAD" or is_problem(answer, 401, "unauthorized")
        client.sendall(get(path, SHOWN, method=method))
        assert read_answer(client, body=method != "HEAD").status == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (SHOWN, 200), (f"authorization: bEaReR   {TOKEN} ", 200), (f"Authorization: {TOKEN}", 401), ("Authorization: Bearer", 401),
        ("Authorization:", 401), (f"Authorization: Basic {TOKEN}", 401), (f"{SHOWN}x", 401), (SHOWN[:-1], 401), (SHOWN.upper(), 401),
        (f"{SHOWN}\r\n{SHOWN}", 401), (f"{SHOWN}, Bearer x", 401), ("Authorization: Bearer \u00ff\u00fe", 401), (f"Cookie: {TOKEN}", 401),
    ],
)  # fmt: skip
def test_only_the_whole_token_is_the_token(server: Address, header: str, status: int) -> None:
    answer = server.ask(get("/predict", header))
    assert answer.status == status
    assert TOKEN.encode() not in answer.body


def test_the_token_is_no_parameter(server: Address) -> None:
    assert server.ask(get(f"/predict?token={TOKEN}")).status == 401


# --- the size of a request --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, MOST])
def test_a_body_arrives_whole(server: Address, size: int) -> None:
    assert server.ask(get("/predict", SHOWN, method="POST", body=bytes(size))).body == f"POST /predict {size}".encode()
    chunks = b"".join(b"1\r\nx\r\n" for _ in range(size)) + b"0\r\n\r\n"
    request = get("/predict", SHOWN, "Transfer-Encoding: chunked", method="POST") + chunks
    assert server.ask(request).body == f"POST /predict {size}".encode()


@pytest.mark.parametrize("length", [MOST + 1, 10**17, 10**19])
def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(server: Address, length: int) -> None:
    answer = server.ask(get("/predict", SHOWN, f"Content-Length: {length}", method="POST"))
    assert is_problem(answer, 413, "too_large")
    assert "1,000 bytes" in answer.json["error"]


def test_a_body_that_grows_too_large_is_refused(server: Address) -> None:
    chunks = b"3e9\r\n" + bytes(MOST + 1) + b"\r\n0\r\n\r\n"
    with server.connect() as client:
        client.sendall(get("/", "Transfer-Encoding: chunked", method="POST") + chunks)
        assert is_problem(read_answer(client), 413, "too_large")
        client.sendall(get())
        assert read_answer(client).status == 200


def test_a_client_that_asks_first_is_refused_without_its_body(server: Address) -> None:
    with server.connect() as client:
        client.sendall(get("/", "Content-Length: 5000", "Expect: 100-continue", method="POST"))
        answer = read_answer(client)
        assert is_problem(answer, 413, "too_large")
        assert answer.headers["connection"] == "close"
        assert client.recv(1) == b""


def test_address_and_headers_may_be_of_a_bounded_size(server: Address) -> None:
    most = [f"X{number}: 1" for number in range(MOST_HEADERS - 1)]
    assert server.ask(get("/", *most)).status == 200
    assert is_problem(server.ask(get("/", *most, "Y: 1")), 431, "too_large")
    rest = LARGEST_HEAD - len("/" + "host" + "localhost")
    for size, expected in ((rest, 200), (rest + 1, 431)):
        status, _ = ask(Guard(echo, [], None, MOST), query_string=bytes(size))
        assert status == expected


def test_bodies_are_held_up_to_a_limit_and_then_let_go() -> None:
    async def many() -> list[int]:
        guard, go_on = Guard(waiting, [], None, MOST), asyncio.Event()
        scope = scope_of(headers=[(b"host", b"localhost"), (b"content-length", b"1000")])
        runs = [Recorder([request(bytes(MOST))]) for _ in range(WAITING_BODIES + 2)]
        tasks = [asyncio.create_task(guard({**scope, "wait": go_on}, run.receive, run.send)) for run in runs]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*tasks)
        assert guard.held == 0
        return [run.status for run in runs]

    assert sorted(asyncio.run(many())) == [200] * WAITING_BODIES + [429] * 2


async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
    await scope["wait"].wait()
    await echo(scope, receive, send)


# --- answers ----------------------------------------------------------------------------------------------------------


def test_all_answers_carry_the_same_headers_and_no_more(server: Address) -> None:
    for request in (get(), get("/predict"), get(host="evil.example"), get("/predict", SHOWN), get("/fails", SHOWN)):
        answer = server.ask(request)
        assert_secure(answer)
        assert "date" in answer.headers
    assert server.ask(get()).headers["x-frame-options"] == "own"


def test_head_is_answered_as_get_without_the_body(server: Address) -> None:
    with server.connect() as client:
        client.sendall(get(method="HEAD") + get())
        answer = read_answer(client, body=False)
        assert (answer.status, answer.headers["content-length"]) == (200, str(len(b"GET / 0")))
        assert read_answer(client).body == b"GET / 0"


class PanicException(BaseException):
    """What the library of tokenizers raises when it fails at a text."""


def test_what_the_library_of_tokenizers_says_of_a_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def panics(*_: Any, **__: Any) -> Any:
        raise PanicException("byte index 5 is not a char boundary; it is inside 'é' (bytes 4..6) of `a secret text`")

    with pytest.raises(ModelError, match="secret") as error:
        tokenize(["a secret text"], panics, 8)
    log_failure(error.value)
    [told] = [record.getMessage() for record in caplog.records]
    assert told.startswith("a request failed: ModelError in clf/models/tokens.py, line ")
    assert "secret" not in caplog.text


def test_an_unexpected_error_says_nothing_of_what_happened(server: Address, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "clf")
    with server.connect() as client:
        client.sendall(get("/fails", SHOWN, method="POST", body=b"secret text"))
        answer = read_answer(client)
        assert is_problem(answer, 500, "internal")
        client.sendall(get())
        assert read_answer(client).status == 200
    assert b"serving.py" not in answer.body
    [told] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert re.fullmatch(r"a request failed: ValueError in [^/]+/[^/]+/\w+\.py, line \d+", told)
    assert "raise ValueError(body.decode())" in caplog.text  # the place
    assert "secret" not in caplog.text + answer.body.decode()


def test_an_error_in_the_middle_of_an_answer_closes_the_connection(
    server: Address, caplog: pytest.LogCaptureFixture
) -> None:
    ended = server.talk(get("/breaks", SHOWN, method="POST", body=b"secret text"))
    assert ended.startswith(b"HTTP/1.1 200")
    assert ended.endswith(b"\r\n\r\n")
    assert "secret" not in caplog.text


def test_an_error_with_causes_is_logged_by_all_their_places(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise KeyError(scope["path"])
        except KeyError as error:
            raise ValueError(scope["path"]) from error

    caplog.set_level(logging.DEBUG, "clf")
    status, _ = ask(Guard(fails, [], None, MOST), path="/secret")
    assert status == 500
    assert [record.getMessage().split()[0] for record in caplog.records[1:]] == ["ValueError", "KeyError"]
    assert "secret" not in caplog.text


def test_a_problem_of_the_app_is_its_answer() -> None:
    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        raise Problem(418, "teapot", "no coffee")

    assert ask(Guard(refuses, [], None, MOST)) == (418, b'{"error": "no coffee", "error_type": "teapot", "hint": ""}')


def test_a_request_that_is_cancelled_is_told_that_the_server_stops() -> None:
    async def stops(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    run = Recorder([])
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run.through(Guard(stops, [], None, MOST), scope_of()))
    assert run.status == 503


def test_an_answer_waits_for_the_rest_of_its_request(server: Address) -> None:
    with server.connect() as client:
        client.sendall(get("/predict", method="POST", body=bytes(500))[:-100])
        assert is_problem(read_answer(client), 401, "unauthorized")
        client.sendall(bytes(100) + get())
        assert read_answer(client).body == b"GET / 0"


# --- what is no request of HTTP/1 -------------------------------------------------------------------------------------


def test_only_requests_and_the_start_and_end_of_the_server_are_passed_on() -> None:
    reached: list[str] = []

    async def records(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["type"])

    for kind in ("lifespan", "websocket", "other"):
        run = Recorder([])
        asyncio.run(run.through(Guard(records, [], TOKEN, MOST), {"type": kind}))
        assert run.sent == ([{"type": "websocket.close", "code": 1008}] if kind == "websocket" else [])
    assert reached == ["lifespan"]


@pytest.mark.parametrize("version", ["2", "2.0", "3", "0.9", "1.2"])
def test_another_version_of_http_is_refused(version: str) -> None:
    status, _ = ask(Guard(echo, [], None, MOST), http_version=version)
    assert status == 505


def test_the_app_sees_that_its_client_has_left() -> None:
    seen: list[str] = []

    async def listens(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"] for _ in range(2)])

    run = Recorder([request(b"abc"), {"type": "http.disconnect"}])
    scope = scope_of(headers=[(b"host", b"[::1]"), (b"content-length", b"3")])
    asyncio.run(run.through(Guard(listens, [], None, MOST), scope))
    assert seen == ["http.request", "http.disconnect"]
    run = Recorder([{"type": "http.disconnect"}])  # before its body
    asyncio.run(run.through(Guard(listens, [], None, MOST), scope))
    assert (len(seen), run.sent) == (2, [])


class Recorder:
    """What a server gives to an app, and what it gets."""

    def __init__(self, given: list[Message]) -> None:
        self.given, self.sent = given, list[Message]()

    async def receive(self) -> Message:
        return self.given.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def through(self, app: App, scope: Scope) -> None:
        await app(scope, self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def request(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": False}


def scope_of(**other: Any) -> Scope:
    given = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
    return given | {"headers": [(b"host", b"localhost")]} | other


def ask(guard: Guard, **other: Any) -> tuple[int, bytes]:
    run = Recorder([request(b"")])
    asyncio.run(run.through(guard, scope_of(**other)))
    return run.status, b"".join(message.get("body", b"") for message in run.sent)
