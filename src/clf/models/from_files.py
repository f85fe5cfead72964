"""Load a classifier for inference or training, checking that weights, tokenizer and labels are intact and match."""

# ruff: noqa: TID253 - this module computes
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import JsonValue
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedConfig, set_seed

from clf.errors import ModelError, TooLittleMemory, first_line, ran_out_of_memory
from clf.models.agreement import check_built, check_hashes, check_limit, check_thresholds, labels_of, refuse_strangers
from clf.models.classifier import Classifier, position_limit, quiet_transformers
from clf.models.configs import MULTI_LABEL, SAFE
from clf.models.files import ModelFiles, check_files, is_export
from clf.models.record import read_model_record
from clf.models.tokenizer_file import check_tokenizer_file
from clf.models.tokens import frame_of, largest_id, telling_tokenizer
from clf.settings import DEFAULT_MAX_LENGTH, CleaningSettings

SINGLE_LABEL = "single_label_classification"
NOT_RUN = "correct config.json, or download, save or train the model again"
PLAIN = {"return_dict": True, "output_attentions": False, "output_hidden_states": False, "chunk_size_feed_forward": 0}
"""Settings of config.json that change only in which form, and in which pieces, the model gives its numbers."""
ATTENTION_DROPOUTS = ("attention_dropout", "attention_probs_dropout_prob")

log = logging.getLogger(__name__)


def load_classifier(files: ModelFiles) -> Classifier:
    """Load a fine-tuned classifier.

    Raises ModelError when weights, tokenizer or labels are missing, damaged or do not match.
    """
    folder = files.folder
    config = check_files(folder, files.name)
    if not config.is_classifier:
        raise ModelError(
            f"{files.name} is not a classifier: its config.json says "
            f"{', '.join(config.architectures) or 'no architecture'}",
            f"fine-tune it first: clf train --model {files.name}",
        )
    record = read_model_record(folder)
    check_hashes(folder, record)
    _declared(config.id2label)
    with quiet_transformers():
        described = _config(folder)  # else the tokenizer, which reads it too, would be called damaged
        tokenizer = _tokenizer(folder)
        model = _exported(folder, tokenizer) if is_export(folder) else _whole_model(folder, described, tokenizer)
    limit = check_limit(position_limit(model, tokenizer), folder)
    names = labels_of(model.config, record, folder)
    check_thresholds(model.config, record, names, folder)
    return Classifier(
        name=Path(files.name).resolve().name if files.origin == "path" else files.name.split("/")[-1],
        model=model.eval(),
        tokenizer=tokenizer,
        labels=names,
        max_length=min(record.max_length if record and record.max_length else DEFAULT_MAX_LENGTH, limit),
        cleaning=record.cleaning if record else CleaningSettings(),
        record=record,
        truncation=record.truncation if record else "head",
    )


def load_for_training(
    files: ModelFiles,
    labels: Sequence[str],
    *,
    seed: int,
    keep_attention_dropout: bool = True,
    fresh_head: bool = False,
    multi_label: bool = False,
) -> Classifier:
    """Load an encoder with a head for `labels`: the checkpoint's own if names and kind match, otherwise a fresh one.

    With `multi_label`, the head is one for texts with several labels: each has a probability of its own.

    A checkpoint that keeps its head also keeps the order of its labels. The seed is set before the head is initialised.
    Raises ModelError when the encoder's weights are incomplete.
    """
    config = check_files(files.folder, files.name)
    if is_export(files.folder):
        raise ModelError(f"{files.name} is an ONNX export, which cannot be trained", "train from the original model")
    same_kind = (config.problem_type == MULTI_LABEL) == multi_label
    own = not fresh_head and same_kind and sorted(_declared(config.id2label)) == sorted(labels)
    names = _declared(config.id2label) if own else list(labels)
    with quiet_transformers():
        head = _head_config(files.folder, names, MULTI_LABEL if multi_label else SINGLE_LABEL)
        for name in () if keep_attention_dropout else ATTENTION_DROPOUTS:
            if hasattr(head, name):
                setattr(head, name, 0.0)
        set_seed(seed)
        model, info = _from_pretrained(files.folder, config=head, ignore_mismatched_sizes=True)
        tokenizer = _tokenizer(files.folder)
    _check_encoder(model, info, files.name)
    _check_vocabulary(model, tokenizer, files.name)
    _check_computes(model, tokenizer, files.name)
    own = own and not info.missing and not info.mismatched
    if not own and config.is_classifier:
        log.info("%s was already fine-tuned: its head is replaced by a fresh one", files.name)
        set_seed(seed)
        _renew_head(model)
    limit = check_limit(position_limit(model, tokenizer), files.folder)
    head_is = "its own" if own else "fresh"
    return Classifier(files.name, model, tokenizer, names, limit, CleaningSettings(), head=head_is)


# --- loading ------------------------------------------------------------------------------------------------


def _exported(folder: Path, tokenizer: Any) -> Any:
    from clf.models.onnx import OnnxModel

    model = OnnxModel(folder)
    model.check(largest_id(tokenizer))
    return model


def _whole_model(folder: Path, config: Any, tokenizer: Any) -> Any:
    model, info = _from_pretrained(folder, config=config)
    lost = sorted(info.missing) + sorted(info.unexpected)
    if lost or info.mismatched:
        refuse_strangers(folder, ", ".join(lost[:4]) or "sizes differ")
    _check_weights_finite(model, str(folder))
    _check_vocabulary(model, tokenizer, str(folder))
    _check_computes(model, tokenizer, str(folder))
    return model


@dataclass(frozen=True)
class _Report:
    """The weights that transformers found missing, unexpected or of the wrong size."""

    missing: set[str]
    unexpected: set[str]
    mismatched: set[str]


def _from_pretrained(folder: Path, **options: Any) -> tuple[Any, _Report]:
    try:
        check_built(options["config"], folder, whole="ignore_mismatched_sizes" not in options)
        model, info = AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **SAFE, **options
        )
    except ModelError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            hint = "free memory, or use a smaller model"
            raise TooLittleMemory(f"memory ran out loading {folder}: {first_line(error)}", hint) from error
        if "ignore_mismatched_sizes" in str(error):  # the library's advice, which means nothing to a user of clf
            refuse_strangers(folder, "sizes differ")
        raise ModelError(
            f"{folder} cannot be loaded: {first_line(error)}",
            "download, save or train the model again, or install the versions in constraints.txt",
        ) from error
    mismatched = {str(key[0] if isinstance(key, tuple) else key) for key in info.get("mismatched_keys", [])}
    return model, _Report(set(info["missing_keys"]), set(info.get("unexpected_keys", [])), mismatched)


def _tokenizer(folder: Path) -> Any:
    check_tokenizer_file(folder / "tokenizer.json")
    try:
        with telling_tokenizer(f"the tokenizer in {folder}"):
            tokenizer = AutoTokenizer.from_pretrained(folder, **SAFE)
            frame_of(tokenizer)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the tokenizer in {folder} cannot be loaded: {first_line(error)}",
            "save the tokenizer into the folder again",
        ) from error
    if tokenizer.pad_token is None:
        raise ModelError(
            f"the tokenizer in {folder} has no padding token, so the model is not an encoder",
            "choose an encoder such as distilbert-base-uncased",
        )
    return tokenizer


def _config(folder: Path) -> Any:
    try:
        config = AutoConfig.from_pretrained(folder, **SAFE)
    except Exception as error:
        hint = "choose a model type that this version of transformers supports"
        raise ModelError(f"{folder} cannot be loaded: config.json: {first_line(error)}", hint) from error
    if hidden := sorted(name for name in vars(config) if callable(getattr(PreTrainedConfig, name, None))):
        raise ModelError(
            f"{folder}/config.json sets {hidden[0]}, which is not a setting", f"remove {hidden[0]} from it"
        )
    for name, value in PLAIN.items():
        if getattr(config, name, value) != value:
            setattr(config, name, value)
    return config


def _head_config(folder: Path, names: Sequence[str], problem_type: str) -> Any:
    config = _config(folder)
    config.id2label = dict(enumerate(names))
    config.label2id = {label: number for number, label in enumerate(names)}
    config.problem_type = problem_type
    return config


def _declared(id2label: JsonValue) -> list[str]:
    names: Any = id2label or {}
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"config.json: id2label is {str(names)[:200]}", 'write it as {"0": "first label", ...}'
        ) from error


def _renew_head(model: Any) -> None:
    """Reinitialise the head, so that nothing learned for the checkpoint's old labels remains."""
    for name, module in model.named_children():
        if name != model.base_model_prefix:
            module.apply(model._init_weights)
            for part in module.modules():
                if isinstance(part, torch.nn.Linear):
                    torch.nn.init.normal_(part.weight, std=getattr(model.config, "initializer_range", 0.02))
                    torch.nn.init.zeros_(part.bias) if part.bias is not None else None


# --- checking -----------------------------------------------------------------------------------------------


def _check_encoder(model: Any, info: _Report, name: str) -> None:
    """Raise ModelError if part of the encoder was left randomly initialised; heads and poolers may be."""
    prefix = model.base_model_prefix + "."
    encoder = {key for key, _ in model.named_parameters() if key.startswith(prefix)}
    lost = sorted(key for key in info.missing if key in encoder and ".pooler." not in key)
    lost += sorted(info.mismatched & encoder)
    if lost:
        raise ModelError(
            f"{name}: the weights lack {len(lost)} parts of the encoder in config.json ({', '.join(lost[:3])})",
            "download the model again, or choose another",
        )


def _check_vocabulary(model: Any, tokenizer: Any, name: str) -> None:
    rows, tokens = model.get_input_embeddings().num_embeddings, 1 + largest_id(tokenizer)
    if tokens > rows:
        raise ModelError(
            f"{name}: the tokenizer has {tokens} tokens, the model only {rows}",
            "use the tokenizer that belongs to the model",
        )


def _check_computes(model: Any, tokenizer: Any, name: str) -> None:
    """Run the model on an empty text, and raise ModelError if it gives no number for each label."""
    ids = torch.tensor([frame_of(tokenizer) or [tokenizer.pad_token_id]])
    try:
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    except Exception as error:  # whatever a value in config.json makes the library raise
        if ran_out_of_memory(error):  # the work itself says what would fit
            return
        raise ModelError(f"{name} cannot be run: {first_line(error)}", NOT_RUN) from error
    if logits.shape != (1, model.config.num_labels) or not torch.isfinite(logits).all():
        raise ModelError(f"{name} does not give a number for each label: {str(logits.tolist())[:100]}", NOT_RUN)


def _check_weights_finite(model: Any, name: str) -> None:
    for key, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise ModelError(
                f"{name}: the weights {key} contain values that are NaN or infinite",
                "train the model again, with a smaller --learning-rate",
            )
