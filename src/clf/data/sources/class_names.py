"""The names of the classes that a dataset tells beside its rows, as the datasets library and the Hub write them.

Anybody may have written these files: they are bounded, and checked before they are used.
"""

import logging
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from clf.data.reading.files import readable
from clf.errors import DataError
from clf.storage.documents import MEGABYTE, load_document, parse_json, validated

MOST_CLASSES = 100_000
"""The most columns, and the most classes of one."""
README = "README.md"
INFO = "dataset_info.json"
LARGEST_README = 8 * MEGABYTE
HINT = "mend that file, or remove it to read the numbers of the classes as labels"
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


def names_in_schema(path: Path) -> ClassNames:
    """Return the class names that the datasets library writes into the schema of Parquet and Arrow files."""
    import pyarrow
    import pyarrow.parquet

    try:
        if path.suffix.lower() == ".parquet":
            schema = pyarrow.parquet.read_schema(path)
        elif path.suffix.lower() == ".arrow":
            with pyarrow.OSFile(str(path)) as source, pyarrow.ipc.open_stream(source) as reader:
                schema = reader.schema
        else:
            return {}
        written: Any = parse_json((schema.metadata or {}).get(b"huggingface", b"{}"), of_another_tool=True)
        return _of_features(path, written["info"]["features"])
    except (pyarrow.ArrowException, OSError, ValueError, LookupError, TypeError, DataError):
        return {}  # reading the file reports what is wrong with it


def _of_features(path: Path, features: JsonValue | None) -> ClassNames:
    columns = [*features.items()][:MOST_CLASSES] if isinstance(features, dict) else []
    return {
        name: validated(path, feature, ClassLabel, DataError, HINT).names
        for name, feature in columns
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }


def names_in_readme(folder: Path, config: str) -> ClassNames:
    """Return the class names in the metadata of a README, of one configuration; none, with a warning, if damaged."""
    path = folder / README
    if not path.is_file() or path.stat().st_size > LARGEST_README:
        return {}
    from huggingface_hub import metadata_load

    try:
        info = _info_of(metadata_load(path), config)
        return {str(one["name"]): _numbered(one["dtype"]["class_label"]["names"]) for one in info if _has_classes(one)}
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:100] if str(error).strip() else type(error).__name__
        log.warning("ignoring the class names in %s: %s", readable(str(path)), readable(reason))
        return {}


def _info_of(metadata: Any, config: str) -> list[Any]:
    """Return the features of a configuration, or of the only one; none if the metadata says nothing about them."""
    infos = metadata.get("dataset_info") if isinstance(metadata, dict) else None
    listed = [one for one in (infos if isinstance(infos, list) else [infos]) if isinstance(one, dict)]
    if len(listed) > 1:
        listed = [one for one in listed if one.get("config_name", "default") == config]
    features = listed[0].get("features") if listed else None
    return features[:MOST_CLASSES] if isinstance(features, list) else []


def _has_classes(feature: Any) -> bool:
    return isinstance(feature, dict) and isinstance(feature.get("dtype"), dict) and "class_label" in feature["dtype"]


def _numbered(names: Any) -> list[str]:
    """Return names that are written with their numbers; raise ValueError if a number is missing."""
    if isinstance(names, dict):
        by_number = {int(number): name for number, name in names.items()}
        names = [by_number.get(number) for number in range(len(names))]
    return ClassLabel.model_validate({"names": names}).names
