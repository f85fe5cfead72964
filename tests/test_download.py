"""`clf download-models` fetches once, records a manifest, and verifies without a network."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from huggingface_hub import constants

from clf.download import Wanted, _pinned, choose_wanted
from clf.errors import DataError
from clf.outcomes.machine import Downloaded
from clf.storage.locks import locked_place
from conftest import RunClf
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


# --- what is wanted -----------------------------------------------------------------------------------------------


def test_names_stand_for_repositories_and_repetitions_for_one() -> None:
    wanted = choose_wanted(
        ["all-MiniLM-L6-v2", "acme/tiny", "acme/tiny"], ["imdb", "stanfordnlp/imdb", "acme/texts"], None, None
    )
    assert [(one.kind, one.id) for one in wanted] == [
        ("model", "sentence-transformers/all-MiniLM-L6-v2"),
        ("model", "acme/tiny"),
        ("dataset", "stanfordnlp/imdb"),
        ("dataset", "acme/texts"),
    ]
    assert choose_wanted([], [], None, None) == []


def test_a_revision_alone_is_one_of_the_default_encoder() -> None:
    assert choose_wanted([], [], "v2", None) == [Wanted("model", "distilbert-base-uncased", "v2")]
    assert choose_wanted(["acme/tiny"], [], "v2", None) == [Wanted("model", "acme/tiny", "v2")]


@pytest.mark.parametrize(
    ("wanted", "named", "again"),
    [
        (Wanted("model", "a/b", "v2"), "model a/b v2", "clf download-models a/b --revision v2"),
        (Wanted("dataset", "a/b"), "dataset a/b", "clf download-models --dataset a/b"),
        (Wanted("model", "a/b", manifest=Path("m.json")), "model a/b", "clf download-models --from-manifest m.json"),
    ],
)
def test_what_is_wanted_names_itself_and_the_command_that_fetches_it(wanted: Wanted, named: str, again: str) -> None:
    assert (wanted.named, wanted.again) == (named, again)


def test_a_manifest_is_no_link_and_not_the_one_that_is_read_even_with_overwrite(
    clf: RunClf, hub: LocalHub, own_folder: Path
) -> None:
    (own_folder / "precious").write_text("precious")
    (own_folder / "link.json").symlink_to("precious")
    done = clf("download-models", "--manifest", "link.json", "--overwrite")
    assert (done.code, "error: link.json is a symbolic link, expected a regular file" in done.err) == (1, True)
    assert (own_folder / "precious").read_text() == "precious"
    assert clf("download-models", "--manifest", "m.json").code == 0
    before = (own_folder / "m.json").read_bytes()
    done = clf("download-models", "--from-manifest", "m.json", "--manifest", "m.json", "--overwrite")
    assert (done.code, "error: m.json is m.json, which the command reads" in done.err) == (1, True)
    assert (own_folder / "m.json").read_bytes() == before
    with locked_place(own_folder / "m.json"):
        done = clf("download-models", "--manifest", "m.json", "--overwrite")
    assert (done.code, "is using" in done.err) == (1, True)
    assert sorted(path.name for path in own_folder.iterdir()) == ["link.json", "m.json", "precious"]


def test_a_manifest_has_a_place_before_anything_is_fetched(clf: RunClf, hub: LocalHub, own_folder: Path) -> None:
    for place, said in ((own_folder, "is a folder"), (own_folder / "no" / "m.json", "for the manifest does not exist")):
        done = clf("download-models", "--manifest", place)
        assert (done.code, done.err.splitlines()[0].endswith(said)) == (1, True)
    done = clf("download-models", "--verify", "--manifest", own_folder / "no" / "m.json")
    assert done.err.splitlines()[0].endswith("for the manifest does not exist")
    assert hub.requests == []


def test_an_empty_cache_has_nothing_to_verify(clf: RunClf, tmp_path: Path) -> None:
    done = clf("download-models", "--verify")
    assert done.err.splitlines() == [
        f"error: the cache {tmp_path / 'cache'} contains nothing fetched by clf",
        "hint: clf download-models",
    ]


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


def test_what_cannot_be_pinned_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\n")
    values = {"kind": "dataset", "id": "acme/odd", "revision": "v\\1", "commit": "a" * 40, "origin": "cache"}
    with pytest.raises(DataError, match=r"dataset acme/odd cannot be pinned: its revision: 'v.*1' leaves its folder"):
        _pinned(Downloaded.model_validate({**values, "folder": str(tmp_path)}))


def test_a_manifest_completes_what_another_tool_fetched_in_part(clf: RunClf, hub: LocalHub) -> None:
    file = manifest_of(clf, "distilbert-base-uncased")
    root = Path(constants.HF_HUB_CACHE, "models--distilbert-base-uncased")
    (root / "clf.json").unlink()
    next(root.glob("snapshots/*/vocab.txt")).unlink()
    assert clf("download-models", "--from-manifest", file).code == 0
    assert next(root.glob("snapshots/*/vocab.txt")).exists()


# --- updating and verifying ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("imdb",), "hint: clf download-models --dataset imdb"), (("--dataset", "imbd"), "did you mean imdb?"),
        (("--dataset", "squad"), "is neither a dataset name nor a Hub id"), (("--dataset", "here.csv"), "needs no download"),
        (("--dataset", "y" * 300), "is neither a dataset name nor a Hub id"),
        (("--manifest", "y" * 300), "has a name that is too long"),
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


@pytest.mark.parametrize("kind", ["pipe", "device", "deep"])
def test_a_manifest_that_is_no_file_is_refused_at_once(clf: RunClf, own_folder: Path, kind: str) -> None:
    file = Path("/dev/zero") if kind == "device" else own_folder / "m.json"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "deep":
        file.write_text("[" * 100_000)
    done = clf("download-models", "--from-manifest", file)
    assert done.code == 2
    assert done.err.count("error: ") == done.err.count("hint: ") == 1
