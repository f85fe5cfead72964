"""`clf predict` in processes of its own: terminated, killed anywhere, and shared by several."""

import json
import os
from pathlib import Path

import pytest

from conftest import HANGS, RunClf
from support.forks import ForkedClf, ranks
from support.predicting import FINISHED, environment, names, uninterrupted

TERMINATED = """
import os, signal
import clf.predict
from clf.cli.app import main
from clf.storage.prediction_parts import Parts

clf.predict.WINDOW, add = 4, Parts.add

def terminated(self, window, *rest):
    add(self, window, *rest)
    if window == 2:
        os.kill(os.getpid(), signal.SIGTERM)

Parts.add = terminated
main()
"""


def test_a_terminated_run_says_what_is_kept_and_how_to_go_on(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None
) -> None:
    command = ["predict", str(trained), "new.csv", "--output", "out.csv"]
    with ForkedClf(*command, environment=environment(), script=TERMINATED) as process:
        done = process.finish(HANGS)
    assert done.returncode == 143, done.stderr
    assert "stopped; predictions for 12 rows are saved" in done.stderr
    assert f"resume with: clf predict {trained} new.csv --output out.csv --resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("out.csv").exists()
    again = clf(*command, "--resume")
    assert again.code == 0, again.err
    assert "resuming after 12 rows" in again.err
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new_texts)


KILLED = """
import json, os, shutil, sys
from pathlib import Path

import torch

torch.set_num_threads(1)
import clf.predict
from clf.cli.app import run
from support.crashes import Killer, forked

clf.predict.WINDOW = 4
model, source, suffix = sys.argv[1:]
clf.load(model)
base, results = Path.cwd(), []
first = (".csv", ".jsonl", ".parquet").index(suffix) + 1

def fresh(name):
    folder = base / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder

def predict(folder, killer=None):
    os.chdir(folder)
    if killer:
        killer.install()
    code = run(["predict", model, source, "--output", f"out{suffix}", "--resume"])
    if killer:
        (base / "actions").write_text(str(killer.count))
    return code

whole = fresh("whole")
assert forked(lambda: predict(whole)) == 0
expected = (whole / f"out{suffix}").read_bytes()
counted = fresh("counted")
assert forked(lambda: predict(counted, Killer(counted, 0))) == 0
actions = int((base / "actions").read_text())
for at in range(first, actions + 1, 4):
    folder = fresh("killed")
    status = forked(lambda: predict(folder, Killer(folder, at)))
    output = folder / f"out{suffix}"
    parts = len(list(folder.glob(".out*.parts/done-*")))
    early = output.exists()
    before = output.read_bytes() if early else None
    again = forked(lambda: predict(folder))
    same = output.exists() and output.read_bytes() == expected
    left = sorted(path.name for path in folder.iterdir())
    results.append([suffix, at, status, parts, early, before in (None, expected), again, same, left])
print(json.dumps(results))
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "suffix", [".parquet", *(pytest.param(each, marks=pytest.mark.sweep) for each in (".csv", ".jsonl"))]
)
def test_a_run_that_was_killed_anywhere_goes_on_to_the_same_bytes(
    trained: Path, new_texts: Path, tmp_path: Path, suffix: str
) -> None:
    with ForkedClf(trained, new_texts, suffix, folder=tmp_path, environment=environment(), script=KILLED) as process:
        done = process.finish(HANGS)
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(done.stdout.splitlines()[-1])
    assert len({parts for _, _, _, parts, early, *_ in results if not early}) >= 3
    for _, at, status, _, _, whole, again, same, left in results:
        where = f"{suffix}, action {at}"
        assert (status, whole, again, same) == (9, True, 0, True), where
        assert left == [f"out{suffix}", f"out{suffix}.settings.json"], where


SHARED = """
import os
import clf.predict
from clf.cli.app import main
from clf.storage.prediction_parts import Parts

clf.predict.WINDOW, add = 4, Parts.add

def noted(self, window, *rest):
    with open("shared.py.windows", "a") as file:
        file.write(f"{window} by {os.environ['RANK']}\\n")
    add(self, window, *rest)

Parts.add = noted
main()
"""


def test_two_processes_give_the_bytes_of_one(clf: RunClf, trained: Path, new_texts: Path, small_windows: None) -> None:
    command = ("predict", trained, "new.csv", "--output", "out.csv", "--json")
    both = [process.finish(HANGS) for process in ranks(2, *command, environment=environment(), script=SHARED)]
    done = both[0]
    assert [one.returncode for one in both] == [0, 0], [one.stderr[-2000:] for one in both]
    assert (json.loads(done.stdout)["rows"], json.loads(done.stdout)["errors"]) == (20, 3)
    shares = Path("shared.py.windows").read_text().splitlines()
    assert sorted(shares) == ["0 by 0", "1 by 1", "2 by 0", "3 by 1", "4 by 0"]
    assert names(new_texts.parent) == sorted([*FINISHED, "shared.py.windows"])
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new_texts)


def test_several_processes_do_not_share_a_pipe(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": 0, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))
    os.mkfifo(own_folder / "pipe")
    for source in ("pipe", "-", "/dev/stdin"):
        done = clf("predict", trained, source, "--output", "out.csv")
        assert (done.code, "several processes need an input file" in done.err) == (2, True), done.err
