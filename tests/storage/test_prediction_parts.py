"""Predictions are stored window by window: what is kept, resumed, refused, discarded and joined."""

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest

from clf.errors import DataError, Interrupted, OutputError, Terminated, TooLittleMemory, UsageError
from clf.storage.disk import sha256
from clf.storage.documents import read_object
from clf.storage.prediction_formats import Table
from clf.storage.prediction_parts import Key, LabelledCounts, Parts, check_output
from clf.storage.writing import write_json
from support.disks import unreadable
from support.predicting import names

KEY: Key = {"the input": "abc", "--threshold": 0.5, "the model": {"a": "1"}}
NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


def rows(*texts: str) -> Table:
    """Give a window with these texts, and a label for each."""
    return {"text": list(texts), "label": ["good"] * len(texts)}


def filled(folder: Path, name: str = "out.csv") -> Parts:
    """Give the parts of a run that was killed after two windows."""
    parts = Parts(folder / name, {})
    parts.folder.mkdir()
    write_json(parts.folder / "key.json", KEY)
    parts.add(0, rows("a", "b"), LabelledCounts(2, 1, 1))
    parts.add(1, rows("c"), LabelledCounts(1, 0, 1))
    return parts


def windows(parts: Parts) -> list[str]:
    """List the names in the folder of the windows, without hashes and random parts."""
    return sorted(re.sub("-[0-9a-f]{16,}$", "", name) for name in names(parts.folder))


# --- windows ------------------------------------------------------------------------------------------------


def test_windows_are_joined_in_the_order_of_their_numbers_whatever_came_first(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "out.CSV", {})
    with parts.open(KEY, resume=False):
        assert names(tmp_path) == [".out.CSV.parts", ".out.CSV.parts.lock"]
        for window in (10, 9, 2):
            parts.add(window, rows(f"window {window}", "é\udce9"), LabelledCounts(2, window, 1))
        assert list(parts.done()) == [2, 9, 10]
        assert parts.counts() == LabelledCounts(6, 21, 3)
        parts.join(["text", "label"], {"told": 1})
    assert (tmp_path / "out.CSV").read_bytes().decode("utf-8") == (
        "text,label\nwindow 2,good\né?,good\nwindow 9,good\né?,good\nwindow 10,good\né?,good\n"
    )
    assert read_object(tmp_path / "out.CSV.settings.json") == {"told": 1, "sha256": sha256(tmp_path / "out.CSV")}
    assert names(tmp_path) == ["out.CSV", "out.CSV.settings.json"]


def test_no_windows_are_a_file_with_a_header(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "out.tsv", {})
    with parts.open(KEY, resume=False):
        assert parts.counts() == LabelledCounts()
        parts.join(["a b", "c\td"], {})
    assert (tmp_path / "out.tsv").read_text() == 'a b\t"c\td"\n'


@pytest.mark.parametrize(
    ("error", "hint"),
    [(NO_SPACE, "free some space and pass --resume"), (OSError(errno.EIO, "broken"), "choose another --output")],
)
def test_a_window_that_cannot_be_written_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, hint: str
) -> None:
    def fail(descriptor: int) -> None:
        raise error

    parts = filled(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as refused, parts.open(KEY, resume=True):
        parts.add(2, rows("d"), LabelledCounts(1))
    assert (refused.value.message, refused.value.hint) == (f"cannot write {parts.output}: {error.strerror}", hint)
    assert windows(parts) == ["done-0-2-1-1", "done-1-1-0-1", "key.json"]


def test_an_output_that_cannot_be_renamed_into_place_keeps_the_windows(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    parts.output.mkdir()
    assert not parts.is_appearing
    with pytest.raises(OutputError, match=r"cannot write .*/out\.csv: Is a directory$"), parts.open(KEY, resume=True):
        parts.join(["text", "label"], {})
    assert windows(parts) == ["done-0-2-1-1", "done-1-1-0-1", "key.json", "told.json"]


def test_a_run_stopped_while_its_output_appears_ends_the_same_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "told.json":
            raise KeyboardInterrupt
        return replace(self, target)

    parts = filled(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(Interrupted), parts.open(KEY, resume=True):
            parts.join(["text", "label"], {"told": 1})
    appeared = parts.output.read_bytes()
    assert parts.is_appearing
    with parts.open(KEY, resume=True):
        parts.join(["text", "label"], {"told": 1})
    assert parts.output.read_bytes() == appeared == b"text,label\na,good\nb,good\nc,good\n"
    assert read_object(tmp_path / "out.csv.settings.json") == {"told": 1, "sha256": sha256(tmp_path / "out.csv")}


def test_an_output_that_was_appearing_gets_its_own_settings_before_its_windows_are_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled(tmp_path).open(KEY, resume=True):
        Parts(tmp_path / "out.csv", {}).join(["text", "label"], {"clf_version": "1", "told": "by the first"})
    parts = Parts(tmp_path / "out.csv", {}, overwrite=True)
    with parts.open(KEY, resume=False):
        parts.add(0, rows("d"), LabelledCounts(1, 0, 0))
        with monkeypatch.context() as patch:
            patch.setattr(Parts, "discard", lambda self: None)
            parts.join(["text", "label"], {"clf_version": "1", "told": "by the second"})
    beside = tmp_path / "out.csv.settings.json"
    beside.rename(parts.folder / "told.json")  # it was killed between the renames, and these are of the first run
    write_json(beside, {"clf_version": "1", "told": "by the first"})
    with pytest.raises(DataError), parts.open(KEY, resume=False):
        raise DataError("the third run ends early")
    found = read_object(beside) or {}
    assert (found["told"], found["sha256"]) == ("by the second", sha256(parts.output))
    assert names(tmp_path) == ["out.csv", "out.csv.settings.json"]


# --- starting, going on and ending --------------------------------------------------------------------------


def test_a_run_goes_on_with_what_is_there_if_nothing_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with filled(tmp_path).open(KEY, resume=True):
        assert caplog.messages == ["resuming after 3 rows"]
    with Parts(tmp_path / "new.csv", {}).open(KEY, resume=True):
        assert read_object(tmp_path / ".new.csv.parts" / "key.json") == {"schema_version": 1, **KEY}
    assert len(caplog.messages) == 1


def test_what_changed_is_named_and_the_windows_are_kept(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    changed = KEY | {"the input": "abd", "the model": {"a": "1", "b": "2"}, "the columns": ["text"]}
    with pytest.raises(UsageError) as refused, parts.open(changed, resume=True):
        pass
    assert refused.value.message == (
        f"the interrupted run for {parts.output} cannot be resumed: "
        "the input and the model and the columns changed since"
    )
    assert refused.value.hint == "leave out --resume to start over"
    assert parts.counts().rows == 3
    assert read_object(parts.folder / "key.json") == KEY


@pytest.mark.parametrize("resume", [True, False])
def test_windows_that_are_not_wanted_or_of_an_unknown_run_are_discarded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, resume: bool
) -> None:
    parts = filled(tmp_path)
    if resume:
        (parts.folder / "key.json").write_text("{")
    with parts.open(KEY, resume):
        assert names(parts.folder) == ["key.json"]
    said = f"discarding predictions of an interrupted run for {parts.output}; --resume would continue it"
    assert caplog.messages == [said]


@pytest.mark.parametrize("kind", ["a file", "a named pipe", "a symbolic link"])
def test_what_stands_in_the_place_of_the_windows_is_said_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    place = tmp_path / ".out.csv.parts"
    make = {"a file": place.touch, "a named pipe": lambda: os.mkfifo(place), "a symbolic link": place.symlink_to}
    make[kind](*(["absent"] if kind == "a symbolic link" else []))
    said = f"is {kind}, expected a folder of clf"
    with pytest.raises(OutputError, match=said) as refused, Parts(tmp_path / "out.csv", {}).open(KEY, True):
        pass
    assert refused.value.hint == ("" if kind == "a file" else "remove it, or ") + "choose another --output"
    assert names(tmp_path) == [".out.csv.parts"]


def test_two_runs_cannot_hold_one_output(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    with (
        parts.locked(),
        pytest.raises(OutputError, match=f"is using {parts.output}"),
        Parts(parts.output, {}).open(KEY, resume=False),
    ):
        pass
    assert parts.counts().rows == 3


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_a_signal_says_how_many_rows_are_saved_and_leaves_nothing_if_none_are(
    tmp_path: Path, error: type[BaseException], code: int
) -> None:
    with pytest.raises(Interrupted) as stopped, filled(tmp_path).open(KEY, resume=True):
        raise error
    assert (stopped.value.message, stopped.value.exit_code) == ("stopped; predictions for 3 rows are saved", code)
    assert names(tmp_path) == [".out.csv.parts"]
    with pytest.raises(error), Parts(tmp_path / "out.csv", {}).open(KEY, resume=False):
        raise error
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("instead", "hint"),
    [
        ("", "free memory and pass --resume (predictions for 3 rows are saved)"),
        ("-x", "free memory and pass --resume (predictions for 3 rows are saved); or start over with -x"),
    ],
)
def test_too_little_memory_says_how_to_go_on_if_there_is_something_to_go_on_with(
    tmp_path: Path, instead: str, hint: str
) -> None:
    for parts, said in (
        (filled(tmp_path), hint),
        (Parts(tmp_path / "new.csv", {}), TooLittleMemory("", "", instead).hint),
    ):
        with pytest.raises(TooLittleMemory) as refused, parts.open(KEY, resume=True):
            raise TooLittleMemory("no memory", instead=instead)
        assert refused.value.hint == said
    assert names(tmp_path) == [".out.csv.parts"]


@pytest.mark.parametrize(
    ("error", "kept"), [(DataError("bad"), False), (OutputError("full"), True), (ZeroDivisionError(), True)]
)
def test_windows_are_kept_unless_the_input_or_the_model_must_change(
    tmp_path: Path, error: Exception, kept: bool
) -> None:
    parts = filled(tmp_path)
    with pytest.raises(type(error)) as raised, parts.open(KEY, resume=True):
        raise error
    assert raised.value is error
    assert parts.folder.exists() == kept
    assert parts.counts().rows == 3 * kept


# --- what is damaged or not of clf ------------------------------------------------------------------------


def test_a_damaged_window_is_labelled_again_and_halves_are_cleared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parts = filled(tmp_path)
    first, _ = parts.done()[0]
    os.truncate(first, 3)
    (parts.folder / "done-7-2-0-0").write_text("of version 0.1, without a hash")
    (parts.folder / "part-9-0123456789abcdef").write_text("half")
    with parts.open(KEY, resume=True):
        assert windows(parts) == ["done-1-1-0-1", "key.json"]
        assert (list(parts.done()), parts.counts()) == ([1], LabelledCounts(1, 0, 1))
    assert caplog.messages == [f"a window of {parts.output} is damaged: labelling its rows again"] * 2


@pytest.mark.parametrize("numbers", ["7-2-1-1", "0-2-0-0"])
def test_a_window_counts_only_with_the_number_and_the_counts_that_it_was_written_with(
    tmp_path: Path, numbers: str
) -> None:
    parts = filled(tmp_path)
    first, _ = parts.done()[0]
    first.rename(parts.folder / f"done-{numbers}-{first.name[-64:]}")
    with parts.open(KEY, resume=True):
        assert (list(parts.done()), parts.counts()) == ([1], LabelledCounts(1, 0, 1))


@pytest.mark.parametrize("resume", [True, False])
def test_a_folder_of_someone_else_in_the_place_of_the_windows_is_left_alone(tmp_path: Path, resume: bool) -> None:
    parts = Parts(tmp_path / "out.csv", {})
    parts.folder.mkdir()
    (parts.folder / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"did not write \(thesis\.txt\)$"), parts.open(KEY, resume):
        pass
    assert names(parts.folder) == ["thesis.txt"]
    parts.folder.rename(tmp_path / "elsewhere")
    parts.folder.symlink_to("elsewhere")
    with pytest.raises(OutputError, match="is a symbolic link"), parts.open(KEY, resume):
        pass
    assert names(tmp_path / "elsewhere") == ["thesis.txt"]


def test_an_output_is_complete_only_with_the_bytes_that_were_written(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    with parts.open(KEY, resume=True):
        parts.join(["text", "label"], {"told": 1})
    made = read_object(tmp_path / "out.csv.settings.json") or {}
    parts.check_complete(made)
    os.truncate(parts.output, 11)
    with pytest.raises(OutputError) as refused:
        parts.check_complete(made)
    assert refused.value.message == f"{parts.output} was changed or cut since it was written"
    assert refused.value.hint == "pass --overwrite to label the input again, or another --output"
    with pytest.raises(OutputError, match="whether it is complete cannot be checked"):
        parts.check_complete({"told": 1})


def test_a_link_that_appears_in_the_place_of_the_output_is_not_replaced(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    (tmp_path / "precious").write_text("precious")
    parts.output.symlink_to("precious")
    with pytest.raises(OutputError, match="is a symbolic link"), parts.open(KEY, resume=True):
        parts.join(["text", "label"], {})
    assert (tmp_path / "precious").read_text() == "precious"
    assert parts.output.is_symlink()


def test_a_file_of_someone_else_beside_the_output_is_not_replaced_by_its_settings(tmp_path: Path) -> None:
    beside = tmp_path / "out.csv.settings.json"
    beside.write_text("{}")
    with pytest.raises(OutputError, match=r"out\.csv\.settings\.json exists, and clf did not write it"):
        check_output(tmp_path / "out.csv", None, overwrite=False)
    check_output(tmp_path / "out.csv", None, overwrite=True)
    beside.write_text('{"clf_version": "0.1.0"}')
    check_output(tmp_path / "out.csv", None, overwrite=False)
    with pytest.raises(OutputError, match="too long"):
        check_output(tmp_path / f"{'x' * 245}.csv", None, overwrite=False)


def test_an_output_that_is_no_file_of_ones_own_is_refused_even_with_overwrite(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("elsewhere")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "clf.json").write_text('{"clf_version": "0.1.0"}')
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "in.csv").write_text("text")
    os.link(tmp_path / "in.csv", tmp_path / "same.csv")
    places = {
        "link.csv": "a symbolic link",
        "pipe.csv": "a named pipe",
        "model/x.csv": "is inside",
        "same.csv": "reads",
    }
    for name, said in [*((tmp_path / name, said) for name, said in places.items()), (Path("/dev/null"), "a device")]:
        with pytest.raises(OutputError, match=said):
            check_output(name, tmp_path / "in.csv", overwrite=True)


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("y" * 300 + ".csv", "has a name that is too long", "choose a shorter path"),
        ("x\udcff.csv", "is not valid UTF-8", "choose a path of UTF-8"),
        ("in.csv/out.csv", "in a folder that does not exist", "choose another --output"),
    ],
)
def test_an_output_that_can_have_no_such_name_is_refused(tmp_path: Path, name: str, said: str, hint: str) -> None:
    (tmp_path / "in.csv").touch()
    with pytest.raises(OutputError, match=said) as refused:
        check_output(tmp_path / name, None, overwrite=False)
    assert refused.value.hint.startswith(hint)


def test_windows_of_a_newer_clf_are_kept_and_not_joined(tmp_path: Path) -> None:
    parts = filled(tmp_path)
    write_json(parts.folder / "key.json", KEY | {"schema_version": 2})
    with (
        pytest.raises(UsageError, match=r"key\.json has schema 2, this clf reads up to 1"),
        parts.open(KEY, resume=True),
    ):
        pass
    assert parts.counts().rows == 3


def test_nothing_is_left_where_not_even_the_first_window_could_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise NO_SPACE

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"), Parts(tmp_path / "out.csv", {}).open(KEY, resume=False):
        pass
    assert names(tmp_path) == []


def test_windows_whose_key_cannot_be_read_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = filled(tmp_path)
    before = windows(parts)
    with monkeypatch.context() as broken:
        unreadable(broken, "key.json")
        with pytest.raises(OutputError, match=r"key\.json cannot be read: Input/output error"), parts.open(KEY, True):
            pass
    assert windows(parts) == before


def test_windows_that_cannot_be_listed_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = filled(tmp_path)
    before = windows(parts)

    def fails_once(name: str) -> None:
        listed = getattr(os, name)

        def broken(path: Any = ".") -> Any:
            if str(path) == str(parts.folder):
                monkeypatch.undo()
                raise OSError(errno.EIO, "Input/output error", path)
            return listed(path)

        monkeypatch.setattr(os, name, broken)

    def fail() -> None:
        fails_once("scandir")
        fails_once("listdir")
        raise OutputError("full", "free some space")

    with pytest.raises(OutputError, match="full"), parts.open(KEY, resume=True):
        fail()
    assert windows(parts) == before


@pytest.mark.parametrize("name", ["out.csv", "out.csv.settings.json"])
def test_a_file_that_appears_while_rows_are_labelled_is_replaced_only_with_overwrite(tmp_path: Path, name: str) -> None:
    parts = filled(tmp_path)
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match=f"^{tmp_path / name} ") as refused, parts.open(KEY, resume=True):
        parts.join(["text", "label"], {"clf_version": "0.2.0"})
    assert refused.value.hint == "move it away and pass --resume, or choose another --output"
    assert (tmp_path / name).read_text() == "precious"
    assert len(parts.done()) == 2
    again = Parts(parts.output, {}, overwrite=True)
    with again.open(KEY, resume=True):
        again.join(["text", "label"], {"clf_version": "0.2.0"})
    assert names(tmp_path) == ["out.csv", "out.csv.settings.json"]
