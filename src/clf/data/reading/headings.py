"""The names of columns as a reader sees them, one for each column, and the words that usually name columns.

Nameless and doubled columns get the names that pandas gives them: `Unnamed: 2`, and `text.1` for the second `text`.
"""

USUAL_HEADER = {
    "text",
    "label",
    "sentence",
    "review",
    "category",
    "title",
    "content",
    "comment",
    "message",
    "id",
    "body",
}
"""Names of which one in the first row makes it a header."""
HEADER_WORDS = USUAL_HEADER | {
    *("texts", "sentences", "reviews", "document", "tweet", "description", "utterance", "query", "question"),
    *("article", "abstract", "headline", "summary", "subject", "phrase", "post", "feedback", "answer", "response"),
    *("transcript", "narrative", "sms", "email", "prompt", "labels", "target", "class", "sentiment", "topic"),
    *("intent", "name", "tag", "polarity", "emotion", "genre", "rating", "stars", "score", "language", "lang"),
    *("index", "date", "timestamp", "created", "user", "author", "split", "source", "url", "type", "status", "code"),
}
"""Words that name columns; a text or label may be one of them, but hardly one that occurs once in its column."""
UNSEEN = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufffe"
"""Invisible characters that copying and concatenating leave around a name; a byte order mark is one."""
WRONG_MARK = "\u00ef\u00bb\u00bf"
"""A byte order mark of UTF-8 that was read in another encoding."""


def seen(name: str) -> str:
    """Return a name without the white space and invisible characters around it."""
    if name.isascii():
        return name.strip()
    before = ""
    while before != name:
        before, name = name, name.strip().strip(UNSEEN).removeprefix(WRONG_MARK)
    return name


def unique_names(written: list[str]) -> tuple[list[str], dict[str, list[int]]]:
    """Return a different name for each column, and the places of the columns with each doubled name.

    A single nameless column is called ''; of doubled names, all but the first get a number.
    """
    plain = [seen(name) for name in written]
    if len(set(plain)) == len(plain):
        return plain, {}
    nameless = plain.count("")
    names = [name or (f"Unnamed: {place}" if nameless > 1 else "") for place, name in enumerate(plain)]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    doubled = {name: found for name, found in places.items() if len(found) > 1}
    taken = set(names)
    for name, found in doubled.items():
        number = 1
        for place in found[1:]:
            while f"{name}.{number}" in taken:
                number += 1
            names[place] = f"{name}.{number}"
            taken.add(names[place])
    return names, doubled
