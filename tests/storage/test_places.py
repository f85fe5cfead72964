"""Where a result must not be written, before anything is computed."""

import os
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.storage import places
from clf.storage.places import check_name, check_place, resolved_place


def refused(folder: Path) -> str:
    with pytest.raises(OutputError) as error:
        check_place(resolved_place(folder), folder, [])
    assert error.value.hint
    return error.value.message


@pytest.mark.parametrize("folder", ["/etc", "/etc/clf", "/usr", "/usr/bin/x", "/var", "/var/tmp", "/proc/1/x", "/bin"])
def test_what_belongs_to_the_system_is_never_an_output_even_for_root(folder: str) -> None:
    assert refused(Path(folder)) == f"the output folder {folder} belongs to the system, where results cannot be written"


def test_folders_beside_those_of_the_system_are_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    for folder in ("/etcetera", "/data", "/model", "/dev/shm/x", "/opt/x", "/tmp/x"):
        check_place(Path(folder), Path(folder), [])


def test_a_home_that_is_a_link_or_inside_the_output_is_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users" / "me").mkdir(parents=True)
    (tmp_path / "home").symlink_to("users/me")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in (tmp_path / "home", tmp_path / "users" / "me", tmp_path / "users"):
        assert refused(folder) == f"the output folder {folder} is the working directory or contains it"


def test_a_user_without_home_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    check_place(tmp_path.resolve() / "model", tmp_path / "model", [])


def test_bind_mounts_at_and_below_the_output_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path.resolve() / "a b"
    (folder / "deep").mkdir(parents=True)
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(places, "MOUNTS", mounts)
    shown = str(folder).replace(" ", "\\040")
    line = "36 35 98:0 /mnt1 {} rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
    mounts.write_text("\n" + line.format("/") + line.format(shown))
    assert refused(folder) == f"the output folder {folder} is a mount point, which cannot be replaced"
    mounts.write_text(line.format(f"{shown}/deep"))
    assert refused(folder) == f"the output folder {folder} contains the mount point {folder / 'deep'}"
    check_place(folder / "other", folder / "other", [])
    mounts.unlink()  # not on Linux
    check_place(folder, folder, [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\0b", r"the output folder 'a\\x00b' contains a NUL character"),
        ("caf\udce9", r"the output folder caf\\udce9 is not valid UTF-8"),
        ("x" * 256, "the output folder x{60}… has a name that is too long"),
        ("é" * 122, "the name of the output folder is too long: é{40}… has 244 bytes, at most 243 fit"),
        ("x/" * 2500, r"the output folder (x/){30}… has a name that is too long"),
    ],
)
def test_names_that_cannot_be_written_or_recorded_are_refused(own_folder: Path, name: str, said: str) -> None:
    with pytest.raises(OutputError, match=f"^{said}$") as error:
        resolved_place(Path(name))
    error.value.message.encode("utf-8")
    assert error.value.hint


def test_the_longest_name_that_fits_is_an_output(own_folder: Path) -> None:
    assert resolved_place(Path("x" * 243)) == own_folder.resolve() / ("x" * 243)
    check_name(Path("x" * 255), "--output")
