"""Each gate has a test that trips it and one that does not; the page that lists them is up to date."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from architecture import SOURCE
from faults.gates import GATES, Gate, page
from faults.refusals import NO_GATE, told_in_no_gate

TESTS = Path(__file__).parents[1]
ALL = [gate for gates in GATES.values() for gate in gates]


@cache
def collected_in(module: str) -> set[str]:
    """Return the names of the tests at the top of a module, which pytest collects."""
    tree = ast.parse((TESTS / module).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("gate", ALL, ids=lambda gate: gate.fault)
def test_the_tests_of_a_gate_are_collected(gate: Gate) -> None:
    for name in (gate.fires, gate.clean):
        module, _, function = name.partition("::")
        assert Path(module).name.startswith("test_")
        assert function in collected_in(module), name
    assert gate.fires != gate.clean or "decides_in_order" in gate.fires  # which has both in one table


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_each_gate_is_heard_when_it_is_tripped_and_never_in_the_clean_case(tmp_path: Path) -> None:
    heard = [gate for gate in ALL if gate.said]
    names = sorted({f"{TESTS}/{name}" for gate in heard for name in (gate.fires, gate.clean)})
    environment = {**os.environ, "WATCHED": str(tmp_path / "said.json"), "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "faults.watch", "-p", "no:cacheprovider", *names]
    done = subprocess.run(command, env=environment, cwd=TESTS.parent, capture_output=True, text=True, timeout=1700)
    assert done.returncode == 0, done.stdout[-3000:]
    said = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    for gate in heard:
        assert any(gate.said in line for line in said[gate.fires]), f"{gate.fires} does not trip: {gate.said}"
        assert not any(gate.said in line for line in said.get(gate.clean, [])), f"{gate.clean} trips: {gate.said}"


def test_every_gate_shows_something() -> None:
    assert [gate.fault for gate in ALL if not (gate.said or gate.shown)] == []


def test_no_gate_stands_there_twice() -> None:
    faults = [gate.fault for gate in ALL]
    assert sorted(set(faults)) == sorted(faults)


def test_what_the_user_sees_stands_in_the_source() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    values = [("the loss is nan", '"the loss"'), ("the gradient is nan", '"the gradient"')]  # words of a template
    for gate in ALL:
        said = next((template for begun, template in values if gate.said.startswith(begun)), gate.said)
        assert said in source, gate.said


def test_every_refusal_and_warning_is_a_gate_or_none_for_a_reason() -> None:
    assert told_in_no_gate() == set().union(*NO_GATE.values())


def test_a_new_refusal_is_seen(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    told = "class A:\n def f(self):\n  raise TrainingError(f'{self} is odd')\n def g(self):\n  log.warning('%s is odd', self)\n"
    (tmp_path / "training" / "new.py").write_text(told + "def h():\n raise ValueError('the caller tells')\n")
    assert told_in_no_gate(tmp_path) == {"training.new.A.f", "training.new.A.g"}


def test_the_page_lists_every_gate() -> None:
    assert (SOURCE.parent.parent / "docs" / "gates.md").read_text(encoding="utf-8") == page()
