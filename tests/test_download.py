"""`clf download-models`: fetch once, verify without a network."""

from pathlib import Path

import pytest

from conftest import RunClf
from support.local_hub import LocalHub


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
    [((), "model distilbert-base-uncased"), (("--dataset", "imdb"), "dataset stanfordnlp/imdb")],
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
    done = clf("download-models", "--json")
    assert done.code == 1
    assert done.json["error"]["kind"] == "network"
    assert "503" in done.json["error"]["message"]
