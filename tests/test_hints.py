"""What a hint of the catalogue says to do leads on: to a dataset, or to another true sentence."""

import json
import re
from pathlib import Path

import pytest

from conftest import RunClf
from support.catalogue import CASES, Case

FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
ELSEWHERE = {"a gzip bomb", "a hundred thousand labels"}
"""Refusals of large files, whose hints the refusals of small ones have too."""
FOLLOWED: dict[str, tuple[str, str]] = {
    "a bomb in an archive": ("--max-inflation 100000", "expected 2 cells in each row"),
    "an invalid byte late in a UTF-8 file": ("--encoding latin-1", ""),
    "too many cells in a row": ("--delimiter ;", "no column of texts"),
    "too few cells in a row": ("--delimiter ;", "no column of texts"),
    "no label column": ("--label-column label", ""),
    "no text column": ("--text-column text", ""),
    "one class": ("--label-column text", "no column of texts"),
    "one row": ("--label-column text", "cannot tell which column contains the text"),
    "a class with one row": ("--label-map=odd=good", ""),
    "several classes with one row each": ("--label-map=odd=good,rare=bad", ""),
    "a different label in each row": ("--label-column text", "no column of texts"),
    "a label in test that train does not have": ("--label-map=odd=good", ""),
    "label -100": ("--label-map=-100=other", ""),
    "the same text in all rows": ("--text-column label", "cannot tell"),
    "a JSON object instead of a text": ("--text-column text.body", ""),
    "a JSON object instead of a label": ("--label-column label.kind", ""),
    "joined labels that should be one": ("--label-map FILE.json", ""),
    "lists of labels that should be one": ("", ""),
    "texts of which none has a label": ("--label-column text", "no column of texts"),
    "labels of which only test has one": ("--label-map=odd=good", ""),
    "numbers instead of classes": ("--label-map FILE.json", ""),
    "texts instead of classes": ("--label-column text", "is both text and label"),
    "many classes with few texts": ("--label-map FILE.json", ""),
    "a class folder in another encoding": ("--encoding cp1252", "all training texts are the same"),
    "classes.txt in another encoding": ("--encoding cp1252", ""),
    "all rows in one group": ("--group-column label", "cannot tell which column contains the label"),
    "a misspelt key inside a JSON object": ("--text-column text", "is an object with the keys"),
    "a title above the header": ("--delimiter ;", "quoted cell"),
    "a title above a header without a usual name": ("--delimiter ;", "quoted cell"),
    "a last line that was cut off": ("--delimiter ;", "quoted cell"),
    "two columns of one name, which is asked for": ("--label-column 1", ""),
    "an output folder that contains another file": ("--overwrite", ""),
    "an output folder that cannot be created": ("--output-dir ./result", ""),
    "an output folder that is a file": ("--output-dir other", ""),
}
"""For each refusal whose hint names a flag: what follows it, and what is said then; nothing if it is prepared."""
MAPS = {
    "joined labels that should be one": {"a": "a", "b": "b", "a#b": "both", "b#a": "both", "a#b#a": "both"},
    "numbers instead of classes": {f"0.{number}": ("low", "high")[number // 30 > 0] for number in range(11, 51)},
    "many classes with few texts": {f"{one}{other} card": one for one in "abcdefghij" for other in "wxyz"},
}
"""The label maps of those that name one."""
REFUSED = [case for case in CASES if case.code and case.name not in ELSEWHERE]


@pytest.mark.sweep
@pytest.mark.parametrize("case", REFUSED, ids=[f"{case.number} {case.name}" for case in REFUSED])
def test_what_a_hint_says_leads_on(clf: RunClf, own_folder: Path, case: Case) -> None:
    case.build(own_folder)
    done = clf("prepare", *case.arguments)
    error, hint = (next(line for line in done.err.splitlines() if line.startswith(kind)) for kind in ("error", "hint"))
    if flags := set(FLAG.findall(hint)) - {"--dataset"}:
        assert case.name in FOLLOWED, f"add to FOLLOWED what follows this hint: {hint}"
        more, says = FOLLOWED[case.name]
        if "FILE.json" in more:
            (own_folder / "FILE.json").write_text(json.dumps(MAPS[case.name]))
        assert set(FLAG.findall(more)) <= flags
        given = tuple(one for one in case.arguments if f"leave out {one} " not in hint)
        then = clf("prepare", *_without(given, FLAG.findall(more)), *more.split())
        assert (then.code == 0) == (not says), then.err
        assert says in then.err
        assert error not in then.err.splitlines()


def _without(arguments: tuple[object, ...], flags: list[str]) -> list[object]:
    """Leave out flags that are given anew, with their values."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return [part for flag, value in pairs if flag not in flags for part in (flag, value)]
