"""Models come from a path, the cache, the package or the Hub, in that order, and only when they are whole and safe."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clf.errors import ClfError, ModelError, NetworkError
from clf.models import store
from clf.models.store import EMBEDDED_ID, find_local_model, find_model, has_embedded
from conftest import RunClf
from support.local_hub import LocalHub
from support.tiny import imdb_files, tiny_encoder_files

needs_minilm = pytest.mark.skipif(not has_embedded(), reason="the extra minilm is not installed")


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def test_a_path_is_used_as_it_is(tiny_encoder: Path, hub: LocalHub) -> None:
    found = find_model(str(tiny_encoder))
    assert (found.folder, found.origin) == (tiny_encoder, "path")
    assert hub.requests == []


def test_the_hub_is_asked_once_and_the_cache_makes_no_call(hub: LocalHub) -> None:
    first = find_model("distilbert-base-uncased")
    assert first.origin == "hub"
    hub.requests.clear()
    again = find_model("distilbert-base-uncased", offline=True)
    assert (again.origin, again.folder, again.revision) == ("cache", first.folder, first.revision)
    assert hub.requests == []


def test_a_commit_pins_the_model(hub: LocalHub) -> None:
    old = find_model("distilbert-base-uncased").revision
    new = hub.publish("models", "distilbert-base-uncased", tiny_encoder_files() | {"README.md": b"newer"})
    assert find_model("distilbert-base-uncased").revision == old
    assert find_model("distilbert-base-uncased", new).revision == new


def test_half_a_model_in_the_cache_counts_as_absent(hub: LocalHub) -> None:
    folder = find_model("distilbert-base-uncased").folder
    (folder / "model.safetensors").resolve().unlink()
    (folder / "model.safetensors").unlink()
    assert find_local_model("distilbert-base-uncased") is None
    assert find_model("distilbert-base-uncased").origin == "hub"


@needs_minilm
def test_the_embedded_package_stands_in_for_the_hub(hub: LocalHub) -> None:
    found = find_model(EMBEDDED_ID)
    assert found.origin == "package"
    assert hub.requests == []


@needs_minilm
def test_other_weights_in_the_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "EMBEDDED_SHA256", "0" * 64)
    store._embedded.cache_clear()
    with pytest.raises(ModelError, match="are not those of"):
        find_model(EMBEDDED_ID)
    store._embedded.cache_clear()


def test_a_pickle_only_repository_is_refused_before_anything_is_fetched(hub: LocalHub) -> None:
    files = {name: data for name, data in tiny_encoder_files().items() if name != "model.safetensors"}
    hub.publish("models", "evil/pickle", files | {"pytorch_model.bin": b"cos\nsystem\n"})
    with pytest.raises(ModelError, match="only pickled weights"):
        find_model("evil/pickle")
    assert not [request for request in hub.requests if "resolve" in request.path]


def test_a_repository_with_code_is_refused_and_its_code_never_fetched(hub: LocalHub) -> None:
    config = json.loads(tiny_encoder_files()["config.json"]) | {"auto_map": {"AutoModel": "evil.Model"}}
    hub.publish(
        "models",
        "evil/code",
        tiny_encoder_files() | {"config.json": json.dumps(config).encode(), "evil.py": b"raise SystemExit"},
    )
    with pytest.raises(ModelError, match="needs to run its own code"):
        find_model("evil/code")
    assert not [request for request in hub.requests if "evil.py" in request.path]


def test_offline_names_the_command_that_would_help(hub: LocalHub) -> None:
    with pytest.raises(ModelError, match="offline mode is on") as refused:
        find_model("distilbert-base-uncased", offline=True)
    assert "clf download-models distilbert-base-uncased" in refused.value.hint
    assert hub.requests == []


def test_a_hub_that_cannot_be_reached_is_known_at_once(dead_hub: None) -> None:
    with pytest.raises(NetworkError, match="ConnectError") as refused:
        find_model("distilbert-base-uncased")
    assert "clf download-models" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "revision", "error", "message"),
    [
        ("owner/nothing", None, ModelError, "model owner/nothing does not exist on the Hub"),
        ("distilbert-base-uncased", "nope", ModelError, "no revision 'nope'"),
        ("a b", None, ModelError, "neither a Hub id nor a folder"),
        ("../escape", None, ModelError, "no folder"),
    ],
)
def test_an_unknown_model_is_named(
    hub: LocalHub, name: str, revision: str | None, error: type[ClfError], message: str
) -> None:
    with pytest.raises(error, match=message):
        find_model(name, revision)


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_text(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def as_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").unlink()


def cut_off(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:30])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("config.json"), "has no config.json"),
        (with_text("config.json", "{"), "is damaged or has no model_type"),
        (with_text("config.json", "{}"), "is damaged or has no model_type"),
        (without("model.safetensors"), "has no model.safetensors"),
        (as_pickle, "only pickled weights"),
        (cut_off, "is truncated or not a safetensors file"),
        (
            with_text("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
            "is a git-lfs pointer",
        ),
        (with_text("model.safetensors", "<html>not found</html>"), "is truncated or not a safetensors file"),
        (without_tokenizer, "has no tokenizer"),
    ],
)
def test_a_folder_that_is_no_whole_model_is_refused(
    tiny_encoder: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    folder = copy(tiny_encoder, tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError, match=message) as refused:
        find_model(str(folder))
    assert refused.value.hint


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_text("")
    with pytest.raises(ModelError, match="is a file, expected a model folder"):
        find_model(str(tmp_path / "model.bin"))


def test_code_beside_a_dataset_is_neither_fetched_nor_run(
    hub: LocalHub, own_folder: Path, clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = own_folder / "canary"
    script = f"open({str(canary)!r}, 'w').close()\n".encode()
    files = {name: data for name, data in imdb_files().items() if name != "README.md"}
    hub.publish("datasets", "evil/data", files | {"data.py": script, "evil.py": script, "setup.py": script})
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 10))
    done = clf("prepare", "--dataset", "evil/data")
    assert done.code == 0, done.err
    assert not [request for request in hub.requests if request.path.endswith(".py")]
    assert not canary.exists()
