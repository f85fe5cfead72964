"""config.json and tokenizer_config.json: what clf reads of them, and what it refuses before transformers reads them.

A model from elsewhere may set anything. Refused is what leads to code, to files besides the weights and the tokenizer,
or to kernels from the Hub, at any depth, and sizes that no encoder has.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from clf.errors import ModelError
from clf.storage.documents import load_json, what_is_wrong

MULTI_LABEL = "multi_label_classification"
"""The `problem_type` of config.json with which a text may have several labels: any tool then reads each logit alone."""
ONNX_FILE = "model.onnx"
SAFE = {"local_files_only": True, "trust_remote_code": False}
"""Options passed to every transformers loader."""
MOST_LAYERS = 512
MOST_POSITIONS = 1_000_000
MOST_NAMES = 100_000
"""Labels that config.json may count without naming them; transformers makes up a name for each."""
MOST_SPECIAL = 5_000
"""Tokens that tokenizer_config.json may add; each takes the library some milliseconds."""
LARGEST_FILE = 256 << 20
"""Bytes of a file that describes a model or its tokenizer; the largest known is 34 MB."""
CODE = "auto_map"
LEADS_ELSEWHERE = {
    "transformers_weights", "quantization_config", "compression_config", "kernel_config", "use_kernels", "gguf_file",
    "fusion_config", "distributed_config", "configuration_files", "adapter_kwargs", "peft_config", "use_timm_backbone",
    "use_pretrained_backbone", "tokenizer_object", "trust_remote_code", "subfolder", "mecab_option",
    "sudachi_config_path", "sudachi_resource_dir", "code_revision",
}  # fmt: skip
"""Keys with which transformers reads other files, or runs other code, than those of the model."""
IMPLEMENTATIONS = {
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
    "_attn_implementation_internal": ("eager", "sdpa"),
    "experts_implementation": ("eager",),
    "_experts_implementation": ("eager",),
    "_experts_implementation_internal": ("eager",),
}
"""Keys that choose how a part is computed, with the values for which nothing is loaded."""
COUNTED = re.compile(r".*(layers?|experts?|blocks?|depths?|stages?|groups?)")
"""The keys whose integers say how many modules are built."""
ANOTHER = "choose a model that transformers supports without extra code"
SAVE_AGAIN = "download or save the model again"


class ModelConfig(BaseModel):
    """The parts of config.json that clf reads itself; transformers reads the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True, defer_build=True)

    model_type: Annotated[str, Field(min_length=1, max_length=100)]
    architectures: list[str] = []
    id2label: JsonValue = None
    """As found in the file; {"0": "first label", ...} if it is valid."""
    num_labels: Annotated[int, Field(ge=0, le=MOST_NAMES, strict=True)] | None = None
    problem_type: JsonValue = None
    max_position_embeddings: Annotated[int, Field(ge=1, le=MOST_POSITIONS, strict=True)] | None = None

    @field_validator("architectures", mode="before")
    @classmethod
    def _none(cls, value: JsonValue) -> JsonValue:
        return [] if value is None else value

    @property
    def is_classifier(self) -> bool:
        """Whether the model was saved with a classification head."""
        return any(name.endswith("ForSequenceClassification") for name in self.architectures)


class TokenizerConfig(BaseModel):
    """The part of tokenizer_config.json that clf checks; transformers reads the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    extra_ids: Annotated[int, Field(ge=0, le=MOST_SPECIAL, strict=True)] | None = None
    extra_special_tokens: Annotated[list[JsonValue] | dict[str, JsonValue], Field(max_length=MOST_SPECIAL)] | None = (
        None
    )
    additional_special_tokens: Annotated[list[JsonValue], Field(max_length=MOST_SPECIAL)] | None = None
    added_tokens_decoder: Annotated[dict[str, JsonValue], Field(max_length=MOST_SPECIAL)] | None = None
    model_max_length: Annotated[int, Field(ge=1, strict=True)] | Annotated[float, Field(ge=1, strict=True)] | None = (
        None
    )


def read_config(folder: Path, name: str) -> ModelConfig:
    """Read config.json; raise ModelError if it is damaged, or sets what clf does not allow."""
    written = _read(folder / "config.json", f"{name}/config.json is damaged or has no model_type")
    if not isinstance(written, dict) or "model_type" not in written:
        raise ModelError(f"{name}/config.json is damaged or has no model_type", SAVE_AGAIN)
    _check_keys(written, "config.json", name)
    try:
        config = ModelConfig.model_validate(written)
    except ValidationError as error:
        raise ModelError(f"{name}/config.json is damaged: its {what_is_wrong(error)}", SAVE_AGAIN) from error
    _check_sizes(written, name)
    return config


def check_tokenizer_config(folder: Path, name: str) -> None:
    """Check tokenizer_config.json, if there is one; raise ModelError if it sets what clf does not allow."""
    file = folder / "tokenizer_config.json"
    if not file.exists():
        return
    written = _read(file, f"{name}/{file.name} is damaged")
    _check_keys(written, file.name, name)
    for key, value in _items(written):
        if key.endswith(("_file", "_files", "_path", "_dir")) and _leads_out(value):
            raise ModelError(f"{name}: {file.name} has {key} = {str(value)[:100]!r}, a file elsewhere", _without(key))
    try:
        TokenizerConfig.model_validate(written)
    except ValidationError as error:
        raise ModelError(f"{name}/{file.name} is damaged: its {what_is_wrong(error)}", SAVE_AGAIN) from error


def _read(file: Path, damaged: str) -> JsonValue:
    try:
        return load_json(file, LARGEST_FILE, of_another_tool=True)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{damaged} ({why})", SAVE_AGAIN) from error


def _items(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield each key with its value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _items(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _items(inner)


def _check_keys(written: JsonValue, file: str, name: str) -> None:
    for key, value in _items(written):
        if key == CODE:
            raise ModelError(
                f"{name} needs to run its own code ({file} has auto_map); clf never runs code from models", ANOTHER
            )
        if (key in LEADS_ELSEWHERE and value) or not _is_known(key, value) or key.startswith("__"):
            told = str(value)[:60]
            raise ModelError(
                f"{name}: {file} sets {key} ({told}), with which other files or code are loaded", _without(key)
            )


def _is_known(key: str, value: JsonValue) -> bool:
    allowed = IMPLEMENTATIONS.get(key)
    return allowed is None or value is None or value in allowed


def _without(key: str) -> str:
    return f"remove {key} from the file if you trust the rest, or choose another model"


def _check_sizes(written: JsonValue, name: str) -> None:
    """Raise ModelError for more modules than any encoder has: building them would take minutes."""
    for key, value in _items(written):
        counts = value if isinstance(value, list) else [value]
        built = sum(count for count in counts if isinstance(count, int))
        if "drop" in key and any(isinstance(count, float) and not math.isfinite(count) for count in counts):
            raise ModelError(f"{name}/config.json is damaged: its {key} is {value}", SAVE_AGAIN)
        if COUNTED.fullmatch(key) and built > MOST_LAYERS:
            raise ModelError(f"{name}/config.json: {key} is {built}, expected at most {MOST_LAYERS}", SAVE_AGAIN)


def _leads_out(value: JsonValue) -> bool:
    """Return whether a value names an existing file outside the model's folder; authors leave paths of their own."""
    if not isinstance(value, str) or "\0" in value:
        return False
    path = Path(value)
    try:
        return (path.is_absolute() or ".." in path.parts) and path.exists()
    except OSError:
        return False
