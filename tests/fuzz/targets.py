"""The files that clf reads back, each with the commands that read it, and where those commands may write."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.stand import HUB_MODEL, TRAINED

Command = tuple[str, ...]
Seal = Callable[[Path, Path], None]
"""Makes the working folder, or a hash in it, agree with the changed file, so that its content is looked at."""

TRAIN: Command = ("train", "--dataset", "prepared", "--model", "encoder", *TRAINED, "--output-dir")
NEW: Command = (*TRAIN, "new")
RESUMED: Command = (*TRAIN, "stopped", "--resume")
PREDICT: Command = ("predict", "model", "new.csv", "--output", "out.csv")
EVALUATE: Command = ("evaluate", "model", "--dataset", "prepared", "--allow-leak")
COMPARE: Command = ("compare", "model", "--dataset", "prepared", "--baseline", "majority", "--baseline", "tfidf", "--allow-leak")  # fmt: skip
SHARDED: Command = ("predict", "sharded", "new.csv", "--output", "out.csv")
EXPORTED: Command = ("predict", "exported", "new.csv", "--output", "out.csv")
AS_RECORDED: Command = ("compare", "model", "--baseline", "pretrained", "--baseline", "majority", "--allow-leak")
EXPORT: Command = ("export", "model", "--dataset", "prepared", "--output-dir", "exported", "--allow-leak")
VERIFY: Command = ("download-models", "--verify")
FROM_HUB: Command = ("train", "--dataset", "prepared", "--model", HUB_MODEL, *TRAINED, "--offline", "--output-dir", "new")  # fmt: skip
PINNED: Command = ("download-models", "--from-manifest", "pins.json", "--offline")


@dataclass(frozen=True)
class Target:
    """One file, the commands that read it in turn, what they need of the stand, and how often it is changed."""

    file: str
    commands: Sequence[Command]
    needs: Sequence[str]
    examples: int = 12
    seals: Sequence[Seal] = field(default_factory=tuple)

    def find(self, work: Path) -> Path:
        """Return the file; it may be named by a pattern."""
        return sorted(work.glob(self.file))[0]


VERIFIED = tuple(
    f"work/cache/{one}/clf.verified.json" for one in ("models--distilbert-base-uncased", "datasets--stanfordnlp--imdb")
)
WRITES = {
    "train": (*VERIFIED, "work/new", "work/.new", "work/stopped", "work/.stopped", "work/older", "work/.older", "work/model.run/",
              "work/page.html"),
    "prepare": (*VERIFIED, "work/prepared", "work/.prepared"),
    "predict": ("work/out.csv", "work/.out.csv", "work/done.csv", "work/.done.csv", "work/half.csv", "work/.half.csv"),
    "evaluate": ("work/evaluations", "work/page.html"),
    "compare": ("work/comparisons",),
    "export": ("work/exported", "work/.exported", "work/exported_models"),
    "download-models": ("work/cache/models--distilbert-base-uncased/", "work/cache/datasets--stanfordnlp--imdb/"),
}  # fmt: skip
"""Where a command may write."""
CACHES = ("home/.cache", "tmp/.ses")
"""What ONNX Runtime keeps for itself."""


# --- seals --------------------------------------------------------------------------------------------------


def unlisted(work: Path, file: Path) -> None:
    """Take the list of hashes away, as in a model that another tool made."""
    (file.parent / "clf.json").unlink(missing_ok=True)


def listed(work: Path, file: Path) -> None:
    """Write the hash of the file into the list that stands beside it."""
    for name in ("clf.json", "clf-checkpoint.json"):
        if (file.parent / name).exists() and file.name != name:
            record = json.loads((file.parent / name).read_text())
            record["files"][file.name] = _hash(file)
            (file.parent / name).write_text(json.dumps(record))


def hashed(work: Path, file: Path) -> None:
    """Write the hash of an array into the document that stands beside it."""
    beside = file.with_suffix(".json")
    record = json.loads(beside.read_text())
    beside.write_text(json.dumps(record | {"sha256": _hash(file)}))


def of_another_tool(work: Path, file: Path) -> None:
    """Take clf's own records of the cached repositories away."""
    for name in ("clf.json", "clf.verified.json"):
        for path in (work / "cache").glob(f"*/{name}"):
            if path != file:
                path.unlink()


def labelled(work: Path, file: Path) -> None:
    """Write the labels of a manifest into labels.json too, or the names in config.json into its inverse."""
    try:
        written = json.loads(file.read_bytes())
        if file.name == "config.json":
            written["label2id"] = {name: int(number) for number, name in written["id2label"].items()}
            file.write_text(json.dumps(written))
        else:
            (file.parent / "labels.json").write_text(json.dumps({"schema_version": 1, "labels": written["labels"]}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # it holds no labels


def named(work: Path, file: Path) -> None:
    """Let labels.json, clf.json and config.json say the same names, and take the hashes away."""
    labelled(work, file)
    unlisted(work, file)


def as_it_is(work: Path, file: Path) -> None:
    """Leave the hashes as they are."""


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# --- the list -----------------------------------------------------------------------------------------------

DATA, LOADED, OF_TRAIN = ("prepared", "model"), ("model", "new.csv"), ("prepared", "encoder")
ALL_OF_MODEL = (PREDICT, EVALUATE, AS_RECORDED, COMPARE, AS_RECORDED)
SEALED = (unlisted, listed, as_it_is)
CACHE = "cache/models--distilbert-base-uncased"
BASELINES = ("prepared", "model", "comparisons", "data.csv")
WINDOWS = ("new.csv", "model", ".half.csv.parts", ".done.csv.parts", "done.csv", "done.csv.settings.json")
HALF: Command = ("predict", "model", "new.csv", "--output", "half.csv", "--resume")
DONE: Command = ("predict", "model", "new.csv", "--output", "done.csv", "--resume")

TARGETS = (
    Target("prepared/manifest.json", (NEW, EVALUATE, NEW, COMPARE), ("prepared", "encoder", "model", "data.csv"), 20, (labelled, as_it_is)),
    Target("prepared/audit.json", (NEW, (*EVALUATE, "--report", "page.html")), ("prepared", "encoder", "model"), 18),
    Target("prepared/labels.json", (NEW, EVALUATE), ("prepared", "encoder", "model")),
    Target("prepared/settings.json", (("prepare", "--dataset", "data.csv", "--output-dir", "prepared", "--overwrite"),), ("prepared", "data.csv")),
    Target("model/clf.json", (*ALL_OF_MODEL, EXPORT), (*DATA, "new.csv", "data.csv", "encoder", "model.run"), 28),
    Target("model/config.json", (PREDICT,), LOADED, 28, (*SEALED, named)),
    Target("encoder/config.json", (NEW,), OF_TRAIN, 20),
    Target("model/tokenizer.json", (PREDICT,), LOADED, 28, SEALED),
    Target("encoder/tokenizer.json", (NEW,), OF_TRAIN, 18),
    Target("model/tokenizer_config.json", (PREDICT,), LOADED, 20, SEALED),
    Target("encoder/tokenizer_config.json", (NEW,), OF_TRAIN),
    Target("model/model.safetensors", (PREDICT,), LOADED, 20, SEALED),
    Target("encoder/model.safetensors", (NEW,), OF_TRAIN),
    Target("sharded/model.safetensors.index.json", (SHARDED,), ("sharded", "new.csv"), 18),
    Target("sharded/special_tokens_map.json", (SHARDED,), ("sharded", "new.csv"), 18),
    Target("sharded/added_tokens.json", (SHARDED,), ("sharded", "new.csv"), 18),
    Target("exported/clf.json", (EXPORTED,), ("exported", "new.csv"), 18),
    Target("exported/config.json", (EXPORTED,), ("exported", "new.csv"), 18, (*SEALED, named)),
    Target("model/train_rows.npy", (EVALUATE[:-1],), DATA, 18, SEALED),
    Target("model.run/result.json", ((*TRAIN, "model", "--resume"),), ("prepared", "encoder", "model", "model.run"), 18),
    Target("stopped.run/settings.json", (RESUMED,), (*OF_TRAIN, "stopped.run")),
    Target("stopped.run/history.jsonl", ((*RESUMED, "--report", "page.html"),), (*OF_TRAIN, "stopped.run"), 18),
    Target("stopped.run/checkpoints/checkpoint-4/clf-checkpoint.json", (RESUMED,), (*OF_TRAIN, "stopped.run"), 20),
    Target("stopped.run/checkpoints/checkpoint-4/trainer_state.json", (RESUMED,), (*OF_TRAIN, "stopped.run"), 20, (listed, listed, as_it_is)),
    Target("stopped.run/checkpoints/checkpoint-4/config.json", (RESUMED,), (*OF_TRAIN, "stopped.run"), 6, (listed,)),
    Target("older.run/checkpoints/checkpoint-2/best.safetensors", ((*TRAIN, "older", "--resume"),), (*OF_TRAIN, "older.run"), 14, (listed, listed, as_it_is)),
    Target("stopped.run/tokens/*.json", (RESUMED,), (*OF_TRAIN, "stopped.run"), 8),
    Target("stopped.run/tokens/*.npy", (RESUMED,), (*OF_TRAIN, "stopped.run"), 14, (hashed, hashed, as_it_is)),
    Target("comparisons/.baselines/*.json", (COMPARE,), BASELINES, 8),
    Target("comparisons/.baselines/*.npy", (COMPARE,), BASELINES, 14, (hashed, hashed, as_it_is)),
    Target(f"{CACHE}/clf.json", (VERIFY, FROM_HUB, VERIFY, PINNED), ("cache", "prepared", "pins.json"), 20),
    Target(f"{CACHE}/clf.verified.json", (FROM_HUB, VERIFY), ("cache", "prepared"), 12),
    Target("cache/datasets--*/trees/*.json", ((*VERIFY, "--dataset", "imdb"), ("prepare", "--dataset", "imdb", "--offline", "--output-dir", "prepared")), ("cache",), 14, (of_another_tool,)),
    Target(f"{CACHE}/snapshots/*/config.json", (VERIFY, FROM_HUB), ("cache", "prepared"), 12, (as_it_is, of_another_tool)),
    Target("pins.json", (PINNED, (*PINNED, "--verify")), ("cache", "pins.json"), 20),
    Target(".half.csv.parts/key.json", (HALF,), WINDOWS, 14),
    Target(".done.csv.parts/told.json", (DONE,), WINDOWS, 10),
    Target("done.csv.settings.json", (DONE, (*DONE[:-1], "--overwrite")), ("new.csv", "model", "done.csv", "done.csv.settings.json"), 14),
)  # fmt: skip
