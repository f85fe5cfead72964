"""The words of a name say what a column may be."""

import pytest

from clf.data.reading.column_names import (
    find_name,
    is_about,
    is_nameless,
    is_partner,
    is_short,
    is_variant,
    suggests_label,
    suggests_text,
    words_of,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Review Text", ("review", "text")),
        ("reviewText", ("review", "text")),
        ("review_body", ("review", "body")),
        ("HTMLBody2", ("html", "body", "2")),
        ("Catégorie", ("categorie",)),
        ("label-1", ("label", "1")),
        ("", ()),
    ],
)
def test_a_name_is_taken_apart(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize("name", ["Review Text", "OriginalTweet", "review_body", "Kommentar", "message", "Text"])
def test_the_name_of_a_text(name: str) -> None:
    assert suggests_text(name)


@pytest.mark.parametrize(
    "name",
    ["review_id", "tweet_created", "commentDate", "text_length", "Post URL", "message_type", "review_title", "v2"],
)
def test_what_is_about_a_text_is_none(name: str) -> None:
    assert not suggests_text(name)


@pytest.mark.parametrize(
    "name", ["gold_label", "airline_sentiment", "Sentiment Label", "Kategorie", "sentimiento", "Label", "category_name"]
)
def test_the_name_of_a_label(name: str) -> None:
    assert suggests_label(name)


@pytest.mark.parametrize("name", ["label_id", "label_confidence", "annotator_labels", "sentiment score", "v1", "Title"])
def test_what_is_about_a_label_is_none(name: str) -> None:
    assert not suggests_label(name)


def test_an_agreed_label_comes_before_those_of_annotators() -> None:
    gold, one, plain = (suggests_label(name) for name in ("gold_label", "label1", "label"))
    assert gold is not None
    assert one is not None
    assert plain is not None
    assert plain.rank < gold.rank < one.rank


@pytest.mark.parametrize(("name", "nameless"), [("", True), (" ", True), ("Unnamed: 0", True), ("Unnamed", False)])
def test_a_column_without_a_name(name: str, nameless: bool) -> None:
    assert is_nameless(name) == nameless


@pytest.mark.parametrize(
    ("one", "other", "pair"),
    [
        ("sentence1", "sentence2", True),
        ("text_b", "text_a", True),
        ("hypothesis", "premise", True),
        ("question1", "sentence2", False),
        ("text", "text2", False),
        ("1", "2", False),
    ],
)
def test_the_two_texts_of_a_pair(one: str, other: str, pair: bool) -> None:
    assert is_partner(one, other) == pair


def test_titles_other_forms_and_what_is_about_a_row() -> None:
    assert is_short("Review Title")
    assert not is_short("Title Text")
    assert is_variant("resume_html")
    assert not is_variant("resume")
    assert is_about("lang")
    assert not is_about("Score")


def test_a_column_is_asked_for_by_its_name_its_number_or_its_words() -> None:
    names = ["Review Text", "1", "label"]
    assert [find_name(names, asked) for asked in ("label", "1", "2", "review_text")] == [
        "label", "1", "label", "Review Text"
    ]  # fmt: skip
    assert find_name(names, "3") is None
    assert find_name(["my text", "my_text"], "MyText") is None
