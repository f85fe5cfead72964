"""Label names and ids: names are sorted once and get the ids 0..n-1, the same in every split and in the model."""

import logging
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.label_names import LONGEST_LABEL, clean_label, look_alikes, places_of, told_apart
from clf.data.label_sets import LabelSets
from clf.data.preparing.label_looks import look_like_ids
from clf.data.reading.joined_labels import made_of
from clf.data.stratifying import ranges
from clf.errors import DataError, UsageError
from clf.storage.documents import MOST_BYTES, load_json, open_regular

log = logging.getLogger(__name__)

WHOLE = re.compile(r"-?\d{1,300}(\.0+)?")  # Python converts numbers of up to 4,300 digits
BETWEEN_PARTS = re.compile(r"[\s,;|'\"]")
"""What separates or quotes the parts of a list: `[INFO]` is a word in brackets."""
IGNORED = "-100"
ABSTAIN = "abstain"
"""The word that predictions have instead of a label below the threshold."""
Labelled = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]
"""Label ids, and the line number of each."""


def name_labels(
    raw: list[str], named: set[tuple[str, str | None]], order: list[str], class_names: list[str], label_map: str | None
) -> tuple[list[str], NDArray[np.int64]]:
    """Return all label names in the order of their ids, and the id of each of the `raw` labels.

    `named` holds each raw label with each name found next to it; `order` is the publisher's order of the names, or
    empty; `class_names` are numbered from the smallest label; `label_map` is set by the user. Numeric labels are sorted
    as numbers.
    """
    order, class_names = [clean_label(name) for name in order], [clean_label(name) for name in class_names]
    written = _written(raw)
    distinct = sort_labels(written.values())
    beside = {(written[label], name) for label, name in named}
    names = _names(written, distinct, beside, class_names, label_map)
    found = list(dict.fromkeys(names[label] for label in distinct))
    if set(found) <= set(order) and not label_map:
        found = [name for name in order if name in found]
    elif names == dict(zip(distinct, distinct, strict=True)):
        found = sort_labels(found)
    ids = {name: number for number, name in enumerate(found)}
    return found, np.array([ids[names[written[label]]] for label in raw], dtype=np.int64)


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Sort the distinct labels as numbers if all are numbers, otherwise as text."""
    distinct = sorted(set(labels))
    try:
        return sorted(distinct, key=lambda label: (float(label), label))
    except ValueError:
        return distinct


def align_labels(names: list[str], model_names: list[str], shown: str) -> NDArray[np.int64]:
    """Return the model's id of each label name of the dataset, shape (labels of the dataset,).

    Raises DataError if the model does not have one of the labels, or two of them are the same label of the model.
    """
    places = places_of(names, model_names)
    if None in places or len(set(places)) != len(places):
        raise DataError(
            f"the labels of {shown} are {', '.join(map(repr, names[:10]))}, "
            f"but the model's are {', '.join(map(repr, model_names[:10]))}",
            "use a dataset with the model's classes, or rename its labels with --label-map theirs=ours,…",
        )
    return np.array(places, dtype=np.int64)


def check_labels(labels: Mapping[str, Labelled], names: list[str], shown: str) -> None:
    """Raise DataError if the labels cannot train a classifier: a single class, row ids, or classes missing from train.

    `labels` holds the label ids and line numbers of each split's rows.
    """
    rows = sum(len(ids) for ids, _ in labels.values())
    if not rows:
        raise DataError(f"{shown}: no row has both a text and a label", "check --text-column and --label-column")
    if len(names) < 2:
        raise DataError(f"{shown}: every label is {names[0]!r}, expected at least two classes", "check --label-column")
    counts = np.bincount(np.concatenate([ids for ids, _ in labels.values()]), minlength=len(names))
    crowded = len(names) > 20 and len(names) > rows / 3 and 2 * np.count_nonzero(counts == 1) > len(names)
    if crowded and look_like_ids(names):
        raise DataError(
            f"{shown}: the labels look like numbers or ids: {len(names)} values in {rows} rows",
            "pass --label-column with the column of classes",
        )
    if long := next((name for name in names if len(name) > LONGEST_LABEL), None):
        raise DataError(
            f"{shown}: a label has {len(long):,} characters ({long[:40]!r} …), expected at most {LONGEST_LABEL:,}",
            "pass --label-column with the column of classes",
        )
    if all(name.startswith("[") and name.endswith("]") for name in names) and any(map(BETWEEN_PARTS.search, names)):
        raise DataError(
            f"{shown}: the labels are lists that cannot be read, such as {names[0]}",
            "write each list in JSON, or give each text one label",
        )
    if IGNORED in names and all(WHOLE.fullmatch(name) for name in names):
        raise DataError(
            f"{shown}: a label is {IGNORED}, which training libraries use for rows to ignore",
            f"leave those rows out with --unlabelled={IGNORED}, or rename the class with --label-map={IGNORED}=other",
        )
    _check_known(labels, names, shown)
    _warn_of_twins(names)
    if "train" in labels:
        counts = np.bincount(labels["train"][0], minlength=len(names)).tolist()
        if rare := [repr(name) for name, count in zip(names, counts, strict=True) if count == 1]:
            log.warning("classes with a single training text: %s", ", ".join(rare[:10]))


def check_sets(labels: Mapping[str, Labelled], sets: LabelSets, shown: str) -> None:
    """Raise DataError if sets of labels cannot train a classifier, as `check_labels`; warn of a label of every text.

    `labels` holds the numbers of the sets and the line numbers of each split's rows.
    """
    names = list(sets.names)
    if len(names) < 2:
        raise DataError(
            f"{shown}: the only label is {names[0]!r}, expected at least two",
            "pass --no-multi-label and a column that tells which texts have it",
        )
    check_labels({split: _spread(of_rows, sets) for split, of_rows in labels.items()}, names, shown)
    ids, _ = labels.get("train", next(iter(labels.values())))
    counts = sets.counts(ids)
    if every := [name for name, count in zip(names, counts.tolist(), strict=True) if count == len(ids)]:
        log.warning(
            "every training text has the label %s: nothing can be learned of it, and each text will be given it",
            ", ".join(map(repr, every[:10])),
        )


def _spread(labelled: Labelled, sets: LabelSets) -> Labelled:
    """Return the ids of all labels of the rows, and the line of each."""
    numbers, lines = labelled
    starts, ids = sets.ids
    places, of_row = ranges(starts[numbers], np.diff(starts)[numbers])
    return ids[places], np.asarray(lines)[of_row]


def _check_known(labels: Mapping[str, Labelled], names: list[str], shown: str) -> None:
    if "train" not in labels:
        return
    known = set(np.unique(labels["train"][0]).tolist())
    for split, (ids, lines) in labels.items():
        unknown = [label for label in np.unique(ids).tolist() if label not in known]
        if unknown:
            where = ", ".join(f"{names[label]!r} ({_lines(lines[ids == label])})" for label in unknown[:10])
            made = next((names[label] for label in unknown if made_of(names[label], {names[one] for one in known})), "")
            raise DataError(
                f"{shown}: {split} has labels that train does not have: {where}",
                "correct them, rename them with --label-map, or add training texts of that class"
                + (f"; if {made!r} means several labels, write them as in train" if made else ""),
            )


def _lines(lines: NDArray[np.integer[Any]]) -> str:
    first = ", ".join(str(line) for line in lines[:3])
    return f"line{'s' if len(lines) > 1 else ''} {first}{f' and {len(lines) - 3} more' if len(lines) > 3 else ''}"


def _warn_of_twins(names: list[str]) -> None:
    for group in look_alikes(names):
        if len({" ".join(name.casefold().split()) for name in group}) == 1:
            log.warning(
                "the labels %s differ only in case or spaces; merge them with --label-map if they mean the same",
                ", ".join(map(repr, group)),
            )
        else:
            log.warning(
                "the labels %s look alike; merge them with --label-map if they mean the same",
                ", ".join(map(told_apart, group)),
            )
    if ABSTAIN in names:
        log.warning(
            "a class is called %r, the word with which clf predict declines to answer; for this class's model it "
            "writes '(%s)' instead",
            ABSTAIN,
            ABSTAIN,
        )


def _written(raw: list[str]) -> dict[str, str]:
    """Return each label in a uniform spelling: whole numbers without decimals, true and false in lower case.

    1.0 becomes 1 only if every label is a whole number; 007 stays 007.
    """
    if any("." in label for label in raw) and all(WHOLE.fullmatch(label) for label in raw):
        log.info("labels like 1.0 are read as 1")
        return {label: re.sub(r"\.0+$", "", label) for label in raw}
    if raw and all(label.lower() in {"true", "false"} for label in raw):
        if any(label != label.lower() for label in raw):
            log.info("the labels %s are read as true and false", " and ".join(sort_labels(raw)))
        return {label: label.lower() for label in raw}
    return {label: label for label in raw}


def _names(
    written: dict[str, str],
    raw: list[str],
    named: set[tuple[str, str | None]],
    class_names: list[str],
    label_map: str | None,
) -> dict[str, str]:
    if label_map:
        mapping = read_label_map(label_map)
        return _mapped(raw, {written.get(key, key): name for key, name in mapping.items()})
    beside = _names_beside(named)
    if beside:
        return {label: beside[label] for label in raw}
    if class_names:
        return _numbered(raw, class_names)
    return {label: label for label in raw}


def read_label_map(text: str) -> dict[str, str]:
    """Read a label map, written as `1=World,2=Sports` or stored in a JSON or TOML file.

    Raises UsageError if it is neither, if a name is missing, or if a label is named twice.
    """
    if Path(text).suffix in {".json", ".toml"}:
        path = Path(text)
        try:
            return _names_by_label(_loaded_map(path.expanduser()))
        except (OSError, ValueError, RuntimeError) as error:  # no such home folder; nested too deeply
            raise UsageError(
                f"--label-map {path} cannot be read: {error}", 'expected {"1": "World", "2": "Sports"}'
            ) from error
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not pairs or any(not separator or not key.strip() or not name.strip() for key, separator, name in pairs):
        raise UsageError(f"--label-map is {text!r}", "expected 1=World,2=Sports or the path of a JSON or TOML file")
    try:
        return _names_by_label([(key, name) for key, _, name in pairs])
    except ValueError as error:
        raise UsageError(f"--label-map is {text!r}: {error}", "name each label once") from error


def _loaded_map(path: Path) -> list[tuple[str, object]]:
    """Read a JSON or TOML file with one name per label; raise OSError or ValueError if it is not one."""
    if path.suffix == ".json":
        values: object = load_json(path)
    else:
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError("it is too large")
        values = tomllib.loads(content.decode("utf-8"))
    if not isinstance(values, dict):
        raise ValueError("it is not an object")
    return list(values.items())


def _names_by_label(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for key, value in pairs:
        if isinstance(value, (dict, list)):
            raise ValueError(f"the name of {key!r} is {'a list' if isinstance(value, list) else 'an object'}")
        label, name = clean_label(key), "" if value is None else clean_label(str(value))
        if not name:
            raise ValueError("a name is missing")
        if names.setdefault(label, name) != name:
            raise ValueError(f"the label {label!r} has two names")
    return names


def _mapped(raw: list[str], mapping: dict[str, str]) -> dict[str, str]:
    given = set(raw)
    unused = [key for key in mapping if key not in given]
    if len(unused) == len(mapping):
        raise DataError(
            f"--label-map names {', '.join(map(repr, unused[:6]))}, but the labels are {', '.join(map(repr, raw[:6]))}",
            "write the labels as they appear in the data",
        )
    if unused:
        log.warning("--label-map names labels that are not in the data: %s", ", ".join(map(repr, unused[:10])))
    return {label: mapping.get(label, label) for label in raw}


def _numbered(raw: list[str], class_names: list[str]) -> dict[str, str]:
    if set(raw) <= set(class_names):
        return {label: label for label in raw}
    if not all(WHOLE.fullmatch(label) for label in raw):
        log.warning("ignoring classes.txt: the labels are already names")
        return {label: label for label in raw}
    smallest = int(raw[0])
    if int(raw[-1]) - smallest + 1 != len(class_names):  # otherwise the names could be off by one without an error
        raise DataError(
            f"classes.txt has {len(class_names)} names, but the labels go from {raw[0]} to {raw[-1]}",
            "write one name per line in classes.txt, one for each label, or pass --label-map",
        )
    return {label: class_names[int(label) - smallest] for label in raw}


def _names_beside(named: set[tuple[str, str | None]]) -> dict[str, str]:
    """Return the names from the column of label names if each label has exactly one name, otherwise nothing."""
    names = {label: name for label, name in named if name}
    if len(named) != len(names) or len(set(names.values())) != len(names):
        if names:
            log.warning("ignoring the column of label names: it does not have exactly one name for each label")
        return {}
    return names
