"""Where the seconds of each command go: imports, loading models, work, publishing; and what `--help` costs.

Run alone on the machine, where trained models can be made:

    python tests/benchmarks/starts.py [--repeats 3] [--seeds 5]

Each command runs in a process of its own, in a scratch folder, on the synthetic reviews and all-MiniLM-L6-v2. Imports
are the outermost import statements; loading is reading weights and tokenizers; publishing is writing the model folder
of a training; the work is the rest. Figures are medians, in seconds, also as times what `import typer, rich` and
`import transformers.Trainer` take in the same run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WATCH = """
import builtins, json, os, sys, time
spent = {"imports": 0.0, "load": 0.0, "publish": 0.0}
depth = 0
plain = builtins.__import__
def watched(*given, **options):
    global depth
    depth += 1
    started = time.perf_counter()
    try:
        return plain(*given, **options)
    finally:
        depth -= 1
        if depth == 0:
            spent["imports"] += time.perf_counter() - started
builtins.__import__ = watched
def timed(name, function):
    def inner(*given, **options):
        before, started = sum(spent.values()), time.perf_counter()
        try:
            return function(*given, **options)
        finally:
            spent[name] += time.perf_counter() - started - (sum(spent.values()) - before)
    return inner
def patch(module, function, name):
    found = sys.modules.get(module)
    if found and hasattr(found, function):
        setattr(found, function, timed(name, getattr(found, function)))
import atexit
begun = time.perf_counter()
from clf.cli import app
import importlib
PLACES = [
    ("clf.models.from_files", "_from_pretrained", "load"), ("clf.models.from_files", "_tokenizer", "load"),
    ("clf.train", "_publish", "publish"),
]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name not in {place[0] for place in PLACES}:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        loader = spec.loader
        run = loader.exec_module
        def exec_module(module):
            run(module)
            for place, function, what in PLACES:
                if place == name:
                    patch(place, function, what)
        loader.exec_module = exec_module
        return spec
import importlib.util
sys.meta_path.insert(0, Finder())
for place, function, what in PLACES:
    patch(place, function, what)
code = app.run(sys.argv[1:])
sys.stdout.flush()
whole = time.perf_counter() - begun
with open(os.environ["STARTS_RECORD"], "w") as file:
    json.dump({**spent, "inside": whole, "code": code,
               "modules": [name for name in ("torch", "transformers", "transformers.trainer", "datasets", "sklearn",
                           "accelerate", "pyarrow", "pandas", "scipy") if name in sys.modules]}, file)
"""


def seconds_of(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Run a command to its end, and return its seconds."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 3, 4):
        raise SystemExit(f"{command}\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--helps", type=int, default=9)
    options = parser.parse_args()
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    python = sys.executable
    clf = [python, "-m", "clf"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def median(command: list[str], times: int = options.repeats) -> float:
            return statistics.median(seconds_of(command, folder, environment) for _ in range(times))

        light = median([python, "-c", "import typer, rich"], 9)
        heavy = median([python, "-c", "from transformers import Trainer"])
        print(f"import typer, rich: {light:.3f} s; from transformers import Trainer: {heavy:.2f} s\n")
        print("| help | seconds | times `import typer, rich` |\n|---|---|---|")
        for command in ("", "prepare", "train", "demo", "evaluate", "compare", "predict", "export", "download-models",
                        "doctor"):  # fmt: skip
            took = median([*clf, *([command] if command else []), "--help"], options.helps)
            print(f"| clf {command + ' ' if command else ''}--help | {took:.3f} | {took / light:.1f} |", flush=True)
        model = "sentence-transformers/all-MiniLM-L6-v2"
        commands: dict[str, list[str]] = {
            "doctor": ["doctor"],
            "prepare": ["prepare", "--dataset", "synthetic", "--overwrite"],
            "train": ["train", "--dataset", "synthetic", "--model", model, "--overwrite"],
            "predict --text": ["predict", "trained_models/all-MiniLM-L6-v2_synthetic_final", "--text", "A good film."],
            "evaluate": ["evaluate", "--overwrite"],
            "compare": ["compare", "--overwrite"],
            "export": ["export", "--overwrite"],
            "demo": ["demo", "--overwrite"],
        }
        print("\n| command | whole | imports | load | work | publish | times `import Trainer` | libraries |")
        print("|---|---|---|---|---|---|---|---|")
        for name, command in commands.items():
            rows: list[dict[str, Any]] = []
            for _ in range(options.repeats):
                record = folder / "starts.json"
                whole = seconds_of(
                    [python, "-c", WATCH, *command], folder, environment | {"STARTS_RECORD": str(record)}
                )
                rows.append(json.loads(record.read_text()) | {"whole": whole})
                if rows[-1]["code"] not in (0, 3, 4):
                    raise SystemExit(f"clf {' '.join(command)} failed")
            middle = {
                key: statistics.median(row[key] for row in rows) for key in ("whole", "imports", "load", "publish")
            }
            work = middle["whole"] - middle["imports"] - middle["load"] - middle["publish"]
            print(f"| {name} | {middle['whole']:.1f} | {middle['imports']:.1f} | {middle['load']:.1f} | {work:.1f} | "
                  f"{middle['publish']:.1f} | {middle['whole'] / heavy:.1f} | {', '.join(rows[0]['modules'])} |",
                  flush=True)  # fmt: skip
        print("\n| clf demo --seed | seconds | accuracy | macro F1 | confidence |\n|---|---|---|---|---|")
        for seed in range(options.seeds):
            started = time.perf_counter()
            done = subprocess.run([*clf, "demo", "--overwrite", "--json", "--seed", str(seed)], cwd=folder,
                                  env=environment, capture_output=True, text=True, check=True)  # fmt: skip
            took, reached = time.perf_counter() - started, json.loads(done.stdout)["test_metrics"]
            print(f"| {seed} | {took:.1f} | {reached['accuracy']:.2f} | {reached['macro_f1']:.2f} | "
                  f"{reached['mean_confidence']:.3f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
