"""Every function that reads a document back has a target that changes the document, or a reason why not."""

import ast
from pathlib import Path

import pytest

from fuzz.call_sites import BY_COMMANDS, ELSEWHERE, functions_that_read, noting
from fuzz.readings import READINGS
from fuzz.stand import full_stand
from fuzz.targets import TARGETS

NOTING = """
import clf.cli.app
from fuzz.call_sites import noting

def main(whole=clf.cli.app.main):
    ran = set()
    try:
        with noting(ran):
            whole()
    finally:
        with open({place!r}, "a") as file:
            print(*ran, sep="\\n", file=file)

clf.cli.app.main = main
"""


def run_by_readings(place: Path) -> set[str]:
    """Return the functions of clf that run when each document is read as it was written."""
    ran = set[str]()
    for number, reading in enumerate(READINGS):
        (place / str(number)).mkdir()
        folder = reading.prepare(place / str(number))
        with noting(ran):
            reading.read(folder)
    return ran


def test_every_function_that_reads_a_document_has_a_target_or_a_reason(tmp_path: Path) -> None:
    reading = functions_that_read()
    missing = reading - run_by_readings(tmp_path) - BY_COMMANDS.keys() - ELSEWHERE.keys()
    assert not missing, "add a Reading or a Target of what they read, see tests/fuzz/call_sites.py"
    assert (BY_COMMANDS.keys() | ELSEWHERE.keys()) <= reading
    assert set(BY_COMMANDS.values()) <= {target.file for target in TARGETS}


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ("def f(path):\n return read_document(path, Model, ClfError, '')", {"new.f"}),
        ("class A:\n def f(self):\n  return [json.loads(line) for line in self.lines]", {"new.A.f"}),
        ("def f(paths):\n return map(documents.load_json, paths)", {"new.f"}),
        ("VALUES = np.load(FILE)", {"new."}),
        ("def f(path):\n def g():\n  return AutoModel.from_pretrained(path)\n return g", {"new.f.g"}),
        ("from clf.storage.documents import read_document\ndef f():\n return json.dumps(1)", set()),
    ],
)
def test_a_reader_in_a_new_module_is_seen(tmp_path: Path, added: str, found: set[str]) -> None:
    ast.parse(added)
    (tmp_path / "new.py").write_text(added)
    assert functions_that_read(tmp_path) == found


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_the_commands_of_a_target_run_what_it_is_named_for(tmp_path: Path) -> None:
    base, ran = full_stand(tmp_path), {}
    for target in TARGETS:
        if target.file in BY_COMMANDS.values():
            noted = tmp_path / "ran"
            noted.write_text("")
            for command in dict.fromkeys(target.commands):
                stand = base.copy(tmp_path / "case", *target.needs)
                assert stand.run(*command, script=NOTING.format(place=str(noted))).returncode in (0, 3, 4)
            ran[target.file] = set(noted.read_text().split())
    assert {name: file for name, file in BY_COMMANDS.items() if name not in ran[file]} == {}
