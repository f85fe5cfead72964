"""Lines of fastText give one text and one label each."""

from pathlib import Path

import pytest

from clf.data.reading.batch import SHOWN, Batch
from clf.data.reading.fasttext import is_fasttext, labels_and_text, read_fasttext
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import joined, read, written


def lines_of(path: Path) -> Batch:
    return joined(list(read_fasttext(path, DataSettings())))


def test_fasttext_lines_give_text_and_label(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "__label__good a fine film\n__label__bad a poor one\n")
    assert read(path).columns == {"text": ["a fine film", "a poor one"], "label": ["good", "bad"]}


@pytest.mark.parametrize("gap", [" ", "  ", "\t", " \t "])
def test_any_white_space_parts_the_label_from_the_text(tmp_path: Path, gap: str) -> None:
    path = written(tmp_path / "a.txt", f"__label__good{gap}a fine\tfilm \r\n")
    assert lines_of(path).columns == {"text": ["a fine\tfilm"], "label": ["good"]}


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "\n__label__a one\n  \n\n__label__b two")
    assert lines_of(path) == Batch({"text": ["one", "two"], "label": ["a", "b"]}, [2, 5])


def test_a_label_without_a_text_has_an_empty_one(tmp_path: Path) -> None:
    assert lines_of(written(tmp_path / "a.txt", "__label__a\n")).columns == {"text": [""], "label": ["a"]}


def test_a_label_later_in_the_text_is_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "__label__a one __label__b two\n")
    assert lines_of(path).columns == {"text": ["one __label__b two"], "label": ["a"]}


def test_a_bad_file_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / "two.txt", "__label__a text\nno label\n"))
    assert refused.value.message == f"{tmp_path / 'two.txt'}: line 2: no label (1 bad rows)"
    assert refused.value.hint.startswith("expected `__label__x the text`; --multi-label reads a line without")


def test_all_bad_lines_are_counted_and_the_first_of_them_listed(tmp_path: Path) -> None:
    content = "__label__a good\n" * 20 + "no label here\n__label__a\t__label__b two\n" + "none\n" * SHOWN
    with pytest.raises(DataError) as refused:
        lines_of(written(tmp_path / "a.txt", content))
    first = ["line 21: no label", *(f"line {line}: no label" for line in range(23, 23 + SHOWN - 1))]
    assert refused.value.message == f"{tmp_path / 'a.txt'}: {'; '.join(first)} ({SHOWN + 1} bad rows)"


def test_labels_may_stand_after_the_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "a fine, old film __label__good\n  a poor one  __label__bad \n__label__bad no\n")
    assert lines_of(path).columns == {"text": ["a fine, old film", "a poor one", "no"], "label": ["good", "bad", "bad"]}
    assert read(path).lines == [1, 2, 3]
    several = written(tmp_path / "b.txt", "a film __label__good __label__old\n")
    assert lines_of(several).columns == {"text": ["a film"], "label": [["good", "old"]]}


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("__label__a b", True),
        ("one __label__a\n\ntwo __label__b\nthr", True),
        ("one\t__label__a\ntwo\t__label__b\n", False),  # a table
        ("text, __label__a\n", False),
        ("text,label\none,__label__a\n", False),
        ("one __label__a\ntwo\nthree\n", False),
    ],
)
def test_lines_of_fasttext_are_told_by_their_labels(start: str, expected: bool) -> None:
    assert is_fasttext(start) is expected


@pytest.mark.parametrize("mark", ",;|:")
def test_a_label_without_a_space_after_it_is_shown(tmp_path: Path, mark: str) -> None:
    words = ["One", "Two", "Three", "Four"]
    lines = [f"__label__{label}{mark}{word} film\n" for label in ("good", "bad") for word in words]
    with pytest.raises(DataError) as refused:
        lines_of(written(tmp_path / "a.txt", "".join(lines)))
    assert f"a.txt, line 1: '__label__good{mark}One' is one word" in refused.value.message
    assert "(8 such lines)" in refused.value.message
    assert "put a space there: sed -E" in refused.value.hint


def test_a_label_may_contain_a_comma(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "__label__a,b one\n__label__a,b two\n__label__c three\n")
    assert lines_of(path).columns["label"] == ["a,b", "a,b", "c"]


def test_a_delimiter_between_label_and_text_belongs_to_neither(tmp_path: Path) -> None:
    expected = {"text": ["a fine, old film", "a poor one", "so so"], "label": ["good", "bad", "good"]}
    before = "__label__good, a fine, old film\n__label__bad, a poor one\n__label__good, so so\n"
    assert read(written(tmp_path / "a.txt", before)).columns == expected
    for gap in (",", ", ", " , "):
        after = f"a fine, old film{gap}__label__good\na poor one{gap}__label__bad\nso so{gap}__label__good\n"
        assert read(written(tmp_path / "b.txt", after)).columns == expected


@pytest.mark.parametrize(
    "line",
    [
        "__label__a,__label__b a film, so fine",
        "__label__a__label__b a film, so fine",
        "__label__a, __label__b, a film, so fine",
        "__label__a __label__b, a film, so fine",
        "__label__a\t__label__b\ta film, so fine",
        "__label__a __label__b __label__a a film, so fine",
        "a film, so fine,__label__a,__label__b",
        "a film, so fine, __label__a, __label__b",
        "a film, so fine __label__a,__label__b",
        "a film, so fine __label__a, __label__b",
        "a film, so fine\t__label__a\t__label__b",
        "a film, so fine __label__a  __label__b ",
    ],
)
def test_several_labels_of_a_line_are_a_list_however_they_are_joined(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "a.txt", f"\n{line}\n{line}\n")
    assert read(path).columns == {"text": ["a film, so fine"] * 2, "label": [["a", "b"]] * 2}


@pytest.mark.parametrize("line", ["__label__a __label__b a film", "a film __label__a __label__b"])
def test_beside_lines_with_several_labels_one_without_has_none(tmp_path: Path, line: str) -> None:
    lines = f"nothing to say\n{line}\n" + line.replace(" __label__b", "") + "\n"
    path = written(tmp_path / "a.txt", lines)
    assert read(path).columns == {
        "text": ["nothing to say", "a film", "a film"],
        "label": [[], ["a", "b"], "a"],
    }
    assert is_fasttext("nothing\n" * 3 + f"{line}\n" * 2) is False


def test_labels_in_the_cells_of_a_table_are_not_lines_of_fasttext() -> None:
    assert not is_fasttext("text,label\none,__label__a __label__b\ntwo,__label__a\n")
    assert not is_fasttext('text\n"one __label__a"\n"two __label__a __label__b"\n')
    assert is_fasttext("one\t__label__a\ntwo\t__label__a\t__label__b\nthree\t__label__b\n")


def test_a_line_of_many_labels_is_read_in_no_time(tmp_path: Path) -> None:
    marks = " ".join(f"__label__{number}" for number in range(20_000))
    for line in (f"{marks} a film", f"a film {marks}"):
        labels, text = labels_and_text(line)
        assert (len(labels), text) == (20_000, "a film")
