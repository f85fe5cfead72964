"""Lengths are counted in tokens with the tokenizer of the encoder to train, or of the embedded one."""

from pathlib import Path

import numpy as np
import pytest

from clf.errors import ModelError
from clf.models import counting
from clf.models.counting import TokenCounter, token_counter
from clf.models.store import EMBEDDED_ID, has_embedded
from clf.settings import TrainSettings
from support.tiny import write_tiny_encoder


def test_a_special_token_in_a_text_counts_as_its_characters(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = write_tiny_encoder(tmp_path / "tiny")
    plain, with_token = TokenCounter("tiny", folder / "tokenizer.json")(["film film", "film [SEP] film"])
    assert with_token > plain + 1


def test_special_tokens_and_those_beyond_what_the_encoder_reads_count(tiny_encoder: Path) -> None:
    lengths = TokenCounter("tiny", tiny_encoder / "tokenizer.json")(["film " * 300, "", "a film"])
    assert lengths.tolist() == [302, 2, 4]
    assert lengths.dtype == np.int64
    assert TokenCounter("tiny", tiny_encoder / "tokenizer.json")([]).tolist() == []


@pytest.mark.parametrize(("times", "counted"), [(1.0, 22), (1.01, 22), (2.0, 44), (2.5, 55)])
def test_of_a_huge_text_the_beginning_is_counted_and_the_rest_reckoned(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch, times: float, counted: int
) -> None:
    monkeypatch.setattr(counting, "READ_AT_MOST", 100)
    text = ("film " * 60)[: int(100 * times)]
    [length] = TokenCounter("tiny", tiny_encoder / "tokenizer.json")([text])
    assert length == counted


def test_a_damaged_tokenizer_is_an_error_when_it_counts(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    counter = TokenCounter("tiny", tmp_path / "tokenizer.json")
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged"):
        counter(["a film"])


def test_the_encoder_to_train_counts(tiny_encoder: Path, dead_hub: None) -> None:
    counter = token_counter(TrainSettings(model=str(tiny_encoder)))
    assert (counter.model, counter.file) == (str(tiny_encoder), tiny_encoder / "tokenizer.json")


def test_an_encoder_that_was_chosen_and_is_elsewhere_counts_nothing(dead_hub: None) -> None:
    counter = token_counter(TrainSettings(model="owner/unknown"))
    assert (counter.model, counter.file) == ("owner/unknown", None)
    default = TrainSettings().model
    assert token_counter(TrainSettings(model=default)).model == default


def test_for_the_default_encoder_the_embedded_one_counts_where_it_is_not_there(
    dead_hub: None, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = token_counter(TrainSettings())
    assert counter.model == EMBEDDED_ID
    assert (counter.file is not None) is has_embedded()
    monkeypatch.setattr(counting, "EMBEDDED_ID", str(tiny_encoder))
    assert token_counter(TrainSettings()).file == tiny_encoder / "tokenizer.json"
