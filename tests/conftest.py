"""Fixtures that many tests share: clf run in-process, tiny models, data files, a Hub on 127.0.0.1."""

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clf.cli.app import run
from support.local_hub import LocalHub
from support.tiny import ag_news_files, imdb_files, review_rows, tiny_encoder_files, write_csv, write_tiny_encoder

FAST = ("--epochs", "3", "--learning-rate", "3e-3", "--batch-size", "8", "--max-length", "64")


@dataclass(frozen=True)
class Outcome:
    """What one command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


RunClf = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test connect anywhere but to this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "localhost", "::1"}:
            raise AssertionError(f"a test tried to connect to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run each test in an empty folder, with no settings and an empty cache of its own."""
    from huggingface_hub import constants

    for name in [name for name in os.environ if name.startswith("CLF_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    work = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(work)
    return work


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Undo what an earlier command set on clf's log."""
    log = logging.getLogger("clf")
    log.handlers, log.propagate = [], True
    log.setLevel(logging.NOTSET)


@pytest.fixture
def clf(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RunClf:
    """Run one clf command in this process."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "0")  # so that what a command sets is undone

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a tiny encoder."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def trained(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model folder that clf trained on the synthetic reviews; tests must not change it."""
    folder = tmp_path_factory.mktemp("models") / "trained"
    arguments = ["train", "--dataset", "synthetic", "--model", str(tiny_encoder), *FAST, "--output-dir", str(folder)]
    assert (
        run(
            [
                *arguments,
                "--quiet",
                "--json",
                "--epochs",
                "20",
                "--early-stopping-patience",
                "20",
                "--max-length",
                "128",
            ]
        )
        == 0
    )
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Give a Hub on 127.0.0.1 that the clients in this process ask, with a model and two datasets."""
    from huggingface_hub import constants

    with LocalHub() as server:
        server.publish("models", "distilbert-base-uncased", tiny_encoder_files())
        server.publish("datasets", "stanfordnlp/imdb", imdb_files())
        server.publish("datasets", "fancyzhx/ag_news", ag_news_files())
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield server


@pytest.fixture
def dead_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients in this process ask a Hub that refuses every connection."""
    from huggingface_hub import constants

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def reviews(own_folder: Path) -> Path:
    """Give a CSV file with 40 labelled reviews."""
    return write_csv(own_folder / "reviews.csv", review_rows())
