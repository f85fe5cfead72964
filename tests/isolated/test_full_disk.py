"""A disk that fills up while a checkpoint is written: a clear error, the last good checkpoint, and a run that goes on.

python -m pytest -m isolated tests/isolated        needs root and unshare
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.isolated,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare"),
]
TRAIN = "-m clf train --dataset synthetic --epochs 2 --batch-size 8 --save-steps 2 --resume --output-dir disk/model"
# A file takes most of a small disk as soon as the first checkpoint stands, and is removed before the second try.
SCRIPT = """
mkdir -p disk && mount -t tmpfs -o size=SIZE tmpfs disk
(while [ ! -e disk/model.run/checkpoints/checkpoint-2/clf-checkpoint.json ]; do sleep 0.01; done
 dd if=/dev/zero of=disk/ballast bs=64k 2>/dev/null) &
PYTHON TRAIN --model ENCODER; echo "first $?" >&2
wait; ls disk/model.run/checkpoints >&2; ls disk >&2
rm disk/ballast; PYTHON TRAIN --model ENCODER --json; echo "second $?" >&2
"""


def test_it_ends_in_an_error_and_goes_on_from_the_last_checkpoint(tiny_encoder: Path, tmp_path: Path) -> None:
    script = SCRIPT.replace("TRAIN", TRAIN).replace("PYTHON", sys.executable).replace("SIZE", "40m")
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", script.replace("ENCODER", str(tiny_encoder))],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    first, _, second = done.stderr.partition("first 1")
    assert second, done.stderr
    assert first.count("error: cannot write ") == 1  # the checkpoints, or what stands beside them
    assert "pass --resume" in first
    assert "Traceback" not in done.stderr
    assert "resuming from step" in second
    assert "second 0" in second, done.stderr
