"""Checks that the files of a model belong together: hashes, labels, and the size that config.json describes."""

# ruff: noqa: TID253 - this module computes
import json
import logging
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn

import torch
from transformers import AutoModelForSequenceClassification

from clf.errors import ModelError
from clf.hub.files import INDEX, TOKENIZER_FILES
from clf.models.configs import MULTI_LABEL
from clf.models.record import SHORTEST, ModelRecord
from clf.models.weights import count_weights
from clf.scoring.multi_label import EVEN
from clf.storage.disk import sha256

READ_IF_PRESENT = (*TOKENIZER_FILES, INDEX, "model*.safetensors", "tokenizer_config.json", "merges.txt",
                   "special_tokens_map.json", "added_tokens.json", "model.onnx*")  # fmt: skip
"""Files that change a model's predictions, if they are in its folder."""
RESTORE = "restore the file, or train the model again"
SMALL = 10_000_000
"""Numbers of a head or pooler that the weights may lack."""

log = logging.getLogger(__name__)


def check_hashes(folder: Path, record: ModelRecord | None) -> None:
    """Raise ModelError if a file has changed since clf wrote it, is missing, or was added and would be read."""
    files = record.files if record else {}
    for file, expected in files.items():
        path = folder / file
        if not path.is_file():
            raise ModelError(f"{folder} lacks {file}, which clf.json lists", RESTORE)
        if sha256(path) != expected:
            raise ModelError(
                f"{path} has changed since clf wrote it: its SHA-256 differs from clf.json",
                RESTORE,
            )
    present = sorted(path.name for path in folder.iterdir()) if files else []
    for name in present:
        if name not in files and any(fnmatch(name, pattern) for pattern in READ_IF_PRESENT):
            raise ModelError(
                f"{folder / name} was added since clf wrote the model: clf.json does not list it",
                "restore the folder as clf wrote it, or train the model again",
            )


def check_built(config: Any, folder: Path, *, whole: bool) -> None:
    """Check that the weights are as many as the model that config.json describes, before it takes memory.

    Without `whole`, only the encoder must be in the files: a head is made anew. Raises ModelError if they are fewer.
    """
    with torch.device("meta"):
        model = AutoModelForSequenceClassification.from_config(config)
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    present = count_weights(folder, str(folder))
    of_encoder = {name for name in sizes if name.startswith(f"{model.base_model_prefix}.") and ".pooler." not in name}
    needed = sum(size for name, size in sizes.items() if whole or name in of_encoder)
    made = sum(sizes.values()) - needed
    if needed > present + SMALL or made > present + SMALL + config.num_labels * 100_000:
        refuse_strangers(folder, f"config.json describes {sum(sizes.values())} numbers, the weights have {present}")


def refuse_strangers(folder: Path, why: str) -> NoReturn:
    """Raise ModelError for weights that belong to another model."""
    hint = "train or download the model again"
    raise ModelError(f"{folder}: weights and config.json do not belong together ({why})", hint)


def check_limit(limit: int, folder: Path) -> int:
    """Return the number of tokens that a model can read; raise ModelError if that is too few to work with."""
    if limit < SHORTEST:
        raise ModelError(
            f"{folder} reads {limit} tokens according to config.json and tokenizer_config.json",
            "correct max_position_embeddings or model_max_length",
        )
    return limit


def check_thresholds(config: Any, record: ModelRecord | None, names: Sequence[str], folder: Path) -> None:
    """Raise ModelError if clf.json and config.json differ on whether a text may have several labels.

    With several, the record must have a threshold for each label. A model of another tool has no record, and 0.5 counts
    for each of its labels, which is logged.
    """
    several = getattr(config, "problem_type", None) == MULTI_LABEL
    if record is None:
        if several:
            log.info("%s stores no thresholds: each label is predicted from a probability of %g on", folder.name, EVEN)
        return
    if record.thresholds is not None and not several:
        raise ModelError(
            f"{folder}: clf.json has thresholds for several labels per text, but config.json is of a model that gives "
            "each text one label",
            RESTORE,
        )
    if several and (without := [name for name in names if name not in (record.thresholds or {})]):
        raise ModelError(f"{folder}: clf.json has no threshold for {', '.join(map(repr, without[:10]))}", RESTORE)


def labels_of(config: Any, record: ModelRecord | None, folder: Path) -> list[str]:
    """Return the label names in the order of their ids; raise ModelError if the files contradict each other."""
    ids, count = sorted(config.id2label), len(config.id2label)
    if ids != list(range(count)):
        raise ModelError(
            f"{folder}/config.json: id2label has the ids {str(ids)[1:-1][:200]}, expected 0 to {count - 1}",
            "number the labels from 0 in id2label and label2id",
        )
    names = [str(config.id2label[number]) for number in ids]
    try:
        inverse = {str(label): int(number) for label, number in (config.label2id or {}).items()}
    except (AttributeError, TypeError, ValueError):  # not an object of numbers
        inverse = {"": -1}
    if len(set(names)) != len(names) or (inverse and inverse != {name: number for number, name in enumerate(names)}):
        raise ModelError(
            f"{folder}/config.json: id2label and label2id contradict each other: {json.dumps(config.label2id)[:200]}",
            "fix both so that each id has one name",
        )
    if record and record.labels and record.labels != names:
        raise ModelError(
            f"{folder}: clf.json has the labels {str(record.labels)[1:-1][:100]}, "
            f"config.json has {str(names)[1:-1][:100]}",
            RESTORE,
        )
    return names
