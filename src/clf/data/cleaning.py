r"""Text cleaning: turn raw text from people and crawlers into the text an encoder should see.

`clean_text` applies seven steps, which can be switched off one by one. In this order, no step creates work for an
earlier one:

1. drop_control, normalize_unicode   a zero-width space must not hide a tag (`<\u200bb>`) or an entity
2. unescape_entities                 before the tags, because crawled tags are often escaped (`&lt;br&gt;`);
                                     step 1 is repeated on the result
3. strip_html                        before the URLs, because tag attributes contain URLs that are not text
4. remove_urls
5. tidy_punctuation, collapse_spaces

For every `str`, including one with lone surrogates, cleaning never raises, never makes the text longer, and runs in
linear time. It never changes the case of a letter or deletes a word that is not markup or part of a URL. Cleaning a
second time changes nothing, except where entities were escaped three or more times: each call removes two layers.
"""

import html
import re
import unicodedata
from html.entities import html5
from typing import Protocol


class CleaningSteps(Protocol):
    """The cleaning steps that are switched on; the cleaning section of the settings has these fields."""

    @property
    def unescape_entities(self) -> bool:
        """Replace entities such as `&amp;` and `&#39;` with their characters, at most twice."""

    @property
    def strip_html(self) -> bool:
        """Replace each tag, comment, script and style sheet with a space."""

    @property
    def remove_urls(self) -> bool:
        """Replace each web address with a space."""

    @property
    def normalize_unicode(self) -> bool:
        """Compose characters (NFC)."""

    @property
    def drop_control(self) -> bool:
        """Drop control characters, invisible characters, noncharacters and lone surrogates."""

    @property
    def collapse_spaces(self) -> bool:
        """Collapse each run of white space to one space, and strip both ends."""

    @property
    def tidy_punctuation(self) -> bool:
        """Shorten runs of four or more identical punctuation marks to three, and of eleven or more asterisks to ten."""


_WORD_ENDS = " \n\t\r<>"
MOST_ROUNDS = 8
"""How often tags and URLs are removed that only the removal of others made."""


def clean_text(text: str, steps: CleaningSteps) -> str:
    """Return `text` after the enabled steps; the result may be empty."""
    text = _clean_characters(text, steps)
    if steps.unescape_entities and "&" in text:
        for _ in range(2):
            text = _clean_characters(_ENTITY.sub(_referred, text), steps)
    text = _without_tags_and_urls(text, steps)
    if steps.tidy_punctuation and any(run in text for run in _LONG_RUNS):
        text = _LONG_RUN.sub(lambda run: run[0][: 3 if run[1] else 10], text)
    if steps.collapse_spaces:
        text = " ".join(text.split())
    return text


def _without_tags_and_urls(text: str, steps: CleaningSteps) -> str:
    """Remove tags and URLs, also a tag that only the removal of a URL makes one: `<i<b>https://x.org>`."""
    for _ in range(MOST_ROUNDS):
        before = text = _strip_html(text) if steps.strip_html and "<" in text else text
        if steps.remove_urls and ("://" in text or "www." in text.lower()):
            text = _URL.sub(" ", text)
        if text == before or "<" not in text:
            break
    return text


def clean_ends(text: str, steps: CleaningSteps, most: int) -> str:
    """Return the cleaned text, or for a very long text at least its first and last `most` characters.

    The cost is proportional to `most`, however long the text is. The exception is a text that would be truncated
    inside a comment, script or style sheet: it is cleaned in full.
    """
    reach = 8 * most
    if len(text) <= 4 * reach:
        return clean_text(text, steps)
    first, last = text[:reach], text[-reach:]
    if first.rfind("<") > first.rfind(">"):  # the slice may split a tag
        first = first[: first.rfind("<")]
    if 0 <= last.find(">") < (last.find("<") + 1 or reach) - 1:
        last = last[last.find(">") + 1 :]
    if steps.remove_urls:  # the slice may split a URL, whose rest would not be recognised
        first, last = _without_split_words(first, last, reach // 2)
    unopened = _drop_blocks(last)
    if not (_BLOCK.search(_drop_blocks(first)) or any(end.search(unopened) for end in _BLOCK_END.values())):
        beginning, end = clean_text(first, steps), clean_text(last, steps)
        if min(len(beginning), len(end)) >= 2 * most:
            return f"{beginning[: -most // 2]} {end[most // 2 :]}"
    return clean_text(text, steps)


def _without_split_words(first: str, last: str, most: int) -> tuple[str, str]:
    """Drop the word at the end of `first` and at the start of `last`, unless it is longer than `most` characters.

    A word ends at white space and at `<` and `>`, as a URL does.
    """
    end = max(map(first.rfind, _WORD_ENDS)) + 1
    start = min((found for mark in _WORD_ENDS if (found := last.find(mark)) >= 0), default=0)
    return first[: end if len(first) - end <= most else None], last[start if start <= most else 0 :]


# Characters

# Control characters that are white space separate words, so they become a space. Those from U+0080 to U+009F are
# mostly Windows-1252 decoded as Latin-1 (in IMDB 1,368 dashes and 707 ellipses). Browsers and html.unescape treat
# them as Windows-1252 too; dropping them would join words ("12\x9614 scenes") or break them ("don\x92t").
_REPAIRED = dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x1f", " ") | {
    chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)
}
# Every character in this set makes str.isprintable() false, which _clean_characters relies on. The set leaves out
# characters that emoji and Persian need: joiners U+200C and U+200D, variation selectors, the tag characters of flags.
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 except tab, line feed and carriage return
    "\xad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width spaces, invisible operators, BOM
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction marks, overrides, isolates; retired controls
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb"  # lone surrogates, noncharacters, annotation anchors
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


def holds_odd_characters(text: str) -> bool:
    """Return whether `drop_control` would drop or repair any character of the text."""
    return not text.isprintable() and _ODD.search(text) is not None


# Characters compose only within one of these stretches: ASCII and white space never combine with the preceding
# character. Each stretch is handled on its own. Later steps remove text only between stretches (except for a URL
# that ends inside one), so the result for a stretch stays the same when the text is cleaned again.
_COMPOSABLE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f\s]+|[\u2000\u2001]")


def _clean_characters(text: str, steps: CleaningSteps) -> str:
    if steps.drop_control and not text.isprintable():
        text = _ODD.sub(lambda odd: _REPAIRED.get(odd[0], ""), text)
    if steps.normalize_unicode and not unicodedata.is_normalized("NFC", text):
        text = _COMPOSABLE.sub(_composed, text)
    return text


def _composed(stretch: re.Match[str]) -> str:
    """Return the stretch in NFC, or unchanged if NFC is longer (U+FB1D, U+0344 and about 80 more)."""
    raw = stretch[0]
    if _is_stacked(raw):
        return raw
    composed = unicodedata.normalize("NFC", raw)
    return composed if len(composed) <= len(raw) else raw


def _is_stacked(stretch: str) -> bool:
    """Return whether about 60 or more combining marks are in a row, which NFC takes quadratic time to sort."""
    windows = (stretch[start : start + 30] for start in range(0, len(stretch) - 29, 30))
    return len(stretch) > 60 and any(all(map(_is_mark, window)) for window in windows)


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) > 0 or character in "\u0f73\u0f75\u0f81"  # each decomposes into two


# Entities

# Unlike in html.unescape, a name must be complete ("rock&regular" does not contain "&reg"), a query string is left
# unchanged ("?a=1&copy=2"), and a number of 5,000 digits is plain text instead of a ValueError.
_ENTITY = re.compile(
    r"&(?:#(?:[0-9]{1,7}+(?![0-9])|[xX][0-9a-fA-F]{1,6}+(?![0-9a-fA-F]));?"
    r"|([a-zA-Z][a-zA-Z0-9]{1,31}+(?:;|(?![a-zA-Z0-9=]))))"
)


def _referred(entity: re.Match[str]) -> str:
    """Return the one or two characters that an entity stands for, or the entity itself if its name is unknown."""
    return html.unescape(entity[0]) if entity[1] is None else html5.get(entity[1], entity[0])


# HTML

_ELEMENTS = """
    a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite
    code col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link
    main map mark math menu meta meter nav noscript object ol optgroup option output p picture pre progress
    q rp rt ruby s samp script search section select selectedcontent slot small source span strong style sub
    summary sup svg table tbody td template textarea tfoot th thead time title tr track u ul var video wbr

    acronym applet basefont bgsound big blink center command content dir font frame frameset image isindex
    keygen listing marquee menuitem multicol nextid nobr noembed noframes param plaintext rb rtc shadow
    spacer strike tt xmp
"""
_NAME = f"(?ai:{'|'.join(_ELEMENTS.split())})"
# Match up to the first `>` outside quotes; failing that, up to the first `>` with no `<` before it. A quoted value may
# contain `<` or `>`, but not both: both mean a missing closing quote, which would swallow text up to a later tag. This
# takes linear time: a quote swaps two of the three states (outside, in single, in double quotes), so among any four
# consecutive starts two are in the same state, and the scan from the earlier one ends at the later one.
_REST = r"""(?:(?:[^<>"']++|"[^"<]*+"|"[^">]*+"|'[^'<]*+'|'[^'>]*+')*+>|[^<>]*+>)"""
_DECLARATION = r"(?i:!doctype|\?xml)\b"
# `a <b and c> d` is a comparison: a one-letter element has attributes with `=`, or no attributes.
_COMPARED = r"(?!(?ai:[abipqsu])\s+[^\s<>=/][^<>=]*+>)"
_TAG = re.compile(rf"<(?=/?[a-zA-Z]|[!?]){_COMPARED}(?:/?{_NAME}(?=[\s/>]){_REST}|{_DECLARATION}[^<>]*+>)")
_TAG_OPENING = re.compile(rf"<(?=/?[a-zA-Z]|[!?]){_COMPARED}(?=/?{_NAME}[\s/<>]|{_DECLARATION})")
_BLOCK = re.compile(rf"<(?:!(--)|((?ai:script|style))(?=[\s/>]){_REST})")
_BLOCK_END = {
    "--": re.compile("-->"),
    "script": re.compile(r"(?i)</script(?=[\s/>])[^<>]*+>"),
    "style": re.compile(r"(?i)</style(?=[\s/>])[^<>]*+>"),
}


def _strip_html(text: str) -> str:
    """Replace each comment, script, style sheet and tag with a space; text that only looks like a tag stays."""
    text = _drop_blocks(text)
    # Twice, to catch a tag inside a tag (`<b<i>>`, `<a title="<i>">`). Deeper nesting is hostile or broken. There, and
    # where another `<` comes before the closing `>`, only the `<` of the tag is removed and its words stay.
    for _ in range(2):
        text = _TAG.sub(" ", text)
    last_end = text.rfind(">") + 1
    return _TAG_OPENING.sub(" ", text[:last_end]) + text[last_end:]


def _drop_blocks(text: str) -> str:
    """Replace each closed comment, script and style sheet with a space."""
    kept, kept_until, position = [], 0, 0
    unclosed = set()
    while opening := _BLOCK.search(text, position):
        kind = (opening[1] or opening[2]).lower()
        # `<!-->` is a complete comment: the dashes that open it may also close it.
        position = opening.end(1) - 2 if opening[1] else opening.end()
        closing = None if kind in unclosed else _BLOCK_END[kind].search(text, position)
        if closing is None:
            unclosed.add(kind)
            continue
        kept.append(text[kept_until : opening.start()])
        kept_until = position = closing.end()
    return " ".join([*kept, text[kept_until:]])


# URLs

# A path may contain letters of alphabets. Scripts written without spaces end the URL, or text would be removed too.
_IN_URL = r"a-zA-Z0-9_~/#@$&+=%\-\u00c0-\u0dff\u1e00-\u1fff"
_MARKS_IN_URL = r".,;:!?'*"
_URL_TEXT = (
    rf"(?:[{_MARKS_IN_URL}]*+(?:[{_IN_URL}]++"  # marks belong to the URL only if more of it follows
    rf"|\([{_IN_URL}{_MARKS_IN_URL}]*+\)|\[[{_IN_URL}{_MARKS_IN_URL}]*+\]))++"  # brackets only if they close
)
_ADDRESS = rf"(?:(?:https?|ftp)://|www\.(?=[^\W_])){_URL_TEXT}"
# No letter may precede it; otherwise removing it could leave a tag behind (`<bhttp://x >`).
_URL = re.compile(rf"(?i:<{_ADDRESS}>|(?<![a-z0-9]){_ADDRESS})")


# Punctuation

# Three marks ("...", "!!!") mean the same as thirty and cost three tokens. Asterisks are ratings: "****" is not "***".
_LONG_RUNS = (*(mark * 4 for mark in "!?.,;:-_=~#"), "*" * 11)
_LONG_RUN = re.compile(r"([!?.,;:\-_=~#])\1{3,}|\*{11,}")
