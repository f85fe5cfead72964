"""The rules of the house: what may import what, and what `--help` may load."""

import ast
import subprocess
import sys
from pathlib import Path

from architecture import LEVEL, SOURCE, House, part_of
from conftest import HANGS

HEAVY = {"torch", "transformers", "datasets", "sklearn", "accelerate", "huggingface_hub", "pyarrow", "numpy"}
MODULES = sorted(SOURCE.rglob("*.py"))
HOUSE = House()


def test_every_part_has_its_floor() -> None:
    parts = {part_of(module) for module in HOUSE.trees} - {"", "__main__"}
    assert parts == set(LEVEL)


def test_imports_point_one_way() -> None:
    assert HOUSE.arrows_up == []


def test_no_modules_import_one_another() -> None:
    assert HOUSE.circles == []


def test_functions_say_what_they_take_and_return() -> None:
    assert [line.partition(":")[0] for line in HOUSE.bare] == ["clf.cli.options"]  # what Typer parsed has no types


def test_only_the_answers_know_how_a_probability_becomes_a_prediction() -> None:
    choosing = {path.stem for path in MODULES if ".argmax(axis=1)" in path.read_text(encoding="utf-8")}
    assert choosing == {"answers", "label_issues"}  # the latter looks for the best class but that of the label


def test_the_house_has_no_more_floors_than_it_had() -> None:
    outer = House(inside_functions=False).longest_chain
    assert len(outer) <= 9, " -> ".join(outer)
    assert len(HOUSE.longest_chain) <= 12, " -> ".join(HOUSE.longest_chain)


def test_functions_and_files_can_be_read_at_once() -> None:
    longest = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in HOUSE.functions.items()}
    assert [name for name, lines in longest.items() if lines > 50] == []
    assert max(HOUSE.lines.values()) <= 350


def test_every_module_with_functions_has_a_test_module_at_the_same_place() -> None:
    tests = Path(__file__).parent
    without = []
    for path in MODULES:
        inside = path.relative_to(SOURCE)
        defines = any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
        if defines and not path.stem.startswith("__") and not (tests / inside.parent / f"test_{path.name}").exists():
            without.append(str(inside))
    assert without == []


def roots(path: Path) -> set[str]:
    """Return the packages a module imports, at the top or inside functions."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}


def test_only_the_command_line_and_the_progress_display_know_typer_and_rich() -> None:
    knowing = {
        path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in MODULES if {"typer", "rich"} & roots(path)
    }
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
