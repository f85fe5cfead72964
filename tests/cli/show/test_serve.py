"""What `clf serve` prints when it is ready."""

import pytest

from clf.cli.show.serve import print_serving
from clf.outcomes.serving import Serves


def test_one_line_says_where_which_model_answers_and_whom(capsys: pytest.CaptureFixture[str]) -> None:
    print_serving(Serves(address="http://127.0.0.1:8000", model="reviews", beyond=False, token=False))
    print_serving(Serves(address="http://127.0.0.1:8000", model="reviews", beyond=True, token=True))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "reviews answers at http://127.0.0.1:8000, for this machine, without a token (Ctrl-C stops it)"
    assert "for other machines too, to those who show the token" in second
