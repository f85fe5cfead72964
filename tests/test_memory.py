"""Memory that runs out: train says what would fit and goes on from its checkpoint, the others read less at once."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DistilBertForSequenceClassification

from clf.predict import WINDOW
from conftest import FAST, Outcome, RunClf, review_rows, write_csv

SAID = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 8.00 GiB"


class SmallMemory:
    """Holds so many tokens at once, and from the `after`-th reading on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tokens: int, after: int = 0) -> None:
        self.largest, self.readings = 0, 0
        forward = DistilBertForSequenceClassification.forward

        def limited(model: Any, input_ids: torch.Tensor, **options: Any) -> Any:
            self.readings += 1
            if input_ids.numel() > tokens and self.readings > after:
                raise torch.OutOfMemoryError(SAID)
            self.largest = max(self.largest, input_ids.numel())
            return forward(model, input_ids=input_ids, **options)

        monkeypatch.setattr(DistilBertForSequenceClassification, "forward", limited)


def one_error(done: Outcome) -> None:
    assert done.code == 1
    assert done.err.count("error: ") == done.err.count("hint: ") == 1
    assert "Traceback" not in done.err


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def train(clf: RunClf, encoder: Path, *arguments: object) -> Outcome:
    recipe = ("--model", encoder, *FAST, "--head-init", "random")
    return clf("train", *recipe, "--dataset", "reviews.csv", "--output-dir", "m", *arguments)


def test_training_names_the_parts_that_would_fit_and_goes_on_with_them(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_epoch = ("--save-steps", 4)  # else a checkpoint is made when enough seconds have passed
    with monkeypatch.context() as patch:
        SmallMemory(patch, tokens=5 * 16, after=7)
        done = train(clf, tiny_encoder, *every_epoch)
    one_error(done)
    assert "cpu ran out of memory at step" in done.err
    assert "on 8 texts of up to 64 tokens" in done.err
    assert "pass --gradient-accumulation 2 (the same batch in smaller parts; with --resume" in done.err
    assert "--max-length 32" in done.err
    assert "the model itself takes" in done.err
    assert not Path("m").exists()
    [kept] = Path("m.run/checkpoints").glob("checkpoint-*")
    with monkeypatch.context() as patch:
        memory = SmallMemory(patch, tokens=5 * 16)
        again = train(clf, tiny_encoder, *every_epoch, "--resume", "--gradient-accumulation", 2, "--json")
    assert again.code == 0, again.err
    assert again.json["resumed_from_step"] == int(kept.name.split("-")[1])
    assert again.json["steps"] == 12
    assert "--gradient-accumulation was 1, is now 2" in again.err
    assert 0 < memory.largest <= 5 * 16


def test_training_that_does_not_hold_one_text_names_what_is_left(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SmallMemory(monkeypatch, tokens=4)
    done = train(clf, tiny_encoder, "--gradient-accumulation", 8)
    one_error(done)
    assert "on one text of up to 64 tokens" in done.err
    assert "--gradient-accumulation" not in done.err
    assert "pass --max-length 32, or choose a smaller encoder" in done.err


def test_evaluate_and_predict_read_less_at_once(
    clf: RunClf, trained: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = [clf("evaluate", trained, "--json").json, clf("predict", trained, reviews, "--all-scores").out]
    memory = SmallMemory(monkeypatch, tokens=150)
    small = clf("evaluate", trained, "--json", "--overwrite")
    assert small.code == 0, small.err
    assert 0 < memory.largest <= 150
    assert small.json["metrics"] == pytest.approx(usual[0]["metrics"], abs=1e-3)
    rows = [
        line.rpartition(",")[0].split(",") for line in clf("predict", trained, reviews, "--all-scores").out.splitlines()
    ]
    before = [line.rpartition(",")[0].split(",") for line in usual[1].splitlines()]
    assert [row[:3] for row in rows] == [row[:3] for row in before]
    assert [float(row[3]) for row in rows[1:]] == pytest.approx([float(row[3]) for row in before[1:]], abs=1e-2)


@pytest.mark.parametrize("command", ["evaluate", "compare", "predict"])
def test_one_text_that_does_not_fit_is_an_error(
    clf: RunClf, trained: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    SmallMemory(monkeypatch, tokens=4)
    done = clf(command, trained, *([reviews, "--output", "out.csv"] if command == "predict" else []))
    one_error(done)
    assert "ran out of memory reading one text" in done.err
    assert "hint: free memory on it" in done.err
    assert (", or pass --max-length" in done.err) is (command != "predict")  # whose texts are short already
    assert not Path("out.csv").exists()
    assert not list(Path().glob(".out.csv*"))


def test_validation_that_runs_out_of_memory_loses_no_step(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = DistilBertForSequenceClassification.forward
    every_epoch = ("--eval-steps", "epoch")

    def limited(model: Any, **inputs: Any) -> Any:
        if not model.training:
            raise torch.OutOfMemoryError(SAID)
        return forward(model, **inputs)

    with monkeypatch.context() as patch:
        patch.setattr(DistilBertForSequenceClassification, "forward", limited)
        done = train(clf, tiny_encoder, *every_epoch)
    one_error(done)
    assert "error: validating at step 4, cpu ran out of memory reading one text" in done.err
    assert "hint: free memory and pass --resume" in done.err
    again = train(clf, tiny_encoder, *every_epoch, "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json["resumed_from_step"] == 4
    whole = clf(
        "train",
        "--model",
        tiny_encoder,
        *FAST,
        *every_epoch,
        "--head-init",
        "random",
        "--dataset",
        "reviews.csv",
        "--output-dir",
        "w",
        "--json",
    )
    assert again.json["metrics"] == whole.json["metrics"]


def test_a_model_that_does_not_fit_is_an_error(
    clf: RunClf, trained: Path, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError(SAID)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    done = clf("predict", trained, "--text", "a film")
    one_error(done)
    assert "ran out of memory loading trained" in done.err
    done = train(clf, tiny_encoder)
    one_error(done)
    assert "ran out of memory loading" in done.err
    assert "--gradient-accumulation" not in done.err


def test_what_predict_labelled_before_is_kept_for_resume(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"{text} {number}", label) for number in range(WINDOW // 40 + 1) for text, label in review_rows()]
    write_csv(Path("new.csv"), [*rows, *[(f"a long one {'very ' * 40}", "good")] * 3])
    with monkeypatch.context() as patch:
        SmallMemory(patch, tokens=40)
        done = clf("predict", trained, "new.csv", "--output", "out.csv")
    one_error(done)
    assert (
        f"hint: free memory and pass --resume (predictions for {WINDOW} rows are saved); or start over with" in done.err
    )
    assert not Path("out.csv").exists()
    again = clf("predict", trained, "new.csv", "--output", "out.csv", "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json["rows"] == len(rows) + 3
    whole = clf("predict", trained, "new.csv", "--output", "whole.csv")
    assert whole.code == 0
    made, expected = (csv_rows(Path(name)) for name in ("out.csv", "whole.csv"))
    assert [row["text"] for row in made] == [row["text"] for row in expected]
    assert [row["predicted_label"] for row in made] == [row["predicted_label"] for row in expected]
    sure = [[float(row["predicted_confidence"]) for row in rows] for rows in (made, expected)]
    assert sure[0] == pytest.approx(sure[1], abs=1e-2)  # other batches round otherwise


def test_memory_that_runs_out_after_the_last_step_loses_nothing(
    clf: RunClf, reviews: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise RuntimeError("unable to mmap 90869492 bytes from file <x>: Cannot allocate memory (12)")

    with monkeypatch.context() as patch:
        patch.setattr("clf.training.trainer._load_best", no_room)
        done = train(clf, tiny_encoder, "--save-steps", 1)
    one_error(done)
    assert "error: memory ran out: RuntimeError: unable to mmap" in done.err
    assert "hint: free memory and pass --resume to continue from the last checkpoint" in done.err
    again = train(clf, tiny_encoder, "--resume", "--json")
    assert again.json["resumed_from_step"] == again.json["steps"]


def test_a_good_model_that_cannot_be_loaded_for_want_of_memory_is_not_called_bad(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise RuntimeError("unable to mmap 90869492 bytes from file <x>: Cannot allocate memory (12)")

    monkeypatch.setattr("transformers.modeling_utils.PreTrainedModel.from_pretrained", no_room)
    done = clf("predict", trained, "--text", "a film")
    one_error(done)
    assert "error: memory ran out loading" in done.err
    assert "hint: free memory, or use a smaller model" in done.err


def test_memory_that_runs_out_elsewhere_is_one_line(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("clf.prepare.prepare", out_of_memory)
    one_error(clf("prepare", "--dataset", "synthetic"))
