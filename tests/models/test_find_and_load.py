"""A classifier is found by its name and loaded; what is wrong is said before the libraries are loaded."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from clf.errors import ModelError, NetworkError, UsageError
from clf.models.find_and_load import load_model


def test_without_a_name_the_newest_model_is_loaded_and_named(
    tiny_classifier: Path, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ModelError, match="no model given"):
        load_model(None)
    folder = Path("trained_models") / "newest"
    shutil.copytree(tiny_classifier, folder)
    (folder / "clf.json").write_text(json.dumps({"schema_version": 1, "max_length": 32}))
    with caplog.at_level(logging.INFO, "clf"):
        classifier = load_model(None)
    assert (classifier.name, classifier.max_length) == ("newest", 32)
    assert "no model given: using the newest, trained_models/newest" in caplog.messages


@pytest.mark.parametrize(("asked", "max_length"), [(None, 128), (1, 1), (128, 128)])
def test_a_length_that_is_asked_for_is_taken_up_to_the_limit(
    tiny_classifier: Path, asked: int | None, max_length: int
) -> None:
    assert load_model(str(tiny_classifier), max_length=asked).max_length == max_length


def test_a_length_beyond_the_limit_is_refused(tiny_classifier: Path) -> None:
    with pytest.raises(UsageError, match=r"--max-length 129 is more than .* can read \(128 tokens\)"):
        load_model(str(tiny_classifier), max_length=129)


def test_a_mistyped_folder_is_said_to_be_none_where_the_hub_cannot_be_asked(dead_hub: None) -> None:
    with pytest.raises(NetworkError, match="there is no folder trained_reviews here, and ") as refused:
        load_model("trained_reviews")
    assert "MiniLM" not in refused.value.hint  # an encoder would not do instead
    with pytest.raises(ModelError, match="offline mode is on"):
        load_model("trained_reviews", offline=True)


def test_a_mistyped_folder_gets_the_names_of_the_models_that_are_here(dead_hub: None, own_folder: Path) -> None:
    record = Path("trained_models/reviews/clf.json")
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    with pytest.raises(NetworkError) as refused:
        load_model("trained_reviews")
    assert refused.value.hint.startswith("models in this folder: trained_models/reviews; or ")
