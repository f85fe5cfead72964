"""What is installed, and from where: one index per call of pip, hashes, pinned actions, and no secret in the image."""

import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Everything that installs, or tells people how to install.
INSTALLING = [
    *(ROOT / name for name in ("Dockerfile", "Makefile", "README.md", "CONTRIBUTING.md", "SECURITY.md", ".ci/run")),
    *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / ".github").rglob("*.yml")),
]  # fmt: skip
OTHER_SOURCES = (
    r"\b(?:PIP|UV)_(?:EXTRA_)?INDEX(?:_URL)?\b|\bPIP_(?:FIND_LINKS|CONFIG_FILE|TRUSTED_HOST)\b|\bpip\.(?:conf|ini)\b"
    r"|\bpip\b[^\n]* config set\b|--find-links|\bpip\b[^\n]*install[^\n]* -f\b|extra[-_]index|--trusted-host"
)
"""What names a source of packages beside the one in a call of pip."""
SECRET = re.compile("token|password|passwd|secret|credential|api_?key|auth", re.IGNORECASE)


def joined(path: Path) -> list[str]:
    """Return the lines of a file without comments, those that end in a backslash joined with the next."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()


def pip_calls(path: Path) -> list[str]:
    """Return each call of pip that installs, downloads or builds, in a Dockerfile, script, workflow or page."""
    parts = [part for line in joined(path) for part in re.split(r" (?:&&|\|\||;|do) |`", line)]
    return [part for part in parts if re.search(r'\b(pip"?|\$\(PIP\)) (install|download|wheel)\b|\$\(PIP\) ', part)]


def pinned(path: Path) -> dict[str, str]:
    """Return the versions that a lock or constraints.txt names, by normal name."""
    found = re.findall(r"^([A-Za-z][\w.-]*)==([\w.+!-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def workflow(path: Path) -> dict[Any, Any]:
    """Return a workflow; YAML takes its key `on` for true."""
    read: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


CONSTRAINTS = pinned(ROOT / "constraints.txt")
DOCKERFILE = joined(ROOT / "Dockerfile")


def other_sources(text: str) -> list[str]:
    """Return what would let pip look elsewhere than where its call says: variables, settings files, lists of links."""
    return re.findall(OTHER_SOURCES, text, re.IGNORECASE)


@pytest.mark.parametrize("path", INSTALLING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pip_looks_only_where_its_call_says(path: Path) -> None:
    assert other_sources("\n".join(joined(path))) == []


@pytest.mark.parametrize(
    "planted",
    [
        "ENV PIP_EXTRA_INDEX_URL=https://host/simple", "ENV PIP_NO_CACHE_DIR=1 PIP_INDEX_URL=https://host/simple",
        "ARG PIP_INDEX_URL", "  env:\n    PIP_FIND_LINKS: dist", "RUN export PIP_CONFIG_FILE=/build/pip.conf",
        "COPY pip.conf /etc/pip.conf", "COPY settings.ini /root/.config/pip/pip.conf", "RUN pip config set global.index-url https://host/simple",
        "RUN pip --no-input config set global.find-links dist", "pip install --find-links dist clf-cli", "pip install -f dist clf-cli",
        "pip install --extra-index-url https://host/simple x", "pip install --trusted-host host x", "PIP_TRUSTED_HOST: host",
        "ENV UV_INDEX_URL=https://host/simple", "RUN echo 'extra-index-url = https://host/simple' >> ~/.pip/pip.conf",
    ],
)  # fmt: skip
def test_another_source_of_packages_is_seen(planted: str) -> None:
    assert other_sources(planted)


@pytest.mark.parametrize("path", INSTALLING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_call_of_pip_mixes_two_indexes(path: Path) -> None:
    for call in pip_calls(path):
        if "index-url" in call:
            assert call.count("index-url") == 1, call
            assert "--no-deps" in call, call
            assert "torch" in re.sub(r"https?://\S+", "", call), call
            assert not re.search(r"locks/|dist/|'\.|\"\.", call), call


def test_every_call_of_pip_in_the_image_is_of_one_of_three_kinds() -> None:
    calls = pip_calls(ROOT / "Dockerfile")
    assert len(calls) == 5
    assert all("--no-deps" in call for call in calls)
    kinds = ["torch" if "torch.txt" in one else "locked" if "--require-hashes" in one else one for one in calls]
    assert sorted(kinds)[-4:].count("locked") == 2
    assert kinds.count("torch") == 1
    assert all("--no-index" in kind for kind in kinds if kind not in {"torch", "locked"})  # clf's own wheel
    assert all("--only-binary=:all:" in call for call in calls if "--no-index" not in call)
    assert any("/opt/clf/bin/pip check" in line for line in DOCKERFILE)


def test_the_image_and_a_release_take_what_they_run_from_the_locks() -> None:
    for path in (ROOT / "Dockerfile", ROOT / ".github" / "workflows" / "release.yml"):
        for call in pip_calls(path):
            assert "torch" in call or "--require-hashes" in call or "--no-index" in call, call


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "`make lock`" in text.partition("==")[0]
    assert "://" not in text
    requirements = [line for line in joined(lock) if line]
    assert requirements
    for line in requirements:
        assert re.fullmatch(r"[A-Za-z][\w.-]*==[\w.+!-]+( --hash=sha256:[0-9a-f]{64})+", line), line
    hashes = re.findall("[0-9a-f]{64}", text)
    assert len(hashes) == len(set(hashes))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_the_versions_of_the_constraints(lock: Path) -> None:
    assert pinned(lock).items() <= CONSTRAINTS.items()


def test_every_extra_and_every_group_has_its_lock() -> None:
    extras = set(PROJECT["project"]["optional-dependencies"]) - {"test"}
    assert {lock.stem for lock in LOCKS} == {"clf", "cuda"} | extras | set(PROJECT["dependency-groups"])
    assert not [lock for lock in LOCKS if "torch" in pinned(lock)]  # which has an index of its own
    image = [pinned(ROOT / "locks" / f"{name}.txt").keys() for name in ("clf", "cuda", *extras)]
    assert sum(map(len, image)) == len(set().union(*image))  # any of them can be installed together


def test_the_locks_hold_all_that_the_installed_packages_need() -> None:
    for extra in ("", "minilm", "onnx", "excel", "serve"):
        names = pinned(ROOT / "locks" / "clf.txt").keys() | {"torch", canonicalize_name(PROJECT["project"]["name"])}
        names |= pinned(ROOT / "locks" / f"{extra}.txt").keys() if extra else set()
        for name in names:
            try:
                stated = requires(name) or []
            except PackageNotFoundError:
                continue  # needed by another Python, or of an extra that is not installed here
            own = extra if name == "clf-cli" else ""
            needed = {
                canonicalize_name(one.name)
                for one in map(Requirement, stated)
                if one.marker is None or one.marker.evaluate({"extra": own, "sys_platform": "linux"})
            }
            needed -= pinned(ROOT / "locks" / "cuda.txt").keys()
            assert needed <= names, f"{name} needs {needed - names}"


def test_the_image_is_given_no_secret_by_an_argument_or_a_variable() -> None:
    declared = [line for line in DOCKERFILE if re.match(r"(ARG|ENV|LABEL|COPY|ADD) ", line)]
    assert declared
    assert not [line for line in declared if SECRET.search(line)]
    read = {name for line in DOCKERFILE for name in re.findall(r"/run/secrets/(\w+)", line)}
    mounted = {name for line in DOCKERFILE for name in re.findall(r"--mount=type=secret,id=(\w+)", line)}
    assert read | {"netrc"} == mounted
    assert not [line for line in DOCKERFILE if re.match("ADD |COPY .*://", line)]


@pytest.mark.parametrize("argument", ["TORCH_INDEX", "HF_ENDPOINT"])
def test_an_address_with_a_password_is_refused_before_it_is_used(argument: str) -> None:
    [line] = [line for line in DOCKERFILE if line.startswith("RUN") and f'"${{{argument}}}" in' in line]
    command = re.sub(r"^RUN |--mount=\S+", "", line).partition(" && ")[0]
    for address, code in (("https://user:pass@host/simple", 1), ("https://host/simple", 0), ("", 0)):
        done = subprocess.run(
            ["sh", "-c", command], env={argument: address}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert ("in the secret" in done.stderr) is bool(code)
        assert "pass@" not in done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_runs_pinned_actions(path: Path) -> None:
    read = workflow(path)
    assert read["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in read[True]
    rights = {name: job["permissions"] for name, job in read["jobs"].items() if "permissions" in job}
    signs = {"contents": "read", "id-token": "write"}
    expected = {"publish": signs, "attest": signs | {"attestations": "write"}}
    assert rights == (expected if path.stem == "release" else {})
    for used in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        assert used.startswith("./") or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", used), used


def test_what_is_published_was_signed_before_by_a_job_that_runs_nothing_else() -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    used = [step["uses"].partition("@")[0] for step in jobs["attest"]["steps"]]
    assert used == ["actions/download-artifact", "actions/attest"]
    assert jobs["attest"]["steps"][1]["with"] == {"subject-path": "dist/*"}
    assert "attest" in jobs["publish"]["needs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_script_of_a_workflow_holds_no_text_that_others_choose(path: Path) -> None:
    for job in workflow(path)["jobs"].values():
        for step in job.get("steps", []):
            inserted = set(re.findall(r"\$\{\{\s*(.*?)\s*\}\}", step.get("run", "")))
            assert inserted <= {"github.sha"}, inserted


def test_every_test_outside_the_default_suite_is_run_once_a_week() -> None:
    left_out = set(re.findall(r"not (\w+)", PROJECT["tool"]["pytest"]["ini_options"]["addopts"]))
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = {name for found in re.findall(r'-m "?((?:\w+ or )*\w+)"? \$\(PYTEST', made) for name in found.split(" or ")}
    assert left_out <= run
    commands = {
        step["run"].split("make ")[-1]
        for job in workflow(ROOT / ".github" / "workflows" / "weekly.yml")["jobs"].values()
        for step in job.get("steps", []) if "make " in step.get("run", "")
    }  # fmt: skip
    assert commands == {"weekly", "image"}


@pytest.mark.parametrize("name", ["weekly", "release"])
def test_what_is_pinned_is_checked_at_its_source_every_week_and_before_a_release(name: str) -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / f"{name}.yml")["jobs"]
    assert jobs["audit"]["uses"] == "./.github/workflows/audit.yml"
    if name == "release":
        assert "audit" in jobs["build"]["needs"]
        assert "build" in jobs["publish"]["needs"]
    audit = (ROOT / ".github" / "workflows" / "audit.yml").read_text(encoding="utf-8")
    for command in ("make lock", "git diff --exit-code locks", "make audit", "make actions"):
        assert f"run: {command}" in audit
