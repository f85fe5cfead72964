"""The reference page lists every setting with its flag, variable, default and meaning."""

from pathlib import Path

from clf.cli.reference import reference
from clf.settings import Settings, flag, section_type


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_every_setting_has_one_row_below_its_section() -> None:
    for part in reference().split("\n## [")[1:]:
        section = part.partition("]")[0]
        rows = [line for line in part.splitlines() if line.startswith("| `--")]
        assert [row.split("|")[1:3] for row in rows] == [
            [f" `{flag(name)}` ", f" `CLF_{section}__{name}` ".upper()] for name in section_type(section).model_fields
        ]
    assert reference().count("\n## [") == len(Settings.model_fields)


def test_a_default_is_shown_unless_it_is_nothing() -> None:
    rows = dict(line.split("|")[2:4] for line in reference().splitlines() if line.startswith("| `--"))
    shown = {name.strip(" `"): default.strip() for name, default in rows.items()}
    assert shown["CLF_TRAIN__BATCH_SIZE"] == "`16`"
    assert shown["CLF_RUN__OFFLINE"] == "`False`"
    assert shown["CLF_DATA__TEXT_COLUMN"] == shown["CLF_DATA__DATASET"] == ""
