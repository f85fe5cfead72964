"""Models come from a path, the cache, the package or the Hub, in that order, and only when they are whole and safe."""

import json
import shutil
from pathlib import Path

import pytest

from clf.errors import ClfError, ModelError, NetworkError
from clf.models import store
from clf.models.store import EMBEDDED_ID, find_local_model, find_model, has_embedded, local_tokenizer
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

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


@pytest.mark.parametrize(
    ("package", "hint"),
    [
        ("clf", f", or use --model {EMBEDDED_ID}, which is installed"),
        ("no_such_package", f", or pip install 'clf-cli[minilm]' and use --model {EMBEDDED_ID}"),
    ],
    ids=["installed", "not installed"],
)
def test_a_hub_that_cannot_be_reached_is_known_at_once(
    dead_hub: None, monkeypatch: pytest.MonkeyPatch, package: str, hint: str
) -> None:
    monkeypatch.setattr(store, "EMBEDDED_PACKAGE", package)
    with pytest.raises(NetworkError, match="ConnectError") as refused:
        find_model("distilbert-base-uncased")
    assert "clf download-models" in refused.value.hint
    assert refused.value.hint.endswith(hint)


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


@pytest.mark.parametrize("name", ["~/tiny", "./tiny"])
def test_a_path_may_begin_at_home_or_here(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HOME", str(tiny_encoder.parent))
    monkeypatch.chdir(tiny_encoder.parent)
    found = find_model(name)
    assert (found.folder.resolve(), found.name, found.origin) == (tiny_encoder.resolve(), name, "path")


def test_a_name_that_no_repository_can_have_is_nowhere(dead_hub: None) -> None:
    assert find_local_model("a b") is None
    with pytest.raises(ModelError, match="'a b' is neither a Hub id nor a folder") as refused:
        find_model("a b")
    assert refused.value.hint == "pass a Hub id (owner/name) or the path of a model folder"


@needs_minilm
def test_the_embedded_encoder_has_a_short_name_and_no_revision(hub: LocalHub) -> None:
    found = find_local_model("all-MiniLM-L6-v2")
    assert found is not None
    assert (found.name, found.origin, found.revision) == (EMBEDDED_ID, "package", None)
    assert find_local_model(EMBEDDED_ID, "main") is None
    assert find_local_model("someone/all-MiniLM-L6-v2") is None


def test_a_tokenizer_is_found_beside_its_model_or_is_none(tiny_encoder: Path, tmp_path: Path, dead_hub: None) -> None:
    assert local_tokenizer(str(tiny_encoder)) == tiny_encoder / "tokenizer.json"
    folder = copy(tiny_encoder, tmp_path / "model")
    (folder / "tokenizer.json").unlink()  # vocab.txt is left, which is enough for the model
    assert find_local_model(str(folder)) is not None
    assert local_tokenizer(str(folder)) is None
    assert local_tokenizer(str(tmp_path / "none")) is None  # no folder
    assert local_tokenizer("owner/unknown") is None  # not in the cache
