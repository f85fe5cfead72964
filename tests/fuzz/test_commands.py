"""Whatever is changed in a file that clf reads back, a command uses it, or names it and what to do, and harms nothing."""

import os
import sys
from pathlib import Path

import pytest

from fuzz.campaign import attempt, tried
from fuzz.stand import Stand, full_stand
from fuzz.targets import TARGETS, Target

SEED = int(os.environ.get("FUZZ_SEED", "0"))
"""Another number changes the files in other ways."""

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc"),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Stand:
    return full_stand(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("target", TARGETS, ids=[target.file for target in TARGETS])
def test_a_file_as_it_was_written_is_read_by_each_command(base: Stand, target: Target) -> None:
    content = target.find(base.work).read_bytes()
    for turn in range(len(target.commands)):
        done = attempt(target, base, base.root.with_name("case"), content, turn)
        assert (done.code in (0, 3, 4), done.wrong) == (True, []), done.error


@pytest.mark.parametrize("target", TARGETS, ids=[target.file for target in TARGETS])
def test_a_changed_file_is_read_or_refused_and_nothing_else_is_harmed(
    base: Stand, target: Target, tmp_path: Path
) -> None:
    bad = []
    for number, one in enumerate(tried(target, base, base.root.with_name("case"), target.examples, SEED)):
        if one.wrong:
            (kept := tmp_path / f"{number}-{Path(target.file).name}").write_bytes(one.content)
            bad.append(f"{' '.join(one.command)}, seed {SEED}, content in {kept}: {one.wrong} {one.error}")
    assert not bad, "\n".join(bad)
