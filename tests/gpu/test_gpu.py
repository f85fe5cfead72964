"""The commands on `auto`, on a machine with a CUDA GPU: they compute there, and answer as on a processor."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from conftest import FAST, HANGS, RunClf

CLF = ("--no-python", str(Path(sys.executable).with_name("clf")))
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")]


def train(clf: RunClf, encoder: Path, *arguments: object) -> Any:
    done = clf("train", "--model", encoder, "--dataset", "reviews.csv", *FAST, *arguments, "--json")
    assert done.code == 0, done.err
    return done.json


def record(folder: str) -> Any:
    return json.loads((Path(folder) / "clf.json").read_text())


def test_doctor_names_the_gpu_and_its_format(clf: RunClf) -> None:
    found = clf("doctor", "--offline", "--json").json["compute"]
    assert found["device"] == "cuda:0"
    assert found["precision"] in {"bf16", "fp16"}
    assert len(found["gpus"]) == torch.cuda.device_count()


def test_train_evaluate_compare_and_predict_compute_there(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    train(clf, tiny_encoder, "--output-dir", "m", "--epochs", 20)
    assert record("m")["compute"]["device"] == "cuda:0"
    there, here = (clf("evaluate", "m", "--device", device, "--overwrite", "--json").json for device in ("auto", "cpu"))
    for name in ("accuracy", "macro_f1", "mean_confidence"):
        assert there["metrics"][name] == pytest.approx(here["metrics"][name], abs=0.02)
    assert clf("compare", "m", "--baseline", "pretrained", "--show-baseline", "frozen").code in {0, 3, 4}
    outputs = [clf("predict", "m", reviews, "--device", device, "--all-scores").out for device in ("auto", "cpu")]
    rows = [[line.split(",") for line in out.splitlines()[1:]] for out in outputs]
    assert [row[2] for row in rows[0]] == [row[2] for row in rows[1]]
    assert [float(row[3]) for row in rows[0]] == pytest.approx([float(row[3]) for row in rows[1]], abs=0.01)


def test_demo_learns_there(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.demo.has_embedded", lambda: False)
    done = clf("demo", "--json")
    assert done.code == 0, done.err
    assert done.json["test_metrics"]["accuracy"] == 1.0


def test_every_gpu_can_be_chosen(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    last = f"cuda:{torch.cuda.device_count() - 1}"
    train(clf, tiny_encoder, "--output-dir", "m", "--device", last)
    assert record("m")["compute"]["device"] == last
    there = torch.cuda.device_count()
    beyond = clf("train", "--dataset", "reviews.csv", "--model", tiny_encoder, "--device", f"cuda:{there}")
    assert beyond.code == 2
    assert "is not on this machine" in beyond.err


def test_a_resumed_run_ends_in_the_same_bytes(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clf.training import trainer

    def stop_at_six(self: Any, args: object, state: Any, control: object, **_: object) -> None:
        if state.global_step == 6:
            self.trainer.stop.number = 15

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Milestones, "on_step_end", stop_at_six)
        command = ("train", "--model", tiny_encoder, "--dataset", "reviews.csv", *FAST, "--deterministic")
        assert clf(*command, "--output-dir", "m").code == 143
    assert train(clf, tiny_encoder, "--deterministic", "--output-dir", "m", "--resume")["resumed_from_step"] == 6
    train(clf, tiny_encoder, "--deterministic", "--output-dir", "whole")
    assert Path("m/model.safetensors").read_bytes() == Path("whole/model.safetensors").read_bytes()


def test_a_run_that_began_on_a_processor_goes_on_there(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clf.training import trainer

    def stop_at_six(self: Any, args: object, state: Any, control: object, **_: object) -> None:
        if state.global_step == 6:
            self.trainer.stop.number = 15

    command = ("train", "--model", tiny_encoder, "--dataset", "reviews.csv", *FAST, "--output-dir", "m")
    with monkeypatch.context() as patch:
        patch.setattr(trainer.Milestones, "on_step_end", stop_at_six)
        assert clf(*command, "--device", "cpu").code == 143
    done = clf(*command, "--resume", "--attention-dropout", "off")
    assert done.code == 0, done.err
    assert "device was cpu, is now cuda" in done.err
    assert "RNG" not in done.err


def test_memory_that_runs_out_is_told_and_less_is_read(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    train(clf, tiny_encoder, "--output-dir", "m")
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(max(0, free - (64 << 20)), dtype=torch.uint8, device="cuda")
    done = clf("predict", "m", reviews)
    del hog
    torch.cuda.empty_cache()
    assert done.code == 0 or ("ran out of memory" in done.err and done.err.count("hint: ") == 1), done.err


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_processes_on_two_gpus(reviews: Path, tiny_encoder: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *CLF]
    command = [*torchrun, "train", "--model", str(tiny_encoder), "--dataset", "reviews.csv", *FAST, "--output-dir", "m"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr


def test_more_processes_than_gpus_are_refused_once(reviews: Path, tiny_encoder: Path) -> None:
    count = torch.cuda.device_count() + 1
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}", *CLF]
    command = [*torchrun, "train", "--model", str(tiny_encoder), "--dataset", "reviews.csv", *FAST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=False)
    assert done.returncode != 0
    assert done.stderr.count(f"error: {count} processes were started on a machine with {count - 1} GPU") == 1
