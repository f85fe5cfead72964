"""A tracker that cannot be reported to is refused before anything is computed."""

import sys
from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.training.trackers import TRACKERS, check_trackers


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no tracker be found, whatever this machine has."""
    monkeypatch.setattr(sys, "path", [])
    for name in TRACKERS:
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_no_tracker_needs_no_package(nothing_installed: None) -> None:
    check_trackers([])


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_is_named_with_its_package(name: str, nothing_installed: None) -> None:
    with pytest.raises(UsageError, match=f"--report-to {name} needs the package {name}") as refused:
        check_trackers([name])
    assert refused.value.hint == f"pip install {name}"


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_installed_is_accepted(
    name: str, nothing_installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    check_trackers([name])


def test_a_name_that_is_unknown_is_refused_even_where_a_package_has_it(nothing_installed: None) -> None:
    for names in (["json"], ["Tensorboard"]):
        with pytest.raises(UsageError, match=f"--report-to '{names[0]}' is not a known tracker") as refused:
            check_trackers(names)
        assert refused.value.hint == "use one of tensorboard, mlflow, wandb"


def test_every_name_is_checked(nothing_installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(UsageError, match="'x' is not a known tracker"):
        check_trackers(["mlflow", "x"])
