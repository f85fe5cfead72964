"""How many bytes of memory each command needs for each further row.

    PYTHONPATH=tests python tests/benchmarks/memory.py [--rows 100000 2000000] [--only prepare evaluate]

Makes files of short distinct texts (about 40 characters, two classes), runs each command of COMMANDS on the small file
and on the large one, and divides the difference of their peaks by the difference of their rows. A peak is that of the
largest process of the command: resident memory as the kernel records it (mapped files included), and beside it the
memory of its own (sampled, without mapped files). The model of the others is tiny, and trained on other texts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from support.tiny import write_tiny_encoder

CLASSES = ("pos", "neg")


def write_rows(path: Path, rows: int) -> None:
    """Write distinct texts of about 40 characters: words drawn at random, and the number of the row."""
    generator = np.random.default_rng(rows)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = np.array(["".join(generator.choice(letters, generator.integers(3, 9))) for _ in range(20_000)])
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        for start in range(0, rows, 10_000):
            chosen = words[generator.integers(0, len(words), (min(10_000, rows - start), 5))]
            file.writelines(
                f"{' '.join(row)} {start + number},{CLASSES[number % 2]}\n" for number, row in enumerate(chosen)
            )


def prepare(folder: Path) -> list[str]:
    """Return the command that prepares the rows of the folder."""
    return ["prepare", "--dataset", "rows.csv", "--output-dir", "prepared", "--overwrite", "--offline"]


def predict(suffix: str) -> Callable[[Path], list[str]]:
    """Return what makes the command that labels the rows of the folder."""
    return lambda folder: ["predict", "model", "rows.csv", "--output", f"labelled{suffix}"]


def compare(*baselines: str) -> Callable[[Path], list[str]]:
    """Return what makes the command that compares the model with these baselines."""
    shown = [argument for name in baselines for argument in ("--baseline", name)]
    measured = ["--dataset", "rows.csv", "--output-dir", "compared", "--overwrite", "--offline"]
    return lambda folder: ["compare", "model", *measured, *shown]


def evaluate(folder: Path) -> list[str]:
    """Return the command that measures the model on the rows of the folder."""
    return ["evaluate", "model", "--dataset", "rows.csv", "--output-dir", "evaluated", "--overwrite", "--offline"]


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "prepare": prepare,
    "evaluate": evaluate,
    "compare": compare(),
    "compare, all baselines": compare("pretrained", "majority", "tfidf", "frozen"),
    "predict, CSV": predict(".csv"),
    "predict, JSON lines": predict(".jsonl"),
    "predict, Parquet": predict(".parquet"),
}
"""The arguments of each command, made for a folder that holds `rows.csv`; they run in this order, in that folder."""


def train_tiny(folder: Path) -> None:
    """Train the model that is measured, on 400 rows of its own."""
    encoder = write_tiny_encoder(folder / "encoder")
    write_rows(folder / "few.csv", 400)
    recipe = ["--epochs", "1", "--batch-size", "32", "--max-length", "16", "--head-init", "random"]
    peaks(["train", "--model", str(encoder), "--dataset", "few.csv", "--output-dir", "model", *recipe], folder)


def peaks(arguments: list[str], folder: Path) -> tuple[int, int]:
    """Run clf and return two peaks of its largest process in bytes: resident memory, and memory of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clf", *arguments, "--quiet"], cwd=folder, stdout=subprocess.DEVNULL
    )
    own, ended = [0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, own, ended))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    if process.returncode not in (0, 3, 4):  # 3 and 4: the model is no better than a baseline
        sys.exit(f"clf {' '.join(arguments)} ended with {process.returncode}")
    return usage.ru_maxrss * 1024, own[0]


def _watch(pid: int, own: list[int], ended: threading.Event) -> None:
    while not ended.wait(0.05):
        try:
            memory = psutil.Process(pid).memory_info()
            own[0] = max(own[0], memory.rss - memory.shared)
        except psutil.Error:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs=2, default=[100_000, 2_000_000], metavar=("FEW", "MANY"))
    parser.add_argument("--only", nargs="+", choices=list(COMMANDS), default=list(COMMANDS))
    options = parser.parse_args()
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in options.only}
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_rows(folder / "rows.csv", rows)
            if options.only != ["prepare"]:
                train_tiny(folder)
            for name in options.only:
                found[name].append(peaks(COMMANDS[name](folder), folder))
    few, many = options.rows
    print("| command | peak, few (MB) | peak, many (MB) | bytes a row | of its own |\n|---|---|---|---|---|")
    for name, (small, large) in found.items():
        bytes_a_row = [(large[kind] - small[kind]) / (many - few) for kind in (0, 1)]
        cells = (name, small[0] / 1e6, large[0] / 1e6, *bytes_a_row)
        print("| {} | {:.0f} | {:.0f} | {:.0f} | {:.0f} |".format(*cells))


if __name__ == "__main__":
    main()
