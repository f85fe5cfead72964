"""Write the lock files in locks/, each from constraints.txt and the hashes of the wheels themselves.

make lock       downloads 7 GB to build/wheels

Hashes that an index states are not used. A lock names no index: pip asks the one that it is configured with.
"""

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "build" / "wheels"
# What the image may be built on: Linux with glibc 2.28 or later, as PyTorch's own wheels ask for.
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")
GLIBC = range(28, 16, -1)
TORCH = "torch"
HEADER = """\
# {purpose}
# Written by `make lock` from constraints.txt; do not edit.
# Wheels for Linux with glibc, {machines}, Python {pythons}.
# pip install --require-hashes --no-deps -r locks/{name}.txt
"""
PURPOSES = {
    "clf": "What clf and torch need, except torch itself, which comes from an index of its own.",
    "minilm": "What the extra minilm adds to clf.txt.",
    "onnx": "What the extra onnx adds to clf.txt.",
    "excel": "What the extra excel adds to clf.txt.",
    "serve": "What the extra serve adds to clf.txt.",
    "cuda": "What a CUDA build of torch adds to clf.txt.",
    "build": "Builds clf's wheel, and writes these files.",
    "release": "Checks and uploads a release.",
    "audit": "Looks up known vulnerabilities.",
}


@dataclass(frozen=True)
class Target:
    """A Python on a machine for which wheels are locked."""

    python: str
    machine: str

    @property
    def marker_environment(self) -> dict[str, str]:
        """What the markers of requirements see there."""
        return {
            "python_version": self.python, "python_full_version": f"{self.python}.0", "platform_machine": self.machine,
            "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
            "implementation_name": "cpython", "platform_python_implementation": "CPython",
        }  # fmt: skip

    def download(self, requirements: Iterable[str], folder: Path) -> None:
        """Have pip download one wheel per requirement; what lies in the folder is not downloaded again."""
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC] + [f"manylinux2014_{self.machine}"]
        platforms += ["manylinux2010_x86_64", "manylinux1_x86_64"] if self.machine == "x86_64" else []
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        command += ["--python-version", self.python, "--dest", str(folder)]
        command += [part for platform in platforms for part in ("--platform", platform)]
        subprocess.run([*command, *requirements], check=True)


TARGETS = [Target(python, machine) for python in PYTHONS for machine in MACHINES]


class Wheels:
    """The downloaded wheels by package: their files, and the requirements that they state."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, list[Path]] = {}
        self.requirements: dict[str, list[Requirement]] = {}
        for path in sorted(folder.glob("*.whl")):
            self.files.setdefault(parse_wheel_filename(path.name)[0], []).append(path)
        for name, paths in self.files.items():
            stated = {line for path in paths for line in requirements_in(path)}
            self.requirements[name] = [Requirement(line) for line in sorted(stated)]

    def needed(self, roots: Iterable[Requirement], target: Target) -> Iterator[str]:
        """Yield the names of all packages that the roots need on a target, the roots' own among them."""
        waiting, seen = [(canonicalize_name(root.name), extra) for root in roots for extra in {"", *root.extras}], set()
        while waiting:
            name, wanted = waiting.pop()
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            if name not in self.requirements:
                raise SystemExit(f"constraints.txt has no version of {name}")
            yield name
            for one in self.requirements[name]:
                if one.marker is None or one.marker.evaluate(target.marker_environment | {"extra": wanted}):
                    waiting += [(canonicalize_name(one.name), extra) for extra in {"", *one.extras}]

    def hashes(self, name: str) -> list[str]:
        """Return the SHA-256 of each wheel of a package, read from the file itself."""
        found = set()
        for path in self.files[name]:
            with path.open("rb") as file:
                found.add(hashlib.file_digest(file, "sha256").hexdigest())
        return sorted(found)


def requirements_in(wheel: Path) -> list[str]:
    """Return the lines `Requires-Dist` of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        return Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])


def constrained() -> dict[str, str]:
    """Return `name==version` for every package of constraints.txt, by its normal name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


def download_all(pinned: dict[str, str]) -> Wheels:
    """Download every package of constraints.txt for every target, and torch once: only its requirements are read."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    for target in TARGETS:
        target.download([line for name, line in pinned.items() if name != TORCH], WHEELS)
    # Three equals signs keep out a local build such as 2.13.0+cpu, which does not state what CUDA needs.
    TARGETS[-1].download([pinned[TORCH].replace("==", "===")], WHEELS)
    kept = {path for path in WHEELS.glob("*.whl") if is_pinned(path, pinned)}
    for path in set(WHEELS.glob("*.whl")) - kept:
        path.unlink()  # left by an earlier version of constraints.txt
    return Wheels(WHEELS)


def is_pinned(wheel: Path, pinned: dict[str, str]) -> bool:
    """Tell whether a wheel has the version that constraints.txt pins."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name in pinned and str(version) in Requirement(pinned[name]).specifier


def packages(wheels: Wheels) -> dict[str, set[str]]:
    """Return the packages of each lock: those that any of the targets needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    added = {name: lines for name, lines in extras.items() if name != "test"}
    roots = {"clf": project["project"]["dependencies"], **added, **groups}
    accelerated = [one for one in wheels.requirements[TORCH] if re.match("nvidia|cuda|triton", one.name)]
    wheels.requirements[TORCH] = [one for one in wheels.requirements[TORCH] if one not in accelerated]
    found = {
        lock: {name for target in TARGETS for name in wheels.needed(map(Requirement, lines), target)} - {TORCH}
        for lock, lines in roots.items()
    }
    found["cuda"] = {name for target in TARGETS for name in wheels.needed(accelerated, target)}
    for lock in (*added, "cuda"):
        found[lock] -= found["clf"]
    return found


def main() -> None:
    """Write one file per lock; `git diff` then shows what changed."""
    pinned = constrained()
    wheels = download_all(pinned)
    for lock, names in packages(wheels).items():
        machines, pythons = " and ".join(MACHINES), ", ".join(PYTHONS)
        text = HEADER.format(name=lock, purpose=PURPOSES[lock], machines=machines, pythons=pythons)
        for name in sorted(names):
            text += " \\\n".join([pinned[name], *(f"    --hash=sha256:{one}" for one in wheels.hashes(name))]) + "\n"
        (ROOT / "locks" / f"{lock}.txt").write_text(text, encoding="utf-8")
        print(f"locks/{lock}.txt: {len(names)} packages")


if __name__ == "__main__":
    main()
