"""Another dataset is measured with the columns that the model was trained on."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.sources.find import SourceFinder
from clf.errors import DataError
from clf.measuring.provenance import dataset_for_measuring
from clf.models.record import ModelRecord
from clf.settings import CleaningSettings, DataSettings
from support.recorded import recorded

FINDER = SourceFinder(seed=7)
ISSUES = ["Summary", "Details", "Comment", "Kind", "State"]


def write_issues(name: str, columns: list[str] = ISSUES) -> None:
    """Write tickets, of which each column may be text or label by its look."""
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number in range(40):
            row = {"Summary": f"the printer on floor {number} stops", "Details": f"it has stopped since {number} o'clock today",
                   "Comment": f"I have looked at it, and it is broken again, number {number}" if number % 2 else "",
                   "Kind": ["bug", "wish"][number % 2], "State": ["open", "done"][number // 2 % 2]}  # fmt: skip
            writer.writerow([row[column] for column in columns])


def measured(record: ModelRecord, folder: Path, **data: object) -> PreparedDataset:
    (folder / "scratch").mkdir(exist_ok=True)
    settings = DataSettings.model_validate(data)
    return dataset_for_measuring(record, settings, CleaningSettings(), FINDER, folder / "scratch")


@pytest.fixture
def record(own_folder: Path, tmp_path: Path) -> ModelRecord:
    """Give the record of a model for which the user named text and label."""
    write_issues("issues.csv")
    settings = DataSettings(
        dataset="issues.csv", text_column=["Summary", "Details"], label_column="Kind", ignore_column=["State"]
    )
    return recorded(settings, tmp_path / "kept", FINDER)


def test_a_new_file_of_the_layout_needs_no_flags(record: ModelRecord, tmp_path: Path) -> None:
    write_issues("new.csv")
    found = measured(record, tmp_path, dataset="new.csv")
    assert found.labels == ["bug", "wish"]
    assert found.manifest.text_columns == ["Summary", "Details"]
    assert len(found.read("test")) == 40
    assert found.audit.ignored_columns["State"] == "named by --ignore-column"


def test_what_the_user_names_is_taken_instead(record: ModelRecord, tmp_path: Path) -> None:
    write_issues("new.csv")
    found = measured(record, tmp_path, dataset="new.csv", label_column="State", text_column=["Comment"])
    assert (found.manifest.text_columns, found.labels) == (["Comment"], ["done", "open"])


def test_one_that_is_named_leaves_the_other_as_in_training(record: ModelRecord, tmp_path: Path) -> None:
    write_issues("new.csv")
    found = measured(record, tmp_path, dataset="new.csv", label_column="Kind")
    assert found.manifest.text_columns == ["Summary", "Details"]
    assert len(found.read("test")) == 40


def test_a_file_without_these_columns_is_read_by_its_own(record: ModelRecord, tmp_path: Path) -> None:
    Path("other.jsonl").write_text("".join(json.dumps({"text": f"a text of its own {n}", "label": ["bug", "wish"][n % 2]}) + "\n"
                                           for n in range(20)))  # fmt: skip
    found = measured(record, tmp_path, dataset="other.jsonl")
    assert (found.manifest.text_columns, found.manifest.label_column) == (["text"], "label")


def test_without_its_label_the_error_says_which_it_was(record: ModelRecord, tmp_path: Path) -> None:
    write_issues("new.csv", [column for column in ISSUES if column not in ("Kind", "State")])
    with pytest.raises(DataError, match="cannot tell which column contains the label") as caught:
        measured(record, tmp_path, dataset="new.csv")
    assert caught.value.hint.startswith("the model was trained with the label in 'Kind': pass --label-column")
    assert caught.value.hint.endswith("clf predict labels texts without")


def test_a_label_inside_objects_is_found_again(own_folder: Path, tmp_path: Path) -> None:
    rows = [{"text": f"short {n} …", "full_text": f"a long text with the number {n} in it", "mark": {"mood": "ab"[n % 2], "by": "x"}}
            for n in range(30)]  # fmt: skip
    for name in ("tweets.jsonl", "new.jsonl"):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = DataSettings(dataset="tweets.jsonl", text_column=["full_text"], label_column="mark.mood")
    record = recorded(settings, tmp_path / "kept", FINDER)
    found = measured(record, tmp_path, dataset="new.jsonl")
    assert (found.manifest.text_columns, found.labels) == (["full_text"], ["a", "b"])


def test_a_label_that_was_chosen_by_its_look_is_taken_again(own_folder: Path, tmp_path: Path) -> None:
    write_issues("issues.csv", ["Details", "Kind"])
    record = recorded(DataSettings(dataset="issues.csv"), tmp_path / "kept", FINDER)
    write_issues("new.csv", ["Details", "State", "Kind"])
    found = measured(record, tmp_path, dataset="new.csv")
    assert (found.manifest.label_column, found.labels) == ("Kind", ["bug", "wish"])


# --- several labels per text --------------------------------------------------------------------------------

FORMS = {
    "joined.csv": ["acting;plot", "acting", "plot", "music", "acting;music", "plot;music"],
    "lists of one.jsonl": [["acting"], ["plot"], ["music"]],
    "plain.csv": ["acting", "plot", "music"],
}


def write_form(path: Path, values: Sequence[str | list[str]], rows: int = 60) -> None:
    """Write labels of a form that only --multi-label reads as sets."""
    lines = [(f"a text of the number {number} about films", values[number % len(values)]) for number in range(rows)]
    with path.open("w", newline="", encoding="utf-8") as file:
        if path.suffix == ".csv":
            csv.writer(file).writerows([("text", "aspects"), *lines])
        else:
            file.writelines(json.dumps({"text": text, "aspects": label}) + "\n" for text, label in lines)


@pytest.mark.parametrize("form", FORMS)
def test_labels_that_were_read_as_sets_in_training_are_in_another_file_too(
    own_folder: Path, tmp_path: Path, form: str
) -> None:
    for number, name in enumerate((form, f"new {form}")):
        write_form(Path(name), FORMS[form], 60 - 30 * number)
    asked = DataSettings(dataset=form, label_column="aspects", multi_label=True)
    trained = recorded(asked, tmp_path / "kept", FINDER)
    new = f"new {form}"
    found = measured(trained, tmp_path, dataset=new)
    assert found.multi_label
    assert found.labels == ["acting", "music", "plot"]
    assert len(found.read("test")) == 30


def test_a_column_used_otherwise_than_in_training_is_read_as_sets_too(own_folder: Path, tmp_path: Path) -> None:
    write_form(Path("plain.csv"), FORMS["plain.csv"])
    asked = DataSettings(dataset="plain.csv", label_column="aspects", multi_label=True)
    trained = recorded(asked, tmp_path / "kept", FINDER)
    Path("swapped.csv").write_text(Path("plain.csv").read_text().replace("text,aspects", "aspects,tags"))
    found = measured(trained, tmp_path, dataset="swapped.csv", text_column=["aspects"])
    assert found.multi_label
    (tmp_path / "again").mkdir()
    as_asked = measured(trained, tmp_path / "again", dataset="swapped.csv", text_column=["aspects"], multi_label=False)
    assert not as_asked.multi_label


def test_a_model_with_several_labels_reads_them_without_a_flag(record: ModelRecord, tmp_path: Path) -> None:
    """Rows with an empty cell beside joined labels are texts of none, as in training."""
    with Path("later.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [[f"the printer on floor {number} stops", "now", ["bug;wish", "bug", "", "wish"][number % 4]]
                for number in range(40)]  # fmt: skip
        csv.writer(file).writerows([["Summary", "Details", "Kind"], *rows])
    of_sets = record.model_copy(update={"thresholds": {"bug": 0.5, "wish": 0.5}})
    found = measured(of_sets, tmp_path, dataset="later.csv")
    assert (found.multi_label, found.labels, len(found.read("test"))) == (True, ["bug", "wish"], 40)


# --- columns of one name ------------------------------------------------------------------------------------

NAMES = {
    "as Jira writes them.csv": ["labels", "labels", "labels"],
    "tabs.tsv": ["labels", "labels", "labels"],
    "two.csv": ["labels", "labels"],
    "as pandas reads them.csv": ["labels", "labels.1", "labels.2"],
    "numbered.csv": ["label_1", "label_2", "label_3"],
    "columns.parquet": ["labels", "labels", "labels"],
}
SETS = [["acting"], ["plot", "music"], ["music", "acting", "plot"], [], ["plot"]]


def write_columns(path: Path, names: list[str], sets: list[list[str]], rows: int = 30) -> None:
    """Write the labels of each text into columns of their own."""
    labels = [sets[number % len(sets)] for number in range(rows)]
    table = [
        [f"a text of the number {n} about films", *labels[n], *[""] * len(names)][: len(names) + 1] for n in range(rows)
    ]
    if path.suffix == ".parquet":
        columns = [pa.array([cell or None for cell in column]) for column in zip(*table, strict=True)]
        pq.write_table(pa.table(columns, names=["text", *names]), path)
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([["text", *names], *table])


def of_sets(folder: Path, label: str, **data: object) -> ModelRecord:
    """Give the record of a model that was trained with lists of labels."""
    rows = [{"text": f"a text of the number {n} about films", label: SETS[n % 5]} for n in range(40)]
    Path("lists.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    trained = recorded(DataSettings.model_validate({"dataset": "lists.jsonl", **data}), folder / "kept", FINDER)
    return trained.model_copy(update={"thresholds": dict.fromkeys(trained.labels, 0.5)})


def sets_of(found: PreparedDataset) -> list[list[str]]:
    labels = [*found.subset("test", None, 1).labels]
    return [[name for name, one in zip(found.labels, row, strict=True) if one] for row in labels]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [{}, {"multi_label": True}])
def test_columns_of_one_name_are_the_labels_of_a_text_where_the_model_has_several(
    own_folder: Path, tmp_path: Path, name: str, flags: dict[str, object]
) -> None:
    sets = [labels[: len(NAMES[name])] for labels in SETS]
    write_columns(Path(name), NAMES[name], sets)
    found = measured(of_sets(tmp_path, NAMES[name][0]), tmp_path, dataset=name, **flags)
    assert sets_of(found) == [sorted(sets[number % 5]) for number in range(30)]


def test_a_file_in_which_each_text_has_two_labels_is_read_whole(own_folder: Path, tmp_path: Path) -> None:
    write_columns(Path("two.csv"), ["labels", "labels"], [["plot", "music"], ["music", "acting"]])
    found = measured(of_sets(tmp_path, "labels"), tmp_path, dataset="two.csv")
    assert sets_of(found) == [["music", "plot"], ["acting", "music"]] * 15


def test_a_label_that_the_user_named_in_training_is_named_again_beside_that_of_somebody_else(
    own_folder: Path, tmp_path: Path
) -> None:
    """Also if its columns of the same name are several labels of a text by the look of the rows."""
    model = of_sets(tmp_path, "labels", label_column="labels")
    people = [["plot", "plot"], ["music", "music"], ["acting", "plot"]]
    write_columns(Path("people.csv"), ["labels", "labels.1"], people)
    assert sets_of(measured(model, tmp_path, dataset="people.csv")) == [["plot"], ["music"], ["acting"]] * 10
    write_columns(Path("jira.csv"), ["labels", "labels"], [["acting"], ["plot", "acting"], ["acting", "plot"]])
    (tmp_path / "again").mkdir()
    found = sets_of(measured(model, tmp_path / "again", dataset="jira.csv"))
    assert found == [["acting"], ["acting", "plot"], ["acting", "plot"]] * 10


def test_the_user_reads_one_of_the_columns_by_its_number(own_folder: Path, tmp_path: Path) -> None:
    write_columns(Path("two.csv"), ["labels", "labels"], [["plot", "music"], ["music", "acting"]])
    model = of_sets(tmp_path, "labels")
    assert sets_of(measured(model, tmp_path, dataset="two.csv", label_column="2")) == [["music"], ["acting"]] * 15
    with pytest.raises(DataError, match="2 columns called 'labels'") as refused:
        measured(model, tmp_path, dataset="two.csv", label_column="labels")
    assert refused.value.hint.startswith("pass --label-column 1 or --label-column 2, or leave it out")


@pytest.mark.parametrize("names", [["text", "category", "category"], ["text", "category", "text"]])
def test_of_columns_of_one_name_the_first_was_trained_with_and_is_measured_with(
    own_folder: Path, tmp_path: Path, names: list[str]
) -> None:
    for name in ("trained.csv", "new.csv"):
        with Path(name).open("w", newline="", encoding="utf-8") as file:
            rows = [[f"the printer on floor {n} stops", "ab"[n % 2], f"group {n % 4}"] for n in range(40)]
            csv.writer(file).writerows([names, *rows])
    record = recorded(DataSettings(dataset="trained.csv"), tmp_path / "kept", FINDER)
    found = measured(record, tmp_path, dataset="new.csv")
    assert (found.manifest.text_columns, found.manifest.label_column, found.labels) == (
        ["text"],
        "category",
        ["a", "b"],
    )
