"""The page of `clf serve`, in headless Chromium and as a text."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from clf.serving.problems import SECURITY_HEADERS
from clf.serving.schemas import ErrorBody, Info, TextAnswer
from support.chromium import Chromium, Page
from support.classifiers import write_tiny_classifier
from support.page_server import INFO, POLICY, POSITIVE, Answer, PageServer, labelled, refused
from support.serving import serving

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="needs Chromium")
TOKEN = "a-token-of-the-tests"
ODD = 'It\'s "so" \\ $HOME `id` !x\n<script>alert(1)</script> 🙂 \u202eabc\u202c ممتاز \U000e0067\u007f'
"""A text that breaks out of quotes, of HTML and of its direction where it can."""
RUDE = ["<img src=x onerror=alert(1)>", "إيجابي", "", "a\u202eb", "very long " * 30, "W" * 300, "__proto__"]
ASPECTS = {"acting": 0.93, "plot": 0.61, "music": 0.41, "sound": 0.2}
THRESHOLDS = {"acting": 0.5, "plot": 0.5, "music": 0.4127, "sound": 0.5}
NO_TEXT = Answer(
    {
        "label": "",
        "confidence": None,
        "abstained": False,
        "scores": [],
        "tokens": 0,
        "tokens_cut": 0,
        "error": "empty text",
    }
)

Opening = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(str(PROGRAM), tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def visit(browser: Chromium) -> Iterator[Opening]:
    """Open the page of a server; at the end, the browser may hold nothing against any page that was opened."""
    opened: list[tuple[Page, str]] = []

    def open_page(server: PageServer, **look: Any) -> Page:
        page = browser.open(server.url, **look)
        opened.append((page, server.url))
        if server.token is None:
            page.wait("document.title.endsWith('· clf serve')")
        return page

    yield open_page
    for page, url in opened:
        assert page.complaints() == []
        assert [address for address in page.fetched() if not address.startswith(url)] == []
        page.close()


def classify(page: Page, text: str = "a text") -> None:
    """Replace the text by another and ask for its label, by keyboard; returns when the answer, or an error, is there."""
    page.evaluate("document.querySelector('#text').select()")
    page.type(text)
    page.evaluate(
        "document.querySelector('#verdict').replaceChildren(), document.querySelector('#trouble').replaceChildren()"
    )
    page.press("Enter", ctrl=True)
    page.wait("document.querySelector('#verdict, #trouble').closest('.answer').querySelector('.lead')")
    page.wait("!document.querySelector('.waiting')")


def focused(page: Page) -> str:
    where: str = page.evaluate("document.activeElement.id || document.activeElement.tagName")
    return where


def run(*command: str, code: str, **environment: str) -> None:
    done = subprocess.run(
        command, input=code, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", **environment}
    )
    assert done.returncode == 0, done.stderr


@needs_chromium
def test_a_text_is_classified_by_keyboard_alone(visit: Opening) -> None:
    answer = labelled(ASPECTS, ["acting", "plot"], confidence=0.31, tokens=512, tokens_cut=222)
    several = {"labels": list(ASPECTS), "multi_label": True, "thresholds": THRESHOLDS}
    with PageServer([answer, answer], token=TOKEN, prefix="/behind/nginx/", **several) as server:
        page = visit(server)
        page.wait("document.activeElement.id === 'token'")
        page.type("not-the-token")
        page.press("Enter")
        page.wait("document.querySelector('#token-help').innerText.includes('did not accept')")
        page.type(TOKEN)
        page.press("Enter")
        page.wait("document.activeElement.id === 'text'")
        page.type(ODD)
        page.press("Enter", ctrl=True)
        page.wait("document.querySelector('#verdict .lead')")

        assert page.text("#verdict .lead").split() == ["acting", "plot"]
        assert "The model read the first 512 of 734 tokens; the last 222 were cut off." in page.text("#verdict")
        assert page.text("#bars li:nth-child(3)").split() == ["music", "threshold", "0.4127", "0.410"]
        assert server.bodies == [{"inputs": ODD, "details": True}]
        assert server.tokens == [None, "Bearer not-the-token", f"Bearer {TOKEN}", f"Bearer {TOKEN}"]
        assert focused(page) == "text"
        assert page.evaluate("document.querySelector('#text').value") == ODD
        assert TOKEN not in page.evaluate("document.documentElement.outerHTML + document.querySelector('#token').value")

        run(
            sys.executable,
            "-I",
            "-S",
            "-",
            code=page.evaluate("document.querySelector('#python').textContent"),
            CLF_SERVE_TOKEN=TOKEN,
        )
        assert server.bodies[1] == server.bodies[0]

        walk = []
        for _ in range(6):
            page.press("Tab")
            walk.append(focused(page))
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert walk == ["BUTTON", "copy-curl", "curl", "copy-python", "python", "A"]
        page.press("Tab", shift=True)
        assert focused(page) == "python"


def test_the_page_needs_nothing_but_its_own_files() -> None:
    folder = files("clf.serving") / "page"
    html, css, js = (
        folder.joinpath(f"page.{kind}" if kind != "html" else "index.html").read_text("utf-8")
        for kind in ("html", "css", "js")
    )
    tags = Tags()
    tags.feed(html)
    assert ("html", "lang", "en") in tags.attributes
    assert [name for _, name, _ in tags.attributes if name == "style" or name.startswith("on")] == []
    assert {value for _, name, value in tags.attributes if name in {"src", "href"}} == {
        "page.css",
        "page.js",
        "openapi.json",
    }
    assert "style" not in tags.names
    assert re.search(r"<script(?![^>]*src=)", html) is None
    assert re.findall(r"https?://|url\(|@import", html + css + js) == []
    assert (
        re.findall(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|localStorage|sessionStorage|cookie\b", js
        )
        == []
    )

    ids = [value for _, name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = [
        each
        for _, name, value in tags.attributes
        if name in {"for", "aria-labelledby", "aria-describedby", "aria-controls"}
        for each in value.split()
    ]
    used = re.findall(r'part\("([\w-]+)"\)|submitted\("([\w-]+)"', js)
    assert {*named, *(one or other for one, other in used)} <= set(ids)


class Tags(HTMLParser):
    """The names of all elements of a page, and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@needs_chromium
@pytest.mark.sweep
class TestAnswers:
    """What the page says of answers of all kinds."""

    def test_one_label(self, visit: Opening) -> None:
        with PageServer() as server:
            page = visit(server)
            assert page.text("h1") == "all-MiniLM-L6-v2_reviews_final"
            assert page.text("#about") == "Gives each text one of 2 labels, and reads its first 512 tokens."
            classify(page, "good")
            said = page.text("#verdict").splitlines()
        assert [line for line in said if line][:3] == [
            "positive",
            "Confidence: 0.982",
            "The model read all of the text: 12 tokens.",
        ]
        assert page.text("#bars li:nth-child(1)").split() == ["positive", "0.982"]
        assert page.evaluate("document.querySelector('#marks').hidden && document.querySelector('#more').hidden")
        assert ("status", "") in page.announced()  # the verdict is in it, and is read out when it changes

    def test_below_the_threshold(self, visit: Opening) -> None:
        answer = labelled({"positive": 0.7996, "negative": 0.2004}, "abstain", abstained=True)
        with PageServer([answer], threshold=0.8) as server:
            page = visit(server)
            assert page.text("#about").endswith("It abstains if its confidence is below 0.80.")
            classify(page)
        assert page.text("#verdict .lead") == "Abstained: below the threshold 0.80"
        assert "0.7996" in page.text("#verdict")  # and not 0.800, which is not below it
        assert page.text("#bars li:nth-child(1)").split() == ["positive", "threshold", "0.80", "0.7996"]
        assert page.evaluate("document.querySelectorAll('.chosen').length") == 0

    def test_a_label_called_abstain_is_a_label(self, visit: Opening) -> None:
        with PageServer([labelled({"abstain": 0.9, "vote": 0.1})], labels=["abstain", "vote"]) as server:
            page = visit(server)
            classify(page)
        assert page.text("#verdict .lead") == "abstain"

    def test_none_of_several_labels(self, visit: Opening) -> None:
        answer = labelled(ASPECTS, [], confidence=0.8)
        with PageServer(
            [answer], labels=list(ASPECTS), multi_label=True, thresholds=dict.fromkeys(ASPECTS, 0.95)
        ) as server:
            page = visit(server)
            classify(page)
        assert page.text("#verdict .lead") == "None of the labels"
        assert "Confidence in the whole answer: 0.800" in page.text("#verdict")

    def test_no_text(self, visit: Opening) -> None:
        with PageServer([POSITIVE, NO_TEXT]) as server:
            page = visit(server)
            classify(page)
            classify(page, "\n")
        assert page.text("#verdict .lead") == "No answer: empty text"
        assert page.evaluate("document.querySelector('#scores').hidden")

    def test_a_thousand_labels(self, visit: Opening) -> None:
        many = {f"label {number}": 1 / (number + 2) for number in range(1000)}
        answer = labelled(many, ["label 0", "label 700"], confidence=0.1)
        with PageServer([answer], labels=list(many), multi_label=True, thresholds=dict.fromkeys(many, 0.5)) as server:
            page = visit(server)
            assert page.evaluate("document.querySelector('#labels').open") is False
            classify(page)
        visible = "[...document.querySelectorAll('#bars li')].filter(each => !each.hidden).length"
        assert page.evaluate(visible) == 11  # the best ten, and the other label that is predicted
        assert page.text("#more") == "Show all 1,000 labels"
        page.click("#more")
        assert page.evaluate(visible) == 1000
        page.click("#more")
        assert page.evaluate(visible) == 11

    @pytest.mark.parametrize("width", [320, 1280])
    def test_hostile_labels_and_texts_are_text(self, visit: Opening, width: int) -> None:
        answer = labelled({name: 0.5 - 0.05 * place for place, name in enumerate(RUDE)}, RUDE, confidence=0.5)
        rude = {"model": "<b>x</b>\u202e", "labels": RUDE, "multi_label": True, "thresholds": dict.fromkeys(RUDE, 0.25)}
        with PageServer([answer], **rude) as server:
            page = visit(server, width=width)
            assert page.text("h1") == "<b>x</b>\\u{202e}"
            classify(page, ODD)
        given = page.evaluate("[...document.querySelectorAll('#verdict li')].map(each => each.textContent)")
        assert given == [*RUDE[:2], "(empty name)", "a\\u{202e}b", *RUDE[4:]]
        assert page.text("#bars li:nth-child(7)").split()[-3:] == ["threshold", "0.25", "0.200"]
        assert page.evaluate("document.querySelectorAll('img, script:not([src])').length") == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_an_edited_text_is_no_longer_that_of_the_answer(self, visit: Opening) -> None:
        with PageServer() as server:
            page = visit(server)
            classify(page)
            assert page.evaluate("document.querySelector('#stale').hidden")
            page.type(" and more")
            assert page.text("#stale") == "The text has changed since this answer."

    def test_the_last_request_counts(self, visit: Opening) -> None:
        go_on = threading.Event()
        slow = Answer(POSITIVE.body, before=lambda: go_on.wait(30))
        with PageServer([slow, labelled({"positive": 0.1, "negative": 0.9})]) as server:
            page = visit(server)
            page.evaluate("document.querySelector('#text').focus()")
            page.press("Enter", ctrl=True)
            page.wait("document.querySelector('.waiting')")
            while len(server.bodies) < 1:
                page.evaluate("0")
            classify(page, "another")
            go_on.set()
            assert page.text("#verdict .lead") == "negative"


@needs_chromium
@pytest.mark.sweep
class TestTroubles:
    """What the page says when there is no answer."""

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (refused(408, "the request did not arrive"), ["in time", "The request did not arrive.", "Try again in a moment."]),
            (refused(413, "expected at most 9 characters", "shorten it"), ["that much text", "Expected at most 9 characters.", "Shorten it."]),
            (refused(422, "the body has no field `inputs`"), ["could not use", "no field `inputs`."]),
            (refused(429, "the queue has no room", "wait", Retry_After="7"), ["too much to do", "Try again in 7 seconds."]),
            (refused(429, "the queue has no room"), ["too much to do", "Try again in a moment."]),
            (refused(500, "the server failed"), ["failed on this text"]),
            (refused(503, "the server is stopping"), ["starting or stopping", "The server is stopping.", "Try again in a moment."]),
            (refused(418, "<b>tea</b>"), ["(418)", "<b>tea</b>."]),
            (Answer(b"<html>Bad Gateway</html>", 502), ["The proxy in front"]),
            (Answer(b"<html>Sign in</html>"), ["not the answer of a clf server"]),
            (Answer([1, None]), ["not the answer of a clf server"]),
        ],
    )  # fmt: skip
    def test_an_error_is_told_in_words(self, visit: Opening, answer: Answer, said: list[str]) -> None:
        with PageServer([POSITIVE, answer]) as server:
            page = visit(server)
            classify(page, "the first")
            classify(page, "kept")
            told = page.text("#trouble")
            assert [each for each in said if each not in told] == []
            assert page.text("#verdict") == ""
            assert page.evaluate("document.querySelector('#scores').hidden")
            assert page.evaluate("document.querySelector('#text').value") == "kept"
            assert ("alert", "") in page.announced()
            classify(page, "kept")  # the next is answered again
            assert (page.text("#trouble"), page.text("#verdict .lead")) == ("", "positive")

    def test_when_the_wait_is_over(self, visit: Opening) -> None:
        with PageServer([refused(429, "the queue has no room", Retry_After="1")]) as server:
            page = visit(server)
            classify(page)
            page.wait("document.querySelector('#trouble').innerText.includes('You can try again now.')")
            assert "You can try again now." in page.text("#trouble")

    def test_a_server_that_has_gone(self, visit: Opening) -> None:
        with PageServer() as server:
            page = visit(server)
        classify(page, "kept")
        assert page.text("#trouble") == "The server cannot be reached. Is it still running?"
        assert page.evaluate("document.querySelector('#text').value") == "kept"

    def test_a_server_that_comes_back_with_another_model(self, visit: Opening) -> None:
        with PageServer([refused(503, "the server is stopping"), POSITIVE]) as server:
            page = visit(server)
            classify(page)
            server.info["model"] = "the next"
            classify(page)
        assert page.text("h1") == "the next"

    def test_a_token_that_is_asked_for_later(self, visit: Opening) -> None:
        with PageServer() as server:
            page = visit(server)
            server.token = TOKEN
            page.evaluate("document.querySelector('#text').focus()")
            page.type("kept")
            page.press("Enter", ctrl=True)
            page.wait("document.activeElement.id === 'token'")
            page.type("naïve token")
            page.press("Enter")
            page.wait("document.querySelector('#token-help').innerText.includes('ASCII')")
            page.evaluate("document.querySelector('#token').select()")
            page.type(TOKEN)
            page.press("Enter")
            page.wait("document.querySelector('#verdict .lead')")
            assert server.bodies == [{"inputs": "kept", "details": True}]
            assert page.evaluate("document.querySelector('#ask-token').hidden")
            assert 'Bearer $CLF_SERVE_TOKEN"' in page.text("#curl")
            assert 'os.environ["CLF_SERVE_TOKEN"]' in page.text("#python")


@needs_chromium
@pytest.mark.sweep
class TestCalls:
    """The lines for a shell and for Python."""

    @pytest.mark.parametrize("text", [ODD, "'", "\\'\"\n\n", "@file", "🙂" * 40_000, "\ud83d lone"], ids=range(6))
    def test_they_send_what_the_page_sent(self, visit: Opening, text: str) -> None:
        curl = shutil.which("curl")
        with PageServer() as server:
            page = visit(server)
            page.evaluate(f"document.querySelector('#text').value = {json.dumps(text)}")
            page.click("#ask button")
            page.wait("!document.querySelector('#calls').hidden")
            run(sys.executable, "-I", "-S", "-", code=page.evaluate("document.querySelector('#python').textContent"))
            if curl:
                run("sh", code=page.evaluate("document.querySelector('#curl').textContent"))
            shown = page.evaluate("document.querySelector('#calls').textContent")
            sent, *again = server.bodies
        assert not {"\u202e", "\u202c", "\x7f", "\U000e0067"} & set(
            shown
        )  # escaped, so that people see what they paste
        assert sent == {"inputs": text, "details": True}
        assert again == [sent] * (1 + bool(curl))

    def test_they_are_copied(self, visit: Opening, browser: Chromium) -> None:
        with PageServer() as server:
            page = visit(server)
            classify(page)
            browser.command(
                "Browser.grantPermissions", permissions=["clipboardReadWrite"], browserContextId=page.context
            )
            page.click("#copy-curl")
            page.wait("document.querySelector('#copy-curl').innerText === 'Copied'")
            assert page.text("#copied") == "Copied"
            assert page.evaluate("navigator.clipboard.readText()") == page.evaluate(
                "document.querySelector('#curl').textContent"
            )
            page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as without HTTPS
            page.click("#copy-python")
            page.wait("document.querySelector('#copy-python').innerText === 'Copied'")


CONTRASTS = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((each) => each / 255).map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return parts(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const seen = [...document.querySelectorAll("body *")].filter((each) => each.offsetParent && (own(each) || each.value));
  return seen.map((each) => [contrast(getComputedStyle(each).color, behind(each)), each.outerHTML.slice(0, 80)]);
})()
"""


def test_the_server_of_these_tests_answers_as_clf_does() -> None:
    Info.model_validate(INFO)
    for answer in (POSITIVE, labelled(ASPECTS, ["acting"]), NO_TEXT):
        TypeAdapter(TextAnswer).validate_python(answer.body)
    ErrorBody.model_validate(refused(429, "busy").body)
    assert dict(SECURITY_HEADERS)[b"content-security-policy"].decode() == POLICY


@needs_chromium
@pytest.mark.sweep
class TestWithClf:
    """The page before a real server."""

    def test_a_model_of_several_labels_behind_a_token(self, browser: Chromium, tmp_path: Path) -> None:
        names = [name for name in RUDE if name != "__proto__"]  # which clf refuses
        folder = write_tiny_classifier(tmp_path / "m", names, "multi_label_classification")
        with serving(folder, TOKEN, max_characters=9_000) as served:
            page = browser.open(f"http://127.0.0.1:{served.port}/")
            page.wait("document.activeElement.id === 'token'")
            page.type(TOKEN)
            page.press("Enter")
            page.wait("document.activeElement.id === 'text'")
            classify(page, ODD)
            told = served.predict(ODD, details=True)
            shown = page.evaluate("[...document.querySelectorAll('#bars .score')].map(each => each.textContent)")
            assert shown == [f"{each['score']:.3f}" for each in told["scores"]]
            classify(page, "x" * 9_001)
            assert "The server does not take that much text." in page.text("#trouble")
            classify(page, "")
            assert page.text("#verdict .lead") == "No answer: empty text"
            assert page.complaints() == []
        classify(page)
        assert "cannot be reached" in page.text("#trouble")
        page.close()


@needs_chromium
@pytest.mark.sweep
class TestLooks:
    """What people see and hear, on what they have."""

    @pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
    def test_all_text_can_be_read(self, visit: Opening, dark: bool) -> None:
        answer = labelled(ASPECTS, ["acting", ""], confidence=0.31)
        with PageServer([answer], multi_label=True, labels=["acting", ""], thresholds=THRESHOLDS) as server:
            page = visit(server, dark=dark)
            classify(page)
            page.type(" more")
            found = page.evaluate(CONTRASTS)
            page.evaluate("askForToken()")
            found += page.evaluate(CONTRASTS)
            server.answers.append(refused(429, "busy", Retry_After="9"))
            classify(page)
            found += page.evaluate(CONTRASTS)
        assert len(found) > 60
        assert [each for each in found if each[0] < 4.5] == []
        assert (page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 31)") == dark

    @pytest.mark.parametrize("look", [{"width": 320}, {"width": 640, "zoom": 2}, {"width": 1920}], ids=str)
    def test_nothing_is_wider_than_the_window(self, visit: Opening, look: dict[str, int]) -> None:
        answer = labelled(ASPECTS, list(ASPECTS), confidence=0.31)
        with PageServer([answer], multi_label=True, thresholds=THRESHOLDS) as server:
            page = visit(server, **look)
            classify(page, "word " * 500 + "W" * 500)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_everything_has_a_name_that_is_read_out(self, visit: Opening) -> None:
        many = {f"label {number}": 1 / (number + 2) for number in range(20)}
        with PageServer([labelled(many)], labels=list(many)) as server:
            page = visit(server)
            classify(page)
            page.evaluate("askForToken()")
            told = page.announced()
        controls = {"button", "textbox", "link", "region", "DisclosureTriangle", "heading", "form"}
        names = [name for role, name in told if role in controls]
        assert {
            "Token", "Use this token", "Text", "Classify", "Answer", "Scores", "Show all 20 labels", "The same call", "Copy With curl",
            "Copy In Python", "With curl", "In Python", "Labels", "What this server answers, as OpenAPI",
        } <= set(names)  # fmt: skip
        assert [role for role, name in told if role in {"button", "textbox", "link"} and not name] == []
        assert "list" in {role for role, _ in told}

    def test_paper_has_the_answer_and_no_buttons(self, visit: Opening) -> None:
        with PageServer() as server:
            page = visit(server)
            classify(page)
            page.look(media="print", dark=True)
            shown = page.evaluate("[...document.querySelectorAll('button')].filter(each => each.offsetParent).length")
            assert shown == 0
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert "positive" in page.text("main")

    def test_pictures_for_people(self, visit: Opening, tmp_path: Path) -> None:
        with PageServer() as server:
            page = visit(server, width=320, dark=True)
            page.screenshot(tmp_path / "page.png")
        assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
