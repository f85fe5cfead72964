"""The weekly tests fail where they tried too little."""

from typing import Any

from faults.commands import COMMANDS, KINDS
from faults.results import problems, table


def result(command: str, **values: Any) -> dict[str, Any]:
    ends = {f"{kind}: exit 1": 30 for kind in KINDS}
    return {"command": command, "options": [command], "points": 99, "tried_points": 30, "ends": ends, "broken": [],
            "seconds": 1.5} | values  # fmt: skip


def test_enough_faults_of_each_kind_in_each_command_are_no_problem() -> None:
    assert problems([result(name) for name in COMMANDS]) == []


def test_too_few_faults_a_missing_command_or_kind_and_a_broken_rule_are_told() -> None:
    few = [result(name, ends={f"{kind}: exit 1": 1 for kind in KINDS}) for name in COMMANDS]
    assert problems(few) == [f"{5 * len(COMMANDS)} faults, expected at least 1,000"]
    assert problems([result(name) for name in COMMANDS if name != "export"]) == [
        "export: not every kind of fault was met"
    ]
    without = [
        result(name, ends={"killed: killed": 500} if name == "compare" else result(name)["ends"]) for name in COMMANDS
    ]
    assert problems(without) == ["compare: not every kind of fault was met"]
    broken = [result(name, broken=["again: exit 1"]) for name in COMMANDS]
    assert problems(broken)[0] == "prepare: 1 rules broken, such as again: exit 1"
    assert problems([*map(result, COMMANDS), result("train", options=["--unsynced"], broken=["seen"])]) == []


def test_the_table_has_a_line_for_each_result() -> None:
    power = {"command": "train", "options": ["--power"], "calls": 7, "losses": 40, "broken": []}
    lines = table([result("prepare", options=["--no-exchange"]), power]).splitlines()
    assert lines[2] == "| prepare --no-exchange | 99 | 30 | 30 | 30 | 30 | 30 | 30 |  | 0 | 1.5 |"
    assert lines[3] == "| train | 7 |  |  |  |  |  |  | 40 | 0 |  |"
    assert {line.count("|") for line in lines} == {12}
