"""The form of a file in words."""

import pytest

from clf.outcomes.peek import FileForm


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"format": "Parquet"}, "Parquet"),
        ({"format": "JSON lines", "compression": "gzip", "encoding": "utf-8"}, "JSON lines, compressed with gzip, UTF-8"),
        (
            {"format": "CSV", "encoding": "cp1252", "delimiter": ";", "quote": '"', "header": True},
            "CSV, cp1252, semicolons, with a header",
        ),
        (
            {"format": "CSV", "encoding": "utf-8-sig", "delimiter": "~", "quote": "'", "header": False},
            "CSV, UTF-8 with a byte order mark, delimited by '~', quoted with ', without a header",
        ),
        (
            {"format": "TSV", "encoding": "utf-16", "delimiter": "\t", "quote": None, "header": True},
            "TSV, UTF-16, tabs, quotes are plain characters, with a header",
        ),
    ],
)  # fmt: skip
def test_a_form_is_said_in_words(form: dict[str, object], shown: str) -> None:
    assert FileForm(file="a", **form).shown == shown
