"""The texts of requests get the answers of `clf predict`, whatever else is asked at the same time."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scipy.special import softmax

from clf.predictor import Predictor
from clf.serving.batcher import QueueFull, Stopped
from clf.serving.labelling import Labelled, Labeller, TooLong
from clf.settings import PredictSettings, Settings
from support.classifiers import write_tiny_classifier
from support.predicting import REVIEWS

ODD = [
    "",
    "  ",
    "<br>",
    "[SEP] [CLS]",
    "\ud800",
    "é" * 70_000,
    "a\x00b",
    "wonderful " * 900,
    "<p>dull &amp; boring</p>",
]
"""Texts of the kinds that break tokenizers and servers."""
EXPORT = Path(__file__).parents[1] / "fixtures" / "v0.1" / "exported" / "reviews"


@pytest.fixture(scope="module")
def labeller(trained: Path) -> Iterator[Labeller]:
    running = Labeller(Predictor(str(trained), Settings(predict=PredictSettings(threshold=0.9))), 500)
    yield running
    running.close()


def label(labeller: Labeller, *requests: list[str], **options: Any) -> list[list[Labelled]]:
    """Label the texts of several requests that come at once."""

    async def all_at_once() -> list[list[Labelled]]:
        return list(await asyncio.gather(*[labeller.label(texts, **options) for texts in requests]))

    return asyncio.run(all_at_once())


def differences(labeller: Labeller, requests: list[list[str]]) -> list[float]:
    """Return how far each score is from predict's; labels and errors must be the same."""
    apart = []
    for texts, found in zip(requests, label(labeller, *requests), strict=True):
        expected = labeller.predictor.predict(texts)
        assert [one.prediction.labels for one in found] == [one.labels for one in expected]
        assert [one.prediction.error for one in found] == [one.error for one in expected]
        for one, other in zip(found, expected, strict=True):
            assert len(one.scores) == len(other.scores)
            apart += [abs(mine - theirs) for mine, theirs in zip(one.scores, other.scores.values(), strict=True)]
    return apart


def mixed(seed: int) -> list[list[str]]:
    generator = random.Random(seed)
    return [generator.choices(REVIEWS + ODD, k=generator.choice([1, 1, 1, 2, 7])) for _ in range(40)]


def test_mixed_requests_get_the_answers_of_predict(labeller: Labeller) -> None:
    apart = differences(labeller, mixed(1))
    assert max(apart) <= 1e-5
    assert labeller.batcher.taken == 0


def test_several_labels_are_those_of_predict(tmp_path: Path) -> None:
    folder = write_tiny_classifier(tmp_path / "m", ("acting", "plot", "music"), "multi_label_classification")
    labeller = Labeller(Predictor(str(folder)), 500)
    assert max(differences(labeller, mixed(2))) <= 1e-5
    labeller.close()


def test_an_export_answers_as_in_predict() -> None:
    labeller = Labeller(Predictor(str(EXPORT)), 500)
    assert max(differences(labeller, mixed(3))) <= 1e-5
    [raw], [plain] = label(labeller, REVIEWS[:4], raw=True), label(labeller, REVIEWS[:4])
    labeller.close()
    for logits, probabilities in zip(raw, plain, strict=True):
        assert softmax(logits.scores) == pytest.approx(probabilities.scores, abs=1e-5)


def test_logits_give_the_probabilities_and_the_same_labels(labeller: Labeller) -> None:
    [raw], [plain] = label(labeller, REVIEWS[:4], raw=True), label(labeller, REVIEWS[:4])
    for logits, probabilities in zip(raw, plain, strict=True):
        assert softmax(logits.scores) == pytest.approx(probabilities.scores, abs=1e-5)
        assert logits.prediction.label == probabilities.prediction.label


def test_tokens_are_counted_where_they_are_asked_for(labeller: Labeller) -> None:
    texts = ["a wonderful film", "", "a wonderful film " * 400]
    [counted] = label(labeller, texts, count=True)
    assert [(one.tokens, one.tokens_cut) for one in counted] == [(5, 0), (0, 0), (128, 3 * 400 + 2 - 128)]
    [plain] = label(labeller, texts)
    assert [(one.tokens, one.tokens_cut) for one in plain] == [(5, 0), (0, 0), (128, 0)]


def test_a_text_that_would_be_cut_is_refused_if_asked_so(labeller: Labeller) -> None:
    with pytest.raises(TooLong) as error:
        label(labeller, ["", "short", "a wonderful film " * 400], cut=False)
    assert (error.value.place, error.value.tokens) == (2, 1202)
    assert labeller.batcher.taken == 0
    [found] = label(labeller, ["short"], cut=False)
    assert found[0].prediction.label


def test_more_texts_than_the_queue_holds_are_refused_whole(trained: Path) -> None:
    labeller = Labeller(Predictor(str(trained)), 3)
    with pytest.raises(QueueFull):
        label(labeller, ["a film"] * 4)
    assert labeller.batcher.taken == 0
    assert len(label(labeller, ["a film"] * 3)[0]) == 3
    labeller.close()
    with pytest.raises(Stopped):
        label(labeller, ["a film"])


def test_a_client_that_leaves_gives_its_places_back(labeller: Labeller) -> None:
    async def leave() -> None:
        task = asyncio.create_task(labeller.label(REVIEWS))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    label(labeller, ["a film"])  # the queue is swept by then
    assert labeller.batcher.taken == 0


def test_the_first_text_is_answered_before_the_server_is_ready(trained: Path) -> None:
    batches: list[int] = []
    labeller = Labeller(Predictor(str(trained)), 3)
    labeller.batcher.observe = lambda texts, tokens, seconds: batches.append(texts)
    labeller.warm_up()
    labeller.close()
    assert batches == [1]


def test_a_short_text_does_not_wait_until_the_long_ones_of_others_are_prepared(labeller: Labeller) -> None:
    prepared: list[int] = []
    prepare = labeller._prepare

    def noting(texts: list[str], count: bool) -> Any:
        prepared.append(len(texts[0]))
        return prepare(texts, count)

    labeller._prepare = noting  # type: ignore[method-assign]
    try:
        label(labeller, *[["wonderful " * 9_000]] * 8, ["short"])
    finally:
        del labeller._prepare  # type: ignore[method-assign]
    assert prepared.index(len("short")) <= 4
