"""The thread of the model."""

import threading
from typing import Any

import pytest

from clf.serving.model_thread import ModelThread


def test_everything_is_done_in_one_thread_one_after_another() -> None:
    thread, seen = ModelThread(), []
    first, second = (thread.start(lambda: seen.append(threading.current_thread().name)) for _ in range(2))
    assert (first.result(10), second.result(10), seen) == (None, None, ["model", "model"])


def test_an_error_is_raised_where_the_result_is_waited_for_and_the_thread_goes_on() -> None:
    thread = ModelThread()

    def fails() -> Any:
        raise SystemExit("no model")

    with pytest.raises(SystemExit, match="no model"):
        thread.start(fails).result(10)
    assert thread.start(lambda: 3).result(10) == 3
