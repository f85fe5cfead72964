"""A column to ignore must be somewhere in the data, and has no role in any file."""

import json
from pathlib import Path

import pytest

from clf.data.sources.find import SourceFinder
from clf.errors import DataError
from clf.prepare import peek, prepare
from clf.settings import DataSettings, RunSettings, Settings
from support.tiny import write_csv

LABELS = ["good", "bad", "fine"]


def written(path: Path, header: str, *more: str) -> Path:
    """Write 24 rows: a text, a label, and the values of further columns."""
    rows = [(f"text {row} of a colleague", LABELS[row % 3], *more) for row in range(20)]
    rows += [(f"text {row} of a friend", LABELS[row % 3], *["reject"] * len(more)) for row in range(4)]
    path.write_text("\n".join([header, *map(",".join, rows)]) + "\n", encoding="utf-8")
    return path


def settings(path: Path, folder: Path, *ignored: str, **more: object) -> Settings:
    data = DataSettings(dataset=str(path), ignore_column=list(ignored), **more)
    return Settings(data=data, run=RunSettings(output_dir=folder))


def test_rows_that_an_annotation_column_rejects_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "all.csv", "text,label,answer", "accept")
    assert sum(prepare(settings(path, tmp_path / "without")).audit.rows.values()) == 20
    assert "rows with answer 'reject' (line 22, 23, 24, 25); --ignore-column answer keeps them" in caplog.text
    audit = prepare(settings(path, tmp_path / "with", "answer")).audit
    assert sum(audit.rows.values()) == 24
    assert audit.ignored_columns == {"answer": "named by --ignore-column"}
    assert audit.suspicious_columns == {}
    recorded = json.loads((tmp_path / "with" / "manifest.json").read_text(encoding="utf-8"))
    assert recorded["data"]["ignore_column"] == ["answer"]


@pytest.mark.parametrize("asked", ["split", "0", "Split"])
def test_a_column_of_splits_that_is_ignored_divides_nothing(asked: str, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    write_csv(path, [("train", "one", "a"), ("test", "two", "b")], header=("split", "text", "label"))
    assert list(SourceFinder(seed=1).find(DataSettings(dataset=str(path))).splits) == ["train", "test"]
    ignoring = DataSettings(dataset=str(path), ignore_column=[asked])
    assert list(SourceFinder(seed=1).find(ignoring).splits) == ["train"]


@pytest.mark.parametrize(
    ("header", "ignored", "text", "label"),
    [
        ("review,label,topic", "label", ["review"], "topic"),
        ("text,label,comment", "text", ["comment"], "label"),
        ("text,label,label_name", "label_name", ["text"], "label"),
    ],
)
def test_an_ignored_column_has_no_role(header: str, ignored: str, text: list[str], label: str, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    rows = [(f"text {row} of a colleague", LABELS[row % 3], "ABC"[row % 3]) for row in range(24)]
    if header.endswith("comment"):
        rows = [(text, label, f"comment {row} of the same person") for row, (text, label, _) in enumerate(rows)]
    write_csv(path, rows, header=tuple(header.split(",")))
    found, error = peek(settings(path, tmp_path / "d", ignored))
    assert error is None
    roles = {column.name: (column.role, column.reason) for column in found.splits[0].columns}
    assert roles[ignored] == ("ignored", "named by --ignore-column")
    assert [name for name, (role, _) in roles.items() if role == "text"] == text
    assert [name for name, (role, _) in roles.items() if role == "label"] == [label]
    assert found.flags.count("--ignore-column") == 1


def test_one_hot_columns_can_be_ignored(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    rows = [(f"text {row} of a colleague", *(str(int(row % 3 == one)) for one in range(3)), "1") for row in range(24)]
    write_csv(path, rows, header=("text", "good", "bad", "fine", "checked"))
    found, error = peek(settings(path, tmp_path / "d", "checked"))
    assert error is None
    assert [column.name for column in found.splits[0].columns if column.role == "label"] == ["good", "bad", "fine"]


def test_a_column_to_ignore_must_be_in_one_of_the_files(tmp_path: Path) -> None:
    train = written(tmp_path / "all.csv", "text,label,answer", "accept")
    test = written(tmp_path / "test.csv", "text,label")
    assert SourceFinder(seed=1).find(settings(train, tmp_path, "answer", test=test).data).splits
    with pytest.raises(DataError, match=r"has no column 'answr'; it has 'text', 'label', 'answer'") as refused:
        SourceFinder(seed=1).find(settings(train, tmp_path, "answr", test=test).data)
    assert refused.value.hint == "did you mean --ignore-column answer?"


def test_a_column_cannot_be_used_and_ignored(tmp_path: Path) -> None:
    path = written(tmp_path / "all.csv", "text,label,answer", "accept")
    _, error = peek(settings(path, tmp_path / "d", "1", label_column="label"))
    assert "column 'label' is named by --label-column and by --ignore-column" in str(error)


@pytest.mark.parametrize(("ignored", "label"), [("1", "label.1"), ("2", "label")])
def test_one_of_two_columns_of_one_name_is_ignored_by_its_number(ignored: str, label: str, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    rows = [(f"text {row} of a colleague", LABELS[row % 3], "ABC"[row % 3]) for row in range(24)]
    write_csv(path, rows, header=("text", "label", "label"))
    found, error = peek(settings(path, tmp_path / "d", ignored))
    assert error is None
    assert [column.name for column in found.splits[0].columns if column.role == "label"] == [label]
    with pytest.raises(DataError, match="has 2 columns called 'label'") as refused:
        peek(settings(path, tmp_path / "d", "label"))
    assert refused.value.hint == "pass --ignore-column 1 or --ignore-column 2"


def test_a_prepared_dataset_remembers_what_was_ignored_and_train_takes_it(tmp_path: Path) -> None:
    path = written(tmp_path / "all.csv", "text,label,answer", "accept")
    folder = tmp_path / "with"
    prepare(settings(path, folder, "answer"))
    found, _ = peek(Settings(data=DataSettings(dataset=str(folder)), run=RunSettings()))
    assert [(one.name, one.reason) for one in found.splits[0].columns][2] == ("answer", "named by --ignore-column")
    assert sum(split.rows_read for split in found.splits) == 24
