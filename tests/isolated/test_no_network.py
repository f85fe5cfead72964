"""After `clf download-models`, nothing needs a network: not even an attempt to connect is made.

python -m pytest -m isolated tests/isolated        needs root, unshare and strace
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.local_hub import LocalHub
from support.tiny import imdb_files, tiny_encoder_files

pytestmark = [
    pytest.mark.isolated,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not (shutil.which("unshare") and shutil.which("strace")), reason="needs unshare and strace"),
]
ATTEMPT = re.compile(r"(connect|sendto|sendmsg|sendmmsg)\(.*AF_INET")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a cache from a Hub that is gone afterwards."""
    folder = tmp_path_factory.mktemp("home")
    with LocalHub() as hub:
        hub.publish("models", "distilbert-base-uncased", tiny_encoder_files())
        hub.publish("datasets", "stanfordnlp/imdb", imdb_files())
        command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased", "--dataset", "imdb"]
        subprocess.run(command, env=os.environ | hub.environment(folder), check=True)
    return folder


@pytest.mark.parametrize("offline", [False, True])
def test_no_command_attempts_a_connection(home: Path, tmp_path: Path, offline: bool) -> None:
    names = ("HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in names} | {"HF_HOME": str(home)}
    flag = ["--offline"] if offline else []
    (tmp_path / "new.csv").write_text("text\nA fine film.\nA dull film.\n")
    for command in (
        ["train", "--dataset", "imdb", "--epochs", "1", "--max-length", "64"],
        ["evaluate"],
        ["compare", "--baseline", "pretrained", "--baseline", "tfidf"],
        ["predict", "trained_models/distilbert-base-uncased_imdb_final", "new.csv"],
        ["prepare", "--dataset", "imdb"],
        ["download-models", "distilbert-base-uncased", "--dataset", "imdb"],
    ):
        log = tmp_path / "calls.log"
        watched = [
            "strace",
            "--follow-forks",
            "--seccomp-bpf",
            "--trace=connect,sendto,sendmsg,sendmmsg",
            f"--output={log}",
        ]
        done = subprocess.run(
            ["unshare", "--net", *watched, sys.executable, "-m", "clf", *command, *flag],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in ((0, 3, 4) if command[0] == "compare" else (0,)), (command, done.stderr)
        attempts = [line for line in log.read_text().splitlines() if ATTEMPT.search(line)]
        assert attempts == [], command


def test_the_guard_sees_an_attempt(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    command = [sys.executable, "-m", "clf", "download-models", "acme/other"]
    environment = os.environ | {"HF_HOME": str(home), "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        ["unshare", "--net", "strace", "--follow-forks", "--trace=connect,sendto", f"--output={log}", *command],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert any(ATTEMPT.search(line) for line in log.read_text().splitlines())
