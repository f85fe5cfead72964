"""A download ends with verified files or an error; attempts without progress are limited, and processes share it."""

import hashlib
import io
import json
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from clf import hub as store
from clf.errors import ClfError, DataError, ModelError, NetworkError, OutputError, TrainingError
from clf.hub import download, look_up
from clf.hub.address import cache_folder, repository_folder
from clf.hub.cache import add_to_record
from clf.hub.download import _transfer
from clf.hub.messages import Message, Order, Refusal
from clf.hub.records import Content, read_record
from conftest import HANGS
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

NAME = "distilbert-base-uncased"
ORDER = Order("model", "acme/tiny", None)
COMMIT = "c" * 40


# --- what counts as progress ----------------------------------------------------------------------------------------


def talking(monkeypatch: pytest.MonkeyPatch, seconds: float, waiting: float = 1.0, **each: int) -> None:
    """Let every attempt say ten times a second that its counts grew by `each`, then that it is done; `waiting` is the
    share of its seconds that it waited for others."""

    @contextmanager
    def transfer(order: Order) -> Iterator[queue.Queue[Message]]:
        messages: queue.Queue[Message] = queue.Queue()
        messages.put(Message(answered=True))
        for number in range(1, int(seconds * 10) + 1):
            counts = {name: number * each.get(name, 0) for name in ("received", "hashed")}
            messages.put(Message(bytes=100 + counts["received"], total=10**9, **counts))
            messages.put(Message(waited=waiting * number / 10))
        messages.put(Message(done=COMMIT))
        yield messages

    monkeypatch.setattr(download, "_transfer", transfer)


def test_hashing_for_longer_than_a_stall_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, hashed=10_000_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_bytes_at_a_fair_rate_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, received=1_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_a_trickle_ends_within_the_timeout_over_all_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, received=10)
    attempts = download._Download(ORDER, timeout=2.0)
    with pytest.raises(NetworkError, match="too little data was received"):
        attempts.run()
    assert attempts.waited < 4


def test_a_process_that_gets_no_processor_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, waiting=0.01, received=10)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_a_process_that_says_nothing_uses_up_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def silent(order: Order) -> Iterator[queue.Queue[Message]]:
        yield queue.Queue()

    monkeypatch.setattr(download, "_transfer", silent)
    monkeypatch.setattr(download, "SECONDS_TO_START", 0.5)
    attempts = download._Download(ORDER, timeout=1.0)
    with pytest.raises(NetworkError, match="was silent"):
        attempts.run()
    assert attempts.attempts <= 2


# --- attempts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect the seconds of each pause between attempts, which then take no time."""
    seconds: list[float] = []
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


def saying(monkeypatch: pytest.MonkeyPatch, *attempts: list[Message]) -> None:
    """Let each attempt send its messages; those after the last send the same as it."""
    left = list(attempts)

    @contextmanager
    def transfer(order: Order) -> Iterator[queue.Queue[Message]]:
        messages: queue.Queue[Message] = queue.Queue()
        for message in left.pop(0) if len(left) > 1 else left[0]:
            messages.put(message)
        yield messages

    monkeypatch.setattr(download, "_transfer", transfer)


@pytest.mark.parametrize(
    ("wait", "expected"), [(0.0, [1.0, 2.0, 4.0]), (3.0, [3.0, 3.0, 4.0]), (3600.0, [8.0, 8.0, 8.0])]
)
def test_pauses_grow_and_are_limited_whatever_the_hub_asks_for(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float], wait: float, expected: list[float]
) -> None:
    saying(monkeypatch, [Message(answered=True), Message(again="the Hub answered 429", wait=wait)])
    attempts = download._Download(ORDER, timeout=60.0)
    with pytest.raises(NetworkError, match="the Hub answered 429"):
        attempts.run()
    assert (pauses, attempts.attempts) == (expected, 4)


def test_a_hub_that_was_never_reached_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    saying(monkeypatch, [Message(again="ConnectError: no route", unreachable=True)])
    attempts = download._Download(ORDER, timeout=60.0)
    with pytest.raises(NetworkError, match="no route"):
        attempts.run()
    assert (pauses, attempts.attempts) == ([], 1)


def test_a_hub_that_answered_before_is_worth_another_attempt(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    gone = Message(again="ConnectError: no route", unreachable=True)
    saying(monkeypatch, [Message(again="the Hub answered 503", reached=True)], [gone], [Message(done=COMMIT)])
    assert download._Download(ORDER, timeout=60.0).run() == COMMIT
    assert pauses == [1.0, 2.0]


def test_attempts_that_bring_more_bytes_are_not_limited(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    cut = Message(again="cut off", reached=True)
    attempts = [[Message(bytes=1000 * number, received=1000, total=20_000), cut] for number in range(1, 13)]
    saying(monkeypatch, *attempts, [Message(done=COMMIT)])
    assert download._Download(ORDER, timeout=60.0).run() == COMMIT
    assert pauses == [0.1] * 12


@pytest.mark.parametrize(
    ("kind", "error_type"),
    [
        ("model", ModelError),
        ("data", DataError),
        ("output", OutputError),
        ("training", TrainingError),
        ("?", NetworkError),
    ],
)
def test_a_final_error_keeps_its_kind_message_and_hint(
    monkeypatch: pytest.MonkeyPatch, kind: str, error_type: type[ClfError]
) -> None:
    saying(monkeypatch, [Message(error=Refusal(kind=kind, message="it is gated", hint="ask for access"))])
    with pytest.raises(error_type) as ended:
        download._Download(ORDER, timeout=60.0).run()
    assert (type(ended.value), ended.value.message, ended.value.hint) == (error_type, "it is gated", "ask for access")


def test_the_process_is_sent_to_the_endpoint_and_cache_of_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://me:secret@mirror.example")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    environment = download._environment()
    assert environment["HF_ENDPOINT"] == "http://me:secret@mirror.example"
    assert environment["HF_HUB_CACHE"] == str(tmp_path / "cache")
    assert (environment["HF_HUB_OFFLINE"], environment["HF_TOKEN"]) == ("0", "hf_abc")


# --- the cache and the Hub ------------------------------------------------------------------------------------------


def test_an_update_that_fails_leaves_the_old_commit(hub_with_model: LocalHub) -> None:
    old = look_up("model", NAME).usable
    files = tiny_encoder_files()
    hub_with_model.publish("models", NAME, files | {"vocab.txt": files["vocab.txt"] + b"newer\n"})
    broken = hub_with_model.fault("status", path="vocab", code=404)
    with pytest.raises(NetworkError, match="is still usable"):
        store.fetch("model", NAME, update=True)
    assert broken.fired
    assert look_up("model", NAME).usable == old
    hub_with_model.clear()
    new = store.fetch("model", NAME, update=True)
    assert (new.origin, new.commit != old.commit) == ("hub", True)  # type: ignore[union-attr]
    assert look_up("model", NAME).usable.commit == new.commit  # type: ignore[union-attr]
    assert look_up("model", NAME, old.commit).usable == old  # type: ignore[union-attr]


def test_a_place_that_cannot_be_written_is_named(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/proc/clf cache")
    with pytest.raises(OutputError, match=r"the cache /proc/clf cache cannot be written") as refused:
        store.fetch("model", NAME)
    assert "HF_HOME" in refused.value.hint


def test_a_path_with_spaces_is_a_path(hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "my cache, ü"))
    assert store.fetch("model", NAME).origin == "hub"
    assert store.fetch("model", NAME, offline=True).origin == "cache"


@pytest.mark.parametrize(
    ("kind", "revision", "error_type", "named", "command"),
    [
        ("model", None, ModelError, "model acme/x", "clf download-models acme/x"),
        ("model", "v2", ModelError, "revision v2 of model acme/x", "clf download-models acme/x --revision v2"),
        ("dataset", None, DataError, "dataset acme/x", "clf download-models --dataset acme/x"),
    ],
)
def test_offline_what_is_absent_is_named_with_the_command_that_fetches_it(
    kind: store.Kind, revision: str | None, error_type: type[ClfError], named: str, command: str
) -> None:
    with pytest.raises(error_type) as refused:
        store.fetch(kind, "acme/x", revision, offline=True)
    assert refused.value.message == f"{named} is not in the cache, and offline mode is on"
    assert refused.value.hint == f"fetch it where there is a network: {command}"


def recorded(*revisions: str) -> Path:
    """Record a commit of a model as complete under each revision, with a single file, and return its folder."""
    root = repository_folder("model", "acme/tiny")
    folder = root / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    for revision in revisions:
        add_to_record(root, revision, COMMIT, {"config.json": Content(2, hashlib.sha256(b"{}").hexdigest())})
    return root


def test_a_snapshot_without_a_pinned_file_is_no_hit() -> None:
    recorded("main")
    found = store.fetch("model", "acme/tiny", COMMIT, offline=True, pins={"config.json": "0" * 64})
    assert (found.commit, found.origin) == (COMMIT, "cache")
    with pytest.raises(ModelError, match="is not in the cache"):
        store.fetch("model", "acme/tiny", COMMIT, offline=True, pins={"config.json": "0" * 64, "vocab.txt": "0" * 64})


def test_a_revision_is_pointed_at_a_complete_commit_and_at_no_other() -> None:
    root = recorded(COMMIT)
    store.adopt("model", "acme/tiny", "v2", "d" * 40)
    assert read_record(root).revisions == {COMMIT: COMMIT}
    store.adopt("model", "acme/tiny", "v2", COMMIT)
    store.adopt("model", "acme/tiny", None, COMMIT)
    assert read_record(root).revisions == {COMMIT: COMMIT, "v2": COMMIT, "main": COMMIT}
    assert look_up("model", "acme/tiny", "v2").usable


def test_a_revision_that_already_points_there_needs_no_write() -> None:
    root = recorded("main")
    before = (root / "clf.json").stat().st_mtime_ns
    store.adopt("model", "acme/tiny", "main", COMMIT)
    assert (root / "clf.json").stat().st_mtime_ns == before
    assert not (cache_folder() / ".locks").exists()


def test_the_lock_of_a_repository_is_not_written_through_a_link(tmp_path: Path) -> None:
    lock = cache_folder() / ".locks" / "models--acme--tiny" / "clf.lock"
    lock.parent.mkdir(parents=True)
    (tmp_path / "precious").write_text("precious")
    lock.symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match=r"clf\.lock is a symbolic link"), download._alone("model", "acme/tiny"):
        raise NetworkError("no network")
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_cache_that_cannot_be_locked_or_written_is_an_error_of_the_output() -> None:
    recorded(COMMIT)
    (cache_folder() / ".locks").write_text("a file where the locks should be")
    with pytest.raises(OutputError, match=f"the cache {cache_folder()} cannot be written") as refused:
        store.adopt("model", "acme/tiny", "v2", COMMIT)
    assert "HF_HOME" in refused.value.hint


# --- several processes ----------------------------------------------------------------------------------------------


def test_a_failure_is_left_for_those_who_wait() -> None:
    with pytest.raises(NetworkError), download._alone("model", "acme/tiny"):
        raise NetworkError("the cable is cut", "mend it")
    left = json.loads((cache_folder() / ".locks" / "models--acme--tiny" / "clf.lock").read_text())
    assert (left["message"], left["hint"]) == ("the cable is cut", "mend it")
    with pytest.raises(NetworkError, match="the cable is cut") as shared:
        download._fail_likewise(io.StringIO(json.dumps(left)), since=left["at"])
    assert shared.value.hint == "mend it"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        "[" * 9000,
        "[" * 100_000,
        '{"at": 1e9, "message": 5, "hint": ""}',
        '{"at": 99}',
        '{"at": 99.9, "message": "old", "hint": ""}',
    ],
)
def test_a_failure_from_before_the_wait_or_an_unreadable_one_is_not_shared(content: str) -> None:
    assert not is_shared(content, since=100.0)


def test_only_the_time_of_a_failure_decides_whether_it_is_shared() -> None:
    content = '{"at": 99.9, "message": "old", "hint": ""}'
    assert [is_shared(content, since) for since in (99.8, 100.0)] == [True, False]


def is_shared(content: str, since: float) -> bool:
    """Return whether a process that began to wait at `since` fails by what the lock file says."""
    try:
        download._fail_likewise(io.StringIO(content), since)
    except NetworkError:
        return True
    return False


def test_what_a_library_prints_between_the_messages_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    said.write_bytes(
        b"\xff\xfe\nfetching\n" + b"[" * 100_000 + b'\n{"done": 5}\n{"done": "' + COMMIT.encode() + b'"}\n'
    )
    (tmp_path / "python").write_text(f"#!/bin/sh\ncat {said}\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with _transfer(ORDER) as messages:
        assert messages.get(timeout=HANGS) == Message(done=COMMIT)
        assert (messages.get(timeout=HANGS).again or "").startswith("the download process ended early")
