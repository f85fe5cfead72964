"""Inference reads texts in batches that fit, the longest first, and in smaller ones where memory runs out."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from clf.errors import TooLittleMemory
from clf.models import inference
from clf.models.compute import Compute
from clf.models.inference import Budget, predict_tokens, telling_memory
from clf.models.onnx import OnnxModel

CPU = torch.device("cpu")


class Summing(torch.nn.Module):
    """Answers each text by the sum of its ids, records the shapes it is given, and holds only so many tokens."""

    def __init__(self, holds: int = 10**9) -> None:
        super().__init__()
        self.config, self.shapes, self.holds = SimpleNamespace(num_labels=2), list[tuple[int, ...]](), holds

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        self.shapes.append(tuple(input_ids.shape))
        if input_ids.numel() > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nand more")
        sums = (input_ids * attention_mask).sum(1) / 10
        return SimpleNamespace(logits=torch.stack([sums, torch.zeros_like(sums)], 1))


def rows(*lengths: int) -> list[list[int]]:
    return [list(range(1, length + 1)) for length in lengths]


def expected(token_ids: list[list[int]]) -> list[float]:
    return [1 / (1 + math.exp(-sum(ids) / 10)) for ids in token_ids]


@pytest.mark.parametrize(
    ("tokens", "shapes"),
    [
        (12, [(2, 6), (3, 3)]),
        (11, [(1, 6), (2, 5), (2, 3)]),  # 12 tokens are one too many
        (1, [(1, 6), (1, 5), (1, 3), (1, 3), (1, 2)]),  # a text is read even if it is longer than a batch
        (30, [(5, 6)]),
    ],
)
def test_the_longest_texts_are_read_first_as_many_together_as_the_budget_allows(
    tokens: int, shapes: list[tuple[int, int]]
) -> None:
    model, token_ids = Summing(), rows(3, 6, 2, 5, 3)
    answers = predict_tokens(model, token_ids, 99, Compute(CPU, "fp32"), budget=Budget(tokens))
    assert answers[:, 0] == pytest.approx(expected(token_ids), abs=1e-6)
    assert model.shapes == shapes


def test_so_many_texts_are_read_together_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "TEXTS_PER_BATCH", 3)
    model = Summing()
    predict_tokens(model, rows(*[1] * 7), 99, Compute(CPU, "fp32"))
    assert model.shapes == [(3, 1), (3, 1), (1, 1)]


@pytest.mark.parametrize(("most", "width"), [(None, 5), (64, 8), (6, 6), (5, 5)])
def test_a_batch_is_as_wide_as_a_multiple_of_eight_if_the_model_reads_that_much(most: int | None, width: int) -> None:
    model = Summing()
    predict_tokens(model, rows(5, 3), 99, Compute(CPU, "fp32"), most=most)
    assert model.shapes == [(2, width)]


# --- memory that runs out -----------------------------------------------------------------------------------


def test_an_export_that_runs_out_of_memory_reads_less_at_once() -> None:
    sizes: list[int] = []

    class Session:
        def run(self, _: object, given: dict[str, Any]) -> list[Any]:
            sizes.append(len(given["input_ids"]))
            if sizes[-1] > 2:
                raise RuntimeException(
                    "[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size 9"
                )
            return [np.zeros((sizes[-1], 2), dtype=np.float32)]

    class RuntimeException(Exception):
        """As ONNX Runtime raises them."""

    model = OnnxModel.__new__(OnnxModel)
    model.session, model.config, model.training = Session(), SimpleNamespace(num_labels=2), False
    budget = Budget()
    for _ in range(2):
        answers = predict_tokens(model, [[1, 2, 3]] * 6, 0, Compute(torch.device("cpu"), "fp32"), budget=budget)
        assert answers.tolist() == [[0.5, 0.5]] * 6
    assert sizes == [6, 3, 1, 2, 3, 1, 2, *[1] * 6]


@pytest.mark.parametrize(
    ("length", "hint"), [(31, "free memory on it"), (32, "free memory on it, or pass --max-length 16")]
)
def test_one_text_that_does_not_fit_is_an_error_that_names_a_length_if_a_shorter_one_makes_sense(
    length: int, hint: str
) -> None:
    with pytest.raises(TooLittleMemory) as refused:
        predict_tokens(Summing(holds=30), rows(length, 3), 99, Compute(CPU, "fp32"))
    assert refused.value.message == (
        f"cpu ran out of memory reading one text of {length} tokens: "
        "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB."
    )
    assert refused.value.hint == hint


def test_another_error_is_not_taken_for_want_of_memory() -> None:
    class Broken(Summing):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
            self.shapes.append(tuple(input_ids.shape))
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    model = Broken()
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        predict_tokens(model, rows(3, 3), 99, Compute(CPU, "fp32"))
    assert model.shapes == [(2, 3)]


@pytest.mark.parametrize(
    ("device", "hint"),
    [
        ("cpu", "free memory on it, or use a smaller model"),
        ("cuda:1", "free memory on it, or use a smaller model, or pass --device cpu"),
    ],
)
def test_weights_that_do_not_fit_are_an_error(device: str, hint: str) -> None:
    compute = Compute(torch.device(device), "fp32")
    with (
        pytest.raises(TooLittleMemory, match=f"^{device} ran out of memory loading reviews: MemoryError") as refused,
        telling_memory("reviews", compute),
    ):
        raise MemoryError
    assert refused.value.hint == hint
    with pytest.raises(RuntimeError, match="something else"), telling_memory("reviews", compute):
        raise RuntimeError("something else")
