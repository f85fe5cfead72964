"""The token of the server: where it comes from, what it may be, and that nothing ever shows it."""

import logging
import os
from pathlib import Path

import pytest

from clf import doctor, safety
from clf.errors import UsageError
from clf.serving.credentials import LONGEST, check_exposure, is_this_machine, read_token
from conftest import RunClf

TOKEN = "canary-TOKEN-0123456789"


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_kept_secret", set())
    for name in ("CLF_SERVE_TOKEN", "CLF_SERVE_TOKEN_FILE"):
        monkeypatch.setenv(name, "")  # so that it is restored to what it was
        monkeypatch.delenv(name)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_token_is_in_a_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    assert read_token() is None
    monkeypatch.setenv("CLF_SERVE_TOKEN", TOKEN + end)
    assert read_token() == TOKEN
    (tmp_path / "token").write_text(TOKEN + end, newline="")
    monkeypatch.setenv("CLF_SERVE_TOKEN_FILE", str(tmp_path / "token"))
    assert read_token() == TOKEN


def test_the_variables_are_gone_once_they_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_SERVE_TOKEN", TOKEN)
    assert safety.redact(f"x {TOKEN}") == "x ***"
    assert read_token() == TOKEN
    assert "CLF_SERVE_TOKEN" not in os.environ
    assert read_token() is None
    assert safety.redact(f"x {TOKEN}") == "x ***"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "is empty"), ("\n", "is empty"), ("canary TOKEN", "white space, as character 7 of 12"), (" canary", "white space, as character 1"),
        ("canary\n\n", "white space"), ("canary\tx", "white space"), ("canaryé", "not visible ASCII, as character 7"),
        ("canary\x7f", "not visible ASCII"), ("canary\x01", "not visible ASCII"), ("canary\udcff", "not visible ASCII"),
        ("c" * (LONGEST + 1), "more than the 4,096 characters"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_file", [False, True])
def test_a_token_that_no_client_could_show_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str, said: str, in_file: bool
) -> None:
    (tmp_path / "canary").write_bytes(token.encode("utf-8", "surrogateescape"))
    name = "CLF_SERVE_TOKEN" + "_FILE" * in_file
    monkeypatch.setenv(name, str(tmp_path / "canary") if in_file else token)
    with pytest.raises(UsageError) as refused:
        read_token()
    assert said in refused.value.message
    assert name in refused.value.message
    assert "openssl rand" in refused.value.hint
    assert "canary" not in refused.value.message + refused.value.hint
    assert name not in os.environ


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "large", "empty", "long", "zero"])
def test_a_file_that_cannot_be_read_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "canary"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        path.write_bytes(b"canary" * 1_000_000)
    given = {"empty": "", "long": "canary" * 10_000, "zero": "/dev/zero"}.get(kind, str(path))
    monkeypatch.setenv("CLF_SERVE_TOKEN_FILE", given)
    with pytest.raises(UsageError, match="CLF_SERVE_TOKEN_FILE names") as refused:
        read_token()
    assert "canary" not in refused.value.message + refused.value.hint


def test_both_variables_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLF_SERVE_TOKEN", TOKEN)
    monkeypatch.setenv("CLF_SERVE_TOKEN_FILE", "/canary")
    with pytest.raises(UsageError, match="are both set") as refused:
        read_token()
    assert "canary" not in refused.value.message
    assert not {"CLF_SERVE_TOKEN", "CLF_SERVE_TOKEN_FILE"} & os.environ.keys()


def test_a_token_that_can_be_guessed_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for token, warnings in (("canary", 1), ("c" * 15, 1), ("c" * 16, 0)):
        caplog.clear()
        monkeypatch.setenv("CLF_SERVE_TOKEN", token)
        assert read_token() == token
        assert caplog.text.count("can be guessed: use at least 16") == warnings
        assert "canary" not in caplog.text


# --- who can reach the server -----------------------------------------------------------------------------------------


def test_this_machine_and_others() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"):
        assert is_this_machine(host), host
    for host in ("0.0.0.0", "::", "[::]", "", "0", "192.0.2.1", "10.0.0.1", "::ffff:0.0.0.0", "fe80::1", "169.254.1.1"):
        assert not is_this_machine(host), host


def test_a_name_without_an_address_is_refused() -> None:
    for host in ("no such name", "a" * 300, "x..y", "\udcff"):
        with pytest.raises(UsageError, match="has no address"):
            check_exposure(host, False, False)


def test_nothing_beyond_this_machine_without_a_token(caplog: pytest.LogCaptureFixture) -> None:
    for host in ("0.0.0.0", ""):
        with pytest.raises(UsageError, match="there is no token") as refused:
            check_exposure(host, False, False)
        assert "--allow-anonymous" in refused.value.hint
        assert "CLF_SERVE_TOKEN" in refused.value.hint
        check_exposure(host, True, False)
    check_exposure("127.0.0.1", False, False)
    check_exposure("127.0.0.1", False, True)
    assert caplog.records == []
    check_exposure("0.0.0.0", False, True)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_no_command_minds_or_shows_the_token(
    clf: RunClf, reviews: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLF_SERVE_TOKEN", TOKEN)
    monkeypatch.setenv("CLF_SERVE_TOKEN_FILE", "/canary")
    assert doctor._settings(None, offline=True).variables == []
    done = clf("prepare", "--dataset", reviews, "--verbose", "--debug", "--json")
    refused = clf("prepare", "--dataset", TOKEN, "--json", "--debug")
    assert (done.code, refused.code) == (0, 1)
    written = [path.read_bytes().decode("utf-8", "replace") for path in own_folder.rglob("*") if path.is_file()]
    for text in (done.out, done.err, refused.out, refused.err, *written):
        assert "canary" not in text
