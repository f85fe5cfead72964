"""Two processes do what one does: the same batches, losses, metrics; only the main one writes; a lost one is made up for."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from clf import processes
from clf.errors import NetworkError, UsageError
from clf.processes import ALONE, World, current_world
from conftest import HANGS, RunClf
from support.forks import ForkedClf, ranks
from support.tiny import review_rows, write_csv, write_tiny_encoder

RECIPE = ("--dataset", "reviews.csv", "--model", "./encoder", "--learning-rate", "3e-3", "--batch-size", "8",
          "--max-length", "32", "--precision", "fp32", "--json")  # fmt: skip


@pytest.fixture
def work(own_folder: Path) -> Path:
    """Give a folder with reviews that no batch divides, and an encoder without dropout."""
    write_csv(own_folder / "reviews.csv", review_rows(66))
    config = write_tiny_encoder(own_folder / "encoder") / "config.json"
    values = json.loads(config.read_text())
    config.write_text(json.dumps({name: 0.0 if "dropout" in name else value for name, value in values.items()}))
    return own_folder


def launched(*arguments: str, processes: int = 2, restarts: int = 0) -> list[str]:
    torchrun = [sys.executable, "-P", "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    program = str(Path(sys.executable).with_name("clf"))
    return [*torchrun, f"--max-restarts={restarts}", "--no-python", program, "train", *RECIPE, *arguments]


def run(command: list[str], work: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, timeout=HANGS, check=False
    )


def history(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def trained(*arguments: str) -> "list[subprocess.CompletedProcess[str]]":
    return [process.finish(HANGS) for process in ranks(2, "train", *RECIPE, *arguments)]


@pytest.mark.long
@pytest.mark.parametrize("by_torchrun", [False, pytest.param(True, marks=pytest.mark.sweep)])
def test_two_processes_give_the_losses_and_metrics_of_one(work: Path, by_torchrun: bool) -> None:
    with ForkedClf("train", *RECIPE, "--epochs", "2", "--output-dir", "one") as process:
        one = process.finish(HANGS)
    arguments = ("--epochs", "2", "--output-dir", "two")
    two, *others = [run(launched(*arguments), work)] if by_torchrun else trained(*arguments)
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert all(other.returncode == 0 and not other.stdout for other in others)
    results = [json.loads(done.stdout) for done in (one, two)]
    assert results[0]["steps"] == results[1]["steps"] == 14
    assert results[0]["metrics"] == pytest.approx(results[1]["metrics"], abs=1e-4)
    first, second = (history(work / name) for name in ("one.run", "two.run"))
    assert [line.keys() for line in first] == [line.keys() for line in second]
    assert [line["loss"] for line in first if "loss" in line] == pytest.approx(
        [line["loss"] for line in second if "loss" in line], abs=1e-4
    )
    assert two.stderr.count("training on 54 texts") == 1


def test_a_process_alone_is_the_main_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_world() == World()
    for name, value in {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert current_world() == World(3, 4, 1, 2)
    assert not current_world().is_main
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "0")
    with pytest.raises(UsageError, match="LOCAL_WORLD_SIZE=0 contradict each other"):
        current_world()
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert current_world() == World()


@pytest.mark.parametrize(
    ("name", "value"), [("RANK", "-1"), ("RANK", "x"), ("RANK", "\u0663"), ("LOCAL_RANK", ""), ("WORLD_SIZE", "1.5")]
)
def test_variables_that_no_launcher_sets_are_those_of_no_launcher(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each, given in {
        "RANK": "0",
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "2",
        name: value,
    }.items():
        monkeypatch.setenv(each, given)
    assert current_world() == ALONE


@pytest.mark.parametrize("given", ["2 2 0 2", "3 2 0 2", "1 2 2 2", "0 2 0 0"])
def test_a_rank_beyond_the_number_of_processes_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    for name, value in zip(names, given.split(), strict=True):
        monkeypatch.setenv(name, value)
    rank, size, local_rank, local_size = given.split()
    said = f"RANK={rank}, WORLD_SIZE={size}, LOCAL_RANK={local_rank}, LOCAL_WORLD_SIZE={local_size} contradict"
    with pytest.raises(UsageError, match=said) as refused:
        current_world()
    assert refused.value.hint == "start the processes with torchrun or accelerate launch"


@pytest.mark.parametrize(("count", "restarted"), [(None, False), ("", False), ("0", False), ("1", True), ("10", True)])
def test_a_restart_is_told_from_a_start(monkeypatch: pytest.MonkeyPatch, count: str | None, restarted: bool) -> None:
    monkeypatch.delenv("TORCHELASTIC_RESTART_COUNT", raising=False)
    if count is not None:
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", count)
    assert processes.was_restarted() is restarted


@pytest.mark.parametrize(
    ("count", "most", "restarts"),
    [("0", "1", True), ("1", "1", False), ("0", "0", False), (None, "3", False), ("0", None, False), ("x", "3", False)],
)
def test_an_error_is_a_document_only_if_no_start_follows(
    count: str | None, most: str | None, restarts: bool, clf: RunClf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("RESTART_COUNT", count), ("MAX_RESTARTS", most)):
        monkeypatch.delenv(f"TORCHELASTIC_{name}", raising=False)
        if value is not None:
            monkeypatch.setenv(f"TORCHELASTIC_{name}", value)
    assert processes.will_be_restarted() is restarts
    done = clf("prepare", "--dataset", "nothere.csv", "--json")
    assert done.code == 1
    assert "error: " in done.err
    assert (done.out == "") is restarts


def test_a_process_alone_tells_itself_everything() -> None:
    values = np.ones(2)
    processes.join(ALONE, cuda=True)
    processes.wait_for_all(ALONE)
    assert processes.from_main(ALONE, "plan") == "plan"
    assert processes.any_process(ALONE, 15) == 15
    assert processes.add_up(ALONE, values) is values
    processes.leave(ALONE)


@pytest.mark.parametrize(("size", "shared", "told"), [(2, False, [None]), (2, True, []), (1, False, [])])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_others_are_told_of_a_failure_unless_they_have_their_plan(
    monkeypatch: pytest.MonkeyPatch, size: int, shared: bool, told: list[object], error: type[BaseException]
) -> None:
    from torch import distributed

    sent: list[object] = []
    monkeypatch.setattr(processes, "_shared", shared)
    monkeypatch.setattr(processes, "_groups", {processes.PATIENT: None})
    monkeypatch.setattr(distributed, "broadcast_object_list", lambda given, src, group: sent.extend(given))
    with pytest.raises(error), processes.ending_others(World(0, size)):
        raise error
    assert sent == told


def test_others_are_told_of_no_failure_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import distributed

    sent: list[object] = []
    monkeypatch.setattr(processes, "_shared", False)
    monkeypatch.setattr(processes, "_groups", {processes.PATIENT: None})
    monkeypatch.setattr(distributed, "broadcast_object_list", lambda given, src, group: sent.extend(given))
    with processes.ending_others(World(0, 2)):
        pass
    assert sent == []


def test_what_the_main_process_refuses_ends_all_with_one_line(work: Path) -> None:
    both = [process.finish(HANGS) for process in ranks(2, "train", *RECIPE, "--dataset", "nothere.csv")]
    assert [done.returncode for done in both] == [1, 0]
    assert both[0].stderr.count("error: ") == 1
    assert "hint: did you mean reviews.csv?" in both[0].stderr
    assert both[1].stderr == ""


@pytest.mark.sweep
def test_a_lost_process_is_started_anew_and_the_run_goes_on(work: Path) -> None:
    command = launched("--epochs", "40", "--early-stopping-patience", "40", "--save-steps", "3", "--output-dir", "m",
                       restarts=1)  # fmt: skip
    with (work / "out").open("w") as out, (work / "err").open("w") as err:
        process = subprocess.Popen(command, cwd=work, stdout=out, stderr=err)
        while not list((work / "m.run" / "checkpoints").glob("checkpoint-*")):
            assert process.poll() is None
            time.sleep(0.05)
        workers = [
            child for child in psutil.Process(process.pid).children(recursive=True) if "train" in child.cmdline()
        ]
        workers[-1].kill()
        assert process.wait(timeout=HANGS) == 0, (work / "err").read_text()
    assert json.loads((work / "out").read_text())["resumed_from_step"] > 0


def test_a_launcher_that_started_one_process_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.setenv("MASTER_PORT", "29500")
    assert processes.was_left_alone()
    monkeypatch.setenv("RANK", "0")
    assert not processes.was_left_alone()


# --- waiting for each other ---------------------------------------------------------------------------------

GROUPS = """
import os, time
from pathlib import Path
from datetime import timedelta
from torch import distributed
from clf import processes
processes.STEP_WAIT = timedelta(seconds=4)
initialize = distributed.init_process_group
def init_process_group(backend, **options):
    print("limit of the computing group:", options.get("timeout"), flush=True)
    initialize(backend, **options)
distributed.init_process_group = init_process_group
world = processes.current_world()
processes.join(world, cuda=False)
if world.is_main:
    time.sleep(5)  # it prepares for longer
print("plan:", processes.from_main(world, "shared"), flush=True)
processes.wait_for_all(world)
print("stop:", processes.any_process(world, world.rank), flush=True)
noticed = Path("noticed")
if world.is_main:  # it is lost: neither there nor gone
    deadline = time.monotonic() + 100
    while not noticed.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    print("the other one noticed:", noticed.exists(), flush=True)
    os._exit(0)
try:
    processes.any_process(world, 0)
except RuntimeError:
    noticed.touch()
os._exit(0)
"""


def test_the_others_wait_while_the_main_one_prepares_and_not_for_one_that_is_lost(own_folder: Path) -> None:
    main, other = [process.finish(HANGS) for process in ranks(2, script=GROUPS)]
    said = ["limit of the computing group: None", "plan: shared", "stop: 1"]
    assert main.stdout.splitlines() == [*said, "the other one noticed: True"], main.stderr + other.stderr
    assert other.stdout.splitlines() == said, other.stderr


def test_gpus_compute_over_nccl_and_are_told_things_over_gloo(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch import distributed

    begun: list[tuple[str, dict[str, object]]] = []
    groups: list[dict[str, object]] = []
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(torch.distributed, "rendezvous", lambda *_: iter([(distributed.HashStore(), 1, 2)]))
    monkeypatch.setattr(distributed, "init_process_group", lambda backend, **given: begun.append((backend, given)))
    monkeypatch.setattr(distributed, "new_group", lambda **given: groups.append(given))
    monkeypatch.setattr(processes, "_groups", {})
    processes.join(World(1, 2, 1, 2), cuda=True)
    [(backend, given)] = begun
    assert (backend, given.get("timeout")) == ("nccl", None)  # a limit of its own, of minutes
    assert [group["backend"] for group in groups] == ["gloo", "gloo"]
    assert [group["timeout"] for group in groups] == [processes.LONGEST_WAIT, processes.STEP_WAIT]

    used: list[object] = []
    monkeypatch.setattr(processes, "_shared", False)
    monkeypatch.setattr(processes, "_groups", {processes.PATIENT: "patient", processes.STEP: "step"})
    monkeypatch.setattr(distributed, "barrier", lambda group=None: used.append(group))
    monkeypatch.setattr(distributed, "broadcast_object_list", lambda given, src, group=None: used.append(group))
    monkeypatch.setattr(distributed, "all_reduce", lambda part, *_, group=None: used.append((group, part.device.type)))
    processes.from_main(World(1, 2, 1, 2))
    processes.wait_for_all(World(1, 2, 1, 2))
    processes.wait_for_all(World(1, 2, 1, 2), processes.STEP)
    processes.any_process(World(1, 2, 1, 2), 1)
    processes.add_up(World(1, 2, 1, 2), np.zeros(2))
    assert used == ["patient", "patient", "step", ("step", "cpu"), ("step", "cpu")]


def test_processes_that_cannot_meet_are_told_how_to(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import distributed

    def unreachable(*_: object) -> None:
        raise distributed.DistNetworkError("The client socket has timed out after 60000ms")

    monkeypatch.setattr(distributed, "rendezvous", unreachable)
    with pytest.raises(NetworkError, match="the 2 processes of this run cannot connect") as refused:
        processes.join(World(1, 2, 1, 2), cuda=False)
    assert "GLOO_SOCKET_IFNAME" in refused.value.hint


# --- cores --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu.max": "6500000 100000"}, 64),
        ({"cpu.max": "nonsense"}, 64),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
    ],
)
def test_cores_are_those_that_the_container_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cores: int
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(processes, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert processes.usable_cores() == cores
