"""The fingerprint of a run changes with all that its weights depend on, and with nothing else."""

import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

from clf import __version__
from clf.data.prepared import LabelledTexts
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.files import ModelFiles
from clf.processes import ALONE, World
from clf.settings import CleaningSettings, TrainSettings
from clf.training.checkpoint_files import Fingerprint
from clf.training.ingredients import Ingredients
from clf.training.schedule import Schedule

SCHEDULE = Schedule(1e-3, 3, 0, "random", 4, "macro_f1", 4)
RECIPE = {"epochs": 3, "learning_rate": 1e-3, "warmup_steps": 0, "eval_steps": 4}
CHANGED = {
    "batch_size": 5, "weight_decay": 0.5, "fast_dropout": False, "fast_attention": False, "class_weights": "balanced",
    "label_smoothing": 0.1, "truncation": "tail", "early_stopping_patience": 9, "deterministic": True,
    "attention_dropout": "keep",
}  # fmt: skip
"""Other values of the settings that a fingerprint has as they are set."""
SCHEDULED = {
    "learning_rate": 0.5,
    "epochs": 9,
    "warmup_steps": 9,
    "head_init": "probe",
    "eval_steps": 9,
    "select_by": "last",
}
NO_MATTER = {
    "keep_checkpoints": True, "no_final_test": True, "save_steps": 3, "report_to": ["wandb"], "test_run": True,
    "model": "other", "revision": "v2",
}  # fmt: skip


def texts(*rows: str, labels: tuple[int, ...] = (0, 1)) -> LabelledTexts:
    return LabelledTexts(list(rows), list(rows), np.array(labels, np.int64), np.arange(len(rows)))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Ingredients:
    """Give what determines a run; its encoder is two small files, which tests must not change."""
    encoder = tmp_path_factory.mktemp("encoder")
    for name in ("model.safetensors", "config.json", "README.md"):
        (encoder / name).write_text(name)
    classifier = Classifier("tiny", None, None, ["bad", "good"], 64, CleaningSettings())
    compute = Compute(torch.device("cpu"), "bf16")
    files = ModelFiles(encoder, "tiny", "path")
    return Ingredients(TrainSettings(**RECIPE), SCHEDULE, 42, "auto", files, classifier, compute, ALONE)


@pytest.fixture(scope="module")
def usual(parts: Ingredients) -> Fingerprint:
    """Give the fingerprint of that run."""
    return mark(parts)


def mark(parts: Ingredients, train: LabelledTexts | None = None) -> Fingerprint:
    return parts.fingerprint({"training": train or texts("a", "b"), "validation": texts("c", "d")})


def test_every_setting_of_the_recipe_is_compared_or_known_not_to_matter() -> None:
    assert {*CHANGED, *SCHEDULED, *NO_MATTER, "gradient_accumulation"} == set(TrainSettings.model_fields)


@pytest.mark.parametrize("name", CHANGED)
def test_a_setting_that_the_weights_depend_on_is_in_the_fingerprint(
    parts: Ingredients, usual: Fingerprint, name: str
) -> None:
    other = replace(parts, recipe=TrainSettings(**{**RECIPE, name: CHANGED[name]}))
    flag = f"--{name.replace('_', '-')}"
    was, is_now = usual.same, mark(other).same
    assert [key for key in was if was[key] != is_now[key]] == [flag]
    assert is_now[flag] == CHANGED[name]


@pytest.mark.parametrize("name", SCHEDULED)
def test_the_fingerprint_has_what_was_chosen_for_auto(parts: Ingredients, name: str) -> None:
    chosen = replace(parts, recipe=TrainSettings(), schedule=replace(SCHEDULE, **{name: SCHEDULED[name]}))
    assert mark(chosen).same[f"--{name.replace('_', '-')}"] == SCHEDULED[name]


@pytest.mark.parametrize("name", NO_MATTER)
def test_a_setting_that_changes_no_weight_is_in_no_fingerprint(
    parts: Ingredients, usual: Fingerprint, name: str
) -> None:
    assert mark(replace(parts, recipe=TrainSettings(**{**RECIPE, name: NO_MATTER[name]}))) == usual


def test_smaller_parts_of_a_batch_are_the_same_run(parts: Ingredients) -> None:
    other = mark(replace(parts, recipe=TrainSettings(**RECIPE, gradient_accumulation=4)))
    assert other.same == mark(parts).same
    assert (mark(parts).alike["--gradient-accumulation"], other.alike["--gradient-accumulation"]) == (1, 4)


def test_attention_dropout_is_compared_as_what_it_comes_to_on_the_device(parts: Ingredients) -> None:
    gpu = replace(parts, compute=Compute(torch.device("cuda", 0), "bf16"))
    assert mark(parts).same["--attention-dropout"] == "off"
    assert mark(gpu).same["--attention-dropout"] == "keep"
    assert mark(gpu).device == "cuda"


def test_seed_precision_length_and_labels_make_another_run(parts: Ingredients) -> None:
    other = replace(
        parts, seed=7, precision="fp32", classifier=replace(parts.classifier, labels=["good", "bad"], max_length=8)
    )
    was, is_now = mark(parts).same, mark(other).same
    assert {key: is_now[key] for key in was if was[key] != is_now[key]} == {
        "--seed": 7, "--precision": "fp32", "--max-length": 8, "the labels": ["good", "bad"],
    }  # fmt: skip


# --- texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        texts("a", "c"), texts("b", "a"), texts("a", "b", labels=(1, 0)), texts("ab", ""), texts("a", "b "),
        texts("a"), texts("a", "b", "", labels=(0, 1, 1)),
    ],
)  # fmt: skip
def test_other_texts_labels_or_another_order_make_another_run(
    parts: Ingredients, usual: Fingerprint, other: LabelledTexts
) -> None:
    was, is_now = usual.same, mark(parts, other).same
    assert [key for key in was if was[key] != is_now[key]] == ["the training texts"]
    assert str(is_now["the training texts"]).startswith(f"{len(other)} of ")


def test_sets_of_labels_are_compared_label_by_label(parts: Ingredients) -> None:
    def with_sets(*table: tuple[int, int]) -> LabelledTexts:
        return replace(texts("a", "b"), labels=np.array(table, bool))

    one = mark(parts, with_sets((1, 0), (0, 1)))
    assert one == mark(parts, with_sets((1, 0), (0, 1)))
    for other in (with_sets((1, 0), (1, 1)), with_sets((0, 1), (1, 0)), texts("a", "b"), with_sets((0, 0), (0, 1))):
        assert mark(parts, other) != one


def test_a_text_with_half_a_character_has_a_fingerprint(parts: Ingredients) -> None:
    one, other = (mark(parts, texts("a", half)) for half in ("\ud800", "\udfff"))
    assert one != other
    assert one == mark(parts, texts("a", "\ud800"))


# --- the encoder --------------------------------------------------------------------------------------------


def test_the_encoder_is_compared_by_its_files_and_not_by_its_place(parts: Ingredients, tmp_path: Path) -> None:
    moved = replace(parts, files=ModelFiles(Path(shutil.copytree(parts.files.folder, tmp_path / "b")), "other", "hub"))
    (moved.files.folder / "README.md").write_text("changed")
    assert mark(moved) == mark(parts)
    (moved.files.folder / "config.json").write_text("changed")
    was, is_now = mark(parts).same["the encoder"], mark(moved).same["the encoder"]
    assert isinstance(was, dict)
    assert isinstance(is_now, dict)
    assert set(was) == {"model.safetensors", "config.json"}
    assert [name for name in was if was[name] != is_now[name]] == ["config.json"]


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.txt", "spiece.model", "model-00002.safetensors"])
def test_every_kind_of_file_that_an_encoder_needs_is_compared(
    parts: Ingredients, usual: Fingerprint, tmp_path: Path, name: str
) -> None:
    more = Path(shutil.copytree(parts.files.folder, tmp_path / "more"))
    (more / name).touch()
    assert mark(replace(parts, files=ModelFiles(more, "tiny", "path"))) != usual


# --- the machine --------------------------------------------------------------------------------------------


def test_the_machine_should_be_alike_and_need_not_be_the_same(parts: Ingredients) -> None:
    other = replace(parts, compute=Compute(torch.device("cpu"), "fp32"), world=World(0, 4, 0, 2))
    was, is_now = mark(parts), mark(other)
    assert was.same == is_now.same
    changed = {key: (was.alike[key], is_now.alike[key]) for key in was.alike if was.alike[key] != is_now.alike[key]}
    assert changed == {"precision": ("bf16", "fp32"), "processes": (1, 4)}
    assert was.alike["threads"] == torch.get_num_threads()
    assert (was.alike["clf"], was.alike["torch"]) == (__version__, version("torch"))
    assert str(was.alike["python"]).startswith("3.")
    assert isinstance(was.alike["processor"], str)
