"""One of each folder and file that clf reads back, made by clf itself from tiny things, and clf run on a copy of them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.forks import ForkedClf
from support.local_hub import LocalHub
from support.tiny import imdb_files, review_rows, tiny_encoder_files, write_csv, write_tiny_encoder

HUB_MODEL, HUB_DATASET = "distilbert-base-uncased", "stanfordnlp/imdb"
SECONDS = 20
STARTS = 120
"""Seconds until the process that all are forked from has imported everything."""
MEMORY = 2 << 30
"""Bytes that a command may take in addition to those of the process that it is forked from."""
TRAINED = ("--epochs", "1", "--batch-size", "16", "--learning-rate", "3e-3", "--max-length", "16", "--warmup-steps", "0",
           "--select-by", "macro_f1", "--head-init", "random", "--keep-checkpoints")  # fmt: skip
LIMITED = f"""
import os, resource, socket

with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {MEMORY},) * 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28,) * 2)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def connect(*_):
    open(os.environ["CONNECTED"], "w").close()
    raise OSError("no network")


socket.socket.connect = connect
from huggingface_hub import constants

constants.HF_HUB_CACHE, constants.HF_HUB_OFFLINE = os.environ["HF_HUB_CACHE"], True
"""
MAIN = "from clf.cli.app import main\nmain()\n"
STOPPED_BEFORE_JOINING = """
from clf.storage.prediction_parts import Parts

def interrupted(*_):
    raise KeyboardInterrupt

Parts.join = interrupted
"""


@dataclass(frozen=True)
class Stand:
    """A folder with `work`, `home`, `tmp` and `outside` beside each other; commands run in `work`."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp"), "COLUMNS": "200",
            "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(self.root / "home" / "hf"), "CUDA_VISIBLE_DEVICES": "",
            "HF_HUB_CACHE": str(self.work / "cache"), "CONNECTED": str(self.outside / "connected"),
        }  # fmt: skip

    def run(self, *arguments: str, script: str = "") -> "subprocess.CompletedProcess[str]":
        """Run clf under the limits; raise TimeoutExpired if it does not end in time."""
        running = ForkedClf(
            *arguments, folder=self.work, environment=self.environment(), script=LIMITED + script + MAIN
        )
        with running:
            return running.finish(SECONDS)

    def content(self) -> dict[str, str]:
        """Return the hash of each file, and what else there is, by path."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = f"link to {os.readlink(path)}"
            elif path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[name] = "a folder" if path.is_dir() else "odd"
        return found

    def copy(self, root: Path, *needed: str) -> "Stand":
        """Copy what is `needed` of the working folder to another stand."""
        shutil.rmtree(root, ignore_errors=True)
        new = empty_stand(root)
        for name in needed:
            path = self.work / name
            if path.is_dir():
                shutil.copytree(path, new.work / name, symlinks=True)
            else:
                shutil.copy2(path, new.work / name)
        return new


def empty_stand(root: Path) -> Stand:
    for name in ("work", "home", "tmp", "outside"):
        (root / name).mkdir(parents=True)
    (root / "outside" / "precious.txt").write_text("precious")
    (root / "home" / ".profile").write_text("export A=1\n")
    return Stand(root)


def full_stand(root: Path) -> Stand:
    """Make everything once in `root/case`, where its copies will be, and move it to `root/base`."""
    stand = empty_stand(root / "case")
    _fill(stand)
    stand.root.rename(root / "base")
    return Stand(root / "base")


def _fill(stand: Stand) -> None:
    """Let clf make everything; the commands are those of a user, and each must succeed."""
    work = stand.work
    with ForkedClf("--version") as first:
        _succeeds(first.finish(STARTS))
    write_csv(work / "data.csv", review_rows(80))
    write_csv(work / "new.csv", [(text,) for text, _ in review_rows(24)], ("text",))
    write_tiny_encoder(work / "encoder")
    _fetched(stand)
    train = ("train", "--dataset", "prepared", "--model", "encoder", *TRAINED)
    _succeeds(stand.run("prepare", "--dataset", "data.csv", "--output-dir", "prepared"))
    _succeeds(stand.run(*train, "--output-dir", "model", "--save-steps", "2"))
    _succeeds(
        stand.run("compare", "model", "--baseline", "majority", "--baseline", "tfidf", "--on-inconclusive", "pass"),
        0,
        3,
    )
    shutil.rmtree(work / "comparisons" / "model_data_test", ignore_errors=True)
    _succeeds(stand.run("export", "model", "--dataset", "prepared", "--output-dir", "exported", "--allow-leak"))
    _succeeds(stand.run("predict", "model", "new.csv", "--output", "done.csv"))
    _succeeds(stand.run("predict", "model", "new.csv", "--output", "half.csv", script=STOPPED_BEFORE_JOINING), 130)
    shutil.copytree(work / ".half.csv.parts", work / ".done.csv.parts")
    shutil.copy(work / "done.csv.settings.json", work / ".done.csv.parts" / "told.json")
    shutil.copytree(work / "model.run", work / "stopped.run")
    (work / "stopped.run" / "result.json").unlink()
    shutil.copytree(work / "stopped.run", work / "older.run", ignore=shutil.ignore_patterns("checkpoint-4"))
    _sharded(work / "model", work / "sharded")
    _list_of_client(work / "cache" / f"datasets--{HUB_DATASET.replace('/', '--')}")


def _fetched(stand: Stand) -> None:
    """Fetch a model and a dataset into the cache, in a process of its own, for the client reads its address at import."""
    with LocalHub() as hub:
        hub.publish("models", HUB_MODEL, tiny_encoder_files())
        hub.publish("datasets", HUB_DATASET, imdb_files())
        variables = stand.environment() | hub.environment(stand.root / "home" / "hf")
        command = [
            sys.executable,
            "-P",
            "-m",
            "clf",
            "download-models",
            HUB_MODEL,
            "--dataset",
            "imdb",
            "--manifest",
            "pins.json",
        ]
        _succeeds(
            subprocess.run(command, cwd=stand.work, env=variables, capture_output=True, text=True, timeout=STARTS)
        )
    shutil.rmtree(stand.root / "home" / "hf", ignore_errors=True)


def _sharded(model: Path, copy: Path) -> None:
    """Write the model once more as other tools do: its weights in two files and an index, its special tokens apart."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, copy)
    for name in ("clf.json", "model.safetensors", "train_rows.npy"):
        (copy / name).unlink()
    tensors = load_file(model / "model.safetensors")
    names, halves = sorted(tensors), ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    where = {name: halves[number % 2] for number, name in enumerate(names)}
    for half in halves:
        save_file(
            {name: tensors[name] for name in names if where[name] == half}, copy / half, metadata={"format": "pt"}
        )
    index: dict[str, Any] = {"metadata": {"total_size": 1}, "weight_map": where}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    special = {
        "cls_token": "[CLS]",
        "sep_token": {"content": "[SEP]", "lstrip": False},
        "additional_special_tokens": [],
    }
    (copy / "special_tokens_map.json").write_text(json.dumps(special))
    (copy / "added_tokens.json").write_text(json.dumps({"[CLS]": 2, "[SEP]": 3}))


def _list_of_client(root: Path) -> None:
    """Write the list of the files of a cached repository as the Hub's client does."""
    ((commit, files),) = json.loads((root / "clf.json").read_text())["commits"].items()
    listed = {name: {"size": one["size"], "blob_id": one["hash"], "lfs_sha256": None} for name, one in files.items()}
    (root / "trees").mkdir()
    (root / "trees" / f"{commit}.json").write_text(json.dumps({"files": listed}))


def _succeeds(done: "subprocess.CompletedProcess[str]", *codes: int) -> None:
    assert done.returncode in (codes or (0,)), f"{done.returncode}: {done.stderr[-2000:]}"
