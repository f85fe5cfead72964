"""A settings file is read once and within limits, and one that nobody named cannot do harm."""

import os
import threading
from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.settings_file import read_settings_file
from clf.settings_sources import load_settings
from conftest import RunClf

HARMFUL = [
    ("[run]\noverwrite = true\n", "run.overwrite in clf.toml: only a file that you name may replace", "--overwrite"),
    ("[run]\noverwrite = 'yes'\n", "run.overwrite in clf.toml", "--overwrite"),
    ("[run]\nresume = true\n", "run.resume in clf.toml: only a file that you name may load checkpoints", "--resume"),
    ("[data]\nmax_inflation = 101\n", "data.max_inflation in clf.toml: only a file that you name", "--max-inflation"),
    ("[run]\noutput_dir = '../prod_model'\n", "run.output_dir in clf.toml: ../prod_model is not", "--output-dir"),
    ("[run]\noutput_dir = '/srv/prod_model'\n", "run.output_dir in clf.toml: /srv/prod_model is not", "--output-dir"),
    ("[run]\noutput_dir = 'a/../../x'\n", "run.output_dir in clf.toml", "--output-dir"),
    ("[run]\noutput_dir = 'a/../b'\n", "run.output_dir in clf.toml", "--output-dir"),
    ("[run]\noutput_dir = 'way_out/x'\n", "run.output_dir in clf.toml: way_out/x is not", "--output-dir"),
    ("[run]\noutput_dir = '~/x'\n", "run.output_dir in clf.toml", "--output-dir"),
    ("[report]\nreport = '/etc/motd'\n", "report.report in clf.toml: /etc/motd is not", "--report"),
    ("[report]\njunit = '.git/hooks/post-checkout'\n", "report.junit in clf.toml", "--junit"),
    ("[report]\nmarkdown = 'way_out'\n", "report.markdown in clf.toml: way_out is not", "--markdown"),
    (
        "[train]\nreport_to = 'wandb'\n",
        "train.report_to in clf.toml: only a file that you name may send",
        "--report-to",
    ),
]


@pytest.mark.parametrize(("toml", "message", "flag"), HARMFUL)
def test_a_file_that_was_found_does_no_harm_and_one_that_was_named_may(
    own_folder: Path, tmp_path: Path, toml: str, message: str, flag: str
) -> None:
    (own_folder / "way_out").symlink_to(tmp_path)
    (own_folder / "clf.toml").write_text(toml)
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert refused.value.message.startswith(message)
    assert refused.value.hint == f"pass {flag}, or name it: --config clf.toml"
    load_settings(config=Path("clf.toml"))


def test_what_a_flag_or_a_variable_overrides_is_not_refused(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "clf.toml").write_text("[run]\noutput_dir = '/x'\noverwrite = true\n")
    monkeypatch.setenv("CLF_RUN__OUTPUT_DIR", "elsewhere")
    settings = load_settings({"run": {"overwrite": True}})
    assert (settings.run.overwrite, settings.run.output_dir) == (True, Path("elsewhere"))


def test_places_inside_the_folder_and_harmless_values_are_taken(own_folder: Path) -> None:
    toml = f"[data]\nmax_inflation = 50\n[run]\nresume = false\noverwrite = false\noutput_dir = '{own_folder}/out'\n[report]\nreport = './a/b.html'\n"
    (own_folder / "clf.toml").write_text(toml + "[train]\nreport_to = ['tensorboard']\n")
    assert load_settings().report.report == Path("a/b.html")


def unusual(kind: str, path: Path) -> None:
    match kind:
        case "link":
            Path("real.toml").write_text("[run]\nseed = 1\n")
            path.symlink_to("real.toml")
        case "broken link":
            path.symlink_to("nothing")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "huge":
            path.touch()
            os.truncate(path, 2_000_000_000)
        case "latin-1":
            path.write_bytes(b"# caf\xe9\n")
        case "nested lists":
            path.write_text("x = " + "[\n" * 100_000)
        case "nested keys":
            path.write_text("train.epochs" + ".a" * 4_000 + " = 1")
        case "endless key":
            path.write_text("a" + ".a" * 400_000 + " = 1")
        case "huge number":
            path.write_text("[train]\nepochs = " + "9" * 5_000)
        case "NUL":
            path.write_text('[run]\noutput_dir = "a\\u0000b"\n')


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("link", "clf.toml is a link"),
        ("broken link", "clf.toml is a link"),
        ("pipe", "clf.toml is not a regular file"),
        ("folder", "clf.toml is a folder"),
        ("huge", "clf.toml has more than 1 MB"),
        ("latin-1", "clf.toml is not UTF-8 text"),
        ("nested lists", "clf.toml is nested too deeply"),
        ("nested keys", ""),
        ("endless key", "clf.toml has a line of more than 10,000 bytes"),
        ("huge number", "clf.toml is not valid TOML"),
        ("NUL", "run.output_dir in clf.toml: it contains a NUL character"),
    ],
)
def test_a_file_that_is_none_is_refused_at_once(own_folder: Path, kind: str, message: str) -> None:
    unusual(kind, own_folder / "clf.toml")
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert message in refused.value.message
    assert len(refused.value.message) < 500


def test_a_named_file_may_be_a_link_or_a_pipe(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "real.toml").write_text("[run]\nseed = 1\n")
    (own_folder / "link.toml").symlink_to("real.toml")
    assert load_settings(config=Path("link.toml")).run.seed == 1
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text("[run]\nseed = 2\n"))
    writer.start()
    assert load_settings(config=Path("pipe")).run.seed == 2
    writer.join()
    monkeypatch.setattr("clf.settings_file.SECONDS_FOR_A_PIPE", 0.05)
    with pytest.raises(UsageError, match="nothing came from pipe"):
        read_settings_file(Path("pipe"))
    for path, message in (("/dev/zero", "not a regular file"), (".", "a folder"), ("real.toml/x", "cannot read")):
        with pytest.raises(UsageError, match=message):
            read_settings_file(Path(path))


def test_which_file_was_read_is_told_in_one_line(clf: RunClf, own_folder: Path) -> None:
    (own_folder / "clf.toml").write_text("[train]\nepochs = 2\n[run]\noutput_dir = 'x'\n")
    assert "settings from clf.toml: train.epochs, run.output_dir\n" in clf("prepare", "--dataset", "nothing.csv").err
    assert "settings from" not in clf("prepare", "--dataset", "nothing.csv", "--quiet").err
    (own_folder / "clf.toml").rename("odd\n::name.toml")
    told = clf("prepare", "--dataset", "nothing.csv", "--config", "odd\n::name.toml").err
    assert told.startswith("settings from odd ::name.toml: train.epochs, run.output_dir\n")


def test_a_found_file_no_longer_deletes_a_model(clf: RunClf, own_folder: Path, reviews: Path) -> None:
    precious = own_folder.parent / f"{own_folder.name}-model"
    precious.mkdir()
    (precious / "clf.json").write_text('{"clf_version": "0.1.0"}')
    (own_folder / "clf.toml").write_text(f"[run]\noutput_dir = '../{precious.name}'\noverwrite = true\n")
    refused = clf("prepare", "--dataset", reviews)
    assert refused.code == 2
    assert refused.err.splitlines()[0].startswith("error: run.overwrite in clf.toml: ")
    assert (precious / "clf.json").exists()
