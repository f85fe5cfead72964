"""What `clf download-models` prints: where everything is, and whether it was verified."""

from pathlib import Path

import pytest

from clf.cli.show.download import print_downloaded
from clf.outcomes.machine import Downloaded

MODEL = Downloaded(
    kind="model", id="acme/tiny", revision=None, commit="0123456789" * 4, folder="/cache/tiny", origin="hub"
)
PACKAGE = Downloaded(kind="model", id="mini", revision=None, commit=None, folder="/site/mini", origin="package")


@pytest.mark.parametrize(("verified", "state"), [(True, "verified in"), (False, "ready in")])
def test_each_row_names_kind_id_commit_and_folder(
    capsys: pytest.CaptureFixture[str], verified: bool, state: str
) -> None:
    print_downloaded([MODEL, PACKAGE], verified, None)
    assert capsys.readouterr().out.splitlines() == [
        f"model acme/tiny (commit 01234567): {state} /cache/tiny",
        f"model mini: {state} /site/mini",
    ]


def test_the_manifest_is_named_last(capsys: pytest.CaptureFixture[str]) -> None:
    print_downloaded([PACKAGE], False, Path("models [1].lock.json"))
    assert capsys.readouterr().out.splitlines()[1:] == ["manifest written to models [1].lock.json"]
