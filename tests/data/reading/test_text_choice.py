"""The texts are chosen from names and looks alone."""

from clf.data.reading.column_values import look_at
from clf.data.reading.text_choice import LONGEST_FIRST, find_texts

SENTENCES = [f"the driver sold a bucket to number {number}, which was fine" for number in range(40)]


def find(**columns: list[object]) -> tuple[list[str], str]:
    return find_texts({name: look_at(values) for name, values in columns.items()})


def test_a_usual_name_comes_first_then_a_word_of_the_name_then_the_length() -> None:
    assert find(text=SENTENCES, words=SENTENCES) == (["text"], "a usual name for a text")
    assert find(my_comment=SENTENCES, words=SENTENCES) == (["my_comment"], "its name has a word for a text")
    assert find(kind=["a", "b"] * 20, words=SENTENCES) == (["words"], LONGEST_FIRST)


def test_numbers_and_names_are_no_texts() -> None:
    assert find(size=[number / 3 for number in range(40)], kind=["a", "b"] * 20)[0] == []
