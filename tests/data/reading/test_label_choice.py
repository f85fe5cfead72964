"""Names tell which of several columns with few values is the label, and shared values which one is agreed."""

from clf.data.reading.column_values import look_at
from clf.data.reading.label_choice import (
    agreed_label,
    beside_a_rating,
    holds_labels,
    is_of_texts,
    likely_first,
    told_apart,
    told_by_name,
)


def test_a_rating_is_the_label_unless_another_name_may_be_one_too() -> None:
    assert told_by_name(["colour", "stars"]) == "stars"
    assert told_by_name(["department", "stars"]) is None
    assert told_by_name(["colour", "priority"]) is None


def test_likely_labels_come_first_and_names_of_texts_are_left_out() -> None:
    assert likely_first(["lang", "colour", "team", "rating", "my_label", "final_vote", "subject"]) == [
        "final_vote", "my_label", "rating", "team", "colour", "lang"
    ]  # fmt: skip
    assert likely_first(["subject"]) == ["subject"]


def test_the_agreed_column_has_the_values_of_two_others() -> None:
    columns = {"anna": ["pos", "neg", None], "bob": ["neg", "pos", ""], "majority_vote": ["pos", "neg", "pos"]}
    assert agreed_label(list(columns), columns) == "majority_vote"
    assert agreed_label(["anna", "majority_vote"], columns) is None
    assert agreed_label(["anna", "bob"], columns) is None
    assert agreed_label(list(columns), {**columns, "bob": ["1", "2", "3"]}) is None


def test_the_stars_of_a_review_are_no_texts() -> None:
    assert is_of_texts("comment")
    assert not is_of_texts("Review Stars")
    assert not is_of_texts("Feedback Rating")


def test_the_number_of_a_class_is_no_rival_of_its_name() -> None:
    columns = {"label_id": ["0", "1", "0"], "label_name": ["bad", "good", "bad"], "label_by": ["1", "1", "2"]}
    looks = {name: look_at(values) for name, values in columns.items()}
    assert told_apart([*columns], columns, looks) == ["label_name", "label_by"]
    assert told_apart(["label_id"], columns, looks) == ["label_id"]


def test_a_column_with_the_name_of_a_label_holds_labels_if_they_come_again() -> None:
    assert holds_labels("kind", look_at(["a", "b"] * 10))
    assert not holds_labels("kind", look_at([f"a{number} and more" for number in range(20)]))
    assert not holds_labels("kind", look_at(["a"] * 20))
    assert not holds_labels("kind", look_at(["2024-05-01", "2024-05-02"] * 10))


def test_the_kind_of_a_product_beside_its_rating_may_be_no_label() -> None:
    assert beside_a_rating("Class Name", ["Class Name", "Star Rating"]).endswith("--label-column 'Star Rating'")
    assert beside_a_rating("Class Name", ["Class Name", "kind"]) == ""
    assert beside_a_rating("label", ["label", "rating"]) == ""
    assert beside_a_rating("sentiment_class", ["sentiment_class", "rating"]) == ""
