"""Errors of the Hub's client become an error with a remedy, or a reason to try again."""

import errno
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import constants, errors

from clf.errors import ClfError, DataError, ModelError, NetworkError, OutputError
from clf.hub.explain import TryAgain, cannot_write, disk_full, explain

ANSWERED = httpx2.Request("GET", "https://hub.example/api")


def answered(kind: type[errors.HfHubHTTPError], status: int, **headers: str) -> errors.HfHubHTTPError:
    response = httpx2.Response(
        status, headers={name.replace("_", "-"): value for name, value in headers.items()}, request=ANSWERED
    )
    return kind("what the client says", response=response)


def explained(error: Exception, kind: str = "model") -> ClfError | TryAgain:
    return explain(error, kind, "acme/tiny", "v9")  # type: ignore[arg-type]


@pytest.fixture
def logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_goodTOKEN123")


@pytest.fixture(autouse=True)
def no_stored_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_hub_that_is_busy_or_broken_is_asked_again(status: int) -> None:
    again = explained(answered(errors.HfHubHTTPError, status))
    assert isinstance(again, TryAgain)
    assert (str(again), again.wait, again.answered, again.unreachable) == (
        f"the Hub answered {status}",
        0.0,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("said", "wait"), [("7", 7.0), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-5", 0.0)]
)
def test_the_pause_that_the_hub_asks_for_is_kept(said: str, wait: float) -> None:
    again = explained(answered(errors.HfHubHTTPError, 429, Retry_After=said))
    assert isinstance(again, TryAgain)
    assert again.wait == wait


def test_a_part_that_the_hub_does_not_have_is_asked_for_again() -> None:
    again = explained(answered(errors.HfHubHTTPError, 416))
    assert isinstance(again, TryAgain)
    assert "part of the file" in str(again)


@pytest.mark.parametrize("status", [403, 404, 418, 501])
def test_another_answer_is_final(status: int) -> None:
    error = explained(answered(errors.HfHubHTTPError, status))
    assert isinstance(error, NetworkError)
    assert error.message == f"the Hub answered {status} to a request for model acme/tiny"


@pytest.mark.parametrize(("kind", "error_type"), [("model", ModelError), ("dataset", DataError)])
def test_what_is_gated_private_or_misspelt_is_an_error_of_the_model_or_the_data(
    kind: str, error_type: type[ClfError]
) -> None:
    gated = explained(answered(errors.GatedRepoError, 403), kind)
    assert (type(gated), gated.message) == (error_type, f"{kind} acme/tiny is gated")  # type: ignore[union-attr]
    assert gated.hint == "request access on its page and set HF_TOKEN"  # type: ignore[union-attr]
    unknown = explained(answered(errors.RevisionNotFoundError, 404), kind)
    assert (type(unknown), unknown.message) == (error_type, f"{kind} acme/tiny has no revision 'v9'")  # type: ignore[union-attr]
    missing = explained(answered(errors.RepositoryNotFoundError, 401), kind)
    assert type(missing) is error_type
    assert missing.message == f"{kind} acme/tiny does not exist on the Hub, or it is private"  # type: ignore[union-attr]
    assert missing.hint.endswith("a private repository needs HF_TOKEN")  # type: ignore[union-attr]


def test_with_a_token_a_missing_repository_may_be_one_without_access(logged_in: None) -> None:
    missing = explained(answered(errors.RepositoryNotFoundError, 401))
    assert isinstance(missing, ModelError)
    assert missing.hint.endswith("your token may not have access to it")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_the_hub_refuses_is_named_and_not_shown(logged_in: None, status: int) -> None:
    refused = explained(answered(errors.HfHubHTTPError, status))
    assert isinstance(refused, ModelError)
    assert refused.message == "the Hub refused the token in HF_TOKEN (or from your login) for model acme/tiny"
    assert "hf_good" not in refused.message + refused.hint


def test_an_id_that_the_client_does_not_accept_is_named() -> None:
    refused = explained(errors.HFValidationError("Repo id must use alphanumeric chars"), "dataset")
    assert isinstance(refused, DataError)
    assert (refused.message, refused.hint) == ("'acme/tiny' is not a valid Hub id", "pass owner/name")


@pytest.mark.parametrize("error", [ModelError("known", "hint"), TryAgain("known", 3.0)])
def test_an_error_of_clf_stays_as_it_is(error: ClfError | TryAgain) -> None:
    assert explained(error) is error


@pytest.mark.parametrize(
    ("error", "unreachable"),
    [
        (httpx2.ConnectError("Name or service not known"), True), (httpx2.ConnectTimeout("timed out"), True),
        (httpx2.ReadTimeout("timed out"), False), (httpx2.RemoteProtocolError("peer closed"), False),
        (FileNotFoundError(errno.ENOENT, "No such file", "/certificates.pem"), True), (ConnectionResetError(), False),
    ],
)  # fmt: skip
def test_an_error_on_the_way_is_told_by_whether_a_connection_was_made(error: Exception, unreachable: bool) -> None:
    again = explained(error)
    assert isinstance(again, TryAgain)
    assert (again.answered, again.unreachable, again.wait) == (False, unreachable, 0.0)
    assert str(again).startswith(type(error).__name__)


def test_an_error_in_the_files_of_the_cache_is_final(tmp_path: Path) -> None:
    denied = explained(PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "cache" / "models--x")))
    assert isinstance(denied, OutputError)
    assert denied.message == f"the cache {tmp_path / 'cache'} cannot be written: Permission denied"
    assert "HF_HOME" in denied.hint
    elsewhere = explained(PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "certificates.pem")))
    assert isinstance(elsewhere, TryAgain)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_filled_up_is_told_from_one_that_cannot_be_written(tmp_path: Path, number: int) -> None:
    full = cannot_write(OSError(number, "no"))
    assert full.message == f"the disk of the cache {tmp_path / 'cache'} is full: it filled up during the download"
    assert full.hint == disk_full("").hint == "free some space, or set HF_HOME to a folder on another disk"
    read_only = cannot_write(OSError(errno.EROFS, "Read-only file system"))
    assert read_only.message == f"the cache {tmp_path / 'cache'} cannot be written: Read-only file system"
    assert isinstance(explained(OSError(number, "no")), OutputError)
