"""What `clf serve` prints when it is ready."""

import pytest

from clf.cli.show.serve import print_serving
from clf.outcomes.serving import Serves


def test_one_line_says_where_which_model_answers(capsys: pytest.CaptureFixture[str]) -> None:
    print_serving(Serves(address="http://127.0.0.1:8000", model="reviews"))
    assert capsys.readouterr().out == "reviews answers at http://127.0.0.1:8000 (Ctrl-C stops it)\n"
