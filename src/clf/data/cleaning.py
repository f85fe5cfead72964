r"""Cleaning: the text an encoder should see, from text as people and crawlers leave it.

`clean_text` takes seven switchable steps, in an order where no later step can make work for an earlier one:

1. drop_control, normalize_unicode   a zero-width space must not hide a tag (`<\u200bb>`) or an entity
2. unescape_entities                 before the tags, since crawled tags are often escaped (`&lt;br&gt;`);
                                     step 1 is repeated on what comes out
3. strip_html                        before the URLs, since a tag's attributes hold URLs that are not text
4. remove_urls
5. tidy_punctuation, collapse_spaces

What holds for every `str`, lone surrogates included: it never raises, never lengthens, takes linear time, and
neither changes a letter's case nor deletes a word that is not markup or part of a URL. Cleaning twice changes
nothing more, but for entities that were escaped three times or more: two layers are taken off per call.
"""

import html
import re
import unicodedata
from html.entities import html5
from typing import Protocol


class CleaningSteps(Protocol):
    """Which steps are taken; the cleaning section of the settings has this shape."""

    @property
    def unescape_entities(self) -> bool:
        """Replace `&amp;`, `&#39;` and their like by the characters meant, at most twice."""

    @property
    def strip_html(self) -> bool:
        """Replace tags, comments, scripts and style sheets by a space."""

    @property
    def remove_urls(self) -> bool:
        """Replace web addresses by a space."""

    @property
    def normalize_unicode(self) -> bool:
        """Compose characters (NFC)."""

    @property
    def drop_control(self) -> bool:
        """Drop characters that show nothing, and those that are none."""

    @property
    def collapse_spaces(self) -> bool:
        """Make every run of white space one space, with none at the ends."""

    @property
    def tidy_punctuation(self) -> bool:
        """Shorten four or more of one mark to three, and eleven or more stars to ten."""


def clean_text(text: str, steps: CleaningSteps) -> str:
    """Return `text` after the steps that are on; it may be empty."""
    text = _clean_characters(text, steps)
    if steps.unescape_entities and "&" in text:
        for _ in range(2):
            text = _clean_characters(_ENTITY.sub(_referred, text), steps)
    if steps.strip_html and "<" in text:
        text = _strip_html(text)
    if steps.remove_urls and ("://" in text or "www." in text.lower()):
        text = _URL.sub(" ", text)
    if steps.tidy_punctuation and any(run in text for run in _LONG_RUNS):
        text = _LONG_RUN.sub(lambda run: run[0][: 3 if run[1] else 10], text)
    if steps.collapse_spaces:
        text = " ".join(text.split())
    return text


def clean_ends(text: str, steps: CleaningSteps, most: int) -> str:
    """Return what `clean_text` does, or of a very long text its first and last `most` characters or more.

    The cost is that of some times `most` characters, however long the text is, but for a text that is cut inside
    a comment, script or style sheet: that one is cleaned whole.
    """
    reach = 8 * most
    if len(text) <= 4 * reach:
        return clean_text(text, steps)
    first, last = text[:reach], text[-reach:]
    if first.rfind("<") > first.rfind(">"):  # a tag may be cut in two there
        first = first[: first.rfind("<")]
    if 0 <= last.find(">") < (last.find("<") + 1 or reach) - 1:
        last = last[last.find(">") + 1 :]
    unopened = _drop_blocks(last)
    if not (_BLOCK.search(_drop_blocks(first)) or any(end.search(unopened) for end in _BLOCK_END.values())):
        beginning, end = clean_text(first, steps), clean_text(last, steps)
        if min(len(beginning), len(end)) >= 2 * most:
            return f"{beginning[: -most // 2]} {end[most // 2 :]}"
    return clean_text(text, steps)


# Characters

# White space among the control characters parts words and stays a space. Those from U+0080 to U+009F are
# mostly Windows-1252 read as Latin-1 (in IMDB 1,368 dashes and 707 ellipses). Browsers and html.unescape read
# them so; dropping them would join words ("12\x9614 scenes") and break them ("don\x92t").
_REPAIRED = dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x1f", " ") | {
    chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)
}
# Every character in here makes str.isprintable() false, which _clean_characters relies on. Not in here, as
# emoji and Persian need them: joiners U+200C and U+200D, variation selectors, the tag characters of flags.
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 but for tab, line feed and carriage return
    "\xad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width spaces, invisible operators, BOM
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction marks, overrides, isolates; retired controls
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb"  # lone surrogates, noncharacters, annotation anchors
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


def holds_odd_characters(text: str) -> bool:
    """Tell whether `drop_control` would drop or repair a character of the text."""
    return not text.isprintable() and _ODD.search(text) is not None


# What composes does so within such a stretch: no ASCII character and no white space joins the one before it.
# Each is judged alone, so that later steps, which cut between stretches (but for a URL that ends inside one),
# leave the verdict as it was.
_COMPOSABLE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f\s]+|[\u2000\u2001]")


def _clean_characters(text: str, steps: CleaningSteps) -> str:
    if steps.drop_control and not text.isprintable():
        text = _ODD.sub(lambda odd: _REPAIRED.get(odd[0], ""), text)
    if steps.normalize_unicode and not unicodedata.is_normalized("NFC", text):
        text = _COMPOSABLE.sub(_composed, text)
    return text


def _composed(stretch: re.Match[str]) -> str:
    """Return the stretch in NFC, or as it is where that is longer (U+FB1D, U+0344 and some 80 more)."""
    raw = stretch[0]
    if _is_stacked(raw):
        return raw
    composed = unicodedata.normalize("NFC", raw)
    return composed if len(composed) <= len(raw) else raw


def _is_stacked(stretch: str) -> bool:
    """Tell whether some 60 combining marks or more stand in a row: sorting them takes NFC quadratic time."""
    windows = (stretch[start : start + 30] for start in range(0, len(stretch) - 29, 30))
    return len(stretch) > 60 and any(all(map(_is_mark, window)) for window in windows)


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) > 0 or character in "\u0f73\u0f75\u0f81"  # these become two marks


# Entities

# Unlike html.unescape, a name must be whole ("rock&regular" holds no "&reg"), a query string is left alone
# ("?a=1&copy=2"), and a number of 5,000 digits is text, not a ValueError.
_ENTITY = re.compile(
    r"&(?:#(?:[0-9]{1,7}+(?![0-9])|[xX][0-9a-fA-F]{1,6}+(?![0-9a-fA-F]));?"
    r"|([a-zA-Z][a-zA-Z0-9]{1,31}+(?:;|(?![a-zA-Z0-9=]))))"
)


def _referred(entity: re.Match[str]) -> str:
    """Return the character or two that an entity stands for; itself when there is none of that name."""
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
# Up to the first `>` outside quotes, else up to the first `>` with no `<` on the way. A quoted value may hold
# `<` or `>`, not both: that is a forgotten quote, which would swallow text up to some later tag. Linear time:
# a quote swaps two of the three states (outside, in single, in double quotes), so of any four starts in a row
# two are in step, and the scan from the earlier one ends at the later.
_REST = r"""(?:(?:[^<>"']++|"[^"<]*+"|"[^">]*+"|'[^'<]*+'|'[^'>]*+')*+>|[^<>]*+>)"""
_DECLARATION = r"(?i:!doctype|\?xml)\b"
# `a <b and c> d` compares: an element of one letter has attributes with `=`, or none.
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
    """Put a space for each comment, script, style sheet and tag; what only looks like a tag stays."""
    text = _drop_blocks(text)
    # Twice, for a tag inside a tag (`<b<i>>`, `<a title="<i>">`). Deeper nests are hostile or broken: there,
    # and where a `<` stands in the way of the end, the tag's own `<` goes and its words stay.
    for _ in range(2):
        text = _TAG.sub(" ", text)
    last_end = text.rfind(">") + 1
    return _TAG_OPENING.sub(" ", text[:last_end]) + text[last_end:]


def _drop_blocks(text: str) -> str:
    """Put a space for each comment, script and style sheet that is closed."""
    kept, kept_until, position = [], 0, 0
    unclosed = set()
    while opening := _BLOCK.search(text, position):
        kind = (opening[1] or opening[2]).lower()
        # `<!-->` is a whole comment: the dashes that open it may also close it.
        position = opening.end(1) - 2 if opening[1] else opening.end()
        closing = None if kind in unclosed else _BLOCK_END[kind].search(text, position)
        if closing is None:
            unclosed.add(kind)
            continue
        kept.append(text[kept_until : opening.start()])
        kept_until = position = closing.end()
    return " ".join([*kept, text[kept_until:]])


# URLs

# Letters of alphabets may stand in a path. Scripts written without spaces end it, or text would go with it.
_IN_URL = r"a-zA-Z0-9_~/#@$&+=%\-\u00c0-\u0dff\u1e00-\u1fff"
_MARKS_IN_URL = r".,;:!?'*"
_URL_TEXT = (
    rf"(?:[{_MARKS_IN_URL}]*+(?:[{_IN_URL}]++"  # marks belong to it only when more of it follows
    rf"|\([{_IN_URL}{_MARKS_IN_URL}]*+\)|\[[{_IN_URL}{_MARKS_IN_URL}]*+\]))++"  # brackets when they close
)
_ADDRESS = rf"(?:(?:https?|ftp)://|www\.(?=[^\W_])){_URL_TEXT}"
# No letter before it, or taking it away could leave a tag behind (`<bhttp://x >`).
_URL = re.compile(rf"(?i:<{_ADDRESS}>|(?<![a-z0-9]){_ADDRESS})")


# Punctuation

# Three say "..." or "!!!" as well as thirty, for three tokens. Stars are ratings: "****" is not "***".
_LONG_RUNS = (*(mark * 4 for mark in "!?.,;:-_=~#"), "*" * 11)
_LONG_RUN = re.compile(r"([!?.,;:\-_=~#])\1{3,}|\*{11,}")
