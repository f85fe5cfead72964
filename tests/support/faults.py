"""What a network and a Hub do to a download, each with the end it must have: tests and benchmark share the list."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

MODEL = "acme/tiny"
WEIGHTS = r"model\.safetensors"
Arrange = Callable[[LocalHub], object]
CAPTIVE_PORTAL = b"<html><body>Please log in to the hotel's network</body></html>"


@dataclass(frozen=True)
class FaultCase:
    """A fault, and what `clf download-models` must do about it: `code` 0 means the right bytes after all."""

    name: str
    arrange: Arrange = lambda hub: None
    code: int = 0
    says: str = ""
    kind: str = "network"
    asks: str = MODEL
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    endpoint: Literal["hub", "refused", "silent"] = "hub"
    seconds: float = 10.0
    """The longest the command may take, by the promise that a test holds: 10, or the time of a stall."""
    weekly: bool = False
    """Whether to try it only once a week, because another case resembles it."""


def publish(hub: LocalHub) -> None:
    """Publish what the cases ask for."""
    files = tiny_encoder_files()
    hub.publish("models", MODEL, files)
    hub.publish("models", "acme/private", files, private=True)
    hub.publish("models", "acme/gated", files, gated=True)
    pickled = {name: data for name, data in files.items() if name != "model.safetensors"}
    hub.publish("models", "acme/pickled", pickled | {"pytorch_model.bin": b"cos\nsystem\n"})


def fault(kind: str, **options: object) -> Arrange:
    return lambda hub: hub.fault(kind, **options)  # type: ignore[arg-type]


CASES = [
    FaultCase("no fault"),
    FaultCase("503 twice on the list of files", fault("status", path="/api/", times=2)),
    FaultCase("503 twice on the weights", fault("status", path=WEIGHTS, method="GET", times=2), weekly=True),
    FaultCase("503 for ever", fault("status"), 1, "the Hub answered 503", seconds=20),
    FaultCase("500 for ever on the weights", fault("status", code=500, path=WEIGHTS), 1, "answered 500", seconds=20, weekly=True),
    FaultCase("429, come back in an hour, once", fault("status", code=429, path="/api/", times=1,
              headers={"Retry-After": "3600"}), seconds=20),
    FaultCase("429 for ever", fault("status", code=429), 1, "the Hub answered 429", seconds=20, weekly=True),
    FaultCase("reset before the first answer, once", fault("reset", path="/api/", times=1), weekly=True),
    FaultCase("reset in the middle of the weights, twice", fault("reset", path=WEIGHTS, after=50_000, times=2)),
    FaultCase("reset before each answer", fault("reset"), 1, "could not be downloaded from"),
    FaultCase("reset before the weights, always", fault("reset", path=WEIGHTS, after=0), 1, "could not be downloaded",
              seconds=20, weekly=True),
    FaultCase("weights cut off once", fault("truncate", path=WEIGHTS, times=1), weekly=True),
    FaultCase("weights cut off after 0 bytes, always", fault("truncate", path=WEIGHTS, after=0), 1,
              "was cut off after 0 of", seconds=20),
    FaultCase("wrong bytes of the right size, once", fault("corrupt", path=WEIGHTS, times=1)),
    FaultCase("wrong bytes of the right size, always", fault("corrupt", path=WEIGHTS), 1,
              "the content of model.safetensors does not match its hash", seconds=20),
    FaultCase("wrong bytes in config.json, once", fault("corrupt", path=r"config\.json", method="GET", times=1), weekly=True),
    FaultCase("accepts, never answers", fault("hang"), 1, "could not be downloaded from"),
    FaultCase("falls silent before the weights, always", fault("hang", path=WEIGHTS), 1, "could not be downloaded",
              seconds=75, weekly=True),
    FaultCase("falls silent in the middle of the weights, once", fault("hang", path=WEIGHTS, after=60_000, times=1),
              seconds=40),
    FaultCase("100 bytes a second, for ever", fault("slow", path=WEIGHTS, rate=100), 1, "too little data was received",
              seconds=75),
    FaultCase("40 kB a second", fault("slow", path=WEIGHTS, rate=40_000)),
    FaultCase("captive portal", fault("status", code=200, body=CAPTIVE_PORTAL), 1, "is not a Hub"),
    FaultCase("captive portal after the list of files", fault("status", code=200, body=CAPTIVE_PORTAL,
              path="/resolve/"), 1, "config.json was cut off", seconds=20),
    FaultCase("404 on a listed file", fault("status", code=404, path=WEIGHTS), 1, "the Hub answered 404"),
    FaultCase("403", fault("status", code=403), 1, "the Hub answered 403", weekly=True),
    FaultCase("connection refused", code=1, says="ConnectError", endpoint="refused"),
    FaultCase("connection never made (packets dropped)", code=1, says="could not be downloaded from", endpoint="silent"),
    FaultCase("unknown id", code=1, says="model acme/nothing does not exist on the Hub", kind="model", asks="acme/nothing"),
    FaultCase("private, no token", code=1, says="or it is private", kind="model", asks="acme/private"),
    FaultCase("gated, no token", code=1, says="is gated", kind="model", asks="acme/gated"),
    FaultCase("stale token", code=1, says="refused the token", kind="model", environment={"HF_TOKEN": "hf_staleTOKEN123"}),
    FaultCase("no such revision", code=1, says="has no revision 'v9'", kind="model", arguments=("--revision", "v9")),
    FaultCase("pickled weights only", code=1, says="only pickled weights", kind="model", asks="acme/pickled"),
]  # fmt: skip


@contextlib.contextmanager
def unreachable(kind: str) -> Iterator[str]:
    """Give the address of a Hub that refuses connections, or on whose side nothing ever happens."""
    with socket.socket() as server, contextlib.ExitStack() as waiting:
        server.bind(("127.0.0.1", 0))
        if kind == "silent":  # with its queue full, the kernel drops what else comes
            server.listen(0)
            for _ in range(4):
                client = waiting.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
