"""The rules of the house: what may import what, and what `--help` may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HANGS

SOURCE = Path(__file__).parent.parent / "src" / "clf"
LAYERS = ["errors", "settings", "layers", "results progress processes", "runs hub predictions", "data", "models", "scoring", "training", "reports",
          "prepare", "train", "measurement", "folds baselines", "evaluate", "compare", "predictor", "predict export download doctor", "demo", "cli"]  # fmt: skip
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts.split()}
HEAVY = {"torch", "transformers", "datasets", "sklearn", "accelerate", "huggingface_hub", "pyarrow", "numpy"}
MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the parts of clf that a module imports, at the top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "clf":
            names = [node.module] if "." in node.module else [f"clf.{alias.name}" for alias in node.names]
            found |= {name.split(".")[1] for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("clf.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    if part in {"__init__", "__main__"}:
        return
    for other in imported(path) - {"__version__", part}:
        assert LEVEL[other] <= LEVEL[part], f"{part} must not import {other}"


def roots(path: Path) -> set[str]:
    """Return the packages a module imports, at the top or inside functions."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}


def test_only_the_command_line_and_the_progress_display_know_typer_and_rich() -> None:
    knowing = {part_of(path) for path in MODULES if {"typer", "rich"} & roots(path)}
    assert knowing == {"cli", "progress"}


def test_no_drawer_for_odds_and_ends() -> None:
    assert not {"utils", "common", "helpers", "misc"} & {path.stem for path in MODULES}


def test_help_of_every_command_loads_nothing_heavy() -> None:
    code = f"""
import sys
from clf.cli.app import run
for command in ("prepare", "train", "demo", "evaluate", "compare", "predict", "export", "download-models", "doctor"):
    assert run([command, "--help"]) == 0
assert run(["--help"]) == 0
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout[-500:] + done.stderr
