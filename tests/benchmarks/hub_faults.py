"""What each fault of a network or Hub costs, in whole commands: clf beside the plain libraries, cold cache.

Run alone on the machine: PYTHONPATH=tests python tests/benchmarks/hub_faults.py [--limit 75] [--only TEXT]

The faults are those of the tests (support/faults.py), on a Hub at 127.0.0.1. `snapshot_download` is the Hub's client,
`from_pretrained` what a script does: tokenizer and model by name. What still runs after the limit is cut off.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.faults import CASES, FaultCase, publish, unreachable
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files

SNAPSHOT = (
    "import sys; from huggingface_hub import snapshot_download; snapshot_download(sys.argv[1], revision=sys.argv[2])"
)
FROM_PRETRAINED = """
import sys
from transformers import AutoModel, AutoTokenizer
AutoTokenizer.from_pretrained(sys.argv[1], revision=sys.argv[2])
AutoModel.from_pretrained(sys.argv[1], revision=sys.argv[2])
"""


def command(who: str, case: FaultCase) -> list[str]:
    revision = case.arguments[1] if case.arguments else "main"
    if who == "clf":
        return [sys.executable, "-m", "clf", "download-models", case.asks, *case.arguments]
    return [sys.executable, "-c", SNAPSHOT if who == "snapshot_download" else FROM_PRETRAINED, case.asks, revision]


def measure(who: str, case: FaultCase, limit: float) -> str:
    """Run one command against a Hub with the fault, and say how it ended, after how many seconds."""
    with LocalHub(tokens=("hf_goodTOKEN123",)) as hub, tempfile.TemporaryDirectory() as home:
        publish(hub)
        case.arrange(hub)
        with unreachable(case.endpoint) as nowhere:
            environment = os.environ | hub.environment(Path(home)) | case.environment
            if case.endpoint != "hub":
                environment["HF_ENDPOINT"] = nowhere
            started = time.monotonic()
            try:
                done = subprocess.run(
                    command(who, case), env=environment, capture_output=True, text=True, timeout=limit, check=False
                )
            except subprocess.TimeoutExpired:
                return f"still running after {limit:.0f} s"
            seconds = time.monotonic() - started
        return f"{seconds:.1f} s, {outcome(done, Path(home))}"


def outcome(done: "subprocess.CompletedProcess[str]", home: Path) -> str:
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        first = next((line for line in lines if line.startswith("error:")), lines[-1] if lines else "")
        return f"exit {done.returncode}: {first.removeprefix('error: ')[:110]}"
    right = tiny_encoder_files()["model.safetensors"]
    weights = next(home.glob("hub/models--*/snapshots/*/model.safetensors"), None)
    same = weights and hashlib.sha256(weights.read_bytes()).digest() == hashlib.sha256(right).digest()
    return "done" if same else "exit 0 with WRONG BYTES"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=75)
    parser.add_argument("--only", default="")
    parser.add_argument("--who", nargs="+", default=["clf", "snapshot_download", "from_pretrained"])
    options = parser.parse_args()
    print(f"| fault | {' | '.join(options.who)} |\n|---|{'---|' * len(options.who)}")
    for case in CASES:
        if options.only in case.name:
            cells = [measure(who, case, options.limit) for who in options.who]
            print(f"| {case.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
