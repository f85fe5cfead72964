"""How many texts a second `clf serve` answers, and how long each waits, beside a plain server and `clf predict`.

    python tests/benchmarks/serving.py --model MODEL --texts test.parquet --clients 1 8 32 128 --seconds 20

Needs wrk and hey (Debian's packages) and the extra `serve`. Reviews and their first sentences take turns; each server
runs alone, with the same model and the same texts. `--overload SECONDS` sends more than the server answers, and watches
its memory. Everything goes over 127.0.0.1 and is bounded in time. Run it alone on the machine; one JSON document.
"""

import argparse
import csv
import http.client
import io
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from predict import output_of

HERE = Path(__file__).parent
PORT = 8177
JSON = {"content-type": "application/json"}


def texts_of(source: Path, rows: int) -> dict[str, list[str]]:
    """Return reviews, and the first sentence of each."""
    table = pq.read_table(source, columns=["text"])["text"]
    chosen = np.random.default_rng(0).permutation(len(table))[:rows]
    reviews = [table[int(row)].as_py() for row in chosen]
    return {"short": [re.split(r"(?<=[.!?])\s", text)[0][:200] for text in reviews], "reviews": reviews}


@contextmanager
def running(command: list[Any], scratch: Path) -> Iterator[psutil.Process]:
    """Start a server, and wait until it answers."""
    with (scratch / "server.log").open("w") as log:
        server = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                ask("a first text")
                break
            except OSError:
                time.sleep(0.2)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(60)


def ask(text: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    connection.request("POST", "/predict", json.dumps({"inputs": text}), JSON)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def ours(model: str, *options: object) -> list[Any]:
    return [sys.executable, "-P", "-m", "clf", "serve", model, "--port", PORT, "--quiet", *options]


def plain(model: str) -> list[Any]:
    return [sys.executable, HERE / "plain_server.py", model, PORT]


def load(bodies: Path, clients: int, seconds: int) -> dict[str, Any]:
    """Let wrk send texts from so many clients, each waiting for its answer."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "120s", "-s", HERE / "serving.lua",
               f"http://127.0.0.1:{PORT}/predict", "--", bodies]  # fmt: skip
    told = output_of(command)
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return {**found, "texts_per_second": round(found["requests"] / found["seconds"], 1)}


def predicted(model: str, texts: list[str], scratch: Path) -> float:
    """Return the texts a second of `clf predict` on the same texts."""
    source = scratch / "texts.parquet"
    pq.write_table(pa.table({"text": texts}), source)
    command = [sys.executable, "-P", "-m", "clf", "predict", model, source, "--output", scratch / "out.parquet", "--overwrite",
               "--json", "--quiet"]  # fmt: skip
    return float(json.loads(output_of(command))["texts_per_second"])


def model_milliseconds(model: str, texts: list[str]) -> float:
    """Return the median time of the model alone for one text: tokenized before, answered one after another."""
    code = """
import json, statistics, sys, time
from clf.predictor import load
from clf.models.cpu.memory import keep_freed_memory
keep_freed_memory()
one, texts = load(sys.argv[1]), json.load(sys.stdin)
ids = one.inference.tokenize([one.cleaned(text) for text in texts])
spent = []
for row in ids:
    started = time.perf_counter()
    one.inference.predict_tokens([row])
    spent.append(time.perf_counter() - started)
print(statistics.median(spent) * 1000)
"""
    command = [sys.executable, "-P", "-c", code, model]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return float(done.stdout)


def one_client(texts: list[str]) -> dict[str, float]:
    """Return the mean time of one client that waits for each answer, on one connection, in milliseconds.

    `model` is what the server's own metrics say of the model for the same texts, in the same process: the rest of the
    client's time is overhead.
    """
    connection, before = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120), model_seconds()
    started = time.perf_counter()
    for text in texts:
        connection.request("POST", "/predict", json.dumps({"inputs": text}), JSON)
        connection.getresponse().read()
    client = (time.perf_counter() - started) / len(texts)
    connection.close()
    found = {"client": client}
    if model := (model_seconds() - before) / len(texts):
        found |= {"model": model, "overhead": client - model}
    return {name: round(seconds * 1000, 2) for name, seconds in found.items()}


def model_seconds() -> float:
    """Return how long the model has run so far, from the server's metrics; 0 for a server without them."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    found = re.search(r"^clf_batch_seconds_sum (.+)$", response.read().decode(), re.MULTILINE)
    connection.close()
    return float(found[1]) if found else 0.0


def overload(model: str, text: str, seconds: int, scratch: Path) -> dict[str, Any]:
    """Send more than the server answers, and compare what it answers before and after."""
    body = scratch / "body.json"
    body.write_text(json.dumps({"inputs": text}))
    with running(ours(model), scratch) as server:
        quiet = hey(body, 32, 10)
        memory = [server.memory_info().rss / 1e6]
        command = ["hey", "-z", f"{seconds}s", "-c", "400", "-t", "120", "-o", "csv", *HEADERS, "-D", body, URL]
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as sending:
            for _ in range(seconds - 1):
                time.sleep(1)
                memory.append(server.memory_info().rss / 1e6)
            rows = read(sending.communicate(timeout=180)[0])
        after = hey(body, 32, 10)
        memory.append(server.memory_info().rss / 1e6)
    accepted = [float(row["response-time"]) for row in rows if row["status-code"] == "200"]
    in_time = [row for row in rows if float(row["offset"]) + float(row["response-time"]) <= seconds]
    return {
        "statuses": Counter(row["status-code"] for row in rows),
        "offered_per_second": round(len(in_time) / seconds, 1),
        "answered_per_second": round(sum(row["status-code"] == "200" for row in in_time) / seconds, 1),
        "accepted_p50_s": round(float(np.percentile(accepted, 50)), 3),
        "accepted_p99_s": round(float(np.percentile(accepted, 99)), 3),
        "memory_mb": [round(memory[0]), round(max(memory)), round(memory[-1])],
        "before": quiet,
        "after": after,
    }


URL = f"http://127.0.0.1:{PORT}/predict"
HEADERS = ["-m", "POST", "-T", "application/json"]


def hey(body: Path, clients: int, seconds: int) -> dict[str, float]:
    rows = read(
        output_of(["hey", "-z", f"{seconds}s", "-c", clients, "-t", "120", "-o", "csv", *HEADERS, "-D", body, URL])
    )
    times = [float(row["response-time"]) for row in rows]
    return {"per_second": round(len(rows) / seconds, 1), "p99_s": round(float(np.percentile(times, 99)), 3)}


def read(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8, 32, 128])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--overload", type=int, default=0)
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        kinds = texts_of(options.texts, options.rows)
        for kind, texts in kinds.items():
            (scratch / f"{kind}.jsonl").write_text("".join(json.dumps({"inputs": text}) + "\n" for text in texts))
            found[kind] = {"predict_texts_per_second": predicted(options.model, texts[: options.rows // 4], scratch),
                           "model_ms": round(model_milliseconds(options.model, texts[:100]), 2)}  # fmt: skip
        servers = {"clf": ours(options.model)} | ({} if options.without_peer else {"plain": plain(options.model)})
        for name, command in servers.items():
            with running(command, scratch):
                for kind, texts in kinds.items():
                    found[kind][name] = {"one_client_ms": one_client(texts[:300])}
                    for clients in options.clients:
                        found[kind][name][clients] = load(scratch / f"{kind}.jsonl", clients, options.seconds)
                        print(kind, name, clients, found[kind][name][clients], file=sys.stderr)
        if options.overload:
            found["overload"] = overload(options.model, kinds["reviews"][0], options.overload, scratch)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
