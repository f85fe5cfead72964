"""Check at the source that each action's commit, as the workflows pin it, is the one that its tag names.

make actions        asks the repositories of the actions with git ls-remote
"""

import re
import subprocess
import sys
from pathlib import Path

WORKFLOWS = Path(__file__).parent.parent / ".github"
PINNED = re.compile(r"uses: ([\w.-]+/[\w.-]+)[\w./-]*@([0-9a-f]{40})  # (v[\d.]+)$", re.MULTILINE)


def pins() -> set[tuple[str, str, str]]:
    """Return every (repository, commit, tag) that a workflow or an action names."""
    return {pin for path in WORKFLOWS.rglob("*.yml") for pin in PINNED.findall(path.read_text(encoding="utf-8"))}


def commit_of(repository: str, tag: str) -> str:
    """Return the commit that a tag names; for an annotated tag, the one behind it, which git lists last."""
    command = ["git", "ls-remote", f"https://github.com/{repository}", f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: cannot ask https://github.com/{repository}: {done.stderr.strip()}")
    lines = done.stdout.split()
    return lines[-2] if lines else "no such tag"


def main() -> int:
    """Print one line per action, and return 1 if a tag names another commit."""
    failed = False
    for repository, pinned, tag in sorted(pins()):
        found = commit_of(repository, tag)
        failed |= found != pinned
        print(f"{repository} {tag}: " + ("as pinned" if found == pinned else f"pinned {pinned}, found {found}"))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
