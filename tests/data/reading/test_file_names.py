"""The name of a file says whether it is hidden, or tells about data."""

import pytest

from clf.data.reading.file_names import is_about_data, is_hidden


@pytest.mark.parametrize("name", [".DS_Store", "._a.csv", "__MACOSX", "Thumbs.db", "~$book.xlsx", "desktop.ini"])
def test_what_systems_leave_is_hidden(name: str) -> None:
    assert is_hidden(name)


def test_data_is_not_hidden() -> None:
    assert not any(map(is_hidden, ["a.csv", "MACOSX.csv", "data", "thumbs.csv"]))


@pytest.mark.parametrize("name", ["README", "readme.txt", "README.md", "LICENSE", "License-MIT.txt", "README_EN.md"])
def test_files_about_data(name: str) -> None:
    assert is_about_data(name)


def test_data_is_not_about_data() -> None:
    assert not any(map(is_about_data, ["reviews.csv", "readings.csv", "licenses.csv", "train.txt"]))
