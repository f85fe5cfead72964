"""How many times as fast as the transformers pipeline `clf predict` is, and whether the answers are the same.

    python tests/benchmarks/predict.py --peer PIPELINE.py --model MODEL --texts test.parquet --rows 400 --max-length 256

The texts are cleaned first and given to both. The pipeline (at batch 1 and 32), clf, and each `--also` (an export, say)
take turns, `--rounds` times; medians are shown. Seconds are of the texts alone; those of the whole command stand beside.
The model must read the head of a text, as the pipeline does. Run it alone on the machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clf.data.cleaning import clean_text
from clf.settings import CleaningSettings

BATCHES = (1, 32)


def cleaned_texts(source: Path, rows: int, model: Path, target: Path) -> None:
    record = json.loads((model / "clf.json").read_text())
    if record["truncation"] != "head":
        sys.exit(f"{model} reads {record['truncation']}, and the pipeline the head: train it with --truncation head")
    texts = pq.read_table(source, columns=["text"])["text"].to_pylist()
    chosen = np.random.default_rng(0).permutation(len(texts))[:rows]
    steps = CleaningSettings(**record["cleaning"])
    cleaned = [text for text in (clean_text(texts[row], steps) for row in chosen) if text]
    pq.write_table(pa.table({"text": cleaned}), target)


def peer(options: argparse.Namespace, texts: Path, batch: int, scratch: Path) -> dict[str, Any]:
    answers = scratch / "peer.jsonl"
    command = [sys.executable, options.peer, "--model", options.model, "--data", texts, "--batch-size", batch,
               "--max-length", options.max_length, "--output", answers]  # fmt: skip
    started = time.perf_counter()
    told = json.loads(output_of(command).splitlines()[-1])
    rows = [json.loads(line) for line in answers.read_text().splitlines()]
    return {
        "speed": told["texts_per_second"],
        "whole": time.perf_counter() - started,
        "labels": [row["label"] for row in rows],
        "confidence": np.array([row["score"] for row in rows]),
    }


def ours(options: argparse.Namespace, model: str, texts: Path, scratch: Path) -> dict[str, Any]:
    answers = scratch / "ours.parquet"
    command = [sys.executable, "-m", "clf", "predict", model, texts, "--output", answers, "--overwrite", "--threshold", 0,
               "--max-length", options.max_length, "--json", "--quiet"]  # fmt: skip
    started = time.perf_counter()
    told = json.loads(output_of(command))
    table = pq.read_table(answers)
    return {
        "speed": told["texts_per_second"],
        "whole": time.perf_counter() - started,
        "labels": table["label"].to_pylist(),
        "confidence": table["confidence"].to_numpy(),
    }


def output_of(command: list[Any]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--also", action="append", default=[], help="another model or export of the same labels")
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        texts = scratch / "texts.parquet"
        cleaned_texts(options.texts, options.rows, Path(options.model), texts)
        for _ in range(options.rounds):
            for batch in BATCHES:
                found.setdefault(f"pipeline, batch {batch}", []).append(peer(options, texts, batch, scratch))
            for model in (options.model, *options.also):
                found.setdefault(f"clf {Path(model).name}", []).append(ours(options, model, texts, scratch))
    show(found)


def show(found: dict[str, list[dict[str, Any]]]) -> None:
    speeds = {name: statistics.median(run["speed"] for run in runs) for name, runs in found.items()}
    reference = found["pipeline, batch 1"][-1]
    heads = [
        "",
        "texts/s",
        *(f"times batch {batch}" for batch in BATCHES),
        "whole, s",
        "other labels",
        "largest difference",
    ]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for name, runs in found.items():
        same = np.array([a == b for a, b in zip(runs[-1]["labels"], reference["labels"], strict=True)])
        apart = np.abs(runs[-1]["confidence"] - reference["confidence"])[same].max()
        ratios = [f"{speeds[name] / speeds[f'pipeline, batch {batch}']:.2f}" for batch in BATCHES]
        whole = statistics.median(run["whole"] for run in runs)
        cells = [
            name,
            f"{speeds[name]:.1f}",
            *ratios,
            f"{whole:.1f}",
            f"{(~same).sum()} of {len(same)}",
            f"{apart:.4f}",
        ]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
