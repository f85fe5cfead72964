"""Change files and let clf read them, more often or otherwise than the tests do: prints the figures as JSON.

PYTHONPATH=tests python -m fuzz --examples 40 --seed 7 --only clf.json
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from fuzz.campaign import figures, tried
from fuzz.stand import full_stand
from fuzz.targets import TARGETS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, help="changed files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of the name of a file")
    parser.add_argument("--keep", type=Path, help="folder for the files that something is wrong with")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, began = Path(folder), time.monotonic()
        base, found = full_stand(root), []
        for target in TARGETS:
            if asked.only in target.file:
                examples = asked.examples or target.examples
                found += tried(target, base, root / "case", examples, asked.seed)
        for number, one in enumerate(found):
            if asked.keep and one.wrong:
                asked.keep.mkdir(exist_ok=True)
                (asked.keep / f"{number}-{Path(one.target).name}").write_bytes(one.content)
        in_all = {"seconds in all": round(time.monotonic() - began, 1)}
        sys.stdout.write(json.dumps(figures(found) | in_all, indent=1) + "\n")


if __name__ == "__main__":
    main()
