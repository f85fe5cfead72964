"""Reports and other files that users name never replace what is not theirs."""

import os
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.settings import ReportSettings, RunSettings
from clf.storage.report_files import check_file, check_reports, check_reports_apart, write_report
from support.predicting import names


def check(*paths: Path, overwrite: bool = False, inputs: tuple[Path, ...] = (), folder: Path | None = None) -> None:
    named = ReportSettings(**dict(zip(("report", "junit", "markdown"), paths, strict=False)))
    check_reports(named, RunSettings(overwrite=overwrite, output_dir=folder), inputs)


def refused(*paths: Path, overwrite: bool = True, inputs: tuple[Path, ...] = (), folder: Path | None = None) -> str:
    """Return what is said of a report that even `--overwrite` does not allow."""
    with pytest.raises(OutputError) as error:
        check(*paths, overwrite=overwrite, inputs=inputs, folder=folder)
    assert error.value.hint
    return error.value.message


def test_the_folders_of_reports_are_made_before_anything_is_computed(tmp_path: Path) -> None:
    check(tmp_path / "a" / "b" / "report.html", tmp_path / "c" / "junit.xml")
    assert names(tmp_path) == ["a", "c"]
    assert names(tmp_path / "a") == ["b"]
    (tmp_path / "old.html").write_text("old")
    check(tmp_path / "old.html", overwrite=True)
    assert (tmp_path / "old.html").read_text() == "old"


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    refusals = {
        tmp_path: (f"{tmp_path} is a folder, expected a file for the report", "pass the path of a file"),
        tmp_path / "file" / "a.html": (
            f"cannot write {tmp_path / 'file' / 'a.html'}: File exists",
            "choose another file",
        ),
        tmp_path / "a.html": (f"cannot write {tmp_path / 'a.html'}: its folder is read-only", "choose another file"),
    }
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    for path, said in refusals.items():
        with pytest.raises(OutputError) as refused:
            check(path)
        assert (refused.value.message, refused.value.hint) == said


def test_a_report_replaces_the_one_before_and_leaves_nothing_else(tmp_path: Path) -> None:
    report = tmp_path / "deep" / "report.html"
    for text in ("# old on é\n\n1 texts.\n", "# new on é\n\n1 texts.\n"):
        write_report(report, text)
    assert report.read_text(encoding="utf-8") == "# new on é\n\n1 texts.\n"
    assert names(report.parent) == ["report.html"]


def test_a_report_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    (tmp_path / "file").write_text("")
    for path, why in ((tmp_path / "report.html", "Is a directory"), (tmp_path / "file" / "a.html", "File exists")):
        with pytest.raises(OutputError, match=f"^cannot write {path}: {why}$") as refused:
            write_report(path, "text")
        assert refused.value.hint == "choose another file"
    assert names(tmp_path) == ["file", "report.html"]


def test_links_pipes_and_devices_are_no_reports_even_with_overwrite(tmp_path: Path) -> None:
    (tmp_path / "link.html").symlink_to("elsewhere.html")
    os.mkfifo(tmp_path / "pipe.xml")
    kinds = {tmp_path / "link.html": "a symbolic link", tmp_path / "pipe.xml": "a named pipe",
             Path("/dev/null"): "a device"}  # fmt: skip
    for path, kind in kinds.items():
        assert refused(path) == f"{path} is {kind}, expected a regular file"
    assert names(tmp_path) == ["link.html", "pipe.xml"]


def test_an_input_is_never_a_report_whatever_leads_to_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "reviews.csv").write_text("text,label")
    os.link(data / "reviews.csv", tmp_path / "linked.csv")
    (tmp_path / "folder").symlink_to("data")
    for path in (data / "reviews.csv", tmp_path / "linked.csv", tmp_path / "folder" / "reviews.csv"):
        said = refused(path, inputs=(data / "reviews.csv",))
        assert said == f"{path} is {data / 'reviews.csv'}, which the command reads"
    assert (
        refused(data / "new.html", inputs=(data,)) == f"{data / 'new.html'} is inside {data}, which the command reads"
    )
    check(tmp_path / "data.html", inputs=(data, tmp_path / "absent"))


def test_a_file_that_clf_did_not_write_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "thesis.html"
    path.write_text("<!doctype html>\n<p>precious")
    assert refused(path, overwrite=False) == f"{path} exists and is not a report of clf"
    check(path, overwrite=True)
    for settings in (tmp_path / "clf.toml", tmp_path / "Other.TOML"):
        assert "has the name of a settings file" in refused(settings)


def test_a_file_that_appears_while_clf_computes_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    check(report)
    report.write_text("precious")
    with pytest.raises(OutputError, match=r"report\.md exists and is not a report of clf"):
        write_report(report, "new")
    assert (names(tmp_path), report.read_text()) == (["report.md"], "precious")
    write_report(report, "new", overwrite=True)
    assert report.read_text() == "new"


@pytest.mark.parametrize(
    "begun",
    [
        "",
        '<!doctype html>\n<html lang="en">\n<head>\n<meta name="generator" content="clf 0.2.0">\n',
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
        'content="width=device-width, initial-scale=1">\n<meta http-equiv="Content-Security-Policy" content="x">',
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="clf compare m on d test" tests="1"',
        "# model compared on imdb, test\n\n25000 texts. **Better: yes**\n",
    ],
)
def test_an_earlier_report_of_clf_or_an_empty_file_is_replaced_as_always(tmp_path: Path, begun: str) -> None:
    (tmp_path / "report").write_text(begun)
    check(tmp_path / "report")


@pytest.mark.parametrize("record", ["clf.json", "manifest.json", "settings.json"])
def test_a_file_inside_a_result_is_never_a_report(tmp_path: Path, record: str) -> None:
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / record).write_text('{"clf_version": "0.1.0"}')
    for path in (folder / record, folder / "new.html", folder / "deep" / "new.html"):
        assert refused(path) == f"{path} is inside {folder}, a folder that clf or another tool wrote"


def test_a_file_inside_a_model_of_another_tool_is_never_a_report(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    assert "is inside" in refused(tmp_path / "model.safetensors")


def test_reports_are_apart_from_each_other_and_from_the_result(tmp_path: Path) -> None:
    folder, page = tmp_path / "result", tmp_path / "page.html"
    (tmp_path / "again").symlink_to(".")
    assert refused(page, tmp_path / "again" / "page.html") == f"two reports would be written to {page}"
    for path in (folder, folder / "page.html"):
        assert refused(path, folder=folder) == f"{path} is inside the output folder {folder}"
    with pytest.raises(OutputError, match="is inside the output folder"):
        check_reports_apart(ReportSettings(report=folder / "page.html"), folder, [])
    with pytest.raises(OutputError, match="which the command reads"):
        check_reports_apart(ReportSettings(junit=page), folder, [page])
    check_reports_apart(ReportSettings(markdown=page), folder, [tmp_path / "other"])


def test_a_name_that_is_no_name_is_refused() -> None:
    for name in ("a\0b.html", "caf\udce9.html", "x" * 256):
        with pytest.raises(OutputError):
            check_file(Path(name), "the report", [])
