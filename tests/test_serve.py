"""`clf serve` from its start to its end."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clf.serving import server as serving
from clf.serving.labelling import Labeller
from support.predicting import environment
from support.serving import JSON

TOKEN = "a-token-of-this-test-only"


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start `clf serve` in a folder, and give the process and what it says when it is ready."""
    command = [sys.executable, "-P", "-m", "clf", "serve", *options, "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    variables = environment() | {"CLF_SERVE_TOKEN": TOKEN}
    with subprocess.Popen(command, env=variables, text=True, cwd=folder, **pipes) as server:
        try:
            assert server.stdout is not None
            assert server.stderr is not None
            said = ""
            while not said.endswith("}\n"):
                line = server.stdout.readline()
                assert line, server.stderr.read()
                said += line
            yield server, said
        finally:
            server.kill()


def ask(address: str, headers: dict[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("POST", "/predict", json.dumps({"inputs": "a wonderful film"}), JSON | headers)
    response = connection.getresponse()
    answer = (response.status, json.loads(response.read()))
    connection.close()
    return answer


def test_a_server_says_where_it_is_answers_and_ends_on_sigterm(trained: Path, own_folder: Path) -> None:
    newest = own_folder / "trained_models" / trained.name
    shutil.copytree(trained, newest)
    Path(own_folder, "clf.toml").write_text("[serve]\nqueue = 64\n")
    with started(own_folder, "--json") as (server, said):  # without a model, the newest one is served
        told = json.loads(said)
        assert told["model"] == trained.name
        refused = ask(told["address"], {})
        answer = ask(told["address"], {"authorization": f"Bearer {TOKEN}"})
        server.send_signal(signal.SIGTERM)
        out, log = server.communicate(timeout=60)
    assert (refused[0], answer[0], answer[1][0]["label"]) == (401, 200, "positive")
    assert (server.returncode, out) == (0, "")
    lines = [json.loads(line) for line in log.splitlines()]
    assert [(line["path"], line["status"], line.get("texts")) for line in lines if "path" in line] == [
        ("/predict", 401, None),
        ("/predict", 200, 1),
    ]
    notes = [line["message"] for line in lines if "message" in line]
    assert notes[0] == "settings from clf.toml: serve.queue"
    assert notes[1].startswith("loading ")
    assert any(str(Path("trained_models", trained.name)) in note for note in notes)  # which one it is
    assert notes[-1] == "stopped; requests answered: 2"
    assert TOKEN not in log
    assert "wonderful" not in log


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0", "--port", "0"], "no token"),
        (["--max-texts", "500"], "--queue 500"),
        (["--queue", "16"], "--max-texts 16"),
        (["--port", "70000"], "65535"),
    ],
)
def test_settings_that_cannot_be_served_are_refused_before_the_model_is_loaded(
    clf: Callable[..., Any], options: list[str], words: str
) -> None:
    refused = clf("serve", "no-such-folder", *options)
    assert refused.code == 2
    assert words in refused.err


def test_a_model_that_is_not_there_ends_the_command(clf: Callable[..., Any]) -> None:
    refused = clf("serve", "./no-such-folder", "--port", "0", "--offline")
    assert refused.code == 1
    assert "no-such-folder" in refused.err


def test_a_server_whose_model_fails_for_good_ends_so_that_it_can_be_started_again(
    clf: Callable[..., Any], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "give_way", lambda: None)  # it would make the tests slower for good
    monkeypatch.setattr(Labeller, "warm_up", lambda self: self.batcher.stop())
    ended = clf("serve", trained, "--port", "0")
    assert ended.code == 1
    assert "answers at http://127.0.0.1:" in ended.out
    assert ended.err.splitlines()[-2:] == [
        "error: the model has failed for good; the log says where",
        "hint: start the server again",
    ]


def test_without_the_extra_the_command_says_how_to_install_it(
    clf: Callable[..., Any], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("clf.serving", "uvicorn", "fastapi"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    refused = clf("serve", trained, "--port", "0")
    assert refused.code == 2
    assert "pip install 'clf-cli[serve]'" in refused.err


def test_a_file_that_was_only_found_cannot_open_the_server(clf: Callable[..., Any], own_folder: Path) -> None:
    for line in ('host = "0.0.0.0"', "allow_anonymous = true", 'allowed_host = ["*"]'):
        Path("clf.toml").write_text(f"[serve]\n{line}\n")
        refused = clf("serve", "no-such-folder")
        assert refused.code == 2
        assert line.split()[0].replace("_", "-") in refused.err
    Path("clf.toml").write_text("[serve]\nqueue = 4\nmax_texts = 2\n")
    assert clf("serve", "./no-such-folder", "--port", "0", "--offline").code == 1
