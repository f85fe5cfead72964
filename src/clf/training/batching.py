"""The order of the training texts, which depends only on seed and epoch, and the batches built from it."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from clf.models.tokens import pad_rows
from clf.scoring.label_table import LabelTable

BATCHES_PER_GROUP = 50
MULTIPLE = 8
IGNORED = -100
"""The label of padding rows, which fill up the last batch when several processes share it; the loss ignores them."""


@dataclass(frozen=True)
class Encoded:
    """Token ids and labels of one split: ids, shape (texts,), or which labels each text has, shape (texts, labels)."""

    token_ids: Sequence[NDArray[np.int32]]
    labels: NDArray[np.int64] | LabelTable
    rows: NDArray[np.int64] | None = None
    """Row numbers in the split's file, for messages; None means that they equal the positions in `token_ids`."""

    @property
    def tokens(self) -> int:
        """The total number of tokens."""
        return sum(map(len, self.token_ids))


Target = int | NDArray[np.float32]
"""What the loss compares the logits of a text with: its label id, or a 1 for each of its labels, shape (labels,)."""


class TokenDataset(Dataset[tuple[NDArray[np.int32], Target]]):
    """Token ids and labels of the training split; index `len(self)` returns the padding row."""

    def __init__(self, token_ids: Sequence[NDArray[np.int32]], labels: NDArray[np.int64] | LabelTable) -> None:
        self.token_ids, self.labels = token_ids, labels
        self.lengths = np.array([len(ids) for ids in token_ids], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.token_ids)

    def __getitem__(self, row: int) -> tuple[NDArray[np.int32], Target]:
        if row == len(self.token_ids):
            return self.token_ids[int(self.lengths.argmin())], self._target(np.full_like(self.labels[0], IGNORED, int))
        return self.token_ids[row], self._target(self.labels[row])

    def _target(self, labels: NDArray[Any]) -> Target:
        return int(labels) if self.labels.ndim == 1 else labels.astype(np.float32)


class LengthGroupedOrder(Sampler[int]):
    """Batches of texts of similar length: each group of 50 random batches is sorted by length, then split into batches.

    Small datasets are split into at least four groups, so that batches differ from epoch to epoch.

    The batches come in random order, except that the longest comes first, so that running out of memory happens early.
    The order depends only on seed and epoch, so a run can resume in the middle of an epoch. With several `processes`,
    the last batch is filled up, so that each process gets its share of every batch.
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        batch_size: int,
        seed: int,
        processes: int = 1,
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0
        self.rows = np.arange(len(lengths)) if rows is None else rows
        self.filling = -len(lengths) % batch_size if processes > 1 else 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the next iteration is ordered for."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths) + self.filling

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(len(self.lengths))
        group = self.batch_size * min(BATCHES_PER_GROUP, max(1, len(order) // (4 * self.batch_size)))
        for start in range(0, len(order), group):
            part = order[start : start + group]
            order[start : start + group] = part[np.argsort(-self.lengths[part], kind="stable")]
        whole = len(order) // self.batch_size * self.batch_size
        batches = order[:whole].reshape(-1, self.batch_size)
        yield from self._shuffled(batches, generator).ravel().tolist()
        yield from order[whole:].tolist()
        yield from [len(order)] * self.filling

    def texts_of(self, step: int, batches: int = 1) -> list[int]:
        """Return the row numbers of the texts in the last `batches` batches up to `step` (counted from 1)."""
        per_epoch = -(-len(self) // self.batch_size)
        epoch, last = divmod(step - 1, per_epoch)
        here = LengthGroupedOrder(self.lengths, self.batch_size, self.seed)
        here.set_epoch(epoch)
        first = max(0, last + 1 - batches) * self.batch_size
        return [int(self.rows[text]) for text in list(here)[first : (last + 1) * self.batch_size]]

    def _shuffled(self, batches: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
        if not len(batches):
            return batches
        sequence = generator.permutation(len(batches))
        longest = int(self.lengths[batches[sequence]].sum(axis=1).argmax())
        sequence[[0, longest]] = sequence[[longest, 0]]
        return batches[sequence]


class Collator:
    """Builds a batch from rows of `TokenDataset`, padded to the longest text, rounded up to a multiple of 8 tokens.

    The libraries cache data for every shape they see, so fewer shapes take a sixth less memory. `most` is the model's
    maximum length.
    """

    def __init__(self, padding: int, most: int | None = None) -> None:
        self.padding, self.most = padding, most

    def __call__(self, rows: list[tuple[NDArray[np.int32], Target]]) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask`, shape (texts, tokens), and `labels`: (texts,) or (texts, labels)."""
        ids, mask = map(torch.from_numpy, pad_rows([row[0] for row in rows], self.padding, MULTIPLE, self.most))
        labels = torch.from_numpy(np.array([row[1] for row in rows]))
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}
