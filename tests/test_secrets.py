"""No token and no password in an address is shown or written, whatever fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import RunClf
from support.local_hub import LocalHub


@pytest.mark.long
def test_no_secret_is_ever_shown(clf: RunClf, hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, password = "canaryTOKEN-of-no-known-form", "canaryPASSWORD"
    address = hub.url.replace("http://", f"http://user:{password}@")
    environment = os.environ | hub.environment(tmp_path / "home") | {"HF_TOKEN": token, "HF_ENDPOINT": address}
    commands = [
        ["download-models", "distilbert-base-uncased", "--manifest", str(tmp_path / "m.json"), "--verbose"],
        ["download-models", "owner/nothing", "--debug", "--verbose", "--json"],
        ["doctor"],
        ["doctor", "--json"],
        ["train", "--model", "owner/nothing", "--dataset", "imdb", "--debug", "--verbose"],
    ]
    script = f"from clf.cli.app import run\nfor command in {commands!r}: run(command)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    outputs = [done.stdout, done.stderr]
    assert done.stderr.count("error: ") == 2
    assert done.stdout.count("distilbert-base-uncased") > 2
    hub.fault("status", code=503)
    command = [sys.executable, "-m", "clf", "download-models", "owner/other", "--download-timeout", "1", "--debug"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    outputs += [done.stdout, done.stderr]
    written = [path.read_bytes().decode("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    for address in (
        f"http://user:{password}/x@host",
        f"http://u:{password}@host:99999",
        f"u:{password}@host",
        "http://[bad",
    ):
        for arguments in (["doctor"], ["download-models", "a/b", "--verbose", "--debug"]):
            with monkeypatch.context() as bad:  # refused before anything reads it
                for name, value in {"HF_TOKEN": token, "HF_ENDPOINT": address, "HF_DEBUG": "1"}.items():
                    bad.setenv(name, value)
                refused = clf(*arguments)
            assert refused.code == 2
            assert "HF_ENDPOINT is not a valid address" in refused.err
            outputs += [refused.out, refused.err]
    assert len(written) > 5
    for text in outputs + written:
        assert token not in text
        assert password not in text


def test_a_secret_among_the_settings_is_neither_shown_nor_written(
    clf: RunClf, reviews: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "canaryKEYofnoform")
    (own_folder / "own.toml").write_text(
        '[train]\nrevision = "hf_jwt_canary.FORM-123"\n[demo]\nmodel = "canaryKEYofnoform"\n'
    )
    done = clf("prepare", "--dataset", reviews, "--config", "own.toml", "--json", "--verbose", "--debug")
    assert done.code == 0
    refused = clf("prepare", "--dataset", "https://u:canaryPW@host/x?sig=canarySIG", "--json", "--debug")
    assert refused.code == 1
    written = [path.read_text("utf-8", "replace") for path in (own_folder / "prepared").rglob("*") if path.is_file()]
    assert any('"revision": "***"' in text for text in written)
    for text in (done.out, done.err, refused.out, refused.err, *written):
        assert "canary" not in text
