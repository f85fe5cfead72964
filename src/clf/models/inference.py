"""Batched inference, from token ids to probabilities; used by train, evaluate, compare, predict and export."""

# ruff: noqa: TID253 - this module computes
import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from clf.data.reading.batch import WINDOW
from clf.errors import ModelError, TooLittleMemory, first_line, ran_out_of_memory
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.configs import MULTI_LABEL
from clf.models.cpu.packing import pack_linear_layers
from clf.models.onnx import OnnxModel
from clf.models.tokens import LEAST_LENGTH, TokenIds, pad_rows, tokenize

TOKENS_PER_BATCH = {"cpu": 4_096, "mps": 16_384, "cuda": 65_536, "onnx": 1_024}
"""Measured: on a CPU, larger batches no longer fit its cache, and ONNX Runtime is fastest with even smaller ones."""
TEXTS_PER_BATCH = 512
SURE, FIRST, TOLERANCE = 0.92, 64, 0.01
"""A bf16 prediction with confidence below SURE may be off by more than TOLERANCE; see `Inference`."""
EMBEDDED_AT_ONCE = 16 * WINDOW
WIDTHS = 8  # batch widths are padded to a multiple of this: buffers cached for each shape take memory

Advance = Callable[[int], None]
Array = NDArray[np.float32]
Ask = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Item = TypeVar("Item")

log = logging.getLogger(__name__)


class Inference:
    """A classifier ready for inference: as fast as this machine allows, with the same predictions as in fp32.

    Where bf16 is native, inference uses a bf16 copy of the weights. Its probabilities are off by up to 0.03 for texts
    between two classes, and by less the more confident the prediction is. So texts with confidence below SURE are
    predicted again in fp32, the least confident first, in groups (FIRST texts, then twice as many, and so on), until
    all probabilities of a group were off by less than half the TOLERANCE. An explicit `--precision bf16` skips this
    second pass.
    """

    def __init__(self, classifier: Classifier, compute: Compute) -> None:
        self.classifier, self.compute, self.budget = classifier, compute, Budget()
        with telling_memory(classifier.name, compute):
            self.model = classifier.model.to(compute.device)
            in_bf16 = compute.precision == "bf16" and isinstance(self.model, torch.nn.Module)
            self.fast = self._in_bf16() if in_bf16 else None

    def predict(self, texts: Sequence[str], advance: Advance | None = None) -> Array:
        """Return the probabilities of cleaned texts, shape (texts, classes)."""
        starts = range(0, len(texts), WINDOW)
        found = np.empty((len(texts), self.model.config.num_labels), dtype=np.float32)
        windows = self.stream((texts[start : start + WINDOW] for start in starts), advance)
        for start, answers in zip(starts, windows, strict=True):
            found[start : start + WINDOW] = answers
        return found

    def stream(self, windows: Iterable[Sequence[str]], advance: Advance | None = None) -> Iterator[Array]:
        """Yield the probabilities of each window of texts, while the next one is read and tokenized."""
        for token_ids in prefetched(map(self.tokenize, windows)):
            yield self.predict_tokens(token_ids, advance)

    def predict_tokens(self, token_ids: TokenIds, advance: Advance | None = None) -> Array:
        """Return the probabilities of tokenized texts, shape (texts, classes), in the order of `token_ids`."""
        one = self.classifier
        read = partial(predict_tokens, padding=one.tokenizer.pad_token_id, most=one.max_length, budget=self.budget)
        fp32 = Compute(self.compute.device, "fp32")
        if self.fast is None:
            return read(self.model, token_ids, compute=self.compute, advance=advance)
        answers = read(self.fast, token_ids, compute=fp32, advance=advance)
        if self.compute.rereads:
            confidence = one.least_sure(answers)
            unsure = np.argsort(confidence, kind="stable")[: int((confidence < SURE).sum())]
            for rows in np.split(unsure, [FIRST * (2**group - 1) for group in range(1, 11)]):
                exact = read(self.model, [token_ids[row] for row in rows], compute=fp32)
                apart = np.abs(answers[rows] - exact).max(initial=0.0)
                answers[rows] = exact
                if apart < TOLERANCE / 2:
                    break
        return answers

    def logits(self, token_ids: TokenIds) -> Array:
        """Return the logits of tokenized texts in fp32, shape (texts, classes)."""
        one = self.classifier
        return predict_tokens(
            self.model,
            token_ids,
            one.tokenizer.pad_token_id,
            Compute(self.compute.device, "fp32"),
            most=one.max_length,
            budget=self.budget,
            as_logits=True,
        )

    def _in_bf16(self) -> Any:
        fast = copy.deepcopy(self.model).to(torch.bfloat16).eval()
        if self.compute.device.type == "cpu":
            pack_linear_layers(fast)
        return fast

    def tokenize(self, texts: Sequence[str]) -> TokenIds:
        """Tokenize cleaned texts as the classifier reads them; see `clf.models.tokens.tokenize`."""
        one = self.classifier
        return tokenize(texts, one.tokenizer, one.max_length, one.truncation)


def probabilities_of(
    classifier: Classifier, texts: Sequence[str], compute: Compute, advance: Advance | None = None
) -> Array:
    """Return the probabilities of cleaned texts, shape (texts, classes)."""
    return Inference(classifier, compute).predict(texts, advance)


def embed_texts(
    classifier: Classifier, texts: Sequence[str], compute: Compute, advance: Advance | None = None
) -> Array:
    """Return the encoder's mean last hidden state for each cleaned text, shape (texts, width), without the head."""
    encoder, width, budget = classifier.model.base_model, classifier.model.config.hidden_size, Budget()
    tokenizer, embedded = classifier.tokenizer, np.empty((len(texts), width), dtype=np.float32)

    def mean_hidden_state(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        weights = mask[:, :, None].float()
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        mean: torch.Tensor = (hidden * weights).sum(1) / weights.sum(1)
        return mean

    for start in range(0, len(texts), EMBEDDED_AT_ONCE):
        rows = slice(start, start + EMBEDDED_AT_ONCE)
        token_ids = tokenize(texts[rows], tokenizer, classifier.max_length, classifier.truncation)
        embedded[rows] = _answer(
            encoder, mean_hidden_state, width, token_ids, tokenizer.pad_token_id, compute, advance, budget=budget
        )
    return embedded


def layer_inputs(
    model: Any,
    layer: torch.nn.Linear,
    token_ids: Sequence[Any],
    padding: int,
    compute: Compute,
    most: int,
    advance: Advance | None = None,
) -> Array:
    """Return the input of a linear layer for each tokenized text, shape (texts, input features of the layer).

    The layer must get one vector per text. `most` is as for `predict_tokens`.
    """
    read: list[torch.Tensor] = []

    def inputs_of_layer(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        model(input_ids=ids, attention_mask=mask)
        return read.pop().float()

    handle = layer.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    try:
        return _answer(model, inputs_of_layer, layer.in_features, token_ids, padding, compute, advance, most)
    finally:
        handle.remove()


def predict_tokens(
    model: Any,
    token_ids: Sequence[Any],
    padding: int,
    compute: Compute,
    advance: Advance | None = None,
    most: int | None = None,
    budget: "Budget | None" = None,
    as_logits: bool = False,
) -> Array:
    """Return the probabilities of tokenized texts, or their logits, shape (texts, classes), ordered as `token_ids`.

    Where a text may have several labels (`problem_type` of config.json), each label has a probability of its own.

    Texts of similar length are batched together, as many as fit the device's token budget. With `most` (tokens), each
    batch is padded to a multiple of WIDTHS, but not beyond `most`. A `budget` carries a reduced batch size from call
    to call after memory ran out. The global random state is not used. Raises ModelError when a probability is NaN or
    infinite.
    """
    each_alone = getattr(model.config, "problem_type", None) == MULTI_LABEL

    def probabilities(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = model(input_ids=ids, attention_mask=mask).logits.float()
        if as_logits:
            return logits
        return torch.sigmoid(logits) if each_alone else torch.softmax(logits, dim=-1)

    return _answer(model, probabilities, model.config.num_labels, token_ids, padding, compute, advance, most, budget)


def prefetched(items: Iterable[Item]) -> Iterator[Item]:
    """Yield `items`, producing each one in a thread while the previous one is in use."""
    made: Queue[tuple[bool, Any]] = Queue(maxsize=1)
    left = Event()

    def make() -> None:
        try:
            for item in items:
                made.put((True, item))
                if left.is_set():
                    return
            made.put((False, None))
        except BaseException as error:  # raised again in the consuming thread
            made.put((False, error))

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while (got := made.get())[0]:
            yield got[1]
        if got[1] is not None:
            raise got[1]
    finally:
        left.set()
        with suppress(Empty):
            made.get_nowait()
        thread.join(0.2)  # the thread may be blocked on a pipe


# --- running batches ----------------------------------------------------------------------------------------


def _answer(
    model: Any,
    ask: Ask,
    width: int,
    token_ids: Sequence[Any],
    padding: int,
    compute: Compute,
    advance: Advance | None,
    most: int | None = None,
    budget: "Budget | None" = None,
) -> Array:
    """Call `ask` with the ids and mask of each batch; return its output, shape (texts, width), in input order."""
    answers = np.empty((len(token_ids), width), dtype=np.float32)
    was_training = model.training
    with telling_memory("the model", compute):
        model.to(compute.device).eval()
    budget = budget or Budget()
    budget.tokens = budget.tokens or TOKENS_PER_BATCH["onnx" if isinstance(model, OnnxModel) else compute.device.type]

    def read(rows: list[int]) -> Array:
        padded = pad_rows([token_ids[row] for row in rows], padding, WIDTHS if most else 1, most)
        ids, mask = (torch.from_numpy(part).to(compute.device) for part in padded)
        answered: Array = ask(ids, mask).cpu().numpy()
        return answered

    with torch.inference_mode(), compute.autocast():
        for rows in _batches(token_ids, budget):
            answers[rows] = _read_what_fits(read, rows, token_ids, budget, compute)
            if advance:
                advance(len(rows))
    model.train(was_training)
    _check_finite(answers)
    return answers


@contextmanager
def telling_memory(name: str, compute: Compute) -> Iterator[None]:
    """Raise TooLittleMemory when memory runs out while the block moves weights to the device."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
        raise TooLittleMemory(
            f"{compute.device} ran out of memory loading {name}: {first_line(error)}",
            "free memory on it, or use a smaller model" + (", or pass --device cpu" * (compute.device.type != "cpu")),
        ) from error


@dataclass
class Budget:
    """The tokens per batch, padding included: 0 for the device's default; reduced after memory ran out."""

    tokens: int = 0


def _read_what_fits(
    read: Callable[[list[int]], Array], rows: list[int], token_ids: Sequence[Any], budget: Budget, compute: Compute
) -> Array:
    """Run one batch, splitting it in half as often as needed when memory runs out.

    Raises TooLittleMemory when memory runs out for a single text.
    """
    try:
        return read(rows)
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
        longest = max(len(token_ids[row]) for row in rows)
        if len(rows) == 1:
            remedies = [f"--max-length {longest // 2}"] if longest >= 2 * LEAST_LENGTH else []
            remedies += ["--device cpu"] if compute.device.type != "cpu" else []
            raise TooLittleMemory(
                f"{compute.device} ran out of memory reading one text of {longest} tokens: {first_line(error)}",
                instead=" or ".join(remedies),
            ) from error
    if compute.device.type == "cuda":
        torch.cuda.empty_cache()
    middle = len(rows) // 2
    budget.tokens = min(budget.tokens, max(1, middle * longest))
    log.debug("memory ran out at %d texts of %d tokens: continuing with %d per batch", len(rows), longest, middle)
    parts = (_read_what_fits(read, part, token_ids, budget, compute) for part in (rows[:middle], rows[middle:]))
    return np.concatenate(list(parts))


def _check_finite(answers: Array) -> None:
    if not np.isfinite(answers).all():
        raise ModelError(
            "the model's outputs are NaN or infinite",
            "train it again, with a smaller --learning-rate or --precision fp32",
        )


def _batches(token_ids: Sequence[Any], budget: Budget) -> Iterator[list[int]]:
    """Yield batches of row numbers, longest texts first, so that the largest batch fails at the start if at all."""
    order = sorted(range(len(token_ids)), key=lambda row: len(token_ids[row]), reverse=True)
    batch: list[int] = []
    for row in order:
        longest = len(token_ids[batch[0]]) if batch else 0
        if batch and ((len(batch) + 1) * longest > budget.tokens or len(batch) == TEXTS_PER_BATCH):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
