"""The files of a model: regular files only, and safetensors whose header describes what the file holds."""

import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from clf.errors import ModelError
from clf.hub.files import INDEX, PICKLES, check_weights
from clf.models.configs import LARGEST_FILE, SAVE_AGAIN
from clf.storage.documents import load_json, open_regular, parse_json, what_is_wrong
from clf.storage.names import PlainName

BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
    "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip
LONGEST_HEADER = 100_000_000  # as in the library
MOST_TENSORS = 20_000
READ = (".json", ".txt", ".model", ".jinja", ".safetensors", ".onnx", ".npy", ".data")
"""The extensions of files that are read when a model is loaded."""
ADAPTER = "adapter_config.json"
SAVE_WEIGHTS = "save the model again: model.save_pretrained(folder)"
SHARD_OF_A_CHECKPOINT = re.compile(r"shard-[0-9]{5}-model-.*\.safetensors")
"""Files that transformers reads instead of model.safetensors."""

Natural = Annotated[int, Field(ge=0, strict=True)]


class Tensor(BaseModel):
    """What the header of a safetensors file says of one tensor."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    dtype: str
    shape: Annotated[list[Natural], Field(max_length=16)]
    data_offsets: tuple[Natural, Natural]


class Index(BaseModel):
    """The file that says which of several files holds which tensor."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    weight_map: Annotated[dict[str, PlainName], Field(min_length=1)]
    metadata: dict[str, JsonValue]
    """Required by transformers, which adds to it."""


def check_regular(folder: Path, name: str) -> None:
    """Raise ModelError if a file that is read is not a regular file (or a link to one), or is too large."""
    for path in sorted(folder.iterdir()):
        if path.suffix not in READ:
            continue
        try:
            status = path.stat()
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}", SAVE_AGAIN) from error
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path} is not a regular file", SAVE_AGAIN)
        if path.suffix in (".json", ".txt", ".model", ".jinja") and status.st_size > LARGEST_FILE:
            raise ModelError(f"{path} has {status.st_size >> 20} MB, expected at most {LARGEST_FILE >> 20}", SAVE_AGAIN)
        if path.name == ADAPTER or SHARD_OF_A_CHECKPOINT.fullmatch(path.name):
            what = "an adapter" if path.name == ADAPTER else "a part of a distributed checkpoint"
            raise ModelError(
                f"{name} holds {what} ({path.name}), which would change its weights",
                "save the whole model into a folder of its own: model.save_pretrained(folder)",
            )


def count_weights(folder: Path, name: str) -> int:
    """Return how many numbers the weights of a model have, from the headers of their files.

    Raises ModelError if there are none, or if a header does not describe its file.
    """
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        if any(path.name.endswith(PICKLES) for path in folder.iterdir()):
            check_weights(name, [path.name for path in folder.iterdir()])
        raise ModelError(f"{name} has no model.safetensors", SAVE_WEIGHTS)
    counts = {path.name: _count(path) for path in weights}
    single = counts.get("model.safetensors")
    if single is not None:
        return single
    return sum(counts[shard] for shard in _shards(folder, name, set(counts)))


def _shards(folder: Path, name: str, present: set[str]) -> list[str]:
    """Return the files that the index names; each must be in the folder itself."""
    if not (folder / INDEX).exists():
        raise ModelError(f"{name} has no model.safetensors", SAVE_WEIGHTS)
    try:
        shards = sorted(set(Index.model_validate(load_json(folder / INDEX, of_another_tool=True)).weight_map.values()))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / INDEX} is damaged: {_why(error)}", SAVE_AGAIN) from error
    for shard in shards:
        if not shard.endswith(".safetensors"):
            raise ModelError(f"{folder / INDEX} names {shard!r}, which is not a safetensors file", SAVE_AGAIN)
        if shard not in present:
            raise ModelError(f"{name} lacks {shard}, which {INDEX} names", SAVE_AGAIN)
    return shards


def _count(path: Path) -> int:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(64)
        if start.startswith(b"version https://git-lfs"):
            raise ModelError(f"{path} is a git-lfs pointer, not the weights", "run git lfs pull in that folder")
        length = int.from_bytes(start[:8], "little")
        if len(start) < 9 or start[8:9] != b"{" or length > min(size - 8, LONGEST_HEADER):
            raise ModelError(f"{path} is truncated or not a safetensors file", SAVE_AGAIN)
        file.seek(8)
        content = file.read(length)
    try:
        header = parse_json(content)
        return sum(_elements(header, size - 8 - length)) if isinstance(header, dict) else 0
    except ValueError as error:
        raise ModelError(f"{path} is truncated or not a safetensors file ({_why(error)})", SAVE_AGAIN) from error


def _elements(header: dict[str, JsonValue], size: int) -> Iterator[int]:
    """Yield the number of values of each tensor; raise ValueError if one does not fit the file."""
    left = size
    if len(header) > MOST_TENSORS:
        raise ValueError(f"it lists {len(header)} tensors, expected at most {MOST_TENSORS}")
    for name, stated in header.items():
        if name == "__metadata__":
            continue
        tensor = Tensor.model_validate(stated)
        begin, end = tensor.data_offsets
        count = math.prod(tensor.shape)
        left -= end - begin
        if not begin <= end <= size or left < 0 or end - begin != count * BYTES.get(tensor.dtype, 0):
            raise ValueError(f"{name[:100]} does not fit into it")
        yield count


def _why(error: Exception) -> str:
    return f"its {what_is_wrong(error)}" if isinstance(error, ValidationError) else str(error)
