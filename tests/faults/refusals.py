"""Where clf refuses or warns while it prepares, trains, measures and scores: each place is a gate, or none for a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

from architecture import SOURCE
from faults.gates import GATES

PACKAGES = ("data/preparing", "measuring", "scoring", "training")
NO_GATE = {
    "how a command is used": {
        "measuring.trained_columns.telling_the_trained_label", "measuring.stored_threshold.store_threshold",
        "data.preparing.choose_rows.take_split", "data.preparing.labels._numbered", "data.preparing.labels.read_label_map",
        "training.arguments.part_of_batch", "training.trackers.check_trackers",
    },
    "an accident, explained": {
        "data.preparing.ingest._digesting", "training.failures._out_of_memory", "training.failures.explaining",
        "training.interrupts.stop_on_signals.tell",
    },
    "what the first rows show, at a look": {"data.preparing.unlabelled_splits._why_empty"},
    "names of labels that are passed over": {"data.preparing.left_out._say_respelled", "data.preparing.labels._names_beside"},
    "a gate whose words are put together elsewhere": {
        "training.checkpoint_files.check_schema", "training.reporter.not_finite", "training.schedule.tell_schedule",
        "training.trainer.ClassifierTrainer.evaluate", "training.trainer._load_best",
    },
}  # fmt: skip
"""Functions that refuse or warn, and are no gate or say so in other words, by reason."""


def told_in_no_gate(source: Path = SOURCE) -> set[str]:
    """Return the functions with an error or a warning whose words are in no gate."""
    said = [gate.said for gates in GATES.values() for gate in gates if gate.said]
    found = set()
    for path in [path for package in PACKAGES for path in (source / package).rglob("*.py")]:
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        for function, words in _told(ast.parse(path.read_text(encoding="utf-8")), ""):
            if not any(one in words for one in said):
                found.add(f"{module}.{function}")
    return found


def _told(tree: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
    """Yield the function and the words of each error for the user and of each warning."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield from _told(node, f"{inside}.{node.name}" if inside else node.name)
            continue
        if isinstance(node, ast.Call) and _is_telling(node.func):
            yield inside, " ".join(_words(node))
        yield from _told(node, inside)


def _is_telling(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id.endswith("Error") and called.id not in ("ValueError", "OSError", "MemoryError", "TypeError")
    return isinstance(called, ast.Attribute) and called.attr == "warning"


def _words(node: ast.AST) -> Iterator[str]:
    yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))
