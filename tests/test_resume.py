"""`clf train --resume`: always safe to pass, and only ever goes on with the very same run."""

import errno
import json
import logging
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.numpy import load_file
from safetensors.torch import save

from clf.errors import Terminated
from clf.storage.disk import sha256
from clf.training import checkpoints, confidence, ingredients, trainer
from conftest import FAST, Outcome, RunClf


def train(clf: RunClf, encoder: Path, *arguments: object) -> Outcome:
    return clf("train", "--model", encoder, *FAST, "--dataset", "reviews.csv", "--output-dir", "m", *arguments)


@pytest.fixture
def stopped(clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the run folder of a run that stopped at step 6."""

    def on_step_end(self: object, args: object, state: object, control: object, **_: object) -> None:
        if state.global_step == 6:  # type: ignore[attr-defined]
            self.trainer.stop.number = 15  # type: ignore[attr-defined]

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Milestones, "on_step_end", on_step_end)
        done = train(clf, tiny_encoder)
    assert done.code == 143
    assert "stopped at step 6; its checkpoint is saved" in done.err
    assert "--output-dir m --resume" in done.err
    assert not Path("m").exists()
    return Path("m.run")


def test_it_goes_on_to_the_same_weights(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    done = train(clf, tiny_encoder, "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed_from_step"] == 6
    whole = clf("train", "--model", tiny_encoder, *FAST, "--dataset", "reviews.csv", "--output-dir", "whole", "--json")
    assert Path("m/model.safetensors").read_bytes() == Path("whole/model.safetensors").read_bytes()
    assert done.json["metrics"] == whole.json["metrics"]
    assert (stopped / "history.jsonl").read_text() == Path("whole.run/history.jsonl").read_text()
    assert not (stopped / "checkpoints").exists()


def test_a_checkpoint_that_was_being_replaced_is_gone_on_with(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    for checkpoint in list((stopped / "checkpoints").glob("checkpoint-*")):
        checkpoint.rename(checkpoint.with_name(f".replaced-{checkpoint.name}"))
    done = train(clf, tiny_encoder, "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed_from_step"] == 6


def test_a_finished_run_is_done_at_once(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    first = train(clf, tiny_encoder, "--resume", "--json")
    assert "there is no checkpoint to resume from: starting from scratch" in first.err
    changed = Path("m/model.safetensors").stat().st_mtime_ns
    again = train(clf, tiny_encoder, "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json == first.json
    assert Path("m/model.safetensors").stat().st_mtime_ns == changed
    kept = train(clf, tiny_encoder, "--resume", "--json", "--gradient-accumulation", "2", "--save-steps", "3")
    assert kept.json == first.json
    other = train(clf, tiny_encoder, "--resume", "--seed", "7")
    assert other.code == 2
    assert "m is the finished model of another run: --seed was 42, is now 7\n" in other.err
    Path("m.run/result.json").write_text("{")
    damaged = train(clf, tiny_encoder, "--resume")
    assert damaged.code == 1
    assert "m.run/result.json is damaged, so whether the run is finished is not known\n" in damaged.err
    assert "the output folder m already exists\n" in damaged.err
    assert Path("m/model.safetensors").stat().st_mtime_ns == changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--learning-rate", "1e-3"), "--learning-rate was 0.003, is now 0.001"),
        (("--batch-size", "4"), "--batch-size was 8, is now 4"),
        (("--seed", "7"), "--seed was 42, is now 7"),
        (("--max-length", "16"), "--max-length was 64, is now 16"),
        (("--max-train-samples", "20"), "the training texts was"),
    ],
)
def test_another_run_is_refused_and_named(
    clf: RunClf, stopped: Path, tiny_encoder: Path, change: tuple[str, str], said: str
) -> None:
    done = train(clf, tiny_encoder, "--resume", *change)
    assert done.code == 2
    assert said in done.err
    if change[0] not in {"--max-train-samples", "--seed"}:  # these change the texts, too
        was = said.partition(" was ")[2].partition(",")[0]
        remedy = "leave out --learning-rate" if change[0] == "--learning-rate" else f"pass {change[0]} {was}"
        assert f"hint: {remedy}, or start over" in done.err
    assert list((stopped / "checkpoints").glob("checkpoint-*"))


def test_other_data_is_refused(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    text = Path("reviews.csv").read_text()
    Path("reviews.csv").write_text(text.replace("film", "movie"))
    done = train(clf, tiny_encoder, "--resume")
    assert done.code == 2
    assert "the training texts was" in done.err


def test_without_resume_the_interrupted_run_is_thrown_away_and_said_so(
    clf: RunClf, stopped: Path, tiny_encoder: Path
) -> None:
    done = train(clf, tiny_encoder, "--json")
    assert done.code == 0, done.err
    assert "discarding the interrupted run in m.run; --resume would continue it" in done.err
    assert done.json["resumed_from_step"] is None


def test_checkpoints_that_a_finished_run_kept_are_not_called_an_interrupted_run(
    clf: RunClf, reviews: Path, tiny_encoder: Path
) -> None:
    assert train(clf, tiny_encoder, "--keep-checkpoints").code == 0
    done = train(clf, tiny_encoder, "--overwrite")
    assert done.code == 0, done.err
    assert "discarding the checkpoints of the finished run in m.run" in done.err
    assert "interrupted" not in done.err


def test_a_run_whose_model_could_not_be_published_is_an_interrupted_one(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("clf.train._publish", full)
        assert train(clf, tiny_encoder).code == 1
    assert not Path("m").exists()
    done = train(clf, tiny_encoder)
    assert "discarding the interrupted run in m.run; --resume would continue it" in done.err


def test_damaged_checkpoints_are_named_and_it_starts_afresh(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    for weights in stopped.glob("checkpoints/*/model.safetensors"):
        weights.write_bytes(b"")
    done = train(clf, tiny_encoder, "--resume", "--json")
    assert done.code == 0, done.err
    assert "is damaged, skipping it" in done.err
    assert done.json["resumed_from_step"] is None


def test_a_checkpoint_whose_files_are_not_what_its_list_says_is_told(
    clf: RunClf, stopped: Path, tiny_encoder: Path
) -> None:
    checkpoint = stopped / "checkpoints" / "checkpoint-6"
    sound = {path: path.read_bytes() for path in checkpoint.iterdir()}
    state = json.loads((checkpoint / "trainer_state.json").read_text())
    for name, content in {
        "optimizer.pt": b"junk", "model.safetensors": save({"other": torch.zeros(2)}),
        "trainer_state.json": json.dumps({**state, "unknown": 1}).encode(),
    }.items():  # fmt: skip
        for path, before in sound.items():
            path.write_bytes(before)
        (checkpoint / name).write_bytes(content)
        list_files_of(checkpoint)
        done = train(clf, tiny_encoder, "--resume", "--json")
        assert done.code == 1, name
        assert "error: m.run/checkpoints/checkpoint-6 cannot be resumed from: " in done.err, name
        assert "hint: start over without --resume" in done.err
    assert not Path("m").exists()


def test_a_checkpoint_whose_state_knows_no_best_step_is_skipped(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    for checkpoint in stopped.glob("checkpoints/checkpoint-*"):
        state = json.loads((checkpoint / "trainer_state.json").read_text())
        best = None if state["best_global_step"] else 1
        (checkpoint / "trainer_state.json").write_text(json.dumps({**state, "best_global_step": best}))
        list_files_of(checkpoint)
    done = train(clf, tiny_encoder, "--resume", "--json")
    assert done.code == 0, done.err
    assert "is damaged, skipping it: in trainer_state.json, the best step is " in done.err
    assert done.json["resumed_from_step"] is None


def list_files_of(checkpoint: Path) -> None:
    manifest = checkpoint / "clf-checkpoint.json"
    files = {path.name: sha256(path) for path in checkpoint.iterdir() if path != manifest}
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "files": files}))


def test_parts_of_a_batch_give_the_result_of_the_whole(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    encoder = Path(shutil.copytree(tiny_encoder, "encoder"))
    config = json.loads((encoder / "config.json").read_text())
    config |= {name: 0.0 for name in config if "dropout" in name}
    (encoder / "config.json").write_text(json.dumps(config))
    common = ("--model", encoder, *FAST, "--dataset", "reviews.csv", "--precision", "fp32", "--json")
    assert clf("train", *common, "--output-dir", "whole").code == 0
    assert clf("train", *common, "--output-dir", "parts", "--gradient-accumulation", "4").code == 0
    whole, parts = (load_file(f"{name}/model.safetensors") for name in ("whole", "parts"))
    assert all(abs(whole[name] - parts[name]).max() < 1e-3 for name in whole)


def test_texts_are_encoded_once(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    assert train(clf, tiny_encoder).code == 0
    made = {path: path.stat().st_mtime_ns for path in Path("m.run/tokens").iterdir()}
    assert len(made) == 4
    assert train(clf, tiny_encoder, "--overwrite", "--epochs", "2").code == 0
    assert {path: path.stat().st_mtime_ns for path in Path("m.run/tokens").iterdir()} == made


def test_the_recipe_is_recorded_and_the_truncation_used_again(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    done = train(
        clf, tiny_encoder, "--class-weights", "balanced", "--label-smoothing", "0.1", "--truncation", "head-tail"
    )
    assert done.code == 0, done.err
    record = json.loads(Path("m/clf.json").read_text())
    assert record["truncation"] == "head-tail"
    assert record["settings"]["train"]["class_weights"] == "balanced"
    assert clf("evaluate", "m", "--dataset", "reviews.csv", "--allow-leak").code == 0


def test_a_refused_resume_changes_nothing(clf: RunClf, stopped: Path, tiny_encoder: Path) -> None:
    before = {
        path: path.read_bytes() for path in sorted(stopped.rglob("*")) if path.is_file() and path.name != "run.log"
    }
    assert train(clf, tiny_encoder, "--resume", "--learning-rate", "1e-3").code == 2
    after = {
        path: path.read_bytes() for path in sorted(stopped.rglob("*")) if path.is_file() and path.name != "run.log"
    }
    assert after == before


def test_another_tokenizer_is_another_run(clf: RunClf, stopped: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tiny_encoder, tmp_path / "tiny"))
    (other / "tokenizer.json").write_text((other / "tokenizer.json").read_text() + " ")
    done = train(clf, other, "--resume")
    assert done.code == 2
    assert "the encoder was" in done.err


def test_a_run_that_ended_before_it_published_publishes_the_same(
    clf: RunClf, reviews: Path, tiny_encoder: Path
) -> None:
    assert train(clf, tiny_encoder, "--keep-checkpoints").code == 0
    weights = Path("m/model.safetensors").read_bytes()
    shutil.rmtree("m")
    again = train(clf, tiny_encoder, "--keep-checkpoints", "--resume")
    assert again.code == 0, again.err
    assert Path("m/model.safetensors").read_bytes() == weights


@pytest.mark.parametrize(("ending", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_a_signal_after_the_last_step_says_how_to_go_on(
    clf: RunClf,
    reviews: Path,
    tiny_encoder: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: type[BaseException],
    code: int,
) -> None:
    def interrupted(*_: object) -> None:
        raise ending

    with monkeypatch.context() as patch:
        patch.setattr(confidence, "fit_temperature", interrupted)
        done = train(clf, tiny_encoder, "--save-steps", 4)
    assert done.code == code
    assert "training up to step 12 is saved" in done.err
    assert "--output-dir m --save-steps 4 --resume" in done.err
    again = train(clf, tiny_encoder, "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json["resumed_from_step"] == again.json["steps"]


def test_a_signal_during_the_last_checkpoint_stops_the_run(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = checkpoints.Checkpoints.commit

    def commit_and_signal(self: object, name: str, step: int, *rest: object) -> Path:
        if step == 12:
            os.kill(os.getpid(), signal.SIGTERM)
        return commit(self, name, step, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.Checkpoints, "commit", commit_and_signal)
        done = train(clf, tiny_encoder, "--save-steps", 4)
    assert done.code == 143
    assert not Path("m").exists()
    assert train(clf, tiny_encoder, "--resume").code == 0


def test_a_tracker_that_is_unknown_or_absent_is_found_at_once(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    for name, said in (("tensorbord", "is not a known tracker"), ("wandb", "pip install wandb")):
        done = train(clf, tiny_encoder, "--report-to", name)
        assert done.code == 2
        assert said in done.err
        assert not Path("m.run").exists()


def test_dropout_on_attention_weights_can_be_kept(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    done = train(clf, tiny_encoder, "--attention-dropout", "keep", "--epochs", 1)
    assert done.code == 0, done.err
    compute = json.loads(Path("m/clf.json").read_text())["compute"]
    assert (compute["attention_dropout"], compute["attention"]) == (True, "sdpa")


def test_dropout_on_attention_weights_stays_as_it_was_on_another_device(
    clf: RunClf, stopped: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ingredients, "keeps_attention_dropout", lambda *_: True)  # as on a GPU, by itself
        done = train(clf, tiny_encoder, "--resume")
    assert done.code == 2
    assert "--attention-dropout was 'off', is now 'keep'" in done.err
    assert "hint: pass --attention-dropout off, or start over without --resume" in done.err
    again = train(clf, tiny_encoder, "--resume", "--attention-dropout", "off")
    assert again.code == 0, again.err


@pytest.mark.parametrize(("began_on", "complaints"), [("mps", 0), ("cpu", 1)])
def test_only_a_checkpoint_of_another_device_may_lack_the_random_state_of_this_one(
    clf: RunClf, stopped: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch, began_on: str, complaints: int
) -> None:
    for manifest in stopped.glob("checkpoints/*/clf-checkpoint.json"):
        values = json.loads(manifest.read_text())
        values["fingerprint"]["alike"]["device"] = began_on
        manifest.write_text(json.dumps(values))
    load = transformers.Trainer._load_rng_state

    def load_on_a_gpu(self: object, checkpoint: str | None) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(torch.cuda, "is_available", lambda: True)
            load(self, checkpoint)

    monkeypatch.setattr(transformers.Trainer, "_load_rng_state", load_on_a_gpu)
    said: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("transformers").addHandler(listener)
    try:
        done = train(clf, tiny_encoder, "--resume", "--json")
    finally:
        logging.getLogger("transformers").removeHandler(listener)
    assert done.code == 0, done.err
    assert done.json["resumed_from_step"] == 6
    assert sum("RNG" in line for line in said) == complaints


def test_an_operation_without_a_deterministic_kernel_is_told(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = transformers.DistilBertForSequenceClassification.forward

    def forward(model: Any, **inputs: Any) -> Any:
        if model.training:
            torch.zeros(3).put_(torch.tensor([0]), torch.ones(1))
        return plain(model, **inputs)

    monkeypatch.setattr(transformers.DistilBertForSequenceClassification, "forward", forward)
    cuda, benchmark = torch.backends.cuda, torch.backends.cudnn.benchmark
    try:
        done = train(clf, tiny_encoder, "--deterministic")
    finally:
        torch.use_deterministic_algorithms(False)
        cuda.enable_mem_efficient_sdp(True)
        cuda.enable_cudnn_sdp(True)
        torch.backends.cudnn.benchmark = benchmark
    assert done.code == 1
    assert "error: --deterministic: RuntimeError: put_ does not have a deterministic implementation" in done.err
    assert "hint: train without --deterministic" in done.err


def test_a_finished_model_at_the_default_place_is_not_replaced_by_a_resume(
    clf: RunClf, reviews: Path, tiny_encoder: Path
) -> None:
    command = ("train", "--dataset", reviews, "--model", tiny_encoder, *FAST, "--resume")
    first = clf(*command, "--epochs", 2, "--json")
    assert first.code == 0, first.err
    model = Path(first.json["model_dir"], "model.safetensors")
    before = model.stat().st_mtime_ns
    other = clf(*command, "--epochs", 1)
    assert other.code == 2
    assert "--epochs was 2, is now 1" in other.err
    assert "pass --overwrite" in other.err
    assert model.stat().st_mtime_ns == before
    assert clf(*command, "--epochs", 1, "--overwrite").code == 0
    assert model.stat().st_mtime_ns != before
