"""Fixtures that many tests share: clf run in-process, tiny models, data files, a Hub on 127.0.0.1."""

import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from filelock import FileLock

from clf.cli.app import run
from clf.data.sources.synthetic import synthetic_reviews
from clf.demo import FRESH_RECIPE
from support.local_hub import LocalHub
from support.tiny import ag_news_files, imdb_files, review_rows, tiny_encoder_files, write_csv, write_tiny_encoder

HANGS = 280
"""Seconds after which a process that a test started hangs, on any machine; the test's own limit is 300."""
# Properties are tried on the same examples each time, so that no change fails by what it did not touch; and weekly on
# new ones (`--hypothesis-profile new`).
hypothesis.settings.register_profile("same", derandomize=True, database=None)
hypothesis.settings.register_profile("new", derandomize=False, print_blob=True)
hypothesis.settings.load_profile("same")

FAST = ("--epochs", "3", "--learning-rate", "3e-3", "--batch-size", "8", "--max-length", "64")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped fails, as what it needs is there")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped, with --no-skips: {report.longrepr[-1]}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    """Compute on processors, as everywhere; on GPUs only where their tests alone were asked for (`-m gpu`).

    Interrupts are as in a terminal, also where a shell started the tests in the background and had them ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("-m") != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the long tests first, so that no process is left alone with one at the end.

    They are dealt to the beginnings of three parts, since each process begins with a part of its own.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    size = -(-len(rest) // 3)
    items[:] = [item for part in range(3) for item in [*long[part::3], *rest[part * size : (part + 1) * size]]]


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


@pytest.fixture(scope="session", autouse=True)
def preloaded() -> None:
    """In a process that runs many tests, import all that they will, and keep the collector from looking at it again.

    Each training asks for a collection, which takes a third of a second with the libraries in its way.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        import support.preloaded  # noqa: F401


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

    for name in [name for name in os.environ if name.startswith("CLF_") and name != "CLF_COMPUTE__PRECISION"]:
        monkeypatch.delenv(name)  # all but what lets the suite run as on another kind of processor
    if sys.platform == "darwin":  # whose GPU cannot be hidden
        monkeypatch.setenv("CLF_COMPUTE__DEVICE", "cpu")
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
        assert "error: unexpected " not in captured.err, captured.err
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def own_stdout() -> Iterator[None]:
    """Restore the descriptor of stdout, which a command that lost its reader gives up."""
    kept = os.dup(1)
    yield
    os.dup2(kept, 1)
    os.close(kept)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a tiny encoder."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model folder that clf trained on the synthetic reviews; tests must not change it.

    Its encoder is the demo's small one, which knows their words. Trained for half as long again as it needs, it is
    right about every test text, and sure, whatever the number format, the threads and the machine. Of several
    processes that test, one trains it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with FileLock(folder / "models.lock"):
        if not (folder / "models").exists():
            train_far_enough(folder / "models")
    return folder / "models" / "trained"


def train_far_enough(folder: Path) -> None:
    from clf.models.fresh import write_fresh_encoder

    (folder / "encoder").mkdir(parents=True)
    texts = [review.text for review in synthetic_reviews(100, 42)["train"]]
    encoder = write_fresh_encoder(folder / "encoder", texts, 42)
    recipe = FRESH_RECIPE | {"epochs": 30, "early_stopping_patience": 30, "max_length": 128}
    arguments = [str(part) for name, value in recipe.items() for part in ("--" + name.replace("_", "-"), value)]
    command = ["train", "--dataset", "synthetic", "--model", str(encoder), "--output-dir", str(folder / "trained")]
    assert run([*command, *arguments, "--quiet", "--json"]) == 0


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


@pytest.fixture
def new_texts(own_folder: Path) -> Path:
    """Give a CSV file with 20 texts to label, three of them empty."""
    rows: list[tuple[object, ...]] = [
        (number, "" if number % 7 == 3 else text) for number, (text, _) in enumerate(review_rows(20))
    ]
    return write_csv(own_folder / "new.csv", rows, ("id", "text"))


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let four rows be a window of `clf predict`."""
    monkeypatch.setattr("clf.predict.WINDOW", 4)
