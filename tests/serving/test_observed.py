"""The log and the counters of requests."""

import asyncio
import json
from typing import Any

import pytest

from clf.serving.metrics import Metrics
from clf.serving.observed import Observed
from clf.serving.problems import Problem


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as the guard does
            await send({"type": "http.response.start", "status": 503, "headers": []})
            raise
    scope["state"]["texts"] = 3
    await send({"type": "http.response.start", "status": 429 if scope["path"] == "/predict" else 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(observed: Observed, path: str, method: str = "POST") -> None:
    async def send(message: Any) -> None: ...

    scope = {"type": "http", "path": path, "method": method, "query_string": b"text=secret"}
    asyncio.run(observed(scope, send, send))  # type: ignore[arg-type]


def test_a_line_for_each_request_says_how_it_was_answered(capfd: pytest.CaptureFixture[str]) -> None:
    observed = Observed(app, Metrics(), tell=True)
    ask(observed, "/predict")
    ask(observed, "/a secret text", "SECRET")
    observed.refused(Problem(408, "timeout", "late"))
    first, second, third = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (first["method"], first["path"], first["status"], first["texts"], first["error"]) == (
        "POST",
        "/predict",
        429,
        3,
        "overloaded",
    )
    assert first["seconds"] >= 0
    assert first["time"].startswith("20")
    assert (second["method"], second["path"], second["status"]) == ("other", "other", 200)
    assert (third["status"], third["error"]) == (408, "timeout")
    assert "seconds" not in third  # nobody knows when it began
    assert 'clf_request_seconds_count{path="other"} 1.0' in observed.metrics.page().decode()


def test_what_supervisors_ask_is_logged_only_where_it_fails(capfd: pytest.CaptureFixture[str]) -> None:
    observed = Observed(app, Metrics(), tell=True)
    for path in ("/health", "/ready", "/metrics", "/info"):
        ask(observed, path, "GET")
    observed._note("GET", "/ready", 503, 0.001, None)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/info", 200), ("/ready", 503)]
    assert 'clf_requests_total{path="/health",status="200"} 1.0' in observed.metrics.page().decode()


def test_without_a_log_requests_are_only_counted(capfd: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics()
    observed = Observed(app, metrics, tell=False)
    ask(observed, "/predict")
    assert capfd.readouterr().err == ""
    assert 'clf_errors_total{kind="overloaded"} 1.0' in metrics.page().decode()


def test_each_kind_of_error_is_counted_from_0_on_so_that_alerts_see_the_first() -> None:
    page = Observed(app, Metrics(), tell=False).metrics.page().decode()
    for kind in ("internal", "overloaded", "unauthorized"):
        assert f'clf_errors_total{{kind="{kind}"}} 0.0' in page


def test_a_request_that_the_end_of_the_server_cuts_off_is_counted_as_such_alone() -> None:
    observed = Observed(app, Metrics(), tell=False)

    async def cut() -> None:
        async def nothing(message: Any = None) -> Any: ...

        task = asyncio.create_task(observed({"type": "http", "path": "/slow", "method": "GET"}, nothing, nothing))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cut())
    assert (observed.cut_off, observed.answered) == (1, 0)
