"""A server of `clf serve` in this process, and a plain client for it."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clf.predictor import Predictor
from clf.serving.app import Serving
from clf.serving.labelling import Labeller
from clf.serving.metrics import Metrics
from clf.serving.server import Server, listen
from clf.settings import ServeSettings, Settings

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Served:
    """A running server and the model behind it."""

    port: int
    server: Server
    token: str | None = None

    @property
    def serving(self) -> Serving:
        return self.server.serving

    @property
    def predictor(self) -> Predictor:
        return self.serving.labeller.predictor

    def connect(self, timeout: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(
        self, path: str, body: Any = None, method: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request, by default with JSON and the token; a body of bytes is sent as it is."""
        connection = self.connect()
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        shown = {"authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(
                method or ("GET" if body is None else "POST"), path, content, {**JSON, **shown, **(headers or {})}
            )
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def predict(self, inputs: Any, **fields: Any) -> Any:
        """Label texts; the answer must be good."""
        answer = self.ask("/predict", {"inputs": inputs, **fields})
        assert answer.status == 200, answer
        return answer.json


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.002)


@contextmanager
def serving(
    model: str | Path | Predictor, token: str | None = None, settings: Settings | None = None, **options: Any
) -> Iterator[Served]:
    """Serve a model on a free port of 127.0.0.1; `options` are settings of the server."""
    chosen = ServeSettings(**options)
    predictor = model if isinstance(model, Predictor) else Predictor(str(model), settings)
    metrics = Metrics()
    labeller = Labeller(predictor, chosen.queue)
    server = Server(Serving(labeller, chosen, metrics), token, chosen)
    taken = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.answer, args=(taken,))
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        yield Served(taken.getsockname()[1], server, token)
    finally:
        server.should_exit = True
        thread.join(30)
        labeller.close()
    assert not thread.is_alive()
