"""How fast `clf train` is beside the plain Hugging Face recipe: same encoder, rows, epochs, batch size and tokens.

Run alone on the machine:

    python tests/benchmarks/train.py --peer peer_train.py --model ENCODER --train train.parquet --test test.parquet \\
        [--rows 640] [--test-rows 1000] [--max-length 256] [--repeats 3] [--learning-rate 1e-4]

`peer_train.py` is a script that prints {"train_seconds", "train_examples_per_second", "test_accuracy"} as one line of
JSON. Peer and clf alternate; each repeat has a seed of its own; figures are medians. The peak is that of a matrix
product in the number format that clf trained in, measured in the same run; work per token is 6 operations a weight,
embeddings apart.
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

import pyarrow.parquet as parquet


def sample(source: Path, rows: int, seed: int, target: Path) -> Path:
    """Draw rows, the same for both sides."""
    import numpy as np

    table = parquet.read_table(source, columns=["text", "label"])
    chosen = np.sort(np.random.default_rng(seed).permutation(len(table))[:rows])
    parquet.write_table(table.take(chosen), target)
    return target


def measured(command: list[str], folder: Path) -> tuple[dict[str, Any], float, float]:
    """Run a command; its JSON, its seconds, and its peak memory in MB."""
    started = time.perf_counter()
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        out.seek(0)
        text = out.read()
        if status:
            err.seek(0)
            raise SystemExit(f"{command}\n{err.read()[-2000:]}")
    try:
        result = json.loads(text)
    except ValueError:  # the Trainer prints lines of its own before
        result = json.loads(text.strip().splitlines()[-1])
    return result, seconds, usage.ru_maxrss / 1e3


def peak_gflops(precision: str) -> float:
    """Measure the matrix product of a number format at the size of an encoder's layers, best of twelve."""
    code = f"""
import time, torch
kind = {{"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}}[{precision!r}]
a, b = torch.randn(4096, 1536).to(kind), torch.randn(1536, 4096).to(kind)
best = 1e9
for _ in range(12):
    t = time.perf_counter(); a @ b; best = min(best, time.perf_counter() - t)
print(2 * 4096 * 1536 * 4096 / best / 1e9)
"""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("peer", "model", "train", "test"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=640)
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--learning-rate", default="1e-4")
    parser.add_argument("--padding", default="dynamic")
    options = parser.parse_args()
    peaks: dict[str, float] = {}
    results: dict[str, list[Any]] = {"peer": [], "clf": []}
    for seed in range(options.repeats):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            train = sample(options.train.resolve(), options.rows, seed, folder / "train.parquet")
            test = sample(options.test.resolve(), options.test_rows, seed, folder / "test.parquet")
            common = ["--model", str(options.model.resolve()), "--epochs", str(options.epochs), "--seed", str(seed),
                      "--learning-rate", options.learning_rate, "--max-length", str(options.max_length)]  # fmt: skip
            peer, seconds, memory = measured(
                [sys.executable, str(options.peer.resolve()), *common, "--train", str(train), "--test", str(test),
                 "--padding", options.padding, "--output", str(folder / "peer")], folder)  # fmt: skip
            results["peer"].append((peer["train_examples_per_second"], peer["test_accuracy"], seconds, memory, 0.0))
            ours, seconds, memory = measured(
                [sys.executable, "-m", "clf", "train", *common, "--dataset", str(train), "--test", str(test),
                 "--validation-size", "0.1", "--warmup-steps", "0", "--output-dir", str(folder / "clf"), "--json"],
                folder)  # fmt: skip
            timing = json.loads((folder / "clf.run" / "timing.json").read_text())
            precision = json.loads((folder / "clf" / "clf.json").read_text())["compute"]["precision"]
            if precision not in peaks:
                peaks[precision] = peak_gflops(precision)
            share = timing["tokens_per_second"] * 6 * weights(options.model) / 1e9 / peaks[precision]
            results["clf"].append(
                (ours["examples_per_second"], ours["test_metrics"]["accuracy"], seconds, memory, share)
            )
            print(json.dumps({"seed": seed, **{name: values[-1] for name, values in results.items()}}), flush=True)
    measured_peaks = ", ".join(f"{name} matrix peak {peak:.0f} GFLOP/s" for name, peak in peaks.items())
    print(f"\n{measured_peaks}\n\n| | texts/s | accuracy | whole command, s | peak MB | of the peak |")
    print("|---|---|---|---|---|---|")
    for name, values in results.items():
        middle = [statistics.median(column) for column in zip(*values, strict=True)]
        print(f"| {name} | {middle[0]:.1f} | {middle[1]:.4f} | {middle[2]:.0f} | {middle[3]:.0f} | {middle[4]:.0%} |")
    ratio = statistics.median(c[0] / p[0] for c, p in zip(results["clf"], results["peer"], strict=True))
    print(f"\nratio of texts a second {ratio:.2f}")


def weights(model: Path) -> int:
    """Count the weights of an encoder besides its embeddings."""
    from safetensors import safe_open

    with safe_open(model / "model.safetensors", "np") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys() if "embeddings" not in name]  # noqa: SIM118
    total = 0
    for shape in shapes:
        count = 1
        for side in shape:
            count *= side
        total += count
    return total


if __name__ == "__main__":
    main()
