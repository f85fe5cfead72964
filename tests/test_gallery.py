"""Each command of the gallery reads the file that stands above it."""

import csv
import re
import shlex
from pathlib import Path

import pytest

from conftest import RunClf
from support.workbook_files import write_xlsx

PAGE = (Path(__file__).parents[1] / "docs" / "gallery.md").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"^## (?P<title>.+)\n\n`(?P<name>.+)`\n\n```(?P<kind>\w*)\n(?P<content>(?s:.*?))\n```\n(?P<note>(?s:.*?))"
    r"\n```\n\$ clf (?P<command>.+)\n(?P<first>“.+)\n```$",
    re.MULTILINE,
)
ENTRIES = [pytest.param(entry, id=entry["title"]) for entry in ENTRY.finditer(PAGE)]


def build(folder: Path, entry: re.Match[str]) -> None:
    """Write the file of an entry, or run the lines of Python that write it."""
    path, content = folder / entry["name"], entry["content"]
    if entry["kind"] == "python":
        exec(content, {})
    elif path.suffix == ".xlsx":
        write_xlsx(path, {"April": [["text", "label"], ["x", "y"]], "May": [*csv.reader(content.splitlines())]})
    else:
        path.write_text(content + "\n", encoding="utf-8")
    if beside := re.search(r"`(\S+)`, with the label of each line: (.+)\.", entry["note"]):
        (folder / beside[1]).write_text("\n".join(re.findall("`(.)`", beside[2])) + "\n", encoding="utf-8")


def test_every_entry_has_a_command() -> None:
    assert len(ENTRIES) == PAGE.count("\n## ")


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_command_of_the_gallery_reads_its_file(clf: RunClf, own_folder: Path, entry: re.Match[str]) -> None:
    build(own_folder, entry)
    done = clf(*shlex.split(entry["command"]))
    assert done.code == 0, done.err
    assert entry["first"] in done.out.splitlines(), done.out
