"""The lock files come from constraints.txt, from what wheels state, and from their bytes."""

import hashlib
import importlib.util
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "lock.py"
CONSTRAINTS = {
    "alpha": "1.0", "beta": "2.0", "delta": "4.0", "gamma": "3.0", "nvidia-x": "9.0", "torch": "2.0", "unused": "1.0",
    "late": "5.0",
}  # fmt: skip
REQUIRES = {
    "alpha": ["beta[fast]>=1", "late; python_version >= '3.13'", "unused; sys_platform == 'win32'"],
    "beta": ["gamma; extra == 'fast'", "unused; extra == 'slow'"],
    "torch": ["delta", "nvidia-x==9.0; platform_system == 'Linux'", "unused; extra == 'other'"],
    "nvidia-x": ["delta"],
}
PROJECT = """
[project]
dependencies = ["alpha", "torch"]
[project.optional-dependencies]
minilm = ["late"]
onnx = ["alpha", "unused"]
[dependency-groups]
build = ["gamma"]
"""


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose wheels are made instead of downloaded: beta has one for each machine, the others one for all."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "constraints.txt").write_text("".join(f"{name}=={one}\n" for name, one in CONSTRAINTS.items()))

    def download(target: Any, requirements: Iterable[str], folder: Path) -> None:
        for line in requirements:
            name, _, version = line.replace("===", "==").partition("==")
            tag = f"py3-none-manylinux_2_17_{target.machine}" if name == "beta" else "py3-none-any"
            write_wheel(folder, name, version, tag)

    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "WHEELS", tmp_path / "wheels")
    monkeypatch.setattr(tool, "PURPOSES", dict.fromkeys(("clf", "minilm", "onnx", "cuda", "build"), "A purpose."))
    monkeypatch.setattr(tool.Target, "download", download)
    return tmp_path


def write_wheel(folder: Path, name: str, version: str, tag: str) -> None:
    stem = f"{name.replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", *(f"Requires-Dist: {line}" for line in REQUIRES.get(name, []))]
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/METADATA"), "\n".join(lines))
        archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/WHEEL"), tag)


def names(lock: Path) -> list[str]:
    return [line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line]


def test_each_lock_holds_what_its_roots_need_on_any_target_and_never_torch(tool: ModuleType, project: Path) -> None:
    tool.main()
    found = {path.stem: names(path) for path in (project / "locks").iterdir()}
    assert found == {
        "clf": ["alpha", "beta", "delta", "gamma", "late"],  # late for one Python, gamma by an extra, delta by torch
        "minilm": [],  # clf.txt has it
        "onnx": ["unused"],
        "cuda": ["nvidia-x"],
        "build": ["gamma"],
    }


def test_the_hashes_are_those_of_the_files(tool: ModuleType, project: Path) -> None:
    tool.main()
    text = (project / "locks" / "clf.txt").read_text()
    wheels = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in (project / "wheels").glob("beta-*.whl"))
    assert len(wheels) == 2
    assert "beta==2.0 \\\n" + " \\\n".join(f"    --hash=sha256:{one}" for one in wheels) + "\n" in text


def test_wheels_of_another_version_are_not_locked(tool: ModuleType, project: Path) -> None:
    (project / "wheels").mkdir()
    write_wheel(project / "wheels", "alpha", "0.9", "py3-none-any")
    tool.main()
    assert (project / "locks" / "clf.txt").read_text().count("alpha==1.0 \\\n    --hash") == 1
    assert not (project / "wheels" / "alpha-0.9-py3-none-any.whl").exists()


def test_a_package_without_a_version_in_the_constraints_is_an_error(tool: ModuleType, project: Path) -> None:
    lines = (project / "constraints.txt").read_text().replace("gamma==3.0\n", "")
    (project / "constraints.txt").write_text(lines)
    with pytest.raises(SystemExit, match=r"constraints\.txt has no version of gamma"):
        tool.main()
    assert not list((project / "locks").iterdir())
