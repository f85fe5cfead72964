"""The rows to measure on: cleaned as asked, answered in the order of their classes, and checked for leaks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clf.data.text_hashes import text_hashes
from clf.errors import DataError
from clf.measuring.rows import MeasuredTexts, answers_of, cuts_some, find_leaks, without_leaks
from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.models.configs import MULTI_LABEL
from clf.models.find_and_load import load_model
from clf.models.inference import probabilities_of
from clf.models.record import ModelRecord
from clf.models.tokens import tokenize
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.settings import CleaningSettings, ComputeSettings
from clf.storage.result_folders import TRAIN_ROWS_FILE
from support.classifiers import write_tiny_classifier
from support.recorded import bare_classifier

FP32 = ComputeSettings(device="cpu", precision="fp32")
TEXTS = ["a wonderful film", "<br />dull &amp; long", "an awful film"]


def measured(texts: list[str], names: tuple[str, ...] = ("bad", "good")) -> MeasuredTexts:
    return MeasuredTexts("films", "test", texts, np.arange(len(texts)) % 2, list(names))


def trained_on(folder: Path, texts: list[str]) -> Path:
    np.save(folder / TRAIN_ROWS_FILE, text_hashes(texts))
    return folder


def test_texts_are_cleaned_as_the_settings_say_and_kept_as_they_were() -> None:
    rows = measured(TEXTS)
    assert len(rows) == 3
    assert rows.cleaned(CleaningSettings()) == ["a wonderful film", "dull & long", "an awful film"]
    plain = CleaningSettings(strip_html=False, unescape_entities=False)
    assert rows.cleaned(plain)[1] == "<br />dull &amp; long"
    assert rows.raw_texts == TEXTS


def test_answers_are_for_cleaned_texts_in_the_order_of_the_classes_of_the_rows(classifier: Classifier) -> None:
    cleaned = [classifier.clean(text) for text in TEXTS]
    expected = probabilities_of(classifier, cleaned, choose_compute(FP32))
    rows = measured(TEXTS, names=("good", "bad"))
    found = answers_of(classifier, rows, FP32)
    assert found.probabilities == pytest.approx(expected[:, ::-1])
    assert found.labels.tolist() == [0, 1, 0]
    assert answers_of(classifier, measured(TEXTS), FP32).probabilities == pytest.approx(expected)
    assert np.ptp(expected[:, 0]) > 1e-3  # else the order would make no difference
    assert abs(expected[:, 0] - expected[:, 1]).min() > 1e-3


def test_whether_texts_are_cut_is_told_by_their_tokens(classifier: Classifier) -> None:
    texts = measured(["dull", "a wonderful film", "good"])
    longest = max(len(ids) for ids in tokenize(texts.raw_texts, classifier.tokenizer, 100))
    assert not cuts_some(replace(classifier, max_length=longest), texts)
    assert cuts_some(replace(classifier, max_length=longest - 1), texts)


@pytest.mark.parametrize("seen", [0, 1])
def test_one_text_in_a_hundred_may_have_been_in_training(tmp_path: Path, seen: int) -> None:
    texts = [f"text {number}" for number in range(100)]
    model = bare_classifier(trained_on(tmp_path, [*texts[:seen], "another"]))
    leaked = find_leaks(model, measured(texts), allowed=False)
    assert leaked is not None
    assert np.flatnonzero(leaked).tolist() == list(range(seen))


def test_more_leaks_are_refused_with_their_number_unless_allowed(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(100)]
    model = bare_classifier(trained_on(tmp_path, ["text 7", "text 3"]))
    with pytest.raises(DataError) as refused:
        find_leaks(model, measured(texts), allowed=False)
    assert refused.value.message == "2 of 100 evaluation texts were in the training data of tiny"
    assert refused.value.hint == "evaluate on texts it has not seen, or pass --allow-leak"
    leaked = find_leaks(model, measured(texts), allowed=True)
    assert leaked is not None
    assert np.flatnonzero(leaked).tolist() == [3, 7]


def test_a_leak_is_found_by_the_cleaned_text(tmp_path: Path) -> None:
    model = bare_classifier(trained_on(tmp_path, ["dull & long"]))
    leaked = find_leaks(model, measured(TEXTS), allowed=True)
    assert leaked is not None
    assert leaked.tolist() == [False, True, False]


def test_without_a_record_of_the_training_texts_leaks_are_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert find_leaks(bare_classifier(tmp_path), measured(TEXTS), allowed=False) is None
    assert caplog.messages == ["tiny does not record its training texts, so leaks cannot be detected"]


def test_figures_without_leaks_exist_only_where_some_rows_but_not_all_leaked() -> None:
    answers = Answers(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], dtype=np.float32), np.array([0, 1, 1]))
    found = without_leaks(answers, np.array([False, True, False]))
    assert found == score(answers.take(np.array([0, 2])))
    assert found["accuracy"] == 1.0
    for leaked in (None, np.zeros(3, bool), np.ones(3, bool)):
        assert without_leaks(answers, leaked) is None


def test_thresholds_of_labels_follow_the_order_of_the_rows(tmp_path: Path) -> None:
    model = load_model(str(write_tiny_classifier(tmp_path / "m", ["plot", "acting", "music"], MULTI_LABEL)))
    stored = {"acting": 0.125, "music": 0.25, "plot": 0.75}
    model = replace(model, record=ModelRecord(schema_version=1, thresholds=stored))
    table = np.zeros((3, 3), dtype=bool)
    found = answers_of(model, MeasuredTexts("films", "test", TEXTS, table, list(stored)), FP32)
    assert isinstance(found, MultiLabelAnswers)
    assert found.thresholds.tolist() == [0.125, 0.25, 0.75]
    expected = probabilities_of(model, [model.clean(text) for text in TEXTS], choose_compute(FP32))
    assert found.probabilities == pytest.approx(expected[:, [1, 2, 0]])
    assert abs(expected[:, 0] - expected[:, 1]).min() > 1e-4  # else the order would make no difference
