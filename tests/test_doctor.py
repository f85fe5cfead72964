"""`clf doctor` says what this machine has, in one screen or one JSON document, whatever is missing."""

import os
from pathlib import Path

import pytest

from clf.doctor import NOT_SHOWN, SECONDS_FOR_THE_HUB
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
    from huggingface_hub import constants

    clf("doctor", "--offline")  # imports torch
    with unreachable("silent") as nowhere:
        monkeypatch.setattr(constants, "ENDPOINT", nowhere)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        found = clf("doctor", "--json").json
    assert "answer" in found["hub"]["state"]
    assert found["hub"]["state"] != "answers"
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
