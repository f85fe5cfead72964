"""What `clf doctor` prints: one line for each finding, whatever is missing."""

from typing import Any

import pytest

from clf.cli.show.doctor import print_findings
from clf.outcomes.machine import (
    CachedRepository,
    CacheFindings,
    ComputeFindings,
    DoctorResult,
    HubFindings,
    Readiness,
    SettingsFindings,
)

CPU = {"device": "cpu", "precision": "bf16", "threads": 2, "no_gpu": "this build of torch has no CUDA"}


def findings(**changes: Any) -> DoctorResult:
    values = {
        "clf": "0.2", "python": "3.11.7 at /bin/python", "platform": "Linux", "versions": {"torch": "2.13.0"},
        "compute": ComputeFindings(**CPU), "cores": 2, "memory_gb": {"total": 8.2, "available": 4.1},
        "cache": CacheFindings(folder="/cache", writable=True, free_gb=12.3, repositories=[]), "ready_offline": [],
        "hub": HubFindings(endpoint="https://hub.example", state="answers"),
        "settings": SettingsFindings(file=None, variables=[], hub_variables=[], token=False),
    }  # fmt: skip
    return DoctorResult(**(values | changes))


def lines(capsys: pytest.CaptureFixture[str], **changes: Any) -> dict[str, str]:
    """Return what is printed: the text on each line by its name."""
    print_findings(findings(**changes))
    printed = capsys.readouterr().out.splitlines()
    at = printed[0].index("0.2 on")
    return {line[:at].strip(): line[at:].strip() for line in printed}


def test_a_machine_with_nothing_to_remark_has_a_line_for_each_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys) == {
        "clf": "0.2 on Linux",
        "Python": "3.11.7 at /bin/python",
        "libraries": "torch 2.13.0",
        "device": "cpu, precision bf16, 2 threads (no GPU: this build of torch has no CUDA)",
        "cores": "2",
        "memory": "4.1 GB free of 8.2 GB",
        "cache": "/cache (12.3 GB free on its disk)",
        "cached": "nothing",
        "Hub": "https://hub.example: answers",
        "settings": "no settings file; no variables of clf or the Hub are set",
    }


def test_a_machine_that_others_keep_busy_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, load_per_core=1.1)["cores"] == "2"
    assert lines(capsys, load_per_core=6.5)["cores"] == "2 (busy: other programs ask for 6.5 times the machine's cores)"


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (CPU | {"gpus": ["H100", "H100"], "no_gpu": None}, "H100, H100, precision bf16, 2 threads"),
        ({"error": "torch cannot be loaded: [no] such file"}, "torch cannot be loaded: [no] such file"),
    ],
)
def test_the_device_is_that_of_its_gpus_or_an_error(
    capsys: pytest.CaptureFixture[str], compute: dict[str, Any], said: str
) -> None:
    assert lines(capsys, compute=ComputeFindings(**compute))["device"] == said


def test_a_missing_library_and_a_read_only_cache_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    held = [CachedRepository(kind="model", id="bert", mb=268.4), CachedRepository(kind="dataset", id="a/b", mb=0.012)]
    cache = CacheFindings(folder="/cache", writable=False, free_gb=0.0, repositories=held)
    found = lines(capsys, versions={"torch": None, "datasets": "5.0"}, cache=cache)
    assert found["libraries"] == "torch missing, datasets 5.0"
    assert found["cache"] == "/cache (0.0 GB free on its disk, read-only)"
    assert found["cached"] == "model bert (268 MB), dataset a/b (12 kB)"


@pytest.mark.parametrize(
    ("ready", "origin", "problem", "name", "said"),
    [
        (True, "package", None, "ready offline", "model bert (from the package)"),
        (False, None, "config.json is missing", "damaged", "model bert (config.json is missing)"),
        (False, None, None, "not available offline", "model bert"),
    ],
)
def test_what_is_ready_is_told_from_what_is_damaged_or_absent(
    capsys: pytest.CaptureFixture[str], ready: bool, origin: str | None, problem: str | None, name: str, said: str
) -> None:
    one = Readiness(kind="model", id="bert", ready=ready, origin=origin, problem=problem)
    print_findings(findings(ready_offline=[one]))
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(name))
    assert line.removeprefix(name).strip() == said


def test_variables_are_named_and_the_token_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    settings = SettingsFindings(
        file="/home/me/clf.toml", variables=["CLF_RUN__SEED"], hub_variables=["HF_HOME"], token=True
    )
    said = lines(capsys, settings=settings)["settings"]
    assert said == "/home/me/clf.toml; environment variables CLF_RUN__SEED, HF_HOME, HF_TOKEN"
