"""The names of the classes that a dataset tells beside its rows, as the datasets library and the Hub write them.

Anybody may have written these files: they are bounded, and checked before they are used.
"""

import hashlib
import io
import json
import logging
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from clf.data.reading.archives import on_disk
from clf.data.reading.files import open_bytes, readable
from clf.data.split_names import split_at_start
from clf.errors import DataError
from clf.storage.documents import MEGABYTE, load_document, parse_json, validated

MOST_CLASSES = 100_000
"""The most columns, and the most classes of one."""
README = "README.md"
INFO = "dataset_info.json"
STATE = "state.json"
LARGEST_METADATA = MEGABYTE
"""Bytes of the metadata at the start of a README."""
DEEPEST = 50
"""The most lists and mappings of a README inside each other."""
HINT = "mend that file, or remove it to read the numbers of the classes as labels"
NUMBERED = {"parquet", "arrow", "json", "jsonl", "json object"}
"""The formats that tell a number from a text."""
LISTS = ("Sequence", "List", "LargeList")
"""The types of columns of lists."""
DAMAGED = (lzma.LZMAError, zlib.error)
ClassNames = dict[str, list[str]]
"""The names of the classes of each column that holds their numbers."""

log = logging.getLogger(__name__)


class ClassLabel(BaseModel):
    """The names of the classes of a column, in the order of their numbers from 0."""

    model_config = ConfigDict(extra="ignore", strict=True)

    names: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=1000)]],
        Field(min_length=1, max_length=MOST_CLASSES),
    ]

    @field_validator("names")
    @classmethod
    def _distinct(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("a name appears twice")
        return names


def names_beside(folder: Path) -> ClassNames:
    """Return the class names in the `dataset_info.json` that the datasets library writes; none without such a file.

    Raises DataError if it is damaged.
    """
    path = folder / INFO
    return _of_features(path, load_document(path, DataError, HINT).get("features")) if path.exists() else {}


def names_of_files(kinds: dict[Path, str], top: Path, most_inflation: int) -> dict[Path, ClassNames]:
    """Return the class names of each file of a dataset at `top`, a file or folder; `kinds` tells the files' formats.

    The names in the schema of a file come before those in the documents of its folder and of the folders around it,
    up to `top`. Only numbers are named, so the files of other formats than JSON, Parquet and Arrow have no names.
    """
    known: dict[tuple[Path, str], ClassNames] = {}
    found: dict[Path, ClassNames] = {}
    shared: dict[str, ClassNames] = {}  # thousands of files may each have the same thousand names
    inside = top if top.is_dir() else on_disk(top).parent
    for file, kind in kinds.items():
        if kind in NUMBERED and (
            names := _in_documents(on_disk(file).parent, inside, known) | names_in_schema(file, kind, most_inflation)
        ):
            found[file] = shared.setdefault(json.dumps(names), names)
    return found


def names_key(names: dict[Path, ClassNames]) -> str:
    """Return a hash of the names of all files, since those in documents are not in the files; empty without names."""
    found = hashlib.sha256()
    for each in names.values():
        found.update(f"{json.dumps(each)}\n".encode())
    return found.hexdigest() if names else ""


def common_names(names: dict[Path, ClassNames]) -> ClassNames:
    """Return the class names of each column as the first file tells them that has some."""
    common: ClassNames = {}
    for each in names.values():
        common = each | common
    return common


def _in_documents(folder: Path, top: Path, known: dict[tuple[Path, str], ClassNames]) -> ClassNames:
    """Return the names in the documents of a folder and of those around it; the nearest come first."""
    if (folder, "") in known:
        return known[folder, ""]
    folders = [*_around(folder, top)]
    # The folder of a configuration is called as that, and the README above it tells the names of each.
    config = next((one.name for one in folders[:-1] if one.name != "data" and not split_at_start(one.name)), "default")
    found: ClassNames = {}
    for place in folders:
        if (place, config) not in known:
            known[place, config] = _told_in(place, config, folders[-1].resolve())
        found = known[place, config] | found
    known[folder, ""] = found
    return found


def _around(folder: Path, top: Path) -> Iterator[Path]:
    """Yield a folder and those around it up to `top`, and those around that if it is only the data or a split."""
    folder, top = Path(os.path.abspath(folder)), Path(os.path.abspath(top))
    for place in (folder, *folder.parents):
        yield place
        if not place.parent.is_relative_to(top) and place.name != "data" and not split_at_start(place.name):
            return


def _told_in(folder: Path, config: str, outermost: Path) -> ClassNames:
    """Return the names in the documents of one folder; a link that leads out of the outermost is not followed."""
    documents = [path for path in (folder / INFO, folder / README) if path.is_file()]
    if left := [path for path in documents if not path.resolve().is_relative_to(outermost)]:
        log.warning("ignoring the class names in %s: it is a link out of the folder", readable(str(left[0])))
    found = names_in_readme(folder, config) if folder / README in documents and folder / README not in left else {}
    return found | (_beside(folder) if folder / INFO in documents and folder / INFO not in left else {})


def _beside(folder: Path) -> ClassNames:
    """Return the names in `dataset_info.json`; one that is damaged matters only in what `save_to_disk` wrote."""
    try:
        return names_beside(folder)
    except DataError as error:
        if (folder / STATE).exists():
            raise
        log.warning("ignoring the class names in %s: %s", readable(str(folder / INFO)), error)
        return {}


def names_in_schema(path: Path, kind: str, most_inflation: int) -> ClassNames:
    """Return the class names that the datasets library writes into the schema of Parquet and Arrow files."""
    if kind not in {"parquet", "arrow"}:
        return {}
    import pyarrow
    import pyarrow.parquet

    try:
        with open_bytes(path, most_inflation) as opened:
            is_file = kind == "parquet" or opened.peek(6)[:6] == b"ARROW1"  # type: ignore[attr-defined]
            file: Any = io.BytesIO(opened.read()) if is_file and not opened.seekable() else opened
            if kind == "parquet":
                schema = pyarrow.parquet.read_schema(file)
            else:
                schema = (pyarrow.ipc.open_file if is_file else pyarrow.ipc.open_stream)(file).schema
        written: Any = parse_json((schema.metadata or {}).get(b"huggingface", b"{}"), of_another_tool=True)
        features = written["info"]["features"]
    except (pyarrow.ArrowException, OSError, EOFError, ValueError, LookupError, TypeError, DataError, *DAMAGED):
        return {}  # reading the file reports what is wrong with it
    try:
        return _of_features(path, features)
    except DataError as error:
        log.warning("ignoring the class names in the schema: %s", error)
        return {}


def _of_features(path: Path, features: JsonValue | None) -> ClassNames:
    columns = [*features.items()][:MOST_CLASSES] if isinstance(features, dict) else []
    classes = {name: _of_one(feature) for name, feature in columns}
    return {
        name: validated(path, feature, ClassLabel, DataError, HINT).names
        for name, feature in classes.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }


def _of_one(feature: JsonValue) -> JsonValue:
    """Return the feature of each value in a column of lists, or the feature itself."""
    if isinstance(feature, list) and len(feature) == 1:
        return feature[0]
    return feature.get("feature") if isinstance(feature, dict) and feature.get("_type") in LISTS else feature


def names_in_readme(folder: Path, config: str) -> ClassNames:
    """Return the class names in the metadata of a README, of one configuration; none, with a warning, if damaged."""
    path = folder / README
    try:
        info = _info_of(_metadata(path), config) if path.is_file() else []
        classes = ((str(one.get("name")), _classes_of(one)) for one in info if isinstance(one, dict))
        return {name: _numbered(found["class_label"]["names"]) for name, found in classes if found is not None}
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:100] if str(error).strip() else type(error).__name__
        log.warning("ignoring the class names in %s: %s", readable(str(path)), readable(reason))
        return {}


def _metadata(path: Path) -> Any:
    """Return what stands in YAML between two lines `---` at the start of a README, every value as text; None without.

    Raises ValueError if it is too large, or refers to itself, as a few lines may do to become larger than any memory.
    """
    import yaml

    with path.open("rb") as file:
        head = file.read(LARGEST_METADATA)
        goes_on = bool(file.read(1))
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not re.match(rb"---[ \t]*\r?\n", start):
        return None
    if not (end := re.compile(rb"^---[ \t]*\r?$", re.MULTILINE).search(start, 4)):
        if goes_on:
            raise ValueError(f"its metadata is larger than {LARGEST_METADATA // MEGABYTE} MB")
        return None
    written = start[4 : end.start()].decode()
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    depth = 0
    for event in yaml.parse(written, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
            raise ValueError("its metadata refers to itself, or is nested too deeply")
    return yaml.load(written, Loader=loader)


def _info_of(metadata: Any, config: str) -> list[Any]:
    """Return the features of a configuration, or of the only one; none if the metadata says nothing about them."""
    infos = metadata.get("dataset_info") if isinstance(metadata, dict) else None
    listed = [one for one in (infos if isinstance(infos, list) else [infos]) if isinstance(one, dict)]
    if len(listed) > 1:
        of_config = [one for one in listed if one.get("config_name", "default") == config]
        listed = of_config or [one for one in listed if one.get("config_name", "default") == "default"]
    features = listed[0].get("features") if listed else None
    return features[:MOST_CLASSES] if isinstance(features, list) else []


def _classes_of(feature: Any) -> Any:
    """Return what tells the classes of a column, or of the values in a column of lists; None if it has none."""
    told = (feature.get(key) for key in ("dtype", "sequence", "list"))
    kinds = (one["dtype"] if isinstance(one, dict) and isinstance(one.get("dtype"), dict) else one for one in told)
    return next((one for one in kinds if isinstance(one, dict) and "class_label" in one), None)


def _numbered(names: Any) -> list[str]:
    """Return names that are written with their numbers; raise ValueError if a number is missing."""
    if not isinstance(names, (dict, list)) or len(names) > MOST_CLASSES:
        raise ValueError("the names of its classes are no list, or too many")
    if isinstance(names, dict):
        by_number = {int(number): name for number, name in names.items()}
        names = [by_number.get(number) for number in range(len(names))]
    return ClassLabel.model_validate({"names": names}).names
