"""The texts are chosen from names and looks alone."""

from clf.data.reading.column_values import look_at
from clf.data.reading.text_choice import LONGEST_FIRST, find_texts, notes

SENTENCES = [f"the driver sold a bucket to number {number}, which was fine" for number in range(40)]


def find(**columns: list[object]) -> tuple[list[str], str]:
    return find_texts({name: look_at(values) for name, values in columns.items()}, columns)


def find_noting(**columns: list[object]) -> tuple[list[str], list[str]]:
    looks = {name: look_at(values) for name, values in columns.items()}
    found, why = find_texts(looks, columns)
    return found, notes(found, why, looks)


def test_a_usual_name_comes_first_then_a_word_of_the_name_then_the_length() -> None:
    assert find(text=SENTENCES, words=SENTENCES) == (["text"], "a usual name for a text")
    assert find(my_comment=SENTENCES, words=SENTENCES) == (["my_comment"], "its name has a word for a text")
    assert find(kind=["a", "b"] * 20, words=SENTENCES) == (["words"], LONGEST_FIRST)


def test_numbers_and_names_are_no_texts() -> None:
    assert find(size=[number / 3 for number in range(40)], kind=["a", "b"] * 20)[0] == []


WHOLE = [f"{text}, as far as I can tell {text[::-1]}" for text in SENTENCES]


def test_whole_texts_come_before_those_that_are_cut() -> None:
    cut = [f"{text[:40]}…" for text in WHOLE]
    note = ["using full_text as the text: its texts are whole, those of text are cut"]
    assert find_noting(text=cut, full_text=WHOLE) == (["full_text"], note)
    assert find_noting(text=[text[:40] for text in WHOLE], full_text=WHOLE) == (["full_text"], note)
    assert find_noting(text=[f"{text[1:40]} ..." for text in WHOLE], full_text=WHOLE) == (["full_text"], note)
    short = [*SENTENCES[:20], *cut[20:]]  # only long posts are cut
    assert find_noting(text=short, full_text=[*SENTENCES[:20], *WHOLE[20:]]) == (["full_text"], note)


def test_texts_that_end_in_their_own_ways_are_not_cut() -> None:
    assert find(text=SENTENCES, full_text=[f"{text} and more" * 2 for text in SENTENCES])[0] == ["text"]
    assert find(text=[f"{text} …" for text in SENTENCES], full_text=[f"so {text} …" for text in WHOLE])[0] == ["text"]


def test_of_usual_names_the_fuller_column_is_the_text() -> None:
    half = [text if number % 2 else "" for number, text in enumerate(SENTENCES)]
    assert find_noting(Description=SENTENCES, Comment=half) == (
        ["Description"],
        ["using Description as the text: a usual name for a text, with one in more rows than Comment"],
    )
    nearly = [text if number % 6 else "" for number, text in enumerate(SENTENCES)]
    assert find_noting(Description=SENTENCES, Comment=nearly) == (["Comment"], [])


def test_texts_that_many_rows_lack_are_told_with_the_fuller_column() -> None:
    half = [text if number % 2 else "" for number, text in enumerate(SENTENCES)]
    assert find_noting(text=half, **{"what was said": SENTENCES}) == (
        ["text"],
        [
            "only 20 of the first 40 rows have a text in text, but 40 in what was said: pass --text-column 'what was "
            "said' if that is the text"
        ],
    )
    assert find_noting(text=half, kind=["one of two kinds", "the other"] * 20) == (["text"], [])


def test_the_subject_of_a_mail_and_the_summary_of_an_issue_are_prepended() -> None:
    heads = [f"Order {number} late" for number in range(40)]
    assert find(subject=heads, body=SENTENCES)[0] == ["subject", "body"]
    assert find(**{"Ticket Subject": heads, "Ticket Description": SENTENCES})[0] == [
        "Ticket Subject", "Ticket Description"
    ]  # fmt: skip
    assert find(Summary=heads, Description=SENTENCES)[0] == ["Summary", "Description"]
    assert find(summary=heads, review=SENTENCES)[0] == ["review"]
    assert find(subject=["maths", "art"] * 20, body=SENTENCES)[0] == ["body"]


def test_of_columns_with_one_name_the_first_comes_after_other_usual_names() -> None:
    columns = {"Comment": SENTENCES, "Comment.1": SENTENCES[::-1], "Description": WHOLE}
    assert find(**columns)[0] == ["Description"]
    assert find(Summary=SENTENCES, **columns)[0] == ["Summary", "Description"]
    assert find(**{"Comment": SENTENCES, "Comment.1": SENTENCES[::-1]})[0] == ["Comment"]
    assert find(Comment=SENTENCES, Description=WHOLE)[0] == ["Comment"]


def test_what_was_good_and_what_was_bad_are_read_together() -> None:
    assert find(Negative_Review=SENTENCES, Positive_Review=WHOLE)[0] == ["Negative_Review", "Positive_Review"]
    assert find(my_review=SENTENCES, Positive_Review=WHOLE)[0] == ["Positive_Review"]


def test_the_title_of_a_post_is_prepended_to_its_text() -> None:
    assert find(title=SENTENCES, selftext=WHOLE)[0] == ["title", "selftext"]
