"""Lists in which a text or a label was looked for are told from what they hold."""

import pytest

from clf.data.reading.nested_columns import of_parts


def test_spans_are_no_labels_and_words_no_texts() -> None:
    spans, words = [[[0, 5, "PER"]], []], [["a", "b"], ["c"]]
    told = of_parts("label", {"tags": words, "entities": spans}, "x.json")
    assert told is not None
    assert told.message.startswith("x.json: 'entities' has labels of spans")
    told = of_parts("text", {"entities": spans, "tokens": words}, "x.json")
    assert told is not None
    assert "df['text'] = df['tokens'].str.join(' ')" in told.hint
    assert of_parts("label", {"tokens": words}, "x.json") is None
    assert of_parts("text", {}, "x.json") is None


@pytest.mark.parametrize(("who", "content"), [("role", "content"), ("from", "value")])
def test_a_conversation_is_told_with_the_command_that_writes_texts_and_labels(who: str, content: str) -> None:
    chats = [[{who: "user", content: f"text {number}"}, {who: "assistant", content: "a"}] for number in range(3)]
    told = of_parts("text", {"tags": [["a"]] * 3, "messages": chats}, "x y.jsonl")
    assert told is not None
    assert told.message == "x y.jsonl: 'messages' has a conversation in each row, expected a text and a label"
    assert told.hint.endswith(
        f": jq -c '{{text: .messages[-2].{content}, label: .messages[-1].{content}}}' 'x y.jsonl' > rows.jsonl"
    )
    assert of_parts("text", {"messages": [chats[0], [{who: "user"}]]}, "x.jsonl") is None
