"""What few labelled texts give: `clf train` as typed, beside version 0.1's default, TF-IDF and the frozen encoder.

Run alone on the machine, with an encoder that is at hand:

    python tests/benchmarks/few.py --data DATA [--sets town,home,ag_news,sst2] [--sizes 8,16,64,1000] [--draws 10]

DATA holds `ag_news/train_subset.parquet`, `ag_news/test.parquet`, `sst2/train.parquet` and `sst2/test.parquet` with the
columns text and label_name; `town` and `home` are made here (`few_sets.py`). A size is texts a class, 1000 texts in
all; from 64 on there are 3 draws. All methods get the same rows, of which clf cuts a tenth off for validation and the
cheap ones use all. Figures are means over draws; the interval is Student's at 95 %, paired over draws.
"""

import argparse
import csv
import io
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
VERSION_0_1 = ["--learning-rate", "2e-5", "--epochs", "3", "--warmup-steps", "auto", "--eval-steps", "epoch",
               "--select-by", "macro_f1", "--head-init", "random"]  # fmt: skip
TEST_ROWS = 400
METRICS = ("accuracy", "macro_f1", "mean_confidence", "ece")
METHODS = ("auto", "version 0.1", "TF-IDF", "frozen")
Pairs = list[tuple[str, str]]


def drawn(data: Path, name: str, size: int, draw: int) -> tuple[Pairs, Pairs]:
    """Return the labelled and the test texts of one draw; the test is the same for all."""
    from few_sets import SETS, made

    if name in SETS:
        classes = len(SETS[name][0])
        per_class = size if size < 1000 else size // classes
        return made(name, per_class, draw, False), made(name, TEST_ROWS // classes, 99, True)
    import pyarrow.parquet as parquet

    train, test = (
        parquet.read_table(data / name / file, columns=["text", "label_name"]).to_pylist()
        for file in ("train_subset.parquet" if name == "ag_news" else "train.parquet", "test.parquet")
    )
    classes = len({row["label_name"] for row in test})
    per_class = size if size < 1000 else size // classes
    taken: dict[str, dict[str, None]] = {}
    for number in np.random.default_rng([draw, 7]).permutation(len(train)).tolist():
        of_class = taken.setdefault(train[number]["label_name"], {})
        if len(of_class) < per_class:
            of_class[train[number]["text"]] = None
    chosen = np.random.default_rng(99).permutation(len(test))[:TEST_ROWS].tolist()
    return (
        [(text, label) for label, texts in taken.items() for text in texts],
        [(test[number]["text"], test[number]["label_name"]) for number in chosen],
    )


def write(path: Path, rows: Pairs) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def trained(folder: Path, seed: int, recipe: list[str]) -> dict[str, float]:
    """Train as a user does, in this process, and return the metrics on the test with the seconds."""
    from clf.cli.app import run

    out, started = io.StringIO(), time.perf_counter()
    with redirect_stdout(out):
        code = run(["train", "--dataset", str(folder / "train.csv"), "--test", str(folder / "test.csv"), "--model", MODEL,
                    "--seed", str(seed), "--output-dir", str(folder / "model"), "--overwrite", "--json", "--quiet",
                    *recipe])  # fmt: skip
    if code:
        raise SystemExit(f"clf train ended with {code}")
    seconds = time.perf_counter() - started
    result = json.loads(out.getvalue())
    return {name: result["test_metrics"][name] for name in METRICS} | {"seconds": seconds, "steps": result["steps"]}


def cheap(method: str, train: Pairs, test: Pairs, seed: int) -> dict[str, float]:
    """Fit a baseline of `clf compare` on all the labelled texts."""
    from clf.measuring import baseline_models
    from clf.models.compute import choose_compute
    from clf.models.from_files import load_for_training
    from clf.models.store import find_model
    from clf.scoring.answers import Answers
    from clf.scoring.metrics import score
    from clf.settings import ComputeSettings

    names = sorted({label for _, label in train})
    labels, truth = (np.array([names.index(label) for _, label in rows]) for rows in (train, test))
    texts, measured = ([text for text, _ in rows] for rows in (train, test))
    if method == "TF-IDF":
        fitted = baseline_models.tfidf(texts, labels, measured, len(names), seed)
    else:
        encoder = load_for_training(find_model(MODEL, offline=True), names, seed=seed)
        encoder.max_length = 512
        fitted = baseline_models.frozen(encoder, choose_compute(ComputeSettings()), texts, labels, measured, len(names))
    scored = score(Answers(fitted.probabilities, truth))
    return {name: scored[name] for name in METRICS} | {"seconds": fitted.train_seconds + fitted.measure_seconds}


def interval(differences: list[float]) -> str:
    """Return mean and Student's 95 % interval of paired differences, in points."""
    from scipy import stats

    mean = statistics.mean(differences)
    half = stats.t.ppf(0.975, len(differences) - 1) * statistics.stdev(differences) / len(differences) ** 0.5
    return f"{100 * mean:+.1f} [{100 * (mean - half):+.1f}, {100 * (mean + half):+.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="town,home,ag_news,sst2")
    parser.add_argument("--sizes", default="8,16,64,1000")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    data = options.data.resolve()
    heads = "accuracy | macro F1 | confidence | ECE | seconds | accuracy of auto less this, points"
    print(f"| set, texts | method | {heads} |\n|---|---|---|---|---|---|---|---|", flush=True)
    for size in map(int, options.sizes.split(",")):
        for name in options.sets.split(","):
            rows: dict[str, list[dict[str, Any]]] = {method: [] for method in METHODS}
            for draw in range(options.draws if size < 64 else options.seeds):
                train, test = drawn(data, name, size, draw)
                with tempfile.TemporaryDirectory() as scratch:
                    folder = Path(scratch)
                    write(folder / "train.csv", train)
                    write(folder / "test.csv", test)
                    rows["auto"].append(trained(folder, draw, []))
                    rows["version 0.1"].append(trained(folder, draw, VERSION_0_1))
                for method in ("TF-IDF", "frozen"):
                    rows[method].append(cheap(method, train, test, draw))
            for method, each in rows.items():
                mean = {key: statistics.mean(row[key] for row in each) for key in (*METRICS, "seconds")}
                against = interval([a["accuracy"] - b["accuracy"] for a, b in zip(rows["auto"], each, strict=True)])
                print(f"| {name}, {size} | {method} | {mean['accuracy']:.3f} | {mean['macro_f1']:.3f} | "
                      f"{mean['mean_confidence']:.3f} | {mean['ece']:.3f} | {mean['seconds']:.1f} | "
                      f"{'' if method == 'auto' else against} |", flush=True)  # fmt: skip
            print(json.dumps({"set": name, "size": size, "rows": rows}), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
