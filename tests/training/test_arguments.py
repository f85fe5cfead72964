"""Every setting of the recipe has its effect on a run, which computes on the device that was chosen."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import EarlyStoppingCallback

from clf.data.sources.source import Source
from clf.errors import ClfError, UsageError
from clf.models.compute import Compute
from clf.models.cpu.dropout import FastDropout
from clf.processes import ALONE, World
from clf.settings import DataSettings, RunSettings, Settings, TrainSettings
from clf.storage.run_folder import Run
from clf.train import default_name
from clf.train import train as run_train
from clf.training.arguments import (
    class_weights,
    keeps_attention_dropout,
    optimizer,
    part_of_batch,
    set_determinism,
    training_arguments,
)
from clf.training.resume import Milestones
from clf.training.schedule import Schedule, Sizes, choose_schedule
from clf.training.setup import Work, fine_tune_work
from clf.training.trainer import ClassifierTrainer
from support.training import MakeWork, at_first_step

CPU = Compute(torch.device("cpu"), "bf16")
CHANGED = {
    "gradient_accumulation": 2,
    "report_to": ["tensorboard"],
    "epochs": 7,
    "batch_size": 5,
    "learning_rate": 1e-3,
    "weight_decay": 0.5,
    "warmup_steps": 1,
    "eval_steps": 3,
}
"""Other values of the settings of [train] that TrainingArguments has a place for."""


@dataclass(frozen=True)
class Begun:
    """A run at its first step: what it trains with, its real Trainer, and what was so at that moment."""

    work: Work
    trainer: ClassifierTrainer
    deterministic: bool
    head_was_fitted: bool

    def callback(self, kind: type) -> Any:
        [found] = [each for each in self.trainer.callback_handler.callbacks if isinstance(each, kind)]
        return found


def fast_dropouts(begun: Begun) -> int:
    return sum(isinstance(each, FastDropout) for each in begun.trainer.model.modules())


def tokens(begun: Begun) -> list[list[int]]:
    return [ids.tolist() for ids in begun.trainer.train_dataset.token_ids]


Observe = Callable[[Begun], object]
AT_FIRST_STEP: dict[str, tuple[object, Observe]] = {
    "attention_dropout": ("keep", lambda begun: begun.trainer.model.config.attention_dropout),
    "class_weights": ("balanced", lambda begun: begun.trainer.compute_loss_func.weights),
    "deterministic": (True, lambda begun: begun.deterministic),
    "early_stopping_patience": (9, lambda begun: begun.callback(EarlyStoppingCallback).early_stopping_patience),
    "fast_attention": (False, lambda begun: begun.trainer.model.config._attn_implementation),
    "fast_dropout": (False, fast_dropouts),
    "head_init": ("random", lambda begun: begun.head_was_fitted),
    "keep_checkpoints": (True, lambda begun: begun.trainer.plan.keep_checkpoints),
    "label_smoothing": (0.25, lambda begun: begun.trainer.compute_loss_func.smoothing),
    "no_final_test": (True, lambda begun: begun.work.test is None),
    "save_steps": (5, lambda begun: begun.callback(Milestones).save_steps),
    "select_by": ("macro_f1", lambda begun: begun.trainer.plan.schedule.select_by),
    "truncation": ("tail", tokens),
}
"""Settings of [train] that TrainingArguments has no place for: another value, and what it changes in a run."""


def refused(train: TrainSettings) -> str:
    """Return why `clf train` without a network and an empty cache cannot find its encoder."""
    settings = Settings(run=RunSettings(offline=True), data=DataSettings(dataset="synthetic"), train=train)
    with pytest.raises(ClfError) as error:
        run_train(settings)
    return error.value.message


def named(train: TrainSettings) -> str:
    return default_name(Settings(train=train), Source("reviews", "reviews.csv", {}))


BEFORE: dict[str, tuple[object, Callable[[TrainSettings], str]]] = {
    "model": ("owner/other", refused),
    "revision": ("v9", refused),
    "test_run": (True, named),
}
"""Settings of [train] that are used before anything is loaded: another value, and the message or name it changes."""


@contextmanager
def determinism_undone() -> Iterator[None]:
    """Give PyTorch back the kernels that it had."""
    cuda = torch.backends.cuda
    before = cuda.mem_efficient_sdp_enabled(), cuda.cudnn_sdp_enabled(), torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
        cuda.enable_mem_efficient_sdp(before[0])
        cuda.enable_cudnn_sdp(before[1])
        torch.backends.cudnn.benchmark = before[2]


def arguments(train: TrainSettings, rows: int = 1000) -> dict[str, object]:
    schedule = choose_schedule(train, Sizes("distilbert-base-uncased", 768, rows, rows // 9, 2))
    made = training_arguments(train, schedule, 9, CPU, Path("checkpoints"))
    return {key: value for key, value in vars(made).items() if not key.startswith("_")}


def test_every_field_of_the_recipe_is_in_one_of_the_tables() -> None:
    assert sorted([*CHANGED, *AT_FIRST_STEP, *BEFORE]) == sorted(TrainSettings.model_fields)


@pytest.mark.parametrize("name", CHANGED)
def test_every_field_of_the_recipe_reaches_the_trainer(name: str) -> None:
    default, changed = arguments(TrainSettings()), arguments(TrainSettings(**{name: CHANGED[name]}))
    assert [key for key in default if default[key] != changed[key] and key not in {"logging_dir"}]


@pytest.fixture(scope="module")
def runs(make_work: MakeWork, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Begun]:
    """Begin a run with all settings at their defaults, one with other values, and one with another dropout.

    Dropout on attention weights takes the fast attention away, whatever its own setting says.
    """
    others = {name: value for name, (value, _) in AT_FIRST_STEP.items()}
    dropout = {"attention_dropout": others.pop("attention_dropout")}
    found = {}
    for name, train in {"default": {}, "changed": others, "dropout": dropout}.items():
        work = make_work(data=DataSettings(max_length=6), **train)
        run, head = Run(tmp_path_factory.mktemp("begun") / "m"), work.classifier.model.classifier
        run.folder.mkdir()
        before = head.weight.clone()
        with determinism_undone():
            trainer = at_first_step(lambda work=work, run=run: fine_tune_work(work, run, ALONE, False))
            deterministic = torch.are_deterministic_algorithms_enabled()
        found[name] = Begun(work, trainer, deterministic, not torch.equal(head.weight, before))
    return found


@pytest.mark.parametrize("name", AT_FIRST_STEP)
def test_a_field_that_is_no_argument_has_its_effect_at_the_first_step(runs: dict[str, Begun], name: str) -> None:
    observe = AT_FIRST_STEP[name][1]
    default, changed = (
        observe(runs[each]) for each in ("default", "dropout" if name == "attention_dropout" else "changed")
    )
    assert default != changed


@pytest.mark.parametrize("name", BEFORE)
def test_a_field_that_is_used_before_anything_is_loaded_has_its_effect(name: str) -> None:
    value, observe = BEFORE[name]
    usual = {"model": "owner/name"}
    default, changed = observe(TrainSettings(**usual)), observe(TrainSettings(**{**usual, name: value}))
    assert default != changed


def test_seed_precision_and_best_model_are_set() -> None:
    made = arguments(TrainSettings())
    assert (made["seed"], made["data_seed"], made["bf16"], made["use_cpu"]) == (9, 9, True, True)


def test_attention_dropout_is_off_where_it_costs_most_and_on_request() -> None:
    gpu = Compute(torch.device("cuda"), "bf16")
    assert not keeps_attention_dropout(TrainSettings(), CPU)
    assert keeps_attention_dropout(TrainSettings(), gpu)
    assert keeps_attention_dropout(TrainSettings(attention_dropout="keep"), CPU)
    assert not keeps_attention_dropout(TrainSettings(attention_dropout="off"), gpu)


def test_what_is_logged_and_evaluated_is_by_steps_of_the_schedule() -> None:
    few, many = (arguments(TrainSettings(), rows) for rows in (40, 1000))
    assert (few["logging_steps"], many["logging_steps"]) == (3, 10)  # a line of history in each epoch, at least
    single = Schedule(1e-3, 7, 0, "random", 4, "macro_f1", 0)
    made = training_arguments(TrainSettings(), single, 9, CPU, Path("there"))
    assert (made.logging_steps, made.eval_steps, made.num_train_epochs, made.output_dir) == (1, 4, 7, "there")
    assert (made.report_to, made.metric_for_best_model, made.greater_is_better) == ([], "selection", True)


def test_a_device_that_someone_chose_for_accelerate_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_TORCH_DEVICE", "meta")
    assert arguments(TrainSettings())["use_cpu"] is True
    assert os.environ["ACCELERATE_TORCH_DEVICE"] == "meta"


@pytest.mark.parametrize(
    ("labels", "weights"),
    [([0, 0, 0, 1], [4 / 6, 4 / 2]), ([0, 1], [1.0, 1.0]), ([1, 1, 1, 1], [4 / 2, 4 / 8])],  # of none as of one
)
def test_balanced_weights_are_as_large_as_a_class_is_rare(labels: list[int], weights: list[float]) -> None:
    given = np.array(labels, np.int64)
    assert class_weights(TrainSettings(class_weights="balanced"), given, 2) == pytest.approx(weights)
    assert class_weights(TrainSettings(), given, 2) is None


def test_a_batch_that_does_not_divide_is_refused_with_one_that_does() -> None:
    assert part_of_batch(TrainSettings(batch_size=16, gradient_accumulation=2), World(0, 4, 0, 4)) == 2
    with pytest.raises(UsageError, match="16 cannot be divided into 3") as refused:
        part_of_batch(TrainSettings(batch_size=16), World(0, 3, 0, 3))
    assert refused.value.hint == "pass --batch-size 18"
    with pytest.raises(UsageError, match="one process, --gradient-accumulation 3") as refused:
        part_of_batch(TrainSettings(batch_size=8, gradient_accumulation=3), World())
    assert refused.value.hint == "pass --gradient-accumulation 4, or --batch-size 9"


def test_parts_that_several_processes_can_share_are_named() -> None:
    with pytest.raises(UsageError, match=r"24 cannot be divided into 10 equal parts .2 processes, --gr") as refused:
        part_of_batch(TrainSettings(batch_size=24, gradient_accumulation=5), World(0, 2, 0, 2))
    assert refused.value.hint == "pass --gradient-accumulation 6, or --batch-size 30"
    with pytest.raises(UsageError, match="4 cannot be divided into 5 equal parts") as refused:
        part_of_batch(TrainSettings(batch_size=4, gradient_accumulation=5), World())
    assert refused.value.hint == "pass --batch-size 5"  # there are no smaller parts than single texts


# --- GPUs, without one --------------------------------------------------------------------------------------


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.device]]:
    """Let the Trainer and accelerate see two GPUs; give the devices that were made current."""
    from accelerate.state import AcceleratorState

    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: current.append(torch.device(device)))
    monkeypatch.setattr("accelerate.state.check_cuda_p2p_ib_support", lambda: True)
    monkeypatch.setattr("transformers.training_args.is_torch_cuda_available", lambda: True, raising=False)
    yield current
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize("index", [0, 1])
def test_the_trainer_and_accelerate_compute_on_the_gpu_that_was_chosen(
    two_gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    from accelerate import PartialState

    monkeypatch.delenv("ACCELERATE_TORCH_DEVICE", raising=False)
    chosen = torch.device("cuda", index)
    schedule = choose_schedule(TrainSettings(), Sizes("distilbert-base-uncased", 768, 100, 10, 2))
    made = training_arguments(TrainSettings(), schedule, RunSettings(), Compute(chosen, "bf16"), Path("checkpoints"))
    assert made.device == PartialState().device == two_gpus[-1] == chosen
    assert (made.n_gpu, made.train_batch_size) == (1, 16)
    assert "ACCELERATE_TORCH_DEVICE" not in os.environ


@pytest.mark.parametrize(
    ("device", "precision", "name"),
    [
        ("cpu", "bf16", "adamw_torch_fused"),
        ("cuda:0", "bf16", "adamw_torch_fused"),
        ("cuda:0", "fp32", "adamw_torch_fused"),
        ("cuda:0", "fp16", "adamw_torch"),
    ],
)
def test_adamw_is_fused_wherever_skipped_steps_can_be_told(device: str, precision: str, name: str) -> None:
    assert optimizer(Compute(torch.device(device), precision)) == name


@pytest.mark.parametrize(("precision", "told"), [("fp16", True), ("bf16", False)])
def test_a_step_that_the_scaler_leaves_out_moves_no_learning_rate(precision: str, told: bool) -> None:
    """The scaler, the optimizers and accelerate's wrapper are the real ones, on a processor."""
    from accelerate import Accelerator
    from accelerate.optimizer import AcceleratedOptimizer
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
    Accelerator(cpu=True)
    weight = torch.nn.Parameter(torch.ones(4))
    fused = optimizer(Compute(torch.device("cuda:0"), precision)).endswith("fused")
    scaler = torch.amp.GradScaler("cpu")
    adam = AcceleratedOptimizer(torch.optim.AdamW([weight], fused=fused), device_placement=False, scaler=scaler)
    scaler.scale((weight * float("inf")).sum()).backward()
    adam.step()
    assert torch.equal(weight, torch.ones(4))
    assert adam.step_was_skipped is told
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Ask for determinism, and undo it."""
    with determinism_undone():
        set_determinism(True)
        yield


def test_determinism_takes_only_kernels_that_have_it(deterministic: None) -> None:
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cuda.mem_efficient_sdp_enabled()
    assert not torch.backends.cuda.cudnn_sdp_enabled()
    assert torch.backends.cuda.math_sdp_enabled()
    with pytest.raises(RuntimeError, match="deterministic implementation"):
        torch.zeros(3).put_(torch.tensor([0]), torch.ones(1))
