"""`auto` picks what this machine does fast, and what is not there is refused."""

import pytest
import torch

from clf.errors import UsageError
from clf.models.compute import choose_compute
from clf.settings import ComputeSettings


def test_auto_is_resolved_and_never_fp16_on_cpu() -> None:
    compute = choose_compute(ComputeSettings(device="cpu"))
    assert compute.device.type == "cpu"
    assert compute.precision in {"bf16", "fp32"}


def test_what_is_asked_for_wins() -> None:
    compute = choose_compute(ComputeSettings(device="cpu", precision="fp32"))
    assert compute.precision == "fp32"
    with compute.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_bf16_multiplies_in_bf16() -> None:
    with choose_compute(ComputeSettings(device="cpu", precision="bf16")).autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


def test_fp16_on_cpu_and_absent_devices_are_refused() -> None:
    with pytest.raises(UsageError, match="needs a CUDA device"):
        choose_compute(ComputeSettings(device="cpu", precision="fp16"))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="--device cuda is not on this machine"):
            choose_compute(ComputeSettings(device="cuda"))
