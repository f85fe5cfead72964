"""`clf train` with nothing but a file: the recipe is chosen, said, recorded, kept by --resume, and few texts learn."""

import json
from pathlib import Path

import pytest

from clf.models import families
from clf.training import keeping, schedule, trainer
from clf.training.checkpoints import Checkpoints
from conftest import Outcome, RunClf
from support.tiny import write_csv

COLOURS = ("red", "crimson", "scarlet", "ruby"), ("blue", "navy", "azure", "cobalt"), ("green", "jade", "olive", "lime")


@pytest.fixture
def colours(own_folder: Path) -> Path:
    """Give a file with 8 texts of each of three classes, a colour in every text."""
    rows = [
        (f"the {words[number % 4]} {thing} number {number}", words[0])
        for words in COLOURS
        for number, thing in enumerate(("box", "coat", "door", "cup", "lamp", "chair", "book", "boat"))
    ]
    return write_csv(own_folder / "colours.csv", rows)


def train(clf: RunClf, encoder: Path, *arguments: object) -> Outcome:
    return clf("train", "--dataset", "colours.csv", "--model", encoder, "--output-dir", "m", *arguments)


def test_few_texts_get_steps_enough_and_no_checkpoint(
    clf: RunClf, colours: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FIRST_SPEED", 1000.0)  # bytes a second: as a checkpoint of a real encoder takes
    saved: list[int] = []
    monkeypatch.setattr(Checkpoints, "commit", lambda self, name, step, *rest: saved.append(step))
    done = train(clf, tiny_encoder, "--json")
    assert done.code == 0, done.err
    assert done.json["steps"] >= 100
    assert saved == []
    assert 4 <= done.err.count("validation macro F1") <= schedule.EVALUATIONS + 1
    assert "best so far" not in done.err
    [line] = [line for line in done.err.splitlines() if line.startswith("auto: ")]
    recipe = json.loads(Path("m/clf.json").read_text())["recipe"]
    assert f"{recipe['epochs']} epochs ({recipe['steps']} steps" in line
    assert recipe["steps"] == done.json["steps"]
    assert recipe["select_by"] == "last"
    card = Path("m/README.md").read_text()
    assert f"At most {recipe['epochs']} epochs" in card
    assert "The last weights were kept" in card
    assert json.loads(Path("m/clf.json").read_text())["settings"]["train"]["epochs"] == "auto"


def test_an_epoch_count_that_teaches_nothing_is_warned_of(clf: RunClf, colours: Path, tiny_encoder: Path) -> None:
    done = train(clf, tiny_encoder, "--epochs", 2)
    assert done.code == 0, done.err
    assert "warning: --epochs 2 gives" in done.err
    assert "drop --epochs" in done.err
    assert "warning: --epochs" not in train(clf, tiny_encoder, "--test-run", "--overwrite").err


def test_a_run_goes_on_by_the_recipe_it_was_begun_with(
    clf: RunClf, colours: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_step_end(self: object, args: object, state: object, control: object, **_: object) -> None:
        if state.global_step == 30:  # type: ignore[attr-defined]
            self.trainer.stop.number = 15  # type: ignore[attr-defined]

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Milestones, "on_step_end", on_step_end)
        assert train(clf, tiny_encoder).code == 143
    monkeypatch.setattr(schedule, "ENOUGH_STEPS", 180)  # another clf, with another opinion
    monkeypatch.setattr(families, "NARROW_RATE", 3e-4)
    done = train(clf, tiny_encoder, "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed_from_step"] == 30
    assert done.json["steps"] < 180
    record = Path("m/clf.json").read_text()
    assert json.loads(record)["recipe"]["learning_rate"] == 1e-4
    assert train(clf, tiny_encoder, "--resume", "--json").json == done.json
    by_number = train(clf, tiny_encoder, "--resume", "--json", "--epochs", json.loads(record)["recipe"]["epochs"])
    assert by_number.json == done.json
    assert train(clf, tiny_encoder, "--resume", "--epochs", 77).code != 0


def test_the_best_weights_survive_an_interruption_without_a_checkpoint_of_theirs(
    clf: RunClf, colours: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a rate far too large, the best evaluation is an early one."""
    recipe = ("--learning-rate", "0.3", "--epochs", 12, "--eval-steps", 2, "--select-by", "log_loss",
              "--early-stopping-patience", 99, "--json")  # fmt: skip
    whole = train(clf, tiny_encoder, *recipe)
    assert whole.code == 0, whole.err
    weights = Path("m/model.safetensors").read_bytes()
    commit, kept = Checkpoints.commit, []

    def commit_and_stop(self: Checkpoints, name: str, step: int, best: int | None, extra: dict[str, object]) -> Path:
        kept.append(((self.stage / name / "best.safetensors").exists(), best))
        return commit(self, name, step, best, extra)

    def on_step_end(self: trainer.Milestones, args: object, state: object, control: object, **_: object) -> None:
        original(self, args, state, control)
        if state.global_step == 15:  # type: ignore[attr-defined]
            self.trainer.stop.number = 15

    original = trainer.Milestones.on_step_end
    with monkeypatch.context() as patch:
        patch.setattr(keeping.Pace, "is_due", lambda self, at_evaluation: False)
        patch.setattr(Checkpoints, "commit", commit_and_stop)
        patch.setattr(trainer.Milestones, "on_step_end", on_step_end)
        assert train(clf, tiny_encoder, *recipe, "--overwrite").code == 143
    assert kept == [(True, kept[0][1])]
    assert kept[0][1] is not None
    assert kept[0][1] < 15
    again = train(clf, tiny_encoder, *recipe, "--overwrite", "--resume")
    assert again.code == 0, again.err
    assert again.json["metrics"] == whole.json["metrics"]
    assert Path("m/model.safetensors").read_bytes() == weights
