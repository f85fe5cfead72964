"""Names tell which of several columns with few values is the label, and shared values which one is agreed."""

from clf.data.reading.label_choice import agreed_label, is_of_texts, likely_first, told_by_name


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
