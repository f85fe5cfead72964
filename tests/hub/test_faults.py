"""Whatever a network or a Hub does, a download ends: in checked files or in one line, and the next one works."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from clf.hub import download
from clf.hub.address import cache_folder
from clf.hub.files import content_hash
from conftest import Outcome, RunClf
from support.faults import CASES, MODEL, FaultCase, publish, unreachable
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

QUICK = ("--download-timeout", "2")
PATIENCE = 6.0
"""Seconds that all attempts together may wait with a timeout of 2: it, a stall of half of it, and the pauses. What a
slow or busy machine takes to start and to compute is not among them, and bounds nothing here."""


@pytest.fixture
def faulty_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with LocalHub(tokens=("hf_goodTOKEN123",)) as server:
        publish(server)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        yield server


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.sweep] * case.weekly, id=case.name) for case in CASES]
)
def test_a_download_ends_as_it_must(
    clf: RunClf, faulty_hub: LocalHub, monkeypatch: pytest.MonkeyPatch, case: FaultCase
) -> None:
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value)
    if (
        case.code and case.name != "503 for ever"
    ):  # the fourth attempt at what never works shows no more than the second
        monkeypatch.setattr(download, "FRUITLESS_ATTEMPTS", 2)
    case.arrange(faulty_hub)
    with unreachable(case.endpoint) as nowhere:
        if case.endpoint != "hub":
            monkeypatch.setattr(constants, "ENDPOINT", nowhere)
        done = clf("download-models", case.asks, *case.arguments, *QUICK, "--json", "--verbose")
    assert done.code == case.code, done.err
    if case.code:
        assert seconds_waited(done) < PATIENCE
    if case.code:
        assert done.json["error"]["kind"] == case.kind
        assert case.says in done.json["error"]["message"]
        assert done.json["error"]["hint"]
        assert "Traceback" not in done.err
    assert_every_blob_is_right()

    if case.code:
        faulty_hub.clear()
        monkeypatch.setattr(constants, "ENDPOINT", faulty_hub.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        done = clf("download-models", MODEL, "--json")
    [row] = done.json
    files = {path.name: path.read_bytes() for path in Path(row["folder"]).iterdir()}
    assert files == {name: data for name, data in tiny_encoder_files().items() if name != "README.md"}


def seconds_waited(done: Outcome) -> float:
    """Return how long the download says that it waited; 0 where it asked nothing twice."""
    said = re.search(r"gave up after \d+ attempts and ([\d.]+) s of waiting", done.err)
    assert said or "trying again" not in done.err, done.err
    return float(said[1]) if said else 0.0


def assert_every_blob_is_right() -> None:
    for blob in cache_folder().glob("*/blobs/*"):
        assert blob.suffix == ".incomplete" or content_hash(blob, blob.name) == blob.name


def test_a_drip_ends_within_the_timeout_whatever_else_is_here(clf: RunClf, faulty_hub: LocalHub) -> None:
    faulty_hub.fault("slow", path=r"model\.safetensors", rate=100)
    done = clf("download-models", MODEL, "--download-timeout", "4", "--verbose")
    assert done.code == 1
    assert 3 < seconds_waited(done) < 7


def test_what_was_received_before_a_cut_is_not_asked_for_again(clf: RunClf, faulty_hub: LocalHub) -> None:
    faulty_hub.fault("reset", path=r"model\.safetensors", after=50_000, times=1)
    faulty_hub.fault("status", path=r"model\.safetensors")
    assert clf("download-models", MODEL, *QUICK).code == 1
    [part] = cache_folder().glob("*/blobs/*.clf.incomplete")
    received = part.stat().st_size
    faulty_hub.clear()
    assert received == 50_000
    assert clf("download-models", MODEL).code == 0
    assert faulty_hub.ranges == ["bytes=50000-"]
