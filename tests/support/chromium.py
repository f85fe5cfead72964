"""Headless Chromium, driven over its debugging pipe by the standard library alone.

    with Chromium(shutil.which("chromium"), tmp_path) as browser:
        page = browser.open("http://127.0.0.1:8000/")
        page.type("a text")
        page.press("Enter", ctrl=True)
        page.wait("document.querySelector('.lead')")

Messages are JSON, each ended by a zero byte: commands go in at file descriptor 3, answers and events come out at 4.
https://chromedevtools.github.io/devtools-protocol/ lists them. Chromium reaches no other machine than this one.
"""

import base64
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
)  # fmt: skip
START = """
import fcntl, os, sys
given = [int(each) for each in sys.argv[1:3]]
copies = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in given]
for each in given:
    os.set_inheritable(each, False)
for copy, place in zip(copies, (3, 4)):
    os.dup2(copy, place)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts the two ends of the pipes where Chromium looks for them, in a process of its own: this one may have threads."""
PATIENCE = 60.0
"""Seconds after which Chromium, or the page, hangs."""
CODES = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32}
CONTROL, SHIFT = 2, 8


class Chromium:
    """A browser with an empty profile in `folder`; each page has a context of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        commands, self._out = os.pipe()
        self._in, answers = os.pipe()
        start = [sys.executable, "-I", "-S", "-c", START, str(commands), str(answers)]
        command = [*start, program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
        with open(folder / "chromium.log", "wb") as log:
            self._process = subprocess.Popen(
                command, pass_fds=(commands, answers), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        os.close(commands)
        os.close(answers)
        self._unread = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser."""
        try:
            self.command("Browser.close")
            self._process.wait(PATIENCE)
        except (OSError, TimeoutError, EOFError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._in)
            os.close(self._out)

    def command(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        unsent = json.dumps(message).encode() + b"\0"
        while unsent:
            unsent = unsent[os.write(self._out, unsent) :]
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            if not select.select([self._in], [], [], PATIENCE)[0]:
                raise TimeoutError("Chromium says nothing")
            read = os.read(self._in, 1 << 20)
            if not read:
                raise EOFError("Chromium has ended")
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded

    def open(self, address: str, **look: Any) -> "Page":
        """Open an address in a page of its own, which looks as `Page.look` says."""
        context = self.command("Target.createBrowserContext")["browserContextId"]
        target = self.command("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, context, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.command(f"{domain}.enable")
        page.look(**look)
        page.command("Page.navigate", url=address)
        page.wait(f"document.readyState === 'complete' && location.href === {json.dumps(address)}")
        return page


class Page:
    """A page that is open."""

    def __init__(self, browser: Chromium, context: str, session: str) -> None:
        self.browser, self.context, self.session = browser, context, session

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self.browser.command(method, self.session, **parameters)

    def close(self) -> None:
        """Close the page and forget what it stored."""
        self.browser.command("Target.disposeBrowserContext", browserContextId=self.context)

    def look(
        self, width: int = 1280, height: int = 900, *, zoom: float = 1, dark: bool = False, media: str = "screen"
    ) -> None:
        """Set the size of the window in pixels, how far it is zoomed in, its colours and the medium."""
        size = {"width": round(width / zoom), "height": round(height / zoom), "deviceScaleFactor": zoom}
        self.command("Emulation.setDeviceMetricsOverride", **size, mobile=False)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in JavaScript, or what its promise gives."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression has a value that counts as true; one that fails does not."""
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"):
            if time.monotonic() > end:
                raise TimeoutError(f"not yet: {expression}, in: {self.evaluate('document.body.innerText')}")
            time.sleep(0.01)

    def press(self, key: str, *, ctrl: bool = False, shift: bool = False) -> None:
        """Press a key and let it go."""
        held = CONTROL * ctrl + SHIFT * shift
        text = {} if ctrl or key == "Tab" else {"text": {"Enter": "\r"}.get(key, key)}
        what = {
            "key": key,
            "code": {" ": "Space"}.get(key, key),
            "windowsVirtualKeyCode": CODES[key],
            "modifiers": held,
        }
        self.command("Input.dispatchKeyEvent", type="keyDown", **what, **text)
        self.command("Input.dispatchKeyEvent", type="keyUp", **what)

    def type(self, text: str) -> None:
        """Write a text where the focus is."""
        self.command("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click in the middle of an element."""
        quoted = json.dumps(selector)
        self.evaluate(f"document.querySelector({quoted}).scrollIntoView({{block: 'center'}})")
        box = self.evaluate(f"document.querySelector({quoted}).getBoundingClientRect().toJSON()")
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)

    def text(self, selector: str) -> str:
        """Return the text that people see in an element."""
        shown: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return shown

    def announced(self) -> list[tuple[str, str]]:
        """Return role and name of everything that assistive technology finds, in order."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        seen = [node for node in nodes if not node.get("ignored")]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in seen]

    def events(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of the events of one kind, since the page was opened."""
        self.evaluate("0")  # what happened before has then arrived
        own = [event for event in self.browser.events if event.get("sessionId") == self.session]
        return [event["params"] for event in own if event["method"] == method]

    def complaints(self) -> list[str]:
        """Return what the browser holds against the page: breaches of its policy, errors of its script."""
        entries = [event["entry"] for event in self.events("Log.entryAdded")]
        said = [entry["text"] for entry in entries if entry["source"] != "network"]
        console = [str(event["args"]) for event in self.events("Runtime.consoleAPICalled")]
        return [*said, *console, *(str(event) for event in self.events("Runtime.exceptionThrown"))]

    def fetched(self) -> list[str]:
        """Return the addresses that the page asked for."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]

    def screenshot(self, file: Path) -> None:
        """Write a picture of the whole page as PNG."""
        height = self.evaluate("document.documentElement.scrollHeight")
        width = self.evaluate("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))
