"""A tag that names another commit than the workflows pin is noticed."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "actions.py"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("actions", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "WORKFLOWS", tmp_path / ".github")
    return module


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two commits of an action whose repository git finds on this machine: v1.0.0 is the first, v1.1.0 the second."""
    action = tmp_path / "action"
    action.mkdir()
    git(action, "init", "--quiet")
    found = []
    for tag, options in (("v1.0.0", ()), ("v1.1.0", ("--annotate", "--message", "second"))):
        git(action, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(action, "tag", *options, tag)
        found.append(git(action, "rev-parse", "HEAD").strip())
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "{action}"]\n\tinsteadOf = https://github.com/acme/action\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    return found


@pytest.mark.parametrize(
    ("tag", "pinned", "code"), [("v1.0.0", 0, 0), ("v1.1.0", 1, 0), ("v1.1.0", 0, 1), ("v3", 0, 1)]
)
def test_a_pin_is_compared_with_the_commit_of_its_tag(
    tool: ModuleType, commits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    tag: str, pinned: int, code: int,
) -> None:  # fmt: skip
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "ci.yml").write_text(f"      - uses: acme/action/part@{commits[pinned]}  # {tag}\n")
    assert tool.main() == code
    assert ("as pinned" in capsys.readouterr().out) is (code == 0)


def test_without_a_network_one_line_says_why(tool: ModuleType, commits: list[str], tmp_path: Path) -> None:
    git(tmp_path, "config", "--file", "gitconfig", "url.file:///nowhere/.insteadOf", "https://github.com/")
    with pytest.raises(SystemExit, match=r"^error: cannot ask https://github.com/x/y: .*nowhere/x/y"):
        tool.commit_of("x/y", "v1")
