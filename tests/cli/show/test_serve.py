"""What `clf serve` prints when it is ready."""

import json
import logging

import pytest

from clf.cli.show.serve import log_for_programs, print_serving
from clf.outcomes.serving import Serves


def test_one_line_says_where_which_model_answers_and_whom(capsys: pytest.CaptureFixture[str]) -> None:
    here = Serves(address="http://127.0.0.1:8000", model="reviews", beyond=False, names=[], token=False)
    print_serving(here)
    for names in ([], ["clf.example.org"]):
        print_serving(here.model_copy(update={"beyond": True, "names": names, "token": True}))
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "reviews answers at http://127.0.0.1:8000, for this machine, without a token (Ctrl-C stops it)"
    assert "for other machines too (by IP address; names need --allowed-host), to those who show the token" in second
    assert "(by IP address or as clf.example.org)" in third


def test_notes_are_lines_of_json_where_no_person_reads_them(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("clf")
    before, log.handlers = log.handlers, [logging.NullHandler(logging.INFO)]
    try:
        log_for_programs()
        for _ in range(2):  # what happens again is said again
            logging.getLogger("clf.serve").warning("a request failed\nnot in two lines")
    finally:
        log.handlers = before
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == 2 * [
        ("warning", "a request failed not in two lines")
    ]
