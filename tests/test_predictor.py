"""The Predictor, as Python gets it from `clf.load`."""

import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import clf as package
from clf.errors import ModelError
from clf.models.record import read_model_record, write_model_record
from clf.predictor import Prediction, Predictor
from clf.settings import DataSettings, PredictSettings, Settings
from support.classifiers import write_tiny_classifier
from support.predicting import REVIEWS, labels


@pytest.fixture(scope="module")
def predictor(trained: Path) -> Predictor:
    """Give the trained model as it is; tests must not change it."""
    return package.load(trained)


def with_threshold(threshold: float) -> Settings:
    return Settings(predict=PredictSettings(threshold=threshold))


def test_missing_texts_get_errors_and_keep_the_places_of_the_others(trained: Path) -> None:
    texts = [None, "a wonderful film", "", "   ", "<br>", "dull and boring"]
    answers = package.load(trained).predict(texts)
    assert [answer.error for answer in answers] == ["empty text", "", "empty text", "empty text", "empty text", ""]
    assert [answer.label for answer in answers if answer.label] == labels(trained, ["a wonderful film", texts[5] or ""])
    assert all((answer.confidence, answer.scores) == (None, {}) for answer in answers if answer.error)
    assert package.load(trained).predict([]) == []


def test_what_prepare_drops_as_no_text_gets_no_label(trained: Path) -> None:
    texts = ["\\N", "<NA>", "#N/A", "[removed]", "[deleted]", "N/A"]
    answers = package.load(trained).predict(texts)
    assert [answer.error for answer in answers] == ["empty text"] * 5 + [""]


def test_python_refuses_a_text_for_a_list_and_takes_a_missing_one_for_empty(trained: Path) -> None:
    model = package.load(trained)
    with pytest.raises(TypeError, match="found one str"):
        model.predict("a wonderful film")
    answers = model.predict([float("nan"), "a film"])  # type: ignore[list-item]
    assert [answer.error for answer in answers] == ["empty text", ""]


def test_a_text_of_ten_megabytes_costs_little_more_than_its_beginning(trained: Path) -> None:
    predictor = Predictor(str(trained))
    sentence = "<p>a wonderful film, dull &amp; lovely</p> http://x.org/a!!!! "
    long = sentence * (10_000_000 // len(sentence))

    def best(text: str) -> tuple[float, Any]:
        taken = []
        for _ in range(3):
            began = time.process_time()
            [answer] = predictor.predict([text])
            taken.append(time.process_time() - began)
        return min(taken), answer

    beginning, expected = best(long[:60_000])
    whole, answer = best(long)
    assert answer.label == expected.label
    assert answer.scores == pytest.approx(expected.scores, abs=1e-6)
    assert whole < 8 * beginning + 0.1, (beginning, whole)


# --- what an answer holds -----------------------------------------------------------------------------------


def test_an_answer_is_the_class_with_the_most_probability_of_all_in_their_order(predictor: Predictor) -> None:
    assert predictor.labels == ["negative", "positive"]
    for answer in predictor.predict(REVIEWS[:4]):
        assert list(answer.scores) == predictor.labels
        assert sum(answer.scores.values()) == pytest.approx(1.0, abs=1e-5)
        assert answer.scores[answer.label] == answer.confidence == max(answer.scores.values())
        assert answer.error == ""


def test_the_least_confidence_that_is_enough_is_the_threshold_itself(trained: Path, predictor: Predictor) -> None:
    [sure] = predictor.predict(["a film"])
    assert sure.confidence is not None
    [still] = package.load(trained, with_threshold(sure.confidence)).predict(["a film"])
    [unsure] = package.load(trained, with_threshold(math.nextafter(sure.confidence, 2))).predict(["a film"])
    assert still == sure
    assert unsure == Prediction("abstain", sure.confidence, sure.scores)


def test_the_threshold_of_the_model_holds_until_one_is_given_even_zero(trained: Path, tmp_path: Path) -> None:
    record = read_model_record(trained)
    assert record
    shutil.copytree(trained, tmp_path / "model")
    write_model_record(tmp_path / "model", record.with_values(threshold=0.75))
    assert package.load(trained).threshold is record.threshold is None
    assert package.load(tmp_path / "model").threshold == 0.75
    assert package.load(tmp_path / "model", with_threshold(0.0)).threshold == 0.0


def test_a_model_of_another_tool_has_only_the_threshold_that_is_given(tmp_path: Path) -> None:
    folder = write_tiny_classifier(tmp_path / "model", ("no", "perhaps", "yes"))
    [answer] = package.load(str(folder)).predict(["a film"])
    assert answer.label in {"no", "perhaps", "yes"}
    assert list(answer.scores) == ["no", "perhaps", "yes"]
    assert package.load(folder, with_threshold(1.0)).predict(["a film"]) == [
        Prediction("abstain", answer.confidence, answer.scores)
    ]


def test_the_length_that_texts_are_cut_to_can_be_given(trained: Path, predictor: Predictor) -> None:
    short = package.load(trained, Settings(data=DataSettings(max_length=8)))
    assert (short.classifier.max_length, predictor.classifier.max_length) == (8, 128)
    assert short.predict([REVIEWS[0] + " awful" * 99]) == short.predict([REVIEWS[0] + " great" * 99])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        package.load(tmp_path)


# --- windows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7])
def test_answers_are_in_the_order_of_the_texts_however_many_windows_they_fill(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("clf.predictor.WINDOW", 3)
    texts = [None if number == 1 else f"{text} {'film ' * (9 - number)}" for number, text in enumerate(REVIEWS[:count])]
    answers = predictor.predict(iter(texts))
    alone = [predictor.predict([text])[0] for text in texts]
    assert [(answer.label, answer.error) for answer in answers] == [(one.label, one.error) for one in alone]
    assert [answer.confidence for answer in answers] == pytest.approx([one.confidence for one in alone], abs=1e-2)


def test_a_stream_answers_each_window_and_counts_every_text(predictor: Predictor) -> None:
    windows: list[list[str | None]] = [["a film", None, ""], [], [None], ["great", "dull"]]
    counted: list[int] = []
    answers = list(predictor.stream(windows, counted.append))
    assert [[answer.error for answer in window] for window in answers] == [
        ["", "empty text", "empty text"], [], ["empty text"], ["", ""]
    ]  # fmt: skip
    assert sum(counted) == 6


def test_a_stream_reads_on_only_as_its_answers_are_taken(predictor: Predictor) -> None:
    read = []

    def endless() -> Iterator[list[str | None]]:
        while True:
            read.append("a film")
            yield ["a film"]

    stream = predictor.stream(endless())
    assert [len(next(stream)) for _ in range(3)] == [1, 1, 1]
    stream.close()  # type: ignore[attr-defined]
    assert 3 <= len(read) <= 7  # the windows taken, and those read ahead


def test_what_is_no_text_is_read_as_it_is_written(predictor: Predictor) -> None:
    assert predictor.predict([7, 1.5]) == predictor.predict(["7", "1.5"])  # type: ignore[list-item]


def test_a_class_called_abstain_is_told_from_no_answer(tmp_path: Path) -> None:
    folder = write_tiny_classifier(tmp_path / "model", ("abstain", "yes"))
    assert {answer.label for answer in package.load(folder).predict(REVIEWS[:4])} <= {"abstain", "yes"}
    unsure = package.load(folder, with_threshold(1.0))
    assert {answer.label for answer in unsure.predict(REVIEWS[:4])} == {"(abstain)"} == {unsure.no_answer}
