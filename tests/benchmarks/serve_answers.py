"""Whether `clf serve` gives the same answers as `clf predict`, over many mixed requests.

    python tests/benchmarks/serve_answers.py --model MODEL --requests 10000

Starts a server and sends it requests from several clients at once: 1 to 20 texts in all three forms, with and without
details, logits and cutting, among them empty, hostile and long texts. Each answer is compared with that of
`clf.load(MODEL).predict`. Prints one JSON: how many requests, texts and differences of each kind, the largest
difference of a score, and the memory of the server at the start, in the middle and at the end.
"""

import argparse
import http.client
import json
import math
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

import clf
from clf.data.cleaning import clean_text
from clf.models.tokens import READ_AT_MOST, tokenize
from clf.predictor import Predictor
from clf.settings import ComputeSettings, Settings

WORDS = [
    "a",
    "the",
    "film",
    "was",
    "wonderful",
    "dull",
    "boring",
    "and",
    "not",
    "very",
    "good",
    "service",
    "late",
    "refund",
    "invoice",
    "login",
    "error",
    "plot",
]
HOSTILE = [
    "", " ", "\t\n", "\u200b", "<NA>", "nan", "null", "None", "\x00", "\x1b[31mred\x1b[0m", "<script>alert(1)</script>", "é" * 300,
    "e\u0301" * 50, "\ufeffwonderful", "\U0001f600" * 40, "ﷺ" * 30, "\u202eevil", "=cmd|' /C calc'!A0", '","', "{{7*7}}", "[CLS] [SEP] [MASK] [PAD]",
    "wonderful\r\ndull", "文" * 100, "a" * 5_000, "&amp;nbsp;<br/>film", "https://host/path?query=1", "\ud7ff\ue000\uffff", "𝔴𝔬𝔫𝔡𝔢𝔯", "٣٤٥",
]  # fmt: skip
NEAR = 1e-5


@dataclass
class Found:
    """What was counted."""

    requests: int = 0
    texts: int = 0
    abstained: int = 0
    without_answer: int = 0
    refused_as_too_long: int = 0
    largest: float = 0.0
    differences: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def check(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.differences[what] += 1
            self.shown = [*self.shown, f"{what}: {found!r:.150} instead of {wanted!r:.150}"][:5]

    def near(self, what: str, found: float, wanted: float) -> None:
        apart = abs(found - wanted)
        self.largest = max(self.largest, apart)
        if not apart <= NEAR:
            self.check(what, found, wanted)


@dataclass(frozen=True)
class Expected:
    """What predict says of a text, and how many tokens it has."""

    said: clf.Prediction
    tokens: int
    tokens_cut: int


def texts_of(draw: random.Random, count: int) -> list[str]:
    texts = list(HOSTILE)
    while len(texts) < count:
        words = draw.choices(WORDS, k=draw.choice([1, 2, 5, 10, 30, 30, 100, 400]))
        texts.append(" ".join(words) + (f" {len(texts)}" if draw.random() < 0.5 else ""))
    return texts


def expected(predictor: Predictor, texts: list[str]) -> dict[str, Expected]:
    one = predictor.classifier
    cleaned = [predictor.cleaned(text) for text in texts]
    kept = predictor.inference.tokenize([text for text in cleaned if text])
    whole = tokenize(
        [clean_text(t, one.cleaning) for t, c in zip(texts, cleaned, strict=True) if c], one.tokenizer, READ_AT_MOST
    )
    lengths = iter(zip(map(len, kept), map(len, whole), strict=True))
    found = {}
    for text, clean, said in zip(texts, cleaned, predictor.predict(texts), strict=True):
        read, full = next(lengths) if clean else (0, 0)
        found[text] = Expected(said, read, full - read)
    return found


class Client(threading.Thread):
    """Sends its share of the requests on one connection, and compares each answer."""

    def __init__(self, port: int, number: int, requests: int, known: dict[str, Expected], predictor: Predictor) -> None:
        super().__init__()
        self.draw, self.requests, self.known, self.predictor = random.Random(number), requests, known, predictor
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.found, self.all = Found(), list(known)
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            for _ in range(self.requests):
                self.ask()
        except Exception as error:
            self.failed = error

    def ask(self) -> None:
        draw = self.draw
        texts = draw.choices(self.all, k=draw.choice([1, 1, 2, 3, 5, 8, 13, 20]))
        while sum(map(len, texts)) > 90_000:
            texts.pop()
        form = draw.choice(["text", "list", "lists"])
        texts = texts[:1] if form == "text" else texts
        inputs = {"text": texts[0], "list": texts, "lists": [[text] for text in texts]}[form]
        options = {
            name: draw.random() < share
            for name, share in (("details", 0.5), ("raw_scores", 0.2))
            if draw.random() < 0.9
        }
        options |= {"truncate": draw.random() < 0.8} if draw.random() < 0.5 else {}
        self.connection.request(
            "POST", "/predict", json.dumps({"inputs": inputs} | options), {"content-type": "application/json"}
        )
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        self.found.requests += 1
        self.found.texts += len(texts)
        if not options.get("truncate", True) and any(self.known[text].tokens_cut for text in texts):
            self.found.refused_as_too_long += 1
            self.found.check("status of a long text", (response.status, answer.get("error_type")), (413, "too_large"))
        elif response.status != 200:
            self.found.check("status", (response.status, answer), 200)
        else:
            self.compare(texts, [answer] if form == "text" else answer, options)

    def compare(self, texts: Sequence[str], answers: list[Any], options: dict[str, bool]) -> None:
        self.found.check("number of answers", len(answers), len(texts))
        for text, answer in zip(texts, answers, strict=False):
            if options.get("details"):
                self.compare_details(self.known[text], answer)
            scores = answer["scores"] if options.get("details") else answer
            self.compare_scores(self.known[text].said, scores, raw=options.get("raw_scores", False))

    def compare_details(self, wanted: Expected, answer: dict[str, Any]) -> None:
        said, found, several = wanted.said, self.found, self.predictor.multi_label
        abstains = said.label == self.predictor.no_answer
        found.abstained += abstains
        found.without_answer += bool(said.error)
        label = None if said.error else said.labels if several else said.label
        found.check("label", answer["label"], label)
        found.check("error", answer["error"], said.error)
        found.check("abstained", answer["abstained"], abstains)
        found.check("tokens", (answer["tokens"], answer["tokens_cut"]), (wanted.tokens, wanted.tokens_cut))
        found.check("confidence or none", answer["confidence"] is None, said.confidence is None)
        if said.confidence is not None and answer["confidence"] is not None:
            found.near("confidence", answer["confidence"], said.confidence)

    def compare_scores(self, said: clf.Prediction, scores: list[dict[str, Any]], *, raw: bool) -> None:
        values = {one["label"]: one["score"] for one in scores}
        self.found.check("labels with scores", set(values), set(said.scores))
        self.found.check("order", list(values.values()), sorted(values.values(), reverse=True))
        if raw and values:
            values = probabilities(values, each_alone=self.predictor.multi_label)
        for name in values.keys() & said.scores.keys():
            self.found.near("logit" if raw else "score", values[name], said.scores[name])


def probabilities(logits: dict[str, float], *, each_alone: bool) -> dict[str, float]:
    if each_alone:
        return {name: 1 / (1 + math.exp(-logit)) for name, logit in logits.items()}
    top = max(logits.values())
    parts = {name: math.exp(logit - top) for name, logit in logits.items()}
    return {name: part / sum(parts.values()) for name, part in parts.items()}


def memory_of(process: psutil.Process) -> float:
    return round(process.memory_info().rss / 1e6, 1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    predictor = Predictor(str(options.model), Settings(compute=ComputeSettings(precision="fp32")))
    known = expected(predictor, texts_of(random.Random(0), options.texts))
    command = [sys.executable, "-P", "-m", "clf", "serve", str(options.model), "--port", "0", "--json", "--quiet",
               "--queue", "2000", "--precision", "fp32"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = "".join(iter(server.stdout.readline, "}\n")) + "}"
            port, process = int(json.loads(told)["address"].rpartition(":")[2]), psutil.Process(server.pid)
            memory, started = [memory_of(process)], time.perf_counter()
            each = options.requests // options.clients
            clients = [Client(port, number, each, known, predictor) for number in range(options.clients)]
            for client in clients:
                client.start()
            while any(client.is_alive() for client in clients):
                time.sleep(0.2)
                done = sum(client.found.requests for client in clients)
                if len(memory) * options.requests / 10 <= done:
                    memory.append(memory_of(process))
            seconds = time.perf_counter() - started
            memory.append(memory_of(process))
        finally:
            server.terminate()
    failed = [repr(client.failed) for client in clients if client.failed]
    return report(options, [client.found for client in clients], failed, memory, seconds)


def report(
    options: argparse.Namespace, found: list[Found], failed: list[str], memory: list[float], seconds: float
) -> dict[str, Any]:
    return {
        "model": options.model.name,
        **{
            name: sum(getattr(one, name) for one in found)
            for name in ("requests", "texts", "abstained", "without_answer", "refused_as_too_long")
        },
        "differences": dict(sum((one.differences for one in found), Counter[str]())),
        "shown": [line for one in found for line in one.shown][:5],
        "largest_difference": max(one.largest for one in found),
        "failed_clients": failed,
        "seconds": round(seconds, 1),
        "megabytes": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--texts", type=int, default=1_000, help="different texts")
    parser.add_argument("--clients", type=int, default=8)
    print(json.dumps(measure(parser.parse_args()), indent=2))


if __name__ == "__main__":
    main()
