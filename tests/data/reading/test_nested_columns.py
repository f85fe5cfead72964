"""Lists in which a text or a label was looked for are told from what they hold."""

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
