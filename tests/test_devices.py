"""A device that is not there, and more processes than GPUs: one error, one hint, and nothing is written."""

from pathlib import Path

import pytest
import torch

from conftest import FAST, HANGS, RunClf
from support.forks import ranks

ONE_GPU = """
import torch
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: 1
from clf.cli.app import main
main()
"""


@pytest.mark.parametrize("command", ["train", "evaluate", "compare", "predict", "doctor"])
def test_a_gpu_where_there_is_none_is_one_error(
    clf: RunClf, trained: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    given = {
        "train": ["--dataset", reviews, "--model", trained, *FAST], "evaluate": [trained], "compare": [trained],
        "predict": [trained, reviews, "--output", "out.csv"], "doctor": [],
    }[command]  # fmt: skip
    done = clf(command, *given, "--device", "cuda")
    assert done.code == 2
    assert done.err.count("error: --device cuda: ") == done.err.count("hint: ") == 1
    assert "Traceback" not in done.err
    left = {path.name for path in Path().iterdir() if not path.name.startswith(".")} - {"reviews.csv"}
    assert not left


def test_a_gpu_beyond_the_last_is_one_error_that_names_those_there_are(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    done = clf("train", "--dataset", reviews, "--model", tiny_encoder, "--device", "cuda:7")
    assert done.code == 2
    assert "error: --device cuda:7 is not on this machine, which has cuda:0 only" in done.err
    assert done.err.count("error: ") == done.err.count("hint: ") == 1


@pytest.mark.long
def test_more_processes_than_gpus_are_one_error(reviews: Path, tiny_encoder: Path) -> None:
    command = ("train", "--dataset", reviews, "--model", tiny_encoder)
    both = [process.finish(HANGS) for process in ranks(2, *command, script=ONE_GPU)]
    assert [done.returncode for done in both] == [2, 2]
    assert both[0].stderr.count("error: ") == both[0].stderr.count("hint: ") == 1
    assert "error: 2 processes were started on a machine with 1 GPU\n" in both[0].stderr
    assert "--nproc-per-node 1" in both[0].stderr
    assert both[1].stderr == ""
