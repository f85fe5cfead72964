"""Rows 67 to 81 and 100 to 103 of the catalogue: a model that is absent, damaged or none is named by `clf predict`, and nothing is lost."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from conftest import RunClf, write_csv

Damage = Callable[[Path], object]


def config(**values: Any) -> Damage:
    def edit(folder: Path) -> None:
        before = json.loads((folder / "config.json").read_text())
        kept = {key: value for key, value in (before | values).items() if value is not None}
        (folder / "config.json").write_text(json.dumps(kept))
        unlisted(folder)

    return edit


def weights(change: Callable[[dict[str, Any]], object]) -> Damage:
    def edit(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        unlisted(folder)

    return edit


def recorded(**values: Any) -> Damage:
    def edit(folder: Path) -> None:
        before = json.loads((folder / "clf.json").read_text())
        (folder / "clf.json").write_text(json.dumps(before | values))

    return edit


def content(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


def unlisted(folder: Path) -> None:
    """Take the hashes away, so that the next check has to find the damage."""
    (folder / "clf.json").unlink(missing_ok=True)


def a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def more_tokens(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"extra{number}": len(vocabulary) + number for number in range(5)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    unlisted(folder)


def flipped(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-9] ^= 1
    (folder / "model.safetensors").write_bytes(data)


CASES: list[tuple[int, Damage, str]] = [
    (67, shutil.rmtree, "no folder ./model"),
    (68, a_file, "is a file, expected a model folder"),
    (69, emptied, "has no config.json (it holds nothing)"),
    (69, content("config.json", b"{"), "config.json is damaged"),
    (69, config(model_type=None), "has no model_type"),
    (70, config(model_type="no-such-model"), "cannot be loaded"),
    (71, config(architectures=["GPT2LMHeadModel"]), "is not a classifier: its config.json says GPT2LMHeadModel"),
    (71, config(model_type="bert"), "do not belong together"),
    (72, config(architectures=["DistilBertModel"]), "is not a classifier"),
    (73, config(n_layers=1), "do not belong together"),
    (73, config(n_layers=9), "do not belong together"),
    (74, config(id2label={"0": "a", "1": "b", "2": "c"}, label2id={"a": 0, "b": 1, "c": 2}), "sizes differ"),
    (75, config(id2label={"0": "a", "1": "a"}), "contradict each other"),
    (75, config(label2id={"negative": 1, "positive": 0}), "contradict each other"),
    (76, lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors"),
    (76, content("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n"), "is a git-lfs pointer"),
    (76, content("model.safetensors", b"<html>not found</html>"), "is truncated or not a safetensors file"),
    (77, flipped, "has changed since clf wrote it"),
    (78, weights(lambda tensors: tensors["classifier.weight"].fill_(float("nan"))), "NaN"),
    (79, pickled, "only pickled weights"),
    (80, no_tokenizer, "has no tokenizer"),
    (81, more_tokens, "the tokenizer has"),
    (100, config(transformers_weights="adapter_model.bin"), "config.json sets transformers_weights"),
    (100, config(attn_implementation="owner/kernel"), "config.json sets attn_implementation"),
    (101, config(n_layers=2000), "n_layers is 2000, expected at most 512"),
    (101, config(architectures=5), "its architectures is 5"),
    (101, config(id2label={"1": "a", "2": "b"}), "id2label has the ids 1, 2"),
    (102, recorded(threshold=2), "its threshold is 2"),
    (102, recorded(max_length="abc"), "its max_length is 'abc'"),
    (102, recorded(files=["model.safetensors"]), "its files is ['model.safetensors']"),
    (102, content("clf.json", b"[" * 100_000), "it is nested too deeply"),
    (103, lambda folder: (folder / "x.safetensors").mkdir(), "x.safetensors is not a regular file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "damage", "message"), CASES, ids=[f"{number}-{says[:20]}" for number, _, says in CASES]
)
def test_a_bad_model_is_named_and_what_was_there_stays(
    clf: RunClf, trained: Path, own_folder: Path, number: int, damage: Damage, message: str
) -> None:
    shutil.copytree(trained, own_folder / "model")
    damage(own_folder / "model")
    write_csv(own_folder / "new.csv", [("a film",)], ("text",))
    (own_folder / "out.csv").write_text("precious")
    done = clf("predict", "./model", "new.csv", "--output", "out.csv", "--overwrite")
    assert done.code == 1, done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert message in errors[0]
    assert "hint: " in done.err
    assert "Traceback" not in done.err
    assert (own_folder / "out.csv").read_text() == "precious"
    assert sorted(path.name for path in own_folder.iterdir() if path.name != "model") == ["new.csv", "out.csv"]


# --- a model that would run code ----------------------------------------------------------------------------


class Canary:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


POISONED = ("adapter_model.bin", "pytorch_model.bin", "training_args.bin", "optimizer.pt", "rng_state.pth")


@pytest.fixture
def poisoned(trained: Path, own_folder: Path) -> Path:
    """Give a classifier with pickles and code beside its weights, and texts to read."""
    shutil.copytree(trained, own_folder / "model")
    for name in POISONED:
        (own_folder / "model" / name).write_bytes(pickle.dumps(Canary(own_folder / "canary")))
    (own_folder / "model" / "evil.py").write_text(f"open({str(own_folder / 'canary')!r}, 'w')")
    unlisted(own_folder / "model")
    write_csv(own_folder / "new.csv", [(f"a film {number}", "ab"[number % 2]) for number in range(40)])
    return own_folder / "model"


COMMANDS = (
    ("train", "--model", "./model", "--dataset", "new.csv"),
    ("evaluate", "./model", "--dataset", "new.csv"),
    ("compare", "./model", "--dataset", "new.csv"),
    ("predict", "./model", "new.csv"),
    ("export", "./model", "--dataset", "new.csv"),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=[arguments[0] for arguments in COMMANDS])
@pytest.mark.parametrize(
    "damage",
    [
        config(transformers_weights="adapter_model.bin"),
        config(auto_map={"AutoModelForSequenceClassification": "evil.Model", "AutoConfig": "evil.Config"}),
        content("adapter_config.json", b'{"peft_type": "LORA", "base_model_name_or_path": "."}'),
    ],
    ids=["pickle", "code", "adapter"],
)
def test_no_command_runs_what_a_model_brings(
    clf: RunClf, poisoned: Path, arguments: tuple[str, ...], damage: Damage
) -> None:
    damage(poisoned)
    done = clf(*arguments)
    assert done.code == 1, done.err
    assert "error: " in done.err
    assert "Traceback" not in done.err
    assert not (poisoned.parent / "canary").exists()


def test_pickles_beside_the_weights_are_not_read(clf: RunClf, poisoned: Path) -> None:
    assert clf("predict", "./model", "new.csv").code == 0
    assert not (poisoned.parent / "canary").exists()
    pickle.loads((poisoned / POISONED[0]).read_bytes())  # the canary sings
    assert (poisoned.parent / "canary").exists()
