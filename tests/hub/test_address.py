"""Where the Hub and its cache are, and that no password in an address is shown."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from clf.errors import UsageError
from clf.hub.address import cache_folder, check_endpoint, check_token, is_offline, repository_folder, shown_endpoint


@pytest.mark.parametrize(
    ("asked", "variable", "offline"),
    [
        (True, "0", True), (False, "1", True), (False, "TRUE", True), (False, "Yes", True), (False, "on", True),
        (False, "0", False), (False, "", False), (False, "off", False), (False, "11", False),
    ],
)  # fmt: skip
def test_the_flag_or_the_variable_of_the_client_forbids_the_network(
    monkeypatch: pytest.MonkeyPatch, asked: bool, variable: str, offline: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", variable)
    assert is_offline(asked) is offline


def test_without_flag_and_variable_the_network_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert is_offline(False) is False


@pytest.mark.parametrize(
    "address",
    ["", "  ", "https://huggingface.co", "http://127.0.0.1:8080", "https://me:pass%40word@mirror.example/hf", "https://[::1]:1/"],
)  # fmt: skip
def test_a_valid_endpoint_or_none_is_accepted(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    check_endpoint()


@pytest.mark.parametrize(
    "address",
    [
        "mirror.example", "ftp://u:canary@mirror.example", "https://", "https://u:canary@mirror:port", "https://h:65536",
        "http://[::1", "https://u:can/ary@mirror.example", "https://mirror.example?to=u@x", "https://mirror.example#u@x",
    ],
)  # fmt: skip
def test_an_invalid_endpoint_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(UsageError) as refused:
        check_endpoint()
    assert refused.value.message == "HF_ENDPOINT is not a valid address"
    assert refused.value.hint.startswith("write it as https://host or https://host:port")
    assert "canary" not in refused.value.hint


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://huggingface.co", "https://huggingface.co"),
        ("https://me:secret@mirror.example:8443/hf", "https://mirror.example:8443/hf"),
        ("https://me:se@cret@mirror.example", "https://mirror.example"),
    ],
)
def test_the_endpoint_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch, address: str, shown: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", address)
    assert shown_endpoint() == shown


@pytest.mark.parametrize("token", ["hf_ab cd", "hf_ä", "hf_a\tb", "“hf_abc”", "hf_a\x7f"])
def test_a_token_that_no_request_can_carry_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(UsageError) as refused:
        check_token()
    assert (refused.value.message, refused.value.hint) == (
        "HF_TOKEN contains invalid characters",
        "unset it, or copy the token again",
    )


@pytest.mark.parametrize("token", ["hf_abcDEF123", " hf_abcDEF123\n", "!~"])
def test_a_token_of_printable_characters_is_accepted(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    check_token()


def test_the_cache_is_where_the_client_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "~/my cache")
    assert cache_folder() == Path.home() / "my cache"
    assert repository_folder("model", "bert") == Path.home() / "my cache" / "models--bert"
    assert repository_folder("dataset", "acme/texts") == Path.home() / "my cache" / "datasets--acme--texts"


def test_a_cache_in_an_unknown_home_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "~nosuch/hub")
    with pytest.raises(UsageError, match="the home folder in the cache folder ~nosuch/hub is unknown"):
        cache_folder()
