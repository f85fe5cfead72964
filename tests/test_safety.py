"""Untrusted text is shown, but nothing in it is active."""

from pathlib import Path

import pytest

from clf.safety import _token_in, one_line, redact, redacted, safe, tame

HOSTILE = "\x1b]0;title\x07[/x] [bold]b[/bold] \u202eabc \x9b31m"


def test_control_and_bidi_characters_become_visible() -> None:
    shown = safe(HOSTILE)
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert "\\x9b" in shown
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown)


def test_secrets_become_stars() -> None:
    assert safe("hf_abcdefghijklmnop at http://user:password@host/x") == "*** at http://***@host/x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hf_123456789", "hf_123456789"),  # too short for a token
        ("hf_1234567890", "***"),
        ("(hf_1234567890abc)", "(***)"),
        ("https://host/a@b", "https://host/a@b"),
        ("me@host", "me@host"),
        ("https://a:b@host https://c@host", "https://***@host https://***@host"),
    ],
)
def test_only_tokens_and_passwords_are_secrets(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize("text", ["two\nlines", "👩\u200d🚀", "می\u200cخواهم", "naïve ‘quotes’ 日本", "a\u00a0b", ""])
def test_line_ends_joiners_and_letters_of_all_languages_stay(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\t", "\\t"),
        ("\r", "\\r"),
        ("\x00", "\\x00"),
        ("\u200b", "\\u200b"),  # invisible, as in a label that only looks like another
        ("\ufeff", "\\ufeff"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
        ("\ud800", "\\ud800"),  # half of a pair
        ("\ue000", "\\ue000"),
        ("\ufffe\uffff", "\\ufffe\\uffff"),
        ("\U0001fffe", "\\U0001fffe"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_cannot_be_seen_becomes_visible(text: str, shown: str) -> None:
    assert safe(f"a{text}b") == f"a{shown}b"


def test_anything_is_shown_as_its_text() -> None:
    assert (safe(None), safe(1.5), safe(["\x1b"])) == ("None", "1.5", "['\\x1b']")


@pytest.mark.parametrize(
    ("width", "shown"), [(None, "a b c"), (6, "a b c"), (5, "a b c"), (4, "a b…"), (2, "a…"), (1, "…")]
)
def test_a_line_has_single_spaces_and_ends_at_its_width(width: int | None, shown: str) -> None:
    assert one_line(" a\n\n b  c ", width) == shown


def test_a_line_is_cut_after_it_was_made_safe() -> None:
    assert one_line("\x1b\x1b", 5) == "\\x1b…"
    assert one_line("token hf_abcdefghijklmnop", 9) == "token ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hf_oauth_eyJh.bGci-Oi_Jx", "***"),
        ("hf_jwt_eyJh.bGci-Oi_Jx!", "***!"),
        ("api_org_abcdefghijkl", "***"),
        ("Authorization: Bearer a.b-c", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic dXNlcjpwdw=='}", "{'authorization': 'Basic ***'}"),
        ("Bearer abcdefghijklmnop", "Bearer ***"),
        ("https://h/x?a=1&token=abcd&b=2", "https://h/x?a=1&token=***&b=2"),
        ("https://h/x?X-Amz-Signature=abcd&sig=efgh", "https://h/x?X-Amz-Signature=***&sig=***"),
        ("a standard bearer carried it", "a standard bearer carried it"),
        ("design=abcdefgh", "design=abcdefgh"),
    ],
)
def test_secrets_of_every_form_become_stars(text: str, shown: str) -> None:
    assert (safe(text), redact(text)) == (shown, shown)


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY"])
def test_the_value_of_a_secret_variable_is_hidden_whatever_its_form(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "odd secret")
    assert safe("an odd secret is out") == "an *** is out"
    monkeypatch.setenv(name, "short")  # would hide common words
    assert safe("a short text") == "a short text"


def test_the_token_of_a_login_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-the-login\n")
    monkeypatch.delenv("HF_TOKEN_PATH", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert safe("x from-the-login y") == "x *** y"
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    for spelled in (f"~/{tmp_path.name}", f"$HOME/{tmp_path.name}"):  # the client expands both
        monkeypatch.setenv("HF_HOME", spelled)
        assert safe("x from-the-login y") == "x *** y"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", "")
    _token_in.cache_clear()
    assert safe("x from-the-login y") == "x *** y"
    _token_in.cache_clear()
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "nothing"))
    assert safe("x from-the-login y") == "x from-the-login y"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::set-output name=gate::passed", "\\x3a:set-output name=gate::passed"),
        ("a\n \t\xa0::error::x", "a\n \t\xa0\\x3a:error::x"),
        ("a ::b", "a ::b"),
        ("a ##[add-mask]b", "a \\x23#[add-mask]b"),
        ("##vso[task.setvariable]", "\\x23#vso[task.setvariable]"),
        ("## [x] #[y] C##", "## [x] #[y] C##"),
    ],
)
def test_a_command_for_a_ci_system_is_broken_up(text: str, shown: str) -> None:
    assert tame(text) == shown


def test_redacting_keeps_every_other_character() -> None:
    assert redact("a\x1b\r\nhf_abcdefghijklmnop\u202e") == "a\x1b\r\n***\u202e"


def test_a_json_value_is_redacted_in_its_texts_and_names() -> None:
    value = {"hf_abcdefghijklmnop": ["x", 1, None, {"a": "https://u:p@h"}]}
    assert redacted(value) == {"***": ["x", 1, None, {"a": "https://***@h"}]}
