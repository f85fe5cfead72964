"""The confidence threshold that is stored in a published model, and removed from it."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from clf.data.sources.find import SourceFinder
from clf.errors import OutputError, UsageError
from clf.measuring.stored_threshold import _store_threshold, store_threshold
from clf.models.record import ModelRecord, write_model_record
from clf.scoring.answers import Answers
from clf.settings import ConfidenceSettings, DataSettings, Settings
from support.recorded import bare_classifier

TEN = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6], [0.95, 0.05]] * 2
ANSWERS = Answers(np.array(TEN, dtype=np.float32), np.array((0, 1) * 5))


def test_a_threshold_is_stored_without_making_the_model_newer(tmp_path: Path) -> None:
    kept = ModelRecord(schema_version=1, threshold=0.5)
    write_model_record(tmp_path, kept)
    before = (tmp_path / "clf.json").stat().st_mtime_ns
    model = bare_classifier(tmp_path, kept)
    _store_threshold(model, kept, ANSWERS, ConfidenceSettings(target_coverage=0.2))
    written = json.loads((tmp_path / "clf.json").read_text())
    assert written["threshold"] == pytest.approx(0.95)
    assert written["abstention"]["aim"] == {"target_coverage": 0.2}
    assert written["abstention"]["validation"]["answered"] == 2
    assert (tmp_path / "clf.json").stat().st_mtime_ns == before
    assert model.record is not None
    assert model.record.threshold == written["threshold"]


@pytest.mark.parametrize(
    ("threshold", "said"),
    [(None, "no threshold is stored"), (0.13895260735560874, "the stored threshold, 0.1390, is kept")],
)
def test_a_target_out_of_reach_leaves_what_was_stored(
    caplog: pytest.LogCaptureFixture, threshold: float | None, said: str
) -> None:
    caplog.set_level(logging.INFO)
    kept = ModelRecord(schema_version=1, threshold=threshold)
    model = bare_classifier("m", kept)
    _store_threshold(model, kept, ANSWERS, ConfidenceSettings(target_accuracy=0.99))
    assert model.record is kept
    assert caplog.messages[-1] == said


def test_a_threshold_that_cannot_be_stored_is_an_error_with_its_reason(tmp_path: Path) -> None:
    kept = ModelRecord(schema_version=1)
    model = bare_classifier(tmp_path / "gone", kept)
    with pytest.raises(OutputError, match=r"cannot store the threshold in .*gone/clf\.json: No such file") as refused:
        _store_threshold(model, kept, ANSWERS, ConfidenceSettings(target_coverage=0.2))
    assert refused.value.hint == "make the model folder writable, or pass --threshold to clf predict"


def test_a_threshold_needs_a_record_and_a_local_folder() -> None:
    asked = Settings(confidence=ConfidenceSettings(target_coverage=0.5), data=DataSettings(dataset="none"))
    finder = SourceFinder(seed=1)
    with pytest.raises(UsageError, match="tiny does not record its validation split, so no threshold can be chosen"):
        store_threshold("m", bare_classifier("m"), asked, finder)
    with pytest.raises(UsageError, match="but acme/tiny is a model on the Hub") as refused:
        store_threshold("acme/tiny", bare_classifier("m", ModelRecord(schema_version=1)), asked, finder)
    assert refused.value.hint == "copy it to a local folder"


def test_what_was_stored_is_told_with_what_it_does_and_how_to_remove_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    kept = ModelRecord(schema_version=1, max_length=64)
    write_model_record(tmp_path, kept)
    model = bare_classifier(tmp_path, kept)
    _store_threshold(model, kept, ANSWERS, ConfidenceSettings(target_coverage=0.2))
    stored, told = json.loads((tmp_path / "clf.json").read_text()), " ".join(caplog.messages)
    for said in (f"{stored['threshold']:.4f}", "clf.json", "clf predict answers 'abstain'", "--target-coverage 1"):
        assert said in told
    removing = Settings(confidence=ConfidenceSettings(target_coverage=1), data=DataSettings(dataset="none"))
    for said in (f"removed the threshold {stored['threshold']:.4f}", "no threshold is stored"):
        store_threshold(str(tmp_path), model, removing, SourceFinder(seed=1))
        assert said in caplog.messages[-1]
        assert model.record is not None
        assert (model.record.threshold, model.record.abstention, model.record.max_length) == (None, None, 64)
