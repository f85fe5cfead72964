"""Every setting of the recipe reaches the Trainer, which computes on the device that was chosen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from clf.models.compute import Compute
from clf.settings import RunSettings, TrainSettings
from clf.training.arguments import (
    keeps_attention_dropout,
    optimizer,
    set_determinism,
    training_arguments,
)
from clf.training.schedule import Sizes, choose_schedule

CPU = Compute(torch.device("cpu"), "bf16")
# The settings of [train] that TrainingArguments has no place for, and where they are used.
ELSEWHERE = {
    "model": "load_for_training", "revision": "find_model", "early_stopping_patience": "fine_tune", "keep_checkpoints": "train",
    "no_final_test": "train", "test_run": "train", "attention_dropout": "keeps_attention_dropout",
    "class_weights": "class_weights", "label_smoothing": "Loss", "truncation": "tokenize", "save_steps": "Milestones",
    "deterministic": "set_determinism", "fast_dropout": "draw_masks_fast",
    "fast_attention": "attend_text_by_text", "head_init": "fit_head", "select_by": "selection",
}  # fmt: skip
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


def arguments(train: TrainSettings, rows: int = 1000) -> dict[str, object]:
    schedule = choose_schedule(train, Sizes("distilbert-base-uncased", 768, rows, rows // 9, 2))
    made = training_arguments(train, schedule, 9, CPU, Path("checkpoints"))
    return {key: value for key, value in vars(made).items() if not key.startswith("_")}


@pytest.mark.parametrize("name", [name for name in TrainSettings.model_fields if name not in ELSEWHERE])
def test_every_field_of_the_recipe_reaches_the_trainer(name: str) -> None:
    default, changed = arguments(TrainSettings()), arguments(TrainSettings(**{name: CHANGED[name]}))
    assert [key for key in default if default[key] != changed[key] and key not in {"logging_dir"}]


def test_seed_precision_and_best_model_are_set() -> None:
    made = arguments(TrainSettings())
    assert (made["seed"], made["data_seed"], made["bf16"], made["use_cpu"]) == (9, 9, True, True)


def test_attention_dropout_is_off_where_it_costs_most_and_on_request() -> None:
    gpu = Compute(torch.device("cuda"), "bf16")
    assert not keeps_attention_dropout(TrainSettings(), CPU)
    assert keeps_attention_dropout(TrainSettings(), gpu)
    assert keeps_attention_dropout(TrainSettings(attention_dropout="keep"), CPU)
    assert not keeps_attention_dropout(TrainSettings(attention_dropout="off"), gpu)


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
    cuda = torch.backends.cuda
    before = cuda.mem_efficient_sdp_enabled(), cuda.cudnn_sdp_enabled(), torch.backends.cudnn.benchmark
    set_determinism(True)
    yield
    torch.use_deterministic_algorithms(False)
    cuda.enable_mem_efficient_sdp(before[0])
    cuda.enable_cudnn_sdp(before[1])
    torch.backends.cudnn.benchmark = before[2]


def test_determinism_takes_only_kernels_that_have_it(deterministic: None) -> None:
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cuda.mem_efficient_sdp_enabled()
    assert not torch.backends.cuda.cudnn_sdp_enabled()
    assert torch.backends.cuda.math_sdp_enabled()
    with pytest.raises(RuntimeError, match="deterministic implementation"):
        torch.zeros(3).put_(torch.tensor([0]), torch.ones(1))
