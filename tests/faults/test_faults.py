"""A disk that is full or broken, a process that dies, a power that goes: nothing is lost, mixed or left, at any call."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from faults.__main__ import compile_library, start
from faults.commands import COMMANDS, KINDS
from faults.losses import Judge
from faults.power import Change, PowerLoss, read_trace

MANY = 60
ALL = 1_000_000
WEEK = int(date.today().strftime("%G%V"))
"""The seed of a sample: that of the week, so that in time each call fails. A result tells its seed."""
RERUNS = 8
"""The power losses from which clf goes on, on each of three kinds of disks."""
LASTS = pytest.mark.timeout(3600)
"""Two hundred faults take five minutes; where each starts a process that downloads, half an hour."""


def swept(folder: Path, *options: object) -> list[dict[str, Any]]:
    """Run the harness, or skip the test where nothing can be preloaded."""
    found = start(folder, *options)
    if found is None:
        pytest.skip("no compiler, or no way to preload a library")
    return found


def kinds_of(result: dict[str, Any]) -> Counter[str]:
    """Return how many faults of each kind were met."""
    return Counter({kind: sum(count for end, count in result["ends"].items() if end.startswith(f"{kind}:"))
                    for kind in KINDS})  # fmt: skip


@pytest.mark.long
def test_a_fault_at_each_kind_of_call_kills_and_a_power_loss_at_any(tmp_path: Path) -> None:
    """All in one process, since it takes as long to start it. Kills of `predict` are in `test_predict_processes`."""
    faults, kills, losses = swept(
        tmp_path, "predict", "--points", 0, "--in-turn", "--kill", "prepare", "--power-of", "train, the first"
    )
    assert faults["tried"] > 6
    assert faults["broken"] == []
    assert kills["ends"] == {"killed: killed": 3}
    assert kills["broken"] == []
    assert losses["calls"] > 100
    assert losses["judged_checkpoints"] > 10
    assert losses["broken"] == []


@pytest.mark.faults
@LASTS
@pytest.mark.parametrize("name", COMMANDS)
def test_faults_at_a_sample_of_all_calls(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", ALL if name in ("prepare", "predict") else MANY, "--seed", WEEK)
    assert one["tried_points"] >= min(one["points"], MANY)
    assert one["broken"] == []
    tried = kinds_of(one)
    assert tried["broken"] == tried["broken-for-good"] == tried["killed"] == one["tried_points"]
    assert min(tried["full"], tried["full-for-good"]) >= one["tried_points"] / 3  # a full disk stops some calls only


@pytest.mark.faults
@LASTS
@pytest.mark.parametrize("name", ["prepare", "evaluate"])
def test_faults_where_two_folders_cannot_be_swapped(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", MANY, "--no-exchange", "--kinds", "full", "broken")
    assert one["tried"] > MANY
    assert one["broken"] == []


@pytest.mark.faults
@LASTS
@pytest.mark.parametrize("name", ["prepare", "train", "evaluate", "export"])
def test_a_result_that_a_killed_run_moved_aside_is_found_again(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", MANY, "--no-exchange", "--near", "rename", "--kinds", "killed")
    assert one["between_renames"] >= 2
    assert one["broken"] == []


@pytest.mark.faults
@LASTS
def test_settings_of_predictions_that_a_killed_run_did_not_replace_are_found(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "predict", "--points", MANY, "--near", "rename", "--kinds", "killed", "broken-for-good")
    assert one["between_renames"] >= 2
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize(
    "call",
    ["write(to, b'12345678')", "pwrite(to, b'12345678', 0)", "writev(to, [b'1234', b'5678'])", "writev(to, [b'12345678'])",
     "pwritev(to, [b'12', b'34', b'56', b'78'], 0)", "sendfile(to, source, 0, 4096)", "copy_file_range(source, to, 4096)"],
)  # fmt: skip
def test_a_process_that_is_killed_while_it_writes_has_written_half(tmp_path: Path, call: str) -> None:
    library = compile_library(tmp_path)
    if library is None:
        pytest.skip("no compiler, or no way to preload a library")
    (tmp_path / "source").write_bytes(b"12345678")
    (tmp_path / "below").mkdir()
    program = f"import os; source = os.open('source', 0); to = os.open('below/x', os.O_WRONLY | os.O_CREAT); os.{call}"
    faults = {"FAIL_BELOW": str(tmp_path / "below"), "FAIL_AT": "2", "FAIL_ERRNO": "0", "LD_PRELOAD": str(library)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={**os.environ, **faults}, cwd=tmp_path, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "below" / "x").read_bytes() == b"1234"


@pytest.mark.faults
@LASTS
@pytest.mark.parametrize("name", ["prepare", "train", "train, the first", "evaluate", "compare", "predict", "export"])
def test_a_power_loss_at_any_call(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--power", "--reruns", RERUNS)
    assert one["broken"] == []
    assert one["reruns"] == 3 * RERUNS


@pytest.mark.faults
@LASTS
def test_the_judge_sees_a_result_that_was_not_synced(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "prepare", "--power", "--unsynced")
    assert one["all_broken"] > 0


@pytest.mark.faults
@LASTS
@pytest.mark.parametrize("ending", ["/checkpoints", "/optimizer.pt", "/clf-checkpoint.json"])
def test_the_judge_sees_a_checkpoint_of_which_one_file_or_folder_was_not_synced(tmp_path: Path, ending: str) -> None:
    [one] = swept(tmp_path, "train, the first", "--power", "--without-sync-of", ending)
    assert any("no checkpoint is intact" in broken for broken in one["broken"])


# --- the judge of power losses, on changes made by hand ---------------------------------------------------------

OLD, NEW = b"the old one", b"the new one, longer"
STAGED = ["mkdir stage", "create stage/a", "write stage/a", "sync stage/a", "sync folder stage"]


def changed(folder: Path, *calls: str) -> list[Change]:
    """Return the changes that calls make, such as "rename one other"; what is synced is then the new content."""
    found = []
    for number, call in enumerate(calls, start=1):
        name, *paths = call.replace("sync folder", "sync-folder").split()
        synced = [at for at, later in enumerate(calls, start=1) if at > number and later == f"sync {paths[0]}"]
        found.append(Change(number, name.replace("-", " "), *paths, next_sync=next(iter(synced), 0)))
        if name == "sync":
            (folder / str(number)).write_bytes(NEW)
    return found


def judged(folder: Path, *calls: str) -> list[str]:
    """Return what is wrong when the power is lost at any of some calls, which turn `out/a` into the new one."""
    for place, content in (("base", OLD), ("work", NEW)):
        (folder / place / "out").mkdir(parents=True)
        (folder / place / "out" / "a").write_bytes(content)
    judge = Judge.of(folder / "base", folder / "work", ["out"], folder / "checkpoints")
    judge.judge(changed(folder, *calls), PowerLoss.of(folder / "base", folder))
    return judge.broken


@pytest.mark.parametrize(
    "calls",
    [
        ["create .part", "write .part", "sync .part", "rename .part out/a", "sync folder out"],
        [*STAGED, "rename stage/a out/a", "sync folder out"],
        [*STAGED, "exchange stage out", "sync folder .", "unlink stage/a", "rmdir stage"],
    ],
)
def test_a_file_or_folder_that_is_replaced_once_it_was_synced_outlasts_any_power_loss(
    tmp_path: Path, calls: list[str]
) -> None:
    wrong = judged(tmp_path, *calls)
    assert wrong == []


@pytest.mark.parametrize(
    ("calls", "disks"),
    [
        (["cut out/a", "write out/a", "sync out/a"], {"eager", "partial"}),
        (["write out/a", "sync out/a"], {"eager", "partial"}),
        (["append out/a", "sync out/a"], {"eager", "partial"}),
        (["write out/a"], {"eager", "partial", "lazy"}),
        (["create b", "rename b out/a", "sync folder out"], {"eager", "partial", "lazy"}),
        ([*STAGED, "rename stage/a out/a"], {"lazy", "partial"}),
        ([*STAGED, "exchange stage out", "unlink stage/a", "rmdir stage", "sync folder ."], {"partial"}),
    ],
)
def test_the_judge_sees_what_is_written_in_place_or_not_synced_in_time(
    tmp_path: Path, calls: list[str], disks: set[str]
) -> None:
    assert {wrong.partition(" ")[0] for wrong in judged(tmp_path, *calls)} == disks


def left_of(folder: Path, *calls: str) -> dict[str, set[str]]:
    """Return the files and folders that each disk holds after some calls."""
    power = PowerLoss(folder)
    for change in changed(folder, *calls):
        power.apply(change)
    return {left.disk: {path.removeprefix("./") for path in left.at(".")} - {"."} for left in power.losses()}


def test_of_the_names_in_a_folder_some_have_changed_and_some_have_not(tmp_path: Path) -> None:
    found = left_of(tmp_path, "create a", "create b", "create c", "rename c d")
    assert found["lazy disk"] == set()
    assert found["eager disk"] == {"a", "b", "d"}
    assert found["partial disk, the newest"] == {"d"}
    assert found["partial disk, every second"] == {"b", "d"}
    assert found["partial disk, the others"] == {"a", "c"}
    found = left_of(tmp_path, "create a", "create b", "sync folder .", "unlink a", "create c")
    assert found["partial disk, the newest"] == {"a", "b", "c"}  # what was synced, and no more
    assert all({"b"} <= names for names in found.values())


def test_a_file_that_moves_to_another_folder_may_have_both_names_and_never_none(tmp_path: Path) -> None:
    made = ("mkdir x", "mkdir y", "create x/a", "sync folder .", "sync folder x")
    found = left_of(tmp_path, *made, "rename x/a y/a")
    assert found["partial disk, the newest"] == {"x", "y", "x/a", "y/a"}
    assert all({"x/a", "y/a"} & names for names in found.values())
    assert "x/a" not in left_of(tmp_path, *made, "rename x/a y/a", "sync folder x")["partial disk, the newest"]


def test_half_of_what_a_file_is_going_to_hold_is_there_until_it_is_synced(tmp_path: Path) -> None:
    records = [(1, "create", 7), (2, "sync", 7), (3, "write", 7), (4, "unlink", 0), (5, "create", 8), (6, "sync", 7)]
    lines = [f"{number}\0{name}\0{inode}\0{tmp_path}/a\0\0\n" for number, name, inode in records]
    (tmp_path / "trace").write_text("".join(reversed(lines)))
    assert [change.next_sync for change in read_trace(tmp_path, tmp_path)] == [2, 6, 6, 0, 0, 0]
    (tmp_path / "a").write_bytes(OLD)
    power = PowerLoss.of(tmp_path, tmp_path)
    for change in changed(tmp_path, "write a", "sync a", "append a"):
        power.apply(change)
        held = {left.disk.partition(" ")[0]: left.at("a")["a"] for left in power.losses()}
        assert held["partial"] == held["eager"] == (NEW[: len(NEW) // 2] if change.name == "write" else NEW)
        assert held["lazy"] == (OLD if change.name == "write" else NEW)
