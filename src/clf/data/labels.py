"""The label contract: names, sorted once into ids 0..n-1, the same in every split and in the model."""

import json
import logging
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clf.data.examples import Examples
from clf.errors import DataError, UsageError

log = logging.getLogger(__name__)

WHOLE = re.compile(r"-?\d+(\.0+)?")


def name_labels(
    splits: dict[str, Examples], order: list[str], class_names: list[str], label_map: str | None
) -> list[str]:
    """Give each example its label's name, in place, and return all names in the order of their ids.

    `order` is the publisher's, when there is one; `class_names` are numbered from the smallest label;
    `label_map` is what the user said. Numbers sort as numbers.
    """
    _drop_decimals(splits)
    raw = sort_labels(label for examples in splits.values() for label in examples.labels)
    names = _names(raw, splits, class_names, label_map)
    for examples in splits.values():
        examples.labels = [names[label] for label in examples.labels]
    found = list(dict.fromkeys(names[label] for label in raw))
    if set(found) <= set(order) and not label_map:
        return [name for name in order if name in found]
    return found if names != dict(zip(raw, raw, strict=True)) else sort_labels(found)


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Sort distinct labels: numbers as numbers, when all are; else as text."""
    distinct = sorted(set(labels))
    try:
        return sorted(distinct, key=lambda label: (float(label), label))
    except ValueError:
        return distinct


def align_labels(names: list[str], model_names: list[str], shown: str) -> NDArray[np.int64]:
    """Return the model's id of each label name of the dataset, shape (labels of the dataset,).

    Raises DataError when the model does not know one of them.
    """
    unknown = [name for name in names if name not in model_names]
    if unknown:
        raise DataError(
            f"the labels of {shown} are {', '.join(map(repr, names[:10]))}, "
            f"those of the model {', '.join(map(repr, model_names[:10]))}",
            "take a dataset with the model's classes, or rename its labels: --label-map theirs=ours,…",
        )
    return np.array([model_names.index(name) for name in names], dtype=np.int64)


def check_labels(splits: dict[str, Examples], names: list[str], shown: str) -> None:
    """Refuse what cannot train a classifier: one class, labels that are ids, labels unknown to train."""
    rows = sum(len(examples.labels) for examples in splits.values())
    if not rows:
        raise DataError(f"{shown}: no row has both a text and a label", "check --text-column and --label-column")
    if len(names) < 2:
        raise DataError(f"{shown}: every label is {names[0]!r}, expected at least two classes", "check --label-column")
    if len(names) > 20 and len(names) > rows / 3:
        raise DataError(
            f"{shown}: the label looks like numbers or ids: {len(names)} values in {rows} rows",
            "pass --label-column with the column of classes",
        )
    _check_known(splits, shown)
    _warn_of_twins(names)


def _check_known(splits: dict[str, Examples], shown: str) -> None:
    known = set(splits["train"].labels) if "train" in splits else None
    for split, examples in splits.items():
        unknown = {
            label: line
            for label, line in zip(reversed(examples.labels), reversed(examples.lines), strict=True)
            if known is not None and label not in known
        }
        if unknown:
            where = ", ".join(f"{label!r} (line {line})" for label, line in sorted(unknown.items())[:10])
            raise DataError(
                f"{shown}: labels of {split} that train does not have: {where}",
                "mend them, rename them with --label-map, or add training texts of that class",
            )


def _warn_of_twins(names: list[str]) -> None:
    folded = Counter(" ".join(name.casefold().split()) for name in names)
    for name, count in folded.items():
        if count > 1:
            twins = ", ".join(repr(label) for label in names if " ".join(label.casefold().split()) == name)
            log.warning(
                "the labels %s differ only in case or spaces; merge them with --label-map if they are one",
                twins,
            )


def _drop_decimals(splits: dict[str, Examples]) -> None:
    """Read 1.0 as 1 when every label is a whole number and some have decimals; 007 stays 007."""
    distinct = {label for examples in splits.values() for label in examples.labels}
    if any("." in label for label in distinct) and all(WHOLE.fullmatch(label) for label in distinct):
        log.info("labels like 1.0 are read as 1")
        for examples in splits.values():
            examples.labels = [str(int(float(label))) for label in examples.labels]


def _names(
    raw: list[str], splits: dict[str, Examples], class_names: list[str], label_map: str | None
) -> dict[str, str]:
    if label_map:
        return _mapped(raw, read_label_map(label_map))
    beside = _names_beside(splits)
    if beside:
        return {label: beside[label] for label in raw}
    if class_names:
        return _numbered(raw, class_names)
    return {label: label for label in raw}


def read_label_map(text: str) -> dict[str, str]:
    """Read `1=World,2=Sports`, or a JSON or TOML file of the same.

    Raises UsageError for anything else.
    """
    path = Path(text)
    if path.suffix in {".json", ".toml"}:
        try:
            content = path.read_text(encoding="utf-8")
            values = json.loads(content) if path.suffix == ".json" else tomllib.loads(content)
            return {str(key).strip(): str(value).strip() for key, value in values.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError(
                f"--label-map {path} cannot be read: {error}", 'expected {"1": "World", "2": "Sports"}'
            ) from error
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not pairs or any(not separator or not key.strip() or not name.strip() for key, separator, name in pairs):
        raise UsageError(f"--label-map is {text!r}", "expected 1=World,2=Sports or the path of a JSON or TOML file")
    return {key.strip(): name.strip() for key, _, name in pairs}


def _mapped(raw: list[str], mapping: dict[str, str]) -> dict[str, str]:
    unused = [key for key in mapping if key not in raw]
    if len(unused) == len(mapping):
        raise DataError(
            f"--label-map names {', '.join(map(repr, unused[:6]))}, the labels are {', '.join(map(repr, raw[:6]))}",
            "write the labels as the file has them",
        )
    return {label: mapping.get(label, label) for label in raw}


def _numbered(raw: list[str], class_names: list[str]) -> dict[str, str]:
    if set(raw) <= set(class_names):
        return {label: label for label in raw}
    if not all(WHOLE.fullmatch(label) for label in raw):
        log.warning("classes.txt is passed over: the labels are names already")
        return {label: label for label in raw}
    smallest = int(raw[0])
    if int(raw[-1]) - smallest + 1 != len(class_names):  # else the names could be off by one, in silence
        raise DataError(
            f"classes.txt has {len(class_names)} names, the labels go from {raw[0]} to {raw[-1]}",
            "give classes.txt one name a line for each label, or pass --label-map",
        )
    return {label: class_names[int(label) - smallest] for label in raw}


def _names_beside(splits: dict[str, Examples]) -> dict[str, str]:
    """Take the names from the column beside the labels, where each label has exactly one."""
    pairs = {
        (label, name)
        for examples in splits.values()
        for label, name in zip(examples.labels, examples.label_names, strict=True)
    }
    names = {label: name for label, name in pairs if name}
    if len(pairs) != len(names) or len(set(names.values())) != len(names):
        if names:
            log.warning("the column of label names does not give each label one name, so it is passed over")
        return {}
    return names
