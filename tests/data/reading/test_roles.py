"""Columns are found by name, then by their content, and a wrong name gets a suggestion."""

import re
from collections.abc import Sequence

import pytest

from clf.data.reading.batch import Batch, unfold
from clf.data.reading.columns import Columns
from clf.data.reading.roles import choose_columns, choose_text
from clf.errors import DataError, SeveralLabels
from clf.settings import DataSettings

LONG = "a text that is long enough to be nothing but a text, number "
LONG_TEXTS = [LONG + str(number) for number in range(40)]


def batch(**columns: Sequence[object]) -> Batch:
    lists = {name: list(values) for name, values in columns.items()}
    return Batch(lists, list(range(1, len(next(iter(lists.values()))) + 1)))


def choose(given: Batch, **settings: object) -> Columns:
    return choose_columns(given, DataSettings(**settings), "file.csv")


def choose_texts(given: Batch, **settings: object) -> list[str]:
    return choose_text(given, DataSettings(**settings), "file.csv")


def test_usual_names_are_found_in_any_case() -> None:
    assert choose(batch(id=["1"], Review=["x"], SENTIMENT=["pos"])) == Columns(["Review"], "SENTIMENT")


def test_a_title_is_joined_with_what_follows_it() -> None:
    assert choose(batch(label=["1"], title=["t"], description=["d"])) == Columns(["title", "description"], "label")


def test_a_title_is_not_joined_with_a_column_that_is_called_text() -> None:
    assert choose_texts(batch(title=["t"], text=["x"], Body=["b"])) == ["text"]
    assert choose_texts(batch(Headline=["t"], Body=["b"])) == ["Headline", "Body"]
    assert choose_texts(batch(title=["t"], nothing=["b"])) == ["title"]


def test_names_beside_the_labels_are_seen() -> None:
    assert choose(batch(text=["x"], label=["0"], label_name=["neg"])).label_name == "label_name"
    assert choose(batch(text=["x"], topic=["0"], topic_text=["news"])).label_name == "topic_text"
    assert choose(batch(text=["x"], label=["0"], topic_name=["neg"])).label_name is None


def test_a_map_of_the_labels_wins_over_the_names_beside_them() -> None:
    given = batch(text=["x"], label=["0"], label_name=["neg"])
    assert choose(given, label_map="0=bad") == Columns(["text"], "label", None)


def test_what_is_asked_for_wins_by_name_or_number() -> None:
    given = batch(text=["x"], label=["0"], other=["y"], noisy=["1"])
    assert choose(given, text_column=["other", "0"], label_column="3") == Columns(["other", "text"], "noisy")


def test_a_column_whose_name_is_a_number_wins_over_that_place() -> None:
    given = Batch({"1": ["x"], "0": ["y"]}, [1])
    assert choose(given, text_column=["1"], label_column="0") == Columns(["1"], "0")


def test_the_group_column_is_neither_text_nor_label() -> None:
    given = batch(words=LONG_TEXTS, writer=[LONG * 3] * 40, kind=["a", "b"] * 20)
    assert choose(given, group_column="writer") == Columns(["words"], "kind", None, "writer")
    given = batch(text=["x"], label=["g"], topic=["a"])
    assert choose(given, group_column="label") == Columns(["text"], "topic", None, "label")
    assert choose(given, group_column="label").needed == ["text", "topic", "label"]


def test_unusual_names_are_told_by_their_look(caplog: pytest.LogCaptureFixture) -> None:
    given = batch(nr=[str(n) for n in range(40)], words=LONG_TEXTS, kind=["a", "b"] * 20)
    assert choose(given) == Columns(["words"], "kind")
    assert "using words because of its length" in caplog.text
    assert "using kind because it has few values" in caplog.text


def test_new_texts_need_no_label() -> None:
    assert choose_texts(batch(comment=["x"])) == ["comment"]


def test_the_longest_column_is_text_however_short(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_text(batch(opinion=["A dull film."]), DataSettings(), "file.csv") == ["opinion"]


def test_a_column_of_ten_characters_is_text_and_one_of_nine_is_not() -> None:
    assert choose_texts(batch(opinion=["abcdefghij"])) == ["opinion"]
    with pytest.raises(DataError, match="cannot tell which column contains the text; it has 'opinion'") as refused:
        choose_texts(batch(opinion=["abcdefghi"]))
    assert "pass --text-column opinion" in refused.value.hint


def test_columns_that_are_not_much_shorter_than_the_longest_are_text_too() -> None:
    given = batch(long=["x" * 160], eighth=["x" * 20], less=["x" * 19])
    assert choose_texts(given) == ["long", "eighth"]
    given = batch(long=["x" * 40], short=["x" * 15], shorter=["x" * 14])
    assert choose_texts(given) == ["long", "short"]


@pytest.mark.parametrize(
    ("values", "is_label"),
    [
        (["a"] * 40, False),
        (["a", "b"] * 20, True),
        ([str(number % 10) for number in range(40)], True),
        ([str(number % 11) for number in range(40)], False),
        (["a" * 39, "b" * 39] * 20, True),
        (["a" * 40, "b" * 40] * 20, False),
    ],
    ids=["one value", "two", "a quarter of the rows", "more than a quarter", "short", "long"],
)
def test_a_column_with_few_short_values_is_the_label(values: list[str], is_label: bool) -> None:
    given = batch(text=LONG_TEXTS, kind=values)
    if is_label:
        assert choose(given).label == "kind"
    else:
        with pytest.raises(DataError, match="cannot tell which column contains the label"):
            choose(given)


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"label_column": "lable"},
            "has no column 'lable'; it has 'text', 'label'",
            "did you mean --label-column label?",
        ),
        ({"text_column": ["7"]}, "has no column '7'", "--text-column"),
        ({"text_column": ["2"]}, "has no column '2'", "pass --text-column with one of them"),
        ({"group_column": "writer"}, "has no column 'writer'", "pass --group-column with one of them"),
        (
            {"text_column": ["label"], "label_column": "label"},
            "both text and label",
            "choose them with --text-column and --label-column",
        ),
    ],
)
def test_a_wrong_name_gets_a_suggestion(settings: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        choose(batch(text=["x"], label=["0"]), **settings)
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_columns_that_cannot_be_told_are_listed() -> None:
    with pytest.raises(DataError, match="cannot tell which column contains the label; it has 'text', 'a', 'b'"):
        choose(batch(text=["x"] * 8, a=list("ababcdcd"), b=list("ababcdcd")))


def test_of_many_columns_the_first_twelve_are_listed() -> None:
    given = Batch({str(number) + "n" * 50: ["x"] for number in range(13)}, [1])
    with pytest.raises(DataError) as refused:
        choose_texts(given)
    assert f"'10{'n' * 38}', '11{'n' * 38}' …; likely are " in refused.value.message


def test_several_columns_of_zeros_and_ones_are_several_labels() -> None:
    with pytest.raises(DataError) as refused:
        choose(batch(text=["x"] * 8, toxic=[0, 1] * 4, insult=["1", "1", "0", "0"] * 2))
    assert "the columns 'toxic', 'insult' contain only 0 and 1, with several 1s in 25% of the rows" in str(
        refused.value
    )
    assert refused.value.hint.endswith("or pass --label-column toxic or another of them")


def test_one_hot_columns_are_one_label(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    one_hot = {"label_bad": [0, 1] * 4, "label_good": ["1", "0"] * 4}
    assert choose(batch(text=["x"] * 8, **one_hot)) == Columns(["text"], None, one_hot=["label_bad", "label_good"])
    assert "file.csv: text from text, label from the one-hot columns label_bad, label_good" in caplog.text


# --- several that could be the text ---------------------------------------------------------------------------

SENTENCES = [f"The driver sold a {color} bucket to number {number}, which was fine." for number in range(10) for color in
             ("red", "blue", "green", "black")]  # fmt: skip
CLASSES = ["good", "bad"] * 20


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"Title": ["A bucket"] * 40, "Review Text": SENTENCES}, ["Review Text"]),
        ({"title": ["A bucket", "A car"] * 20, "opinions_long": SENTENCES}, ["opinions_long"]),
        ({"text_id": [f"t{n}" for n in range(40)], "OriginalTweet": SENTENCES}, ["OriginalTweet"]),
        ({"content": ["news", "blog"] * 20, "comment": SENTENCES}, ["comment"]),
        ({"text": [f"https://example.org/{n}" for n in range(40)], "words": SENTENCES}, ["words"]),
        ({"when": ["Mon Apr 06 22:19:45 PDT 2009"] * 40, "5": SENTENCES}, ["5"]),
        ({"place": ["Menlo Park, Some State"] * 40, "said": SENTENCES}, ["said"]),
        ({"": SENTENCES, "said": SENTENCES}, ["said"]),
        ({"sentence1": SENTENCES, "sentence2": SENTENCES[::-1]}, ["sentence1", "sentence2"]),
        ({"premise": SENTENCES, "hypothesis": SENTENCES[::-1], "genre": CLASSES}, ["premise", "hypothesis"]),
        ({"product_title": ["A bucket"] * 40, "review_title": ["So"] * 40, "review_body": SENTENCES},
         ["review_title", "review_body"]),
        ({"title": ["A bucket"] * 40, "description": SENTENCES}, ["title", "description"]),
        ({"question": SENTENCES, "sentence": SENTENCES[::-1]}, ["question", "sentence"]),
        ({"words": SENTENCES, "words_html": [f"<p>{text}" for text in SENTENCES]}, ["words"]),
    ],
)  # fmt: skip
def test_the_look_decides_where_several_names_could_be_the_text(
    others: dict[str, list[object]], text: list[str]
) -> None:
    assert choose(batch(**others, label=CLASSES)).text == text


@pytest.mark.parametrize(
    ("others", "label"),
    [
        ({"genre": CLASSES, "gold_label": ["yes", "no"] * 20}, "gold_label"),
        ({"annotator_labels": [["yes", "no"]] * 40, "gold_label": ["yes", "no"] * 20}, "gold_label"),
        ({"label1": CLASSES, "label2": CLASSES, "gold_label": ["yes", "no"] * 20}, "gold_label"),
        ({"airline_sentiment": CLASSES, "airline_sentiment_confidence": [0.5] * 40}, "airline_sentiment"),
        ({"Class Name": ["Knits"] * 40, "Rating": ["1", "2", "4", "5"] * 10}, "Rating"),
        ({"category_id": ["1", "2"] * 20, "category_name": ["arts", "sport"] * 20}, "category_name"),
        ({"label_id": ["1", "2"] * 20, "kind": ["arts", "sport"] * 20}, "kind"),
        ({"helpful": ["0", "1"] * 20, "Score": ["1", "5"] * 20}, "Score"),
        ({"source": ["gj04", "bc01"] * 20, "1": ["0", "1"] * 20}, "1"),
        ({"lang": ["en", "de"] * 20, "stars": ["1", "2", "3", "4"] * 10}, "stars"),
        ({"": CLASSES, "kind": ["arts", "sport"] * 20}, "kind"),
        ({"label": [None] * 40, "sentiment": CLASSES}, "sentiment"),
        ({"Labels": ["urgent", ""] * 20, "Issue Type": ["Bug", "Task"] * 20}, "Issue Type"),
        ({"label": ["a", "b", "", "", ""] * 8, "kind": ["x", "y"] * 20}, "label"),
        ({"status": ["approved", "rejected"] * 20}, "status"),
        ({"Target": CLASSES, "Stance": ["FAVOR", "AGAINST"] * 20}, "Stance"),
        ({"location": ["here", "there"] * 20, "fraudulent": ["0", "1"] * 20}, "fraudulent"),
        ({"product_sentiment": CLASSES, "rating": ["1", "5"] * 20}, "product_sentiment"),
        ({"label": ["a"] * 40, "note": [f"n {n}" for n in range(40)]}, "label"),
    ],
)
def test_the_look_decides_where_several_names_could_be_the_label(others: dict[str, list[object]], label: str) -> None:
    assert choose(batch(text=SENTENCES, **others)).label == label


def test_joined_labels_of_many_combinations_are_found_by_a_name_of_several() -> None:
    words = ["billing", "refund", "delivery", "login", "praise", "bug"]
    joined = [";".join(words[place] for place in range(6) if (7 * row + 3) >> place & 1) for row in range(40)]
    assert choose(batch(text=SENTENCES, tags=joined)).label == "tags"
    with pytest.raises(DataError, match="cannot tell which column contains the label"):
        choose(batch(text=SENTENCES, places=joined))


def test_two_labels_that_are_as_likely_are_refused_with_examples() -> None:
    given = batch(text=SENTENCES, coarse_label=CLASSES, fine_label=["a", "b", "c", "d"] * 10)
    with pytest.raises(DataError, match=r"likely are 'coarse_label' \('good', 'bad'\); 'fine_label' \('a', 'b', 'c'\)"):
        choose(given)
    with pytest.raises(DataError) as refused:
        choose(given)
    assert refused.value.hint == "pass --label-column coarse_label or --label-column fine_label"
    assert choose(given, label_column="fine_label").label == "fine_label"


def test_the_category_of_a_product_beside_a_rating_is_thin_evidence() -> None:
    given = batch(text=SENTENCES, product_category=CLASSES, star_rating=["1", "5"] * 20)
    with pytest.raises(DataError, match=r"likely are 'product_category' \('good', 'bad'\); 'star_rating'"):
        choose(given)


def few(**columns: Sequence[object]) -> Batch:
    return batch(Feedback=SENTENCES, **{name: (list(values) * 20)[:40] for name, values in columns.items()})


@pytest.mark.parametrize(
    "names",
    [("Department", "Satisfaction"), ("Colour", "Priority"), ("Abteilung", "Zufriedenheit"), ("Shape", "Team"),
     ("Which department are you in?", "How satisfied are you?"), ("Department", "Recommend")],
)  # fmt: skip
def test_of_several_columns_with_few_values_a_weak_name_chooses_none(names: tuple[str, str]) -> None:
    with pytest.raises(DataError, match="cannot tell which column contains the label") as refused:
        choose(few(**{names[0]: "abc", names[1]: "xyz"}))
    assert all(name in refused.value.hint for name in names)


def test_the_reason_for_a_label_says_what_decided(caplog: pytest.LogCaptureFixture) -> None:
    chosen = choose(few(Colour="abc", stars="123"))
    reasons = {column.name: column.reason for column in chosen.roles}
    assert (chosen.label, reasons["stars"]) == (
        "stars",
        "its name is that of a label, as no other column's with few values",
    )
    assert "using stars because its name is that of a label, as no other column's with few values" in caplog.text
    assert choose(few(Colour="abc", Satisfaction="xyz")).label == "Satisfaction"
    reasons = {column.name: column.reason for column in choose(few(lang="abc", shade="xyz")).roles}
    assert reasons["shade"] == "it has few values, as no other column that may be the label"


def test_a_comment_with_few_values_is_no_rival_of_a_label() -> None:
    assert choose(few(Kommentar=["edited", "", "n/a"], Typ="ab")).label == "Typ"
    rare = batch(Description=SENTENCES, Comment=[*SENTENCES[:10], *[""] * 30], Type=CLASSES)
    assert (choose(rare).text, choose(rare).label) == (["Description"], "Type")
    with pytest.raises(DataError, match="likely is 'colour'"):
        choose(few(subject="ab", colour="pq"))


def test_a_hint_names_the_likely_labels_first_and_how_many_more_there_are() -> None:
    with pytest.raises(DataError) as refused:
        choose(few(colour="abc", shape="ab", subject="pq", height="ab", team="xyz", rank="12"))
    assert refused.value.hint == (
        "pass --label-column team, --label-column colour or --label-column shape (or one of 2 more columns)"
    )
    assert "'team' ('x', 'y', 'z'); 'colour' ('a', 'b', 'c'); 'shape' ('a', 'b') and 2 more" in refused.value.message


@pytest.mark.parametrize("name", ["majority_vote", "majority", "consensus", "adjudicated", "agreed", "final", "gold"])
def test_the_label_that_annotators_agree_on_needs_no_word_for_a_label(name: str) -> None:
    annotators = {"anna": ["neg", "pos", "neu"], "bob": ["pos", "neg", "neu"], "carla": ["neu", "pos", "neg"]}
    assert choose(few(**annotators, **{name: ["pos", "neg", "neu"]})).label == name


def test_a_file_of_texts_alone_has_no_labels() -> None:
    with pytest.raises(DataError, match="has no column of labels; it has only 'text'") as refused:
        choose(batch(text=SENTENCES))
    assert "clf predict" in refused.value.hint


def test_every_column_has_a_role_and_a_reason() -> None:
    given = Batch(
        {"": [str(n) for n in range(40)], "id": [f"a{n}" for n in range(40)], "text": SENTENCES, "label": CLASSES,
         "answer": ["accept", "reject"] * 20, "seen": ["2024-01-01"] * 40}, list(range(40)))  # fmt: skip
    chosen = choose(given)
    assert {column.name: column.role for column in chosen.roles} == {
        "": "ignored", "id": "ignored", "text": "text", "label": "label", "answer": "annotation", "seen": "ignored",
    }  # fmt: skip
    assert {column.name: column.reason for column in chosen.roles}[""] == "it has no name"
    assert {column.name: column.reason for column in chosen.roles}["seen"] == "it holds dates"
    assert "reject" in chosen.left_out["answer"]


def test_a_single_label_that_is_accepted_or_rejected_is_refused() -> None:
    given = batch(text=SENTENCES, label=["INSULT"] * 40, answer=["accept", "reject"] * 20)
    with pytest.raises(DataError, match="the only label is 'INSULT', which the column 'answer' accepts") as refused:
        choose(given)
    assert "--label-column answer" in refused.value.hint
    assert choose(given, label_column="answer").label == "answer"


def test_question_and_answer_are_a_pair_unless_the_answer_is_the_label() -> None:
    asked = [f"what was it that happened on day {number}" for number in range(40)]
    assert choose(batch(question=asked, answer=LONG_TEXTS, label=["a", "b"] * 20)).text == ["question", "answer"]
    assert choose(batch(question=asked, answer=["yes", "no"] * 20, label=["a", "b"] * 20)).text == ["question"]


def test_a_table_without_texts_says_so() -> None:
    with pytest.raises(
        DataError, match=r"file.csv has no column of texts; it has 'size' \(numbers\), 'kind' \(few values\)"
    ) as refused:
        choose(batch(size=[number / 3 for number in range(40)], kind=["a", "b"] * 20))
    assert refused.value.hint == "add a column with the text of each row"


def test_a_usual_name_is_the_label_also_if_its_first_rows_are_all_of_one_class(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = batch(text=[LONG + str(row) for row in range(2500)], label=["bad"] * 2500, source=["app", "web"] * 1250)
    assert choose(given).label == "label"
    assert "no column has a usual name" not in caplog.text
    whole = batch(text=LONG_TEXTS, label=["bad"] * 40, source=["app", "web"] * 20)
    assert choose(whole).label == "source"


def test_none_is_a_class_beside_a_single_other_one() -> None:
    given = batch(text=LONG_TEXTS, label=["none", "hate"] * 20, source=["app", "web"] * 20)
    assert choose(given).label == "label"
    assert choose(batch(text=LONG_TEXTS, kind=["none", "hate"] * 20)).label == "kind"


def test_where_no_column_is_surely_a_text_the_hint_names_those_that_may_be_but_not_the_label() -> None:
    links = [f"https://site{number}.example/page" for number in range(40)]
    with pytest.raises(DataError, match="likely is 'url'") as refused:
        choose(batch(url=links, label=["good", "bad"] * 20))
    assert refused.value.hint == "pass --text-column url if that is the text"


@pytest.mark.parametrize(
    ("settings", "likely", "hint"),
    [
        ({}, "likely is 'data.selftext' ('a text", "pass --text-column data.selftext if that is the text"),
        (
            {"text_column": ["data.selftext"]},
            "likely is 'data.tags.flair' ('good', 'bad')",
            "pass --label-column data.tags.flair if that is the label",
        ),
    ],
)
def test_what_stands_inside_objects_is_named_with_its_dots(settings: dict[str, object], likely: str, hint: str) -> None:
    inside = [
        {"selftext": text, "tags": {"flair": flair}}
        for text, flair in zip(LONG_TEXTS, ["good", "bad"] * 20, strict=True)
    ]
    columns = {"kind": ["t3"] * 40, "data": inside}
    given = batch(**unfold(columns, ["data.selftext"]) if settings else columns)
    with pytest.raises(DataError, match=re.escape(likely)) as refused:
        choose(given, **settings)
    assert refused.value.hint == hint


def test_texts_deep_inside_come_before_ids_above_them() -> None:
    objects = [{"id": f"x{number}a", 5: text, "post": {"body": text}} for number, text in enumerate(LONG_TEXTS)]
    with pytest.raises(DataError) as refused:
        choose(batch(data=objects, key=[f"k{number}" for number in range(40)]))
    assert refused.value.hint == "pass --text-column data.post.body if that is the text"


def test_rivals_for_the_label_are_named_before_what_stands_inside_objects() -> None:
    meta = [{"lang": "en" if number % 2 else "de", "number": number} for number in range(40)]
    with pytest.raises(DataError) as refused:
        choose(batch(text=LONG_TEXTS, a=list("12" * 20), b=list("3344" * 10), meta=meta))
    assert refused.value.hint == "pass --label-column a or --label-column b"


def test_ids_are_not_offered_as_the_text_and_what_there_is_is_told() -> None:
    objects = [{"id": f"x{number}a", "url": f"https://site.example/{number}"} for number in range(40)]
    with pytest.raises(DataError) as refused:
        choose(batch(key=[f"k{number}" for number in range(40)], data=objects, label=["a", "b"] * 20, no=[""] * 40))
    assert refused.value.message == (
        "file.csv has no column of texts; it has 'key' (ids), 'data' (objects), 'label' (the label), 'no' (empty)"
    )
    with pytest.raises(DataError, match=r"it has 'key' \(ids\), 'text' \(ignored\), 'label' \(the label\)"):
        choose(
            batch(key=[f"k{number}" for number in range(40)], text=LONG_TEXTS, label=["a", "b"] * 20),
            ignore_column=["text"],
        )
    assert refused.value.hint == (
        "add a column with the text of each row, or pass --text-column with what is to be classified instead"
    )


def test_marks_in_columns_of_a_survey_are_one_label() -> None:
    marks = {"billing": ["x", ""] * 12, "delivery": ["", "x"] * 12}
    assert choose(batch(text=LONG_TEXTS[:24], **marks)).one_hot == ["billing", "delivery"]


MARKED = {
    name: ([*[""] * place, "x", *[""] * (2 - place)] * 14)[:40] for place, name in enumerate(("price", "staff", "food"))
}
"""Three columns with one mark in each row."""


def test_marks_and_another_column_with_few_values_are_refused_with_both_ways_out() -> None:
    ages = ["18-25", "26-40", "41-60", "60+"] * 10
    with pytest.raises(DataError, match="exactly one mark in each row, and beside them is 'Age group' with") as refused:
        choose(batch(text=SENTENCES, **MARKED, **{"Age group": ages}))
    assert refused.value.hint == (
        "pass --ignore-column 'Age group' to read the others as one label, or --label-column 'Age group' to train on "
        "that column"
    )
    assert choose(batch(text=SENTENCES, **MARKED, stars=list("1234") * 10)).label == "stars"
    assert choose(batch(text=SENTENCES, **MARKED, answer=["accept", "reject"] * 20)).one_hot == list(MARKED)


@pytest.mark.parametrize("marks", ["x", "xX"])
def test_marks_of_which_a_few_rows_have_two_are_told_from_a_question_of_yes_or_no(marks: str) -> None:
    marked = {
        name: [mark and marks[row % len(marks)] for row, mark in enumerate(column)] for name, column in MARKED.items()
    }
    marked["price"][1] = marked["staff"][0] = marks[-1]
    with pytest.raises(DataError, match="exactly one mark in 95% of the rows, and beside them is 'news'") as refused:
        choose(batch(text=SENTENCES, **marked, news=["yes", "no", "no", "yes"] * 10))
    assert refused.value.hint == (
        "pass --ignore-column news to read the others as one label, or --label-column news to train on that column, or "
        "--multi-label to read all of them as labels"
    )
    both = choose(batch(text=SENTENCES, **marked, news=["yes", "no", "no", "yes"] * 10), multi_label=True)
    assert both.one_hot == [*MARKED, "news"]
    assert choose(batch(text=SENTENCES, **marked), ignore_column=["news"]).one_hot == list(MARKED)


def test_yes_and_no_alone_are_a_label_and_a_mark_beside_zeros_and_ones_is_none() -> None:
    assert choose(batch(text=LONG_TEXTS, agreed=["yes", "no"] * 20)).label == "agreed"
    assert choose(
        batch(text=LONG_TEXTS, recommended=["yes", "no"] * 20, seen=["no", "no", "yes", "yes"] * 10)
    ).label == ("recommended")
    hot = {"bad": [0, 1] * 20, "good": [1, 0] * 20}
    assert choose(batch(text=LONG_TEXTS, checked=["x", "", ""] * 13 + ["x"], **hot)).one_hot == ["bad", "good"]


@pytest.mark.parametrize("marks", [("yes", "no", "yes"), ("1", "0", ""), (True, False, None), ("Y", "N", "")])
@pytest.mark.parametrize("name", ["{}", "label_{}"])
def test_columns_of_yes_and_no_or_with_empty_cells_may_be_one_label_or_several(
    marks: tuple[object, ...], name: str
) -> None:
    yes, no, odd = marks
    names = [name.format(one) for one in ("late", "wet", "torn")]
    columns = dict(zip(names, ([yes, no] * 20, [no, odd, yes, yes] * 10, [odd, no, no, yes, no] * 8), strict=True))
    with pytest.raises(DataError, match="cannot tell which column contains the label") as refused:
        choose(batch(text=LONG_TEXTS, **columns))
    assert refused.value.hint == (
        f"pass --label-column {names[0]}, --label-column {names[1]} or --label-column {names[2]}, or --multi-label to "
        "read all of them as labels"
    )
    several = choose(batch(text=LONG_TEXTS, **columns), multi_label=True)
    assert (several.one_hot, several.saying_no) == (names, {*names})
    with pytest.raises(DataError) as refused:
        choose(batch(text=LONG_TEXTS, **columns, channel=["mail", "phone"] * 20))
    assert "--multi-label" not in refused.value.hint  # which would leave out the channel


def test_labels_in_columns_of_their_own_are_several_unless_the_user_names_one(caplog: pytest.LogCaptureFixture) -> None:
    columns = {
        "Labels": ["a", "b", "", "c"] * 10,
        "Labels.1": ["b", "", "", "a"] * 10,
        "Labels.2": ["", "", "", "b"] * 10,
    }
    found = choose(batch(Summary=LONG_TEXTS, **columns))
    assert (found.listed, found.label) == ([*columns], None)
    assert {one.role for one in found.roles if one.name in columns} == {"label"}
    numbered = {f"tag{number}": values for number, values in enumerate(columns.values(), 1)}
    assert choose(batch(text=LONG_TEXTS, **numbered)).listed == [*numbered]
    assert choose(batch(text=LONG_TEXTS, **numbered), label_column="tag2").label == "tag2"
    assert not caplog.text


def test_further_columns_that_are_called_as_the_label_are_told(caplog: pytest.LogCaptureFixture) -> None:
    others = {"label": ["a", "b"] * 20, "label_2": ["a", "a", "b", "b"] * 10}
    assert choose(batch(text=LONG_TEXTS, **others)).label == "label"
    assert "file.csv: only label is read as the label, and not 'label_2'" in caplog.text


def test_several_marks_in_many_rows_are_several_labels() -> None:
    marks = {"billing": ["x", "", ""] * 13 + ["x"], "delivery": ["x", "x", ""] * 13 + ["x"]}
    with pytest.raises(DataError, match="contain only marks, with several marks in 35% of the rows") as refused:
        choose(batch(text=LONG_TEXTS, **marks))
    assert refused.value.hint.endswith(
        "or fill their empty cells with no and pass --label-column billing or another of them"
    )


def test_a_flag_beside_one_hot_columns_is_named() -> None:
    classes = {"pos": ([1, 0, 0] * 14)[:40], "neg": ([0, 1, 0] * 14)[:40], "neu": ([0, 0, 1] * 14)[:40]}
    with pytest.raises(DataError, match="exactly one 1 in each row, and beside them is 'verified'") as refused:
        choose(batch(text=LONG_TEXTS, verified=[1, 1, 0, 0] * 10, **classes))
    assert "--ignore-column verified" in refused.value.hint


def test_one_hot_columns_of_few_rows_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    choose(batch(text=["a b c"] * 4, verified=[0, 1] * 2, new=[1, 0] * 2))
    assert "if that is chance, pass --label-column verified or another of them" in caplog.text


def test_dummies_of_a_column_are_no_rivals_of_it() -> None:
    topics = (["water", "food", "health"] * 14)[:40]
    dummies = {f"topics/{name}": [int(topic == name) for topic in topics] for name in ("water", "food", "health")}
    assert choose(batch(text=LONG_TEXTS, topics=topics, **dummies)).label == "topics"
    assert choose(batch(text=LONG_TEXTS, **dummies)).one_hot == list(dummies)


def test_objects_with_few_values_are_no_label_but_their_fields_are_named() -> None:
    meta = [{"lang": "en" if number % 2 else "de", "page": 1} for number in range(40)]
    with pytest.raises(DataError, match=re.escape("likely is 'meta.lang' ('de', 'en')")) as refused:
        choose(batch(text=LONG_TEXTS, meta=meta))
    assert refused.value.hint == "pass --label-column meta.lang if that is the label"
    assert choose(batch(text=LONG_TEXTS, chosen=[{"choices": ["a"]}, {"choices": ["b"]}] * 20)).label == "chosen"


def test_labels_of_spans_are_told_from_those_of_texts() -> None:
    spans = [[{"start": 0, "end": 5, "label": "ORG"}], []] * 20
    with pytest.raises(DataError, match=re.escape("'entities' has labels of spans (parts of a text)")) as refused:
        choose(batch(text=LONG_TEXTS, entities=spans, tokens=[["a", "text"]] * 40))
    assert refused.value.hint == "clf labels whole texts: write one label for each of them"


def test_lists_of_words_are_no_texts() -> None:
    words = [["a", "text", str(number)] for number in range(40)]
    with pytest.raises(DataError, match="'tokens' has a list of words in each row, expected a text") as refused:
        choose(batch(tokens=words, ner_tags=[[0, 0, 1]] * 40))
    assert refused.value.hint == "write each list as one text; with pandas: df['text'] = df['tokens'].str.join(' ')"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("评论内容", "情感标签"), ("文本", "类别"), ("本文", "ラベル"), ("レビュー", "感情"), ("리뷰 내용", "감정"), ("댓글", "분류"),
        ("النص", "التصنيف"), ("पाठ", "लेबल"), ("Відгук", "Категорія"), ("Treść", "Etykieta"), ("Σχόλιο", "Κατηγορία"),
    ],
)  # fmt: skip
def test_names_in_other_scripts_are_understood(text: str, label: str) -> None:
    others = {"编号": [str(number) for number in range(40)], "备注": ["a", "b", "c", "d"] * 10}
    given = Batch({**others, text: SENTENCES, label: CLASSES}, list(range(40)))
    chosen = choose(given)
    assert (chosen.text, chosen.label) == ([text], label)


def test_a_title_in_chinese_is_joined_with_its_content() -> None:
    given = Batch({"标题": ["A bucket"] * 40, "内容": SENTENCES, "标签": CLASSES}, list(range(40)))
    assert choose(given).text == ["标题", "内容"]


def test_columns_named_as_labels_are_several_labels_if_they_hold_zeros_and_ones() -> None:
    marks = {"label_a": [0, 1] * 20, "label_b": [1, 1, 0, 0] * 10}
    with pytest.raises(SeveralLabels, match="the columns 'label_a', 'label_b' contain only 0 and 1"):
        choose(batch(text=SENTENCES, **marks))
    assert choose(batch(text=SENTENCES, **marks), multi_label=True).one_hot == ["label_a", "label_b"]
