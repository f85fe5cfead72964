"""`clf doctor` says what this machine has, in one screen or one JSON document, whatever is missing."""

import os
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from clf import doctor
from clf.doctor import NOT_SHOWN, SECONDS_FOR_THE_HUB
from clf.settings import ComputeSettings
from conftest import RunClf
from support.faults import unreachable
from support.local_hub import LocalHub


def test_it_names_what_is_ready_offline(clf: RunClf, hub: LocalHub) -> None:
    before = clf("doctor", "--json").json
    assert before["hub"]["state"] == "answers"
    assert clf("download-models", "distilbert-base-uncased", "--dataset", "imdb").code == 0
    found = clf("doctor", "--json").json
    ready = {one["id"]: one["ready"] for one in found["ready_offline"]}
    assert (ready["distilbert-base-uncased"], ready["stanfordnlp/imdb"], ready["fancyzhx/ag_news"]) == (
        True,
        True,
        False,
    )
    assert [one["id"] for one in found["cache"]["repositories"]] == ["stanfordnlp/imdb", "distilbert-base-uncased"]
    assert found["cores"] >= 1
    assert found["load_per_core"] >= 0
    assert 0 < found["memory_gb"]["available"] <= found["memory_gb"]["total"]
    assert found["compute"]["precision"] in {"fp32", "bf16", "fp16"}
    assert found["versions"]["torch"]


def test_a_damaged_model_is_not_ready_and_said_why(clf: RunClf, hub: LocalHub) -> None:
    [row] = clf("download-models", "--json").json
    Path(row["folder"], "config.json").unlink()
    shown = clf("doctor").out
    assert "damaged" in shown
    assert "model distilbert-base-uncased (config.json is missing)" in shown
    assert "Next: clf download-models distilbert-base-uncased" in shown


def test_a_hub_that_says_nothing_costs_two_seconds(clf: RunClf, monkeypatch: pytest.MonkeyPatch, hub: LocalHub) -> None:
    clf("doctor", "--offline")  # imports torch
    with unreachable("silent") as nowhere:
        monkeypatch.setattr(constants, "ENDPOINT", nowhere)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        found = clf("doctor", "--json").json
    assert found["hub"]["state"].startswith(("no answer within 2 s", "does not answer: "))
    assert found["hub"]["seconds"] < 20 * SECONDS_FOR_THE_HUB  # the client by itself: minutes


def test_offline_asks_nothing(clf: RunClf, hub: LocalHub) -> None:
    assert clf("doctor", "--offline", "--json").json["hub"]["state"].startswith("not checked")
    assert hub.requests == []


def test_it_names_the_settings_in_effect(clf: RunClf, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HF_") and name not in NOT_SHOWN]:
        monkeypatch.delenv(name)
    assert clf("doctor", "--offline", "--json").json["settings"]["file"] is None
    Path("clf.toml").write_text("[train]\nepochs = 2\n")
    monkeypatch.setenv("CLF_TRAIN__EPOCHS", "4")
    monkeypatch.setenv("HF_TOKEN", "hf_canaryTOKEN1234567890")
    done = clf("doctor", "--offline")
    assert str(Path("clf.toml").resolve()) in done.out
    assert "CLF_TRAIN__EPOCHS" in done.out
    assert "HF_TOKEN" in done.out
    assert "canary" not in done.out + done.err


def test_a_torch_that_cannot_be_loaded_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    found = doctor._compute(ComputeSettings())
    assert (found.error or "").startswith("torch cannot be loaded: ")


def test_a_library_that_is_not_installed_has_no_version() -> None:
    assert doctor._version("no-such-library-of-clf") is None
    assert (doctor._version("pytest") or "").startswith(pytest.__version__)


def test_the_cache_counts_each_file_once_and_passes_over_what_is_no_repository(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for folder in ("models--bert/blobs", "models--bert/snapshots/a", "datasets--acme--texts", ".locks/models--bert"):
        (cache / folder).mkdir(parents=True)
    (cache / "models--bert" / "blobs" / "x").write_bytes(
        bytes(1_500_470)
    )  # with the length of a link, it would be 1.501 MB
    (cache / "models--bert" / "snapshots" / "a" / "weights").symlink_to(cache / "models--bert" / "blobs" / "x")
    (cache / "models--a-file").touch()
    found = doctor._cache()
    assert [(one.kind, one.id, one.mb) for one in found.repositories] == [
        ("dataset", "acme/texts", 0.0),
        ("model", "bert", 1.5),
    ]


def test_a_cache_that_does_not_exist_yet_is_judged_by_the_folder_it_would_be_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "not" / "yet"))
    found = doctor._cache()
    assert (found.folder, found.writable, found.repositories) == (str(tmp_path / "not" / "yet"), True, [])
    assert found.free_gb > 0


def test_a_hub_that_fails_or_refuses_is_told_from_one_that_answers(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(doctor, "SECONDS_FOR_THE_HUB", 100.0)  # whatever else this machine does
    hub.fault("status", code=404, times=1)  # a mirror without this model answers all the same
    assert doctor._ask_hub(False).state == "answers"
    hub.fault("status", code=503)
    found = doctor._ask_hub(False)
    assert (found.endpoint, found.state) == (hub.url, "answers with an error (503)")
    with unreachable("refused") as nowhere:
        monkeypatch.setattr(constants, "ENDPOINT", nowhere)
        assert doctor._ask_hub(False).state == "does not answer: ConnectError"


def test_what_clf_itself_set_for_the_client_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HF_")]:
        monkeypatch.delenv(name)
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_TOKEN", "HF_HOME"):
        monkeypatch.setenv(name, "1")
    assert doctor._settings(None, offline=True).hub_variables == ["HF_HOME"]
    by_the_user = doctor._settings(Path("missing.toml"), offline=False)
    assert (by_the_user.hub_variables, by_the_user.file) == (["HF_HOME", "HF_HUB_OFFLINE"], None)
    assert by_the_user.token
