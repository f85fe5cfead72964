"""The batcher, with a model of the test's own: no server, and no network."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from clf.serving.batcher import LEAST_FULL, SMALL, Array, Batcher, QueueFull, Stopped, TokenIds, choose_batch
from support.serving import until


class Model:
    """Gives each text its tokens' sum and their number; waits at a gate before each batch."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[int]] = []
        self.fails_at: int | None = None
        self.error: BaseException = ValueError("this text breaks the model")
        self.rows_too_many = 0

    def __call__(self, token_ids: TokenIds, raw: bool) -> Array:
        self.gate.wait(10)
        self.batches.append([len(ids) for ids in token_ids])
        if any(int(ids[0]) == self.fails_at for ids in token_ids):
            raise self.error
        rows = [[ids.sum() + 1000 * raw, len(ids)] for ids in token_ids]
        return np.array(rows + rows[:1] * self.rows_too_many, dtype=np.float32)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def batcher(model: Model) -> Iterator[Batcher]:
    running = Batcher(model, places=10, budget=200)
    yield running
    model.gate.set()
    running.stop()


def ids(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


def ask(batcher: Batcher, *texts: Any, raw: bool = False) -> "Future[Array]":
    batcher.reserve(len(texts))
    return batcher.submit(list(texts), raw)


def held(batcher: Batcher, model: Model) -> "Future[Array]":
    """Let the model hang at a first text."""
    model.gate.clear()
    first = ask(batcher, ids(1))
    until(lambda: batcher.taken == 0)
    return first


def test_each_request_gets_the_scores_of_its_texts_in_their_order(batcher: Batcher, model: Model) -> None:
    first = held(batcher, model)
    second, third = ask(batcher, ids(5, 5, 5), ids(2)), ask(batcher, ids(7, 7))
    model.gate.set()
    assert first.result(10).tolist() == [[1, 1]]
    assert second.result(10).tolist() == [[15, 3], [2, 1]]
    assert third.result(10).tolist() == [[14, 2]]
    assert sorted(length for batch in model.batches[1:] for length in batch) == [1, 2, 3]
    assert len(model.batches) == 2  # what waited ran together


def test_a_text_that_comes_alone_does_not_wait_for_others(batcher: Batcher, model: Model) -> None:
    for number in range(3):
        assert ask(batcher, ids(number)).result(10).tolist() == [[number, 1]]
    assert model.batches == [[1]] * 3


def test_a_request_of_one_text_does_not_wait_for_another_of_many(batcher: Batcher, model: Model) -> None:
    held(batcher, model)
    many, one = ask(batcher, *[ids(*range(150))] * 6), ask(batcher, ids(7))
    model.gate.set()
    assert one.result(10).tolist() == [[7, 1]]
    assert many.result(10).shape == (6, 2)
    assert [1] in model.batches[1:4]  # after at most two of the six, not after all


def test_a_request_of_many_texts_goes_on_beside_many_small_ones(batcher: Batcher, model: Model) -> None:
    held(batcher, model)
    many = ask(batcher, *[ids(*range(150))] * 2)
    for size in (1, 180, 10, 190, 1, 170):  # no two of them in a batch
        ask(batcher, ids(*range(size)))
    model.gate.set()
    assert many.result(10).shape == (2, 2)
    assert max(place for place, batch in enumerate(model.batches) if batch == [150]) <= 4


def test_logits_and_probabilities_never_share_a_batch(batcher: Batcher, model: Model) -> None:
    first = held(batcher, model)
    raw, plain = ask(batcher, ids(2), raw=True), ask(batcher, ids(2))
    model.gate.set()
    assert (first.result(10)[0, 0], raw.result(10)[0, 0], plain.result(10)[0, 0]) == (1, 1002, 2)


def test_beyond_its_places_the_queue_is_full_and_later_it_takes_texts_again(batcher: Batcher, model: Model) -> None:
    first = held(batcher, model)
    waiting = ask(batcher, *[ids(1)] * 9)
    with pytest.raises(QueueFull):
        batcher.reserve(2)
    last = ask(batcher, ids(1))
    with pytest.raises(QueueFull):
        batcher.reserve(1)
    model.gate.set()
    assert (len(first.result(10)), len(waiting.result(10)), len(last.result(10))) == (1, 9, 1)
    batcher.reserve(10)
    batcher.release(10)
    assert batcher.taken == 0


def test_the_texts_of_a_client_that_left_are_never_run(batcher: Batcher, model: Model) -> None:
    held(batcher, model)
    left, stays = ask(batcher, ids(3, 3, 3), ids(3, 3, 3)), ask(batcher, ids(4))
    left.cancel()
    model.gate.set()
    assert stays.result(10).tolist() == [[4, 1]]
    assert model.batches == [[1], [1]]
    assert batcher.taken == 0


def test_a_client_that_leaves_while_the_queue_is_swept_gives_its_places_back(batcher: Batcher, model: Model) -> None:
    first = held(batcher, model)
    gone, leaves = ask(batcher, ids(3)), ask(batcher, ids(4), ids(4))
    gone.cancel()
    done = leaves.done

    def leaves_once_it_was_asked() -> bool:
        was_done = done()
        leaves.cancel()
        return was_done

    leaves.done = leaves_once_it_was_asked  # type: ignore[method-assign]
    model.gate.set()
    assert first.result(10).tolist() == [[1, 1]]
    until(lambda: batcher.taken == 0)


def test_a_text_that_breaks_the_model_fails_its_own_request_only(batcher: Batcher, model: Model) -> None:
    first = held(batcher, model)
    model.fails_at = 9
    bad, good = ask(batcher, ids(9), ids(1)), ask(batcher, ids(8))
    model.gate.set()
    assert good.result(10).tolist() == [[8, 1]]
    with pytest.raises(ValueError, match="breaks"):
        bad.result(10)
    assert first.result(10).tolist() == [[1, 1]]
    assert batcher.alive
    assert ask(batcher, ids(6)).result(10).tolist() == [[6, 1]]


def test_the_other_texts_of_a_request_that_failed_are_not_run_again(batcher: Batcher, model: Model) -> None:
    held(batcher, model)
    model.fails_at = 9
    bad, good = ask(batcher, ids(9), ids(1), ids(2)), ask(batcher, ids(8))
    model.gate.set()
    assert good.result(10).tolist() == [[8, 1]]
    assert bad.exception(10)
    assert model.batches == [[1], [1, 1, 1, 1], [1], [1]]


def test_a_model_that_fails_at_a_text_it_knows_has_failed_for_good(batcher: Batcher, model: Model) -> None:
    batcher.known = [ids(9)]
    model.fails_at = 8
    with pytest.raises(ValueError, match="breaks the model"):
        ask(batcher, ids(8)).result(10)
    assert ask(batcher, ids(1)).result(10).tolist() == [[1, 1]]  # the text was to blame
    first = held(batcher, model)
    waits, others = ask(batcher, ids(9)), ask(batcher, ids(1), ids(2))
    model.fails_at = 9
    model.gate.set()
    assert first.result(10).tolist() == [[1, 1]]
    with pytest.raises(ValueError, match="breaks the model"):
        waits.result(10)
    with pytest.raises(Stopped):
        others.result(10)
    until(lambda: not batcher.alive)
    with pytest.raises(Stopped):
        batcher.reserve(1)


def test_a_model_that_answers_more_than_it_was_asked_fails_the_request_only(batcher: Batcher, model: Model) -> None:
    model.rows_too_many = 1
    with pytest.raises(ValueError, match="longer"):
        ask(batcher, ids(1), ids(2)).result(10)
    model.rows_too_many = 0
    assert ask(batcher, ids(6)).result(10).tolist() == [[6, 1]]
    assert batcher.alive


def test_when_the_thread_of_the_model_ends_nobody_waits_for_it_and_the_log_says_where(
    model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    batcher = Batcher(model, places=10, budget=4)
    first = held(batcher, model)
    model.fails_at, model.error = 9, SystemExit("a secret text")
    runs, waits = ask(batcher, ids(9)), ask(batcher, ids(8, 8, 8, 8))
    model.gate.set()
    assert first.result(10).tolist() == [[1, 1]]
    for left in (runs, waits):
        with pytest.raises(Stopped):
            left.result(10)
    with pytest.raises(Stopped):  # not that the queue is full
        batcher.reserve(11)
    assert not batcher.alive
    batcher.stop()
    [told] = [record.getMessage() for record in caplog.records]
    assert told.startswith("the thread of the model has ended: SystemExit in ")
    assert "tests/serving/test_batcher.py, line " in told
    assert "secret" not in caplog.text


def test_stopping_ends_the_batch_that_runs_and_fails_what_waits(model: Model) -> None:
    batcher = Batcher(model, places=10, budget=200)
    first = held(batcher, model)
    waits = ask(batcher, ids(2))
    stopping = threading.Thread(target=batcher.stop)
    stopping.start()
    until(lambda: batcher._stopping)
    with pytest.raises(Stopped):
        batcher.reserve(1)
    model.gate.set()
    stopping.join(10)
    assert first.result(10).tolist() == [[1, 1]]
    with pytest.raises(Stopped):
        waits.result(10)
    assert not batcher.alive


def test_each_batch_is_told_with_its_texts_tokens_and_seconds() -> None:
    told: list[tuple[int, int, float]] = []
    batcher = Batcher(Model(), places=4, budget=200)
    batcher.observe = lambda *batch: told.append(batch)
    ask(batcher, ids(1, 2), ids(3)).result(10)
    batcher.stop()
    assert [(texts, tokens) for texts, tokens, _ in told] == [(2, 3)]
    assert 0 <= told[0][2] < 10


def test_the_time_to_empty_the_queue_follows_the_pace_of_the_model(batcher: Batcher, model: Model) -> None:
    assert batcher.seconds_to_empty == 0
    for _ in range(3):
        ask(batcher, ids(1)).result(10)
    held(batcher, model)
    ask(batcher, ids(1), ids(1))
    assert 0 < batcher.seconds_to_empty < 1


# --- which texts run together -------------------------------------------------------------------------------


def test_short_texts_run_together_whatever_their_padding() -> None:
    assert sorted(choose_batch([3, 17, 5, 9, 30], 4_096)) == [0, 1, 2, 3]  # 5 x 30 tokens would be mostly padding
    assert sorted(choose_batch([3, 17, 5, 9], 4_096)) == [0, 1, 2, 3]


def test_the_oldest_text_is_always_in_the_batch() -> None:
    for lengths in ([500, 3, 3, 3], [3, 500, 500], [100, 99, 101, 5], [9_000, 1]):
        assert 0 in choose_batch(lengths, 1_000)
    assert choose_batch([9_000, 1], 1_000) == [0]


def test_a_batch_fits_the_budget_and_is_hardly_padding() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        lengths = generator.integers(2, 512, generator.integers(1, 60)).tolist()
        batch = choose_batch(lengths, 2_048)
        padded = max(lengths[place] for place in batch) * len(batch)
        assert len(set(batch)) == len(batch)
        assert len(batch) == 1 or padded <= 2_048
        assert padded <= SMALL or sum(lengths[place] for place in batch) >= LEAST_FULL * padded


def test_equal_texts_fill_the_budget() -> None:
    assert len(choose_batch([100] * 30, 2_000)) == 20


def test_the_closest_in_length_run_with_the_oldest() -> None:
    lengths = [200, 400, 201, 30, 199, 205]
    assert sorted(choose_batch(lengths, 1_000)) == [0, 2, 4, 5]
