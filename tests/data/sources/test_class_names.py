"""The names of classes beside the rows are taken as they are meant, or passed over with a reason."""

from itertools import pairwise
from pathlib import Path

import pytest

from clf.data.sources.class_names import names_beside, names_in_readme, names_in_schema
from support.data_files import written

ONE = "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: {}\n---\n"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("{'0': neg, '1': pos}", {"label": ["neg", "pos"]}),
        ("{1: pos, 0: neg}", {"label": ["neg", "pos"]}),
        ("[neg, pos]", {"label": ["neg", "pos"]}),
        ("[no, 1]", {"label": ["no", "1"]}),
    ],
)
def test_names_in_a_readme_have_the_order_of_their_numbers(
    tmp_path: Path, names: str, found: dict[str, list[str]]
) -> None:
    written(tmp_path / "README.md", ONE.replace("{}", names))
    assert names_in_readme(tmp_path, "default") == found


@pytest.mark.parametrize(
    "names", ["{'0': neg, '2': pos}", "{a: neg}", "3", "[neg, neg]", "[[a]]", "{'0': neg", "&a [*a]"]
)
def test_names_in_a_readme_that_are_no_names_are_passed_over_with_a_warning(
    tmp_path: Path, names: str, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path / "README.md", ONE.replace("{}", names))
    assert names_in_readme(tmp_path, "default") == {}
    assert "ignoring the class names in" in caplog.text


@pytest.mark.parametrize("text", ["# no metadata", "---\nlicense: mit\n---\n", "---\ndataset_info: 3\n---\n"])
def test_a_readme_may_say_nothing_about_classes(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path / "README.md", text)
    assert names_in_readme(tmp_path, "default") == {}
    assert names_in_readme(tmp_path / "none", "default") == {}
    assert not caplog.text


def test_files_without_names_have_none(tmp_path: Path) -> None:
    assert names_beside(tmp_path) == {}
    for kind in ("parquet", "arrow", "csv"):
        assert names_in_schema(written(tmp_path / f"a.{kind}", "no table"), kind, 1000) == {}


def test_metadata_that_refers_to_itself_is_passed_over_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bomb = "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefghij"))
    for start in (bomb, "a: " + "[" * 1000 + "\n"):
        caplog.clear()
        written(tmp_path / "README.md", ONE.replace("{}", "*j").replace("---\n", f"---\n{start}", 1))
        assert names_in_readme(tmp_path, "default") == {}
        assert "its metadata refers to itself, or is nested too deeply" in caplog.text


def test_only_the_metadata_of_a_readme_is_read_and_no_more_than_a_megabyte(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = ONE.replace("{}", "[neg, pos]")
    written(tmp_path / "README.md", one + "a: [\n" * 400_000)
    assert names_in_readme(tmp_path, "default") == {"label": ["neg", "pos"]}
    assert not caplog.text
    written(tmp_path / "README.md", one.replace("---\n", "---\n" + "# much\n" * 200_000, 1))
    assert names_in_readme(tmp_path, "default") == {}
    assert "its metadata is larger than 1 MB" in caplog.text
