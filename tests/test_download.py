"""`clf download-models`: fetch once, verify without a network."""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from huggingface_hub import constants

from conftest import HANGS, RunClf
from support.local_hub import LocalHub
from support.tiny import ag_news_files, imdb_files, tiny_encoder_files


def test_the_default_encoder_is_fetched_and_verified_offline(clf: RunClf, hub: LocalHub) -> None:
    done = clf("download-models")
    assert done.code == 0, done.err
    assert "model distilbert-base-uncased" in done.out
    hub.requests.clear()
    assert clf("download-models", "--verify", "--offline").code == 0
    assert hub.requests == []


def test_models_and_datasets_are_fetched_with_nothing_that_is_not_needed(clf: RunClf, hub: LocalHub) -> None:
    rows = clf("download-models", "distilbert-base-uncased", "--dataset", "imdb", "--dataset", "ag_news", "--json").json
    assert [(row["kind"], row["id"]) for row in rows] == [
        ("model", "distilbert-base-uncased"), ("dataset", "stanfordnlp/imdb"), ("dataset", "fancyzhx/ag_news"),
    ]  # fmt: skip
    assert all(len(row["commit"]) == 40 for row in rows)
    fetched = {request.path.rpartition("/")[2] for request in hub.requests if "/resolve/" in request.path}
    files = {name.rpartition("/")[2] for files in (imdb_files(), ag_news_files()) for name in files}
    model = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"}
    assert fetched == model | files


def test_neither_pickles_nor_code_come_along(
    clf: RunClf, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = {
        "vocab.pkl": b"cos",
        "vocab.py": b"1",
        "word2vec.model": b"cos",
        "pytorch_model.bin": b"cos",
        "modeling_x.py": b"1",
    }
    commit = hub.publish("models", "acme/mixed", tiny_encoder_files() | bad)
    assert clf("download-models", "acme/mixed").code == 0
    folder = Path(constants.HF_HUB_CACHE, "models--acme--mixed", "snapshots", commit)
    for name, data in bad.items():  # as another tool would have put them there
        (folder / name).write_bytes(data)
    assert clf("download-models", "acme/mixed", "--manifest", "m.json").code == 0
    assert not set(bad) & set(json.loads(Path("m.json").read_text())["repositories"][0]["files"])
    assert not [request for request in hub.requests if request.path.endswith(tuple(bad))]


def test_a_damaged_file_is_named(clf: RunClf, hub: LocalHub) -> None:
    [row] = clf("download-models", "--json").json
    weights = Path(row["folder"], "model.safetensors").resolve()
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    done = clf("download-models", "--verify")
    assert done.code == 1
    assert "the content of model.safetensors does not match its hash" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("distilbert-base-uncased",), "model distilbert-base-uncased"),
        (("--dataset", "imdb"), "dataset stanfordnlp/imdb"),
    ],
)
def test_what_is_not_there_is_named_with_what_fetches_it(
    clf: RunClf, hub: LocalHub, arguments: tuple[str, ...], message: str
) -> None:
    done = clf("download-models", "--verify", *arguments)
    assert done.code == 1
    assert f"{message} is not in the cache" in done.err
    assert "hint: clf download-models" in done.err


def test_a_hub_that_is_out_of_order_is_an_error_of_kind_network(clf: RunClf, hub: LocalHub) -> None:
    hub.fault("status", code=503)
    done = clf("download-models", "--download-timeout", "2", "--json")
    assert done.code == 1
    assert done.json["error"]["kind"] == "network"
    assert "503" in done.json["error"]["message"]


# --- the manifest -------------------------------------------------------------------------------------------------


def manifest_of(clf: RunClf, *arguments: str) -> Path:
    file = Path("models.lock.json")
    assert clf("download-models", *arguments, "--manifest", file).code == 0
    return file


def test_a_manifest_names_commits_files_and_hashes(clf: RunClf, hub: LocalHub) -> None:
    file = manifest_of(clf, "distilbert-base-uncased", "--dataset", "imdb")
    model, dataset = json.loads(file.read_text())["repositories"]
    weights = tiny_encoder_files()["model.safetensors"]
    assert (model["kind"], model["id"], len(model["commit"])) == ("model", "distilbert-base-uncased", 40)
    assert model["files"]["model.safetensors"] == {
        "size": len(weights), "sha256": hashlib.sha256(weights).hexdigest(),
    }  # fmt: skip
    assert (dataset["kind"], dataset["id"]) == ("dataset", "stanfordnlp/imdb")
    assert clf("download-models", "--manifest", file).code == 1
    assert clf("download-models", "--manifest", file, "--overwrite").code == 0


def test_a_manifest_reproduces_the_cache_elsewhere(
    clf: RunClf, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = manifest_of(clf, "distilbert-base-uncased", "--dataset", "imdb")
    commits = [entry["commit"] for entry in json.loads(file.read_text())["repositories"]]
    hub.publish("models", "distilbert-base-uncased", tiny_encoder_files() | {"vocab.txt": b"newer"})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    rows = clf("download-models", "--from-manifest", file, "--json").json
    assert [row["commit"] for row in rows] == commits
    hub.requests.clear()
    assert clf("download-models", "--from-manifest", file, "--verify", "--offline").code == 0
    assert clf("download-models", "--from-manifest", file, "--offline").code == 0
    assert clf("download-models", "distilbert-base-uncased", "--dataset", "imdb", "--offline").code == 0
    assert hub.requests == []


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_mirror_that_serves_other_bytes_is_refused(
    clf: RunClf, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    file = manifest_of(clf, "distilbert-base-uncased")
    value = json.loads(file.read_text())
    value["repositories"][0]["files"][name]["sha256"] = "0" * 64
    file.write_text(json.dumps(value))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    refused = clf("download-models", "--from-manifest", file, "--json")
    assert refused.code == 1
    assert refused.json["error"]["kind"] == "network"
    assert f"{name} does not match the manifest" in refused.json["error"]["message"]
    assert clf("download-models", "--verify", "--offline").code == 1
    assert not list((tmp_path / "elsewhere").glob("*/snapshots/*/*"))


def test_verify_with_a_manifest_names_what_differs(clf: RunClf, hub: LocalHub) -> None:
    file = manifest_of(clf, "distilbert-base-uncased")
    value = json.loads(file.read_text())
    value["repositories"][0]["files"]["vocab.txt"]["sha256"] = "0" * 64
    file.write_text(json.dumps(value))
    done = clf("download-models", "--from-manifest", file, "--verify")
    assert done.code == 1
    assert "vocab.txt does not match the manifest" in done.err


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"repositories": [{"kind": "model"}]}', "\xff", '{"schema_version": 1, "repositories": []}',
     '{"schema_version": 99, "repositories": []}'],
)  # fmt: skip
def test_what_is_no_manifest_is_a_usage_error(clf: RunClf, hub: LocalHub, content: str) -> None:
    Path("m.json").write_text(content, encoding="latin-1")
    done = clf("download-models", "--from-manifest", "m.json")
    assert done.code == 2
    assert "m.json" in done.err
    assert clf("download-models", "--from-manifest", "nowhere.json").code == 2
    assert hub.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "--from-manifest", "m.json"), "--from-manifest already lists everything to fetch"),
        (("--dataset", "imdb", "--revision", "v1"), "--revision pins a model"),
        (("--verify", "--update"), "--verify works without a network"),
    ],
)
def test_flags_that_make_no_sense_together_are_refused(
    clf: RunClf, hub: LocalHub, arguments: tuple[str, ...], message: str
) -> None:
    done = clf("download-models", *arguments)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    "change",
    [
        {"revision": "../../../victim"}, {"revision": "/tmp/victim"}, {"revision": 5}, {"commit": 123}, {"commit": "main"},
        {"id": "../x"}, {"kind": "space"}, {"files": {}}, {"files": {"../x": {"sha256": "0" * 64}}},
        {"files": {"pytorch_model.bin": {"sha256": "0" * 64}}}, {"files": {"config.json": {"sha256": 5}}},
        {"files": {"config.json": {"sha256": "0" * 40}}},
    ],
)  # fmt: skip
def test_no_field_of_a_manifest_reaches_outside(clf: RunClf, hub: LocalHub, change: dict[str, object]) -> None:
    file = manifest_of(clf, "distilbert-base-uncased")
    value = json.loads(file.read_text())
    value["repositories"][0] |= change
    file.write_text(json.dumps(value))
    before = sorted(Path(constants.HF_HUB_CACHE).rglob("*"))
    done = clf("download-models", "--from-manifest", file)
    assert done.code == 2, done.err
    assert "is not a manifest" in done.err
    assert sorted(Path(constants.HF_HUB_CACHE).rglob("*")) == before


def test_a_manifest_completes_what_another_tool_fetched_in_part(clf: RunClf, hub: LocalHub) -> None:
    file = manifest_of(clf, "distilbert-base-uncased")
    root = Path(constants.HF_HUB_CACHE, "models--distilbert-base-uncased")
    (root / "clf.json").unlink()
    next(root.glob("snapshots/*/vocab.txt")).unlink()
    assert clf("download-models", "--from-manifest", file).code == 0
    assert next(root.glob("snapshots/*/vocab.txt")).exists()


# --- updating, verifying, running at once -------------------------------------------------------------------------


def test_a_second_download_asks_nothing_and_an_update_asks(clf: RunClf, hub: LocalHub) -> None:
    [old] = clf("download-models", "--json").json
    files = tiny_encoder_files()
    new = hub.publish("models", "distilbert-base-uncased", files | {"vocab.txt": files["vocab.txt"] + b"newer\n"})
    hub.requests.clear()
    assert clf("download-models", "--json").json[0]["commit"] == old["commit"]
    assert hub.requests == []
    assert clf("download-models", "--update", "--json").json[0]["commit"] == new
    assert clf("download-models", "--verify", "--json").json[0]["commit"] == new
    assert clf("download-models", "--update", "--offline").code == 2


def test_verify_checks_every_revision(clf: RunClf, hub: LocalHub) -> None:
    files = tiny_encoder_files()
    hub.publish("models", "distilbert-base-uncased", files | {"vocab.txt": files["vocab.txt"] + b"v2\n"}, ref="v2")
    assert clf("download-models", "--verify", "--revision", "v2").code == 1
    [row] = clf("download-models", "--revision", "v2", "--json").json
    assert clf("download-models", "--verify").code == 0
    assert clf("download-models").code == 0
    Path(row["folder"], "vocab.txt").unlink()
    done = clf("download-models", "--verify")
    assert done.code == 1
    assert "--revision v2" in done.err
    offline = clf("train", "--dataset", "synthetic", "--revision", "v3", "--offline")
    assert "revision v3 of model distilbert-base-uncased is not in the cache" in offline.err
    assert "clf download-models distilbert-base-uncased --revision v3" in offline.err


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


def test_the_waiting_fail_with_the_one_they_waited_for(hub: LocalHub, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = os.environ | hub.environment(tmp_path / "home") | {"HF_HUB_CACHE": str(cache)}
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased"]
    lock = cache / ".locks" / "models--distilbert-base-uncased" / "clf.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w+") as file:  # this process fetches, and they come meanwhile
        fcntl.flock(file, fcntl.LOCK_EX)
        started = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for process in started:
            assert process.stderr
            assert "another process is fetching" in process.stderr.readline()
        json.dump({"at": time.time(), "message": "a mole has bitten the cable", "hint": "see the mole"}, file)
    for process in started:
        _, said = process.communicate(timeout=HANGS)
        assert process.returncode == 1
        assert said.startswith("error: a mole has bitten the cable\nhint: ")
    assert hub.requests == []


def test_a_hub_that_gives_another_commit_than_the_one_pinned_is_refused(clf: RunClf, hub: LocalHub) -> None:
    sha = hub.publish("models", "acme/pinned", tiny_encoder_files(), ref="c" * 40)
    assert sha != "c" * 40
    done = clf("download-models", "acme/pinned", "--revision", "c" * 40)
    assert done.code == 1
    assert f"the Hub returned {sha}" in done.err


@pytest.mark.parametrize("path", ["/etc/hostname", "../../secret.csv", "http://127.0.0.1:9/x.csv", "hf://datasets/a/b"])
def test_a_dataset_that_names_files_of_others_is_refused(clf: RunClf, hub: LocalHub, path: str) -> None:
    readme = f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: {path}\n---\n"
    hub.publish("datasets", "evil/far", {"README.md": readme.encode(), "train.csv": b"text,label\na,1\n"})
    done = clf("prepare", "--dataset", "evil/far")
    assert done.code == 1
    assert "names a file outside its repository" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("imdb",), "hint: clf download-models --dataset imdb"), (("--dataset", "imbd"), "did you mean imdb?"),
        (("--dataset", "squad"), "is neither a dataset name nor a Hub id"), (("--dataset", "here.csv"), "needs no download"),
    ],
)  # fmt: skip
def test_a_mistaken_name_gets_help(clf: RunClf, hub: LocalHub, arguments: tuple[str, ...], said: str) -> None:
    Path("here.csv").touch()
    done = clf("download-models", *arguments)
    assert done.code == 1
    assert said in done.err
    assert hub.requests == []


def test_verify_names_everything_that_is_wrong(clf: RunClf, hub: LocalHub) -> None:
    rows = clf("download-models", "distilbert-base-uncased", "--dataset", "imdb", "--json").json
    Path(rows[0]["folder"], "vocab.txt").unlink()
    next(Path(rows[1]["folder"]).rglob("*.parquet")).resolve().write_bytes(b"")
    done = clf("download-models", "--verify")
    assert done.code == 1
    for fragment in (
        "vocab.txt is missing",
        "has 0 bytes",
        "models distilbert-base-uncased",
        "--dataset stanfordnlp/imdb",
    ):
        assert fragment in done.err


def test_several_at_once_fetch_each_file_once(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("slow", path="safetensors", rate=100_000)
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased", "--json"]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    rows = [json.loads(process.communicate(timeout=HANGS)[0])[0] for process in started]
    assert len({row["folder"] for row in rows}) == 1
    fetched = [request.path for request in hub.requests if request.method == "GET" and "/resolve/" in request.path]
    assert sorted(fetched) == sorted(set(fetched))


def test_a_killed_download_leaves_no_process_and_the_next_goes_on(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("slow", path="safetensors", rate=30_000)
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    parts = tmp_path / "home" / "hub" / "models--distilbert-base-uncased" / "blobs"
    part = parts / f"{hashlib.sha256(tiny_encoder_files()['model.safetensors']).hexdigest()}.clf.incomplete"
    wait_for(lambda: part.exists() and part.stat().st_size > 10_000)
    [child] = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    received = part.stat().st_size
    hub.clear()
    assert subprocess.run(command, env=environment, capture_output=True, timeout=HANGS, check=False).returncode == 0
    assert hub.ranges == [f"bytes={received}-"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_download_at_once(hub: LocalHub, tmp_path: Path, number: int, code: int) -> None:
    hub.fault("hang", path="safetensors")
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("safetensors" in request.path for request in hub.requests))
    children = psutil.Process(process.pid).children()
    process.send_signal(number)
    _, said = process.communicate(timeout=HANGS)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def wait_for(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + HANGS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


# --- bad places and secrets ---------------------------------------------------------------------------------------


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


def test_no_secret_is_ever_shown(clf: RunClf, hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, password = "hf_canaryTOKEN1234567890", "canaryPASSWORD"
    address = hub.url.replace("http://", f"http://user:{password}@")
    environment = os.environ | hub.environment(tmp_path / "home") | {"HF_TOKEN": token, "HF_ENDPOINT": address}
    commands = [
        ["download-models", "distilbert-base-uncased", "--manifest", str(tmp_path / "m.json"), "--verbose"],
        ["download-models", "owner/nothing", "--debug", "--verbose", "--json"],
        ["doctor"],
        ["doctor", "--json"],
        ["train", "--model", "owner/nothing", "--dataset", "imdb", "--debug", "--verbose"],
    ]
    script = f"from clf.cli.app import run\nfor command in {commands!r}: run(command)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    outputs = [done.stdout, done.stderr]
    assert done.stderr.count("error: ") == 2
    assert done.stdout.count("distilbert-base-uncased") > 2
    hub.fault("status", code=503)
    command = [sys.executable, "-m", "clf", "download-models", "owner/other", "--download-timeout", "1", "--debug"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    outputs += [done.stdout, done.stderr]
    written = [path.read_bytes().decode("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    for address in (
        f"http://user:{password}/x@host",
        f"http://u:{password}@host:99999",
        f"u:{password}@host",
        "http://[bad",
    ):
        for arguments in (["doctor"], ["download-models", "a/b", "--verbose", "--debug"]):
            with monkeypatch.context() as bad:  # refused before anything reads it
                for name, value in {"HF_TOKEN": token, "HF_ENDPOINT": address, "HF_DEBUG": "1"}.items():
                    bad.setenv(name, value)
                refused = clf(*arguments)
            assert refused.code == 2
            assert "HF_ENDPOINT is not a valid address" in refused.err
            outputs += [refused.out, refused.err]
    assert len(written) > 5
    for text in outputs + written:
        assert token not in text
        assert password not in text
