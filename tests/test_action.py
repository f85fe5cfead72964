"""The GitHub action: its script says what the gate decided, by exit code, outputs and reports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".github" / "actions" / "compare" / "compare.sh"


def run_action(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "clf").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m clf "$@"\n')
    (folder / "bin" / "clf").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "GITHUB_OUTPUT": "outputs", **inputs}
    return subprocess.run(["bash", SCRIPT], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_every_line_of_the_arguments_counts(trained: Path, own_folder: Path) -> None:
    inputs = {"CANDIDATE": str(trained), "BASELINES": "majority\ntfidf", "ARGUMENTS": "--margin 0.5\n--min-f1 1.0"}
    done = run_action(own_folder, **inputs)
    assert done.returncode in {0, 3}, done.stderr
    reports = {path.name for path in (own_folder / "clf-reports").iterdir()}
    assert reports == {"comparison.json", "junit.xml", "report.md", "report.html"}
    junit = (own_folder / "clf-reports" / "junit.xml").read_text()
    assert "macro_f1 at least 1" in junit
    assert "better than majority, or worse by at most 0.5" in junit
    gate = "passed" if done.returncode == 0 else "failed"
    assert (own_folder / "outputs").read_text().splitlines()[0] == f"gate={gate}"


@pytest.mark.parametrize("candidate", ["--help", "nothing/here"])
def test_a_candidate_that_is_none_fails_the_job(candidate: str, own_folder: Path) -> None:
    (own_folder / "json.py").write_text("raise SystemExit('a module of the checkout ran')")
    done = run_action(own_folder, CANDIDATE=candidate)
    assert done.returncode in {1, 2}
    assert "gate=error" in (own_folder / "outputs").read_text()
