"""One attempt at a download: what arrives is checked, what is there is not asked for again, the record comes last."""

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from huggingface_hub import constants

from clf.errors import ClfError, DataError, ModelError, NetworkError, OutputError
from clf.hub.address import cache_folder, repository_folder
from clf.hub.cache import look_up
from clf.hub.explain import TryAgain
from clf.hub.files import wanted
from clf.hub.messages import Message, Order, Refusal
from clf.hub.records import read_record
from clf.hub.transfer import BYTES_OF_A_FILE, TransferProgress, Waiting, busy_seconds, main, transfer
from conftest import RunClf
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

NAME = "distilbert-base-uncased"
MODEL = "acme/tiny"
WEIGHTS = "model.safetensors"
DATA = bytes(range(251)) * 80
FILES = {WEIGHTS: DATA, "config.json": b"{}", "tokenizer.json": b"[]", "README.md": b"# not fetched"}


@pytest.fixture
def model_hub(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """Give a Hub with a model, and let transfers in this process leave no thread behind."""
    hub.publish("models", MODEL, FILES)
    monkeypatch.setattr(Waiting, "start", lambda self: None)
    return hub


def order(**changes: Any) -> Order:
    return Order(**({"kind": "model", "repository": MODEL, "revision": None, "timeout": 100.0} | changes))


def blob(suffix: str = "") -> Path:
    """Return where the weights lie among the blobs: with the suffix, while they are incomplete."""
    return repository_folder("model", MODEL) / "blobs" / (hashlib.sha256(DATA).hexdigest() + suffix)


def put_part(data: bytes) -> None:
    """Leave the beginning of the weights behind, as a broken attempt does."""
    part = blob(".clf.incomplete")
    part.parent.mkdir(parents=True)
    part.write_bytes(data)


def assert_nothing_is_complete() -> None:
    root = repository_folder("model", MODEL)
    assert read_record(root).commits == {}
    assert not list(root.glob("snapshots/*/*"))


def test_a_transfer_reports_the_answer_the_bytes_and_the_commit(
    model_hub: LocalHub, capsys: pytest.CaptureFixture[str]
) -> None:
    transfer(order())
    messages = [Message.of_line(line) for line in capsys.readouterr().out.splitlines()]
    found = look_up("model", MODEL, anew=True).usable
    assert found
    names = wanted("model", list(FILES))
    assert {path.name: path.read_bytes() for path in found.folder.iterdir()} == {name: FILES[name] for name in names}
    assert messages[0] == Message(answered=True)
    assert messages[-1] == Message(done=found.commit)
    total = sum(len(FILES[name]) for name in names)
    counted = [message for message in messages if message.bytes is not None]
    assert {message.total for message in counted} == {total}
    assert [message.bytes for message in counted] == sorted(message.bytes for message in counted)
    assert counted[0].bytes == 0
    assert not list(cache_folder().glob("*/blobs/*.incomplete"))


def test_only_the_rest_of_a_file_is_asked_for(model_hub: LocalHub) -> None:
    put_part(DATA[:1000])
    transfer(order())
    assert model_hub.ranges == ["bytes=1000-"]
    assert look_up("model", MODEL, anew=True).usable


def test_a_part_that_is_too_long_is_begun_anew(model_hub: LocalHub) -> None:
    put_part(DATA + b"x")
    transfer(order())
    assert model_hub.ranges == []
    assert look_up("model", MODEL, anew=True).usable


def test_a_server_that_sends_the_whole_file_instead_of_the_rest_is_understood(model_hub: LocalHub) -> None:
    put_part(b"x" * 1000)
    model_hub.fault("status", path=WEIGHTS, code=200, body=DATA)
    transfer(order())
    assert model_hub.ranges == ["bytes=1000-"]
    assert blob().read_bytes() == DATA


def test_a_file_that_is_there_is_not_asked_for(model_hub: LocalHub) -> None:
    blob().parent.mkdir(parents=True)
    blob().write_bytes(DATA)
    transfer(order())
    assert not [request for request in model_hub.requests if request.path.endswith(WEIGHTS)]
    assert look_up("model", MODEL, anew=True).usable


@pytest.mark.parametrize(
    ("kind", "says", "kept"),
    [
        ("truncate", "was cut off after 1000 of", 1000),
        ("corrupt", r"the content of model\.safetensors does not match its hash", None),
        ("status", "is longer than the", 0),
    ],
)
def test_what_is_broken_is_tried_again_from_what_is_certain(
    model_hub: LocalHub, kind: Any, says: str, kept: int | None
) -> None:
    options = {"truncate": {"after": 1000}, "status": {"code": 200, "body": bytes(len(DATA) + 1)}}.get(kind, {})
    model_hub.fault(kind, path=WEIGHTS, method="GET", **options)
    with pytest.raises(TryAgain, match=says):
        transfer(order())
    assert_nothing_is_complete()
    part = blob(".clf.incomplete")
    assert (part.stat().st_size if part.exists() else None) == kept
    model_hub.clear()
    transfer(order())
    assert look_up("model", MODEL, anew=True).usable


def test_pins_choose_the_files_and_must_match(model_hub: LocalHub) -> None:
    pins = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items() if name != "README.md"}
    with pytest.raises(NetworkError, match=r"config\.json does not match the manifest") as refused:
        transfer(order(pins=pins | {"config.json": "0" * 64}))
    assert pins["config.json"] in refused.value.message
    assert "do not use this source" in refused.value.hint
    assert_nothing_is_complete()
    with pytest.raises(ModelError, match=r"has no file merges\.txt"):
        transfer(order(pins=pins | {"merges.txt": "0" * 64}))
    transfer(order(pins=pins))
    assert look_up("model", MODEL, anew=True).usable


@pytest.mark.parametrize("lacks", ["config.json", "tokenizer.json", WEIGHTS])
def test_a_model_that_lacks_a_file_is_not_recorded(model_hub: LocalHub, lacks: str) -> None:
    files = {name: data for name, data in FILES.items() if name != lacks}
    model_hub.publish("models", "acme/odd", files)
    with pytest.raises(ModelError) as refused:
        transfer(order(repository="acme/odd"))
    assert refused.value.message == f"acme/odd has no {lacks}"
    assert refused.value.hint.startswith("choose a")
    assert read_record(repository_folder("model", "acme/odd")).commits == {}


@pytest.mark.parametrize(
    ("files", "error_type", "says"),
    [
        ({"load.py": b"1", "data.zip": b"PK"}, DataError, "acme/odd has no file that clf can read"),
        ({"../outside.csv": b"text,label\n"}, NetworkError, "the Hub's list of the files of acme/odd is invalid"),
    ],
)
def test_a_dataset_that_clf_cannot_read_is_not_recorded(
    model_hub: LocalHub, files: dict[str, bytes], error_type: type[ClfError], says: str
) -> None:
    model_hub.publish("datasets", "acme/odd", files)
    with pytest.raises(error_type) as refused:
        transfer(order(kind="dataset", repository="acme/odd"))
    assert refused.value.message == says
    assert not repository_folder("dataset", "acme/odd").exists()


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_without_room_is_named_before_anything_is_asked_for(
    model_hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = sum(len(FILES[name]) for name in wanted("model", list(FILES)))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(free, 1, free - 1))
    with pytest.raises(OutputError, match=r"is full: 0\.\d MB are needed and 0\.\d MB are free"):
        transfer(order())
    assert not [request for request in model_hub.requests if "/resolve/" in request.path]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(free, 0, free))
    transfer(order())
    assert look_up("model", MODEL).usable


@pytest.mark.parametrize("links", [True, False])
def test_a_file_system_without_links_gets_copies(
    model_hub: LocalHub, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(self: Path, target: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(Path, "symlink_to", refused)
    transfer(order())
    weights = look_up("model", MODEL, anew=True).usable.folder / WEIGHTS  # type: ignore[union-attr]
    assert weights.is_symlink() is links
    assert weights.read_bytes() == DATA
    assert not list(cache_folder().rglob("*.part"))


def test_another_error_of_a_link_is_not_hidden(model_hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, target: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "symlink_to", refused)
    with pytest.raises(OSError, match="Read-only file system"):
        transfer(order())
    assert_nothing_is_complete()


def test_progress_counts_bytes_and_is_not_reported_for_each_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    progress = TransferProgress(10**6)
    progress.spoken = float("inf")  # so that no report is due
    progress.advance(10, 10)
    progress.hashed(7)
    progress.advance(5)
    progress.advance(0, BYTES_OF_A_FILE)
    progress.say()
    first, last = (Message.of_line(line) for line in capsys.readouterr().out.splitlines())
    assert first == Message(bytes=0, total=10**6)
    assert last == Message(bytes=15, received=10 + BYTES_OF_A_FILE, hashed=7, total=10**6)


# --- with the process around it -------------------------------------------------------------------------------------


def test_computing_is_no_waiting_and_sleeping_is(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, said = Waiting(), threading.Event()
    monkeypatch.setattr("clf.hub.transfer.report", lambda **_: said.set())
    waiting.start()
    began, busy = time.monotonic(), busy_seconds()
    while busy_seconds() - busy < 1.0:  # of this thread alone, computed or queued
        sum(range(10_000))
    computed, waited = time.monotonic() - began, waiting.waited
    time.sleep(1.5)
    assert said.is_set()
    assert waited < 0.5 * computed
    assert waiting.waited - waited > 0.7
    waiting.ended.set()
    waiting.join()


def test_the_plain_client_finds_what_clf_fetched(hub_with_model: LocalHub) -> None:
    from huggingface_hub import snapshot_download

    patterns = wanted("model", list(tiny_encoder_files()))
    assert snapshot_download(NAME, local_files_only=True, allow_patterns=patterns)
    shutil.rmtree(cache_folder() / ".locks")
    assert look_up("model", NAME).usable


def test_a_legacy_id_and_a_content_network_work_and_the_token_stays(
    clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_goodTOKEN123")
    with LocalHub(tokens=("hf_goodTOKEN123",), cdn=True) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        hub.publish("models", "distilbert/distilbert-base-uncased", tiny_encoder_files())
        hub.redirect("models", "distilbert-base-uncased", "distilbert/distilbert-base-uncased")
        hub.fault("reset", path="/cdn/", after=50_000, times=1)
        assert clf("download-models").code == 0
        assert clf("download-models", "--verify").code == 0
        assert set(hub.ranges) == {"bytes=50000-"}
        assert hub.told_the_cdn == []


def test_many_small_files_that_keep_coming_are_no_stall(clf: RunClf, hub: LocalHub) -> None:
    readme = b"---\nconfigs:\n- config_name: default\n  data_files: '*.jsonl'\n---\n"
    hub.publish(
        "datasets",
        "acme/many",
        {f"{number}.jsonl": b'{"text": "a", "label": 1}\n' for number in range(40)} | {"README.md": readme},
    )
    hub.fault("slow", path=r"\.jsonl", rate=200)
    assert clf("download-models", "--dataset", "acme/many", "--download-timeout", "3").code == 0


def test_a_hub_that_gives_another_commit_than_the_one_pinned_is_refused(clf: RunClf, hub: LocalHub) -> None:
    sha = hub.publish("models", "acme/pinned", tiny_encoder_files(), ref="c" * 40)
    assert sha != "c" * 40
    done = clf("download-models", "acme/pinned", "--revision", "c" * 40)
    assert done.code == 1
    assert f"the Hub returned {sha}" in done.err


def test_a_disk_that_runs_full_is_said_and_nothing_is_left(hub: LocalHub, tmp_path: Path) -> None:
    environment = os.environ | hub.environment(tmp_path / "home")
    command = f"ulimit -f 50; exec {sys.executable} -m clf download-models distilbert-base-uncased --json"
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "output"
    assert "is full" in error["message"]
    assert "HF_HOME" in error["hint"]
    assert not list((tmp_path / "home").glob("hub/*/blobs/*.incomplete"))


def test_an_error_that_names_half_a_character_is_still_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(order: Order) -> None:
        raise OutputError("the cache /caf\udce9 cannot be written", "choose another")

    monkeypatch.setattr("clf.hub.transfer.transfer", fails)
    monkeypatch.setattr(sys, "stdin", io.StringIO(Order("model", "bert", None).as_line()))
    monkeypatch.setattr("clf.hub.transfer._end_with_parent", lambda: None)
    main()
    told = Message.of_line(capsys.readouterr().out).error
    assert told == Refusal(kind="output", message="the cache /caf? cannot be written", hint="choose another")
