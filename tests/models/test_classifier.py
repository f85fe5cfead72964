"""A classifier knows how long a text it reads, how it cleans one, and how many weights it has."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers.utils import logging as transformers_logging

from clf.errors import UsageError
from clf.models.classifier import Classifier, choose_max_length, position_limit, quiet_transformers
from clf.models.files import ModelFiles
from clf.models.from_files import load_for_training
from clf.models.tokens import CHARACTERS_PER_TOKEN
from clf.settings import CleaningSettings


def files(folder: Path) -> ModelFiles:
    return ModelFiles(folder, str(folder), "path")


def test_lengths_are_capped_by_the_model_and_refused_above_it(tiny_encoder: Path) -> None:
    classifier = load_for_training(files(tiny_encoder), ["a", "b"], seed=1)
    limit = position_limit(classifier.model, classifier.tokenizer)
    assert limit == 128
    assert choose_max_length(None, limit, "tiny") == 128
    assert choose_max_length(None, 8192, "long") == 512
    assert choose_max_length(64, limit, "tiny") == 64
    with pytest.raises(UsageError, match="--max-length 512 is more than tiny can read"):
        choose_max_length(512, limit, "tiny")


def shaped(kind: str, **config: object) -> SimpleNamespace:
    return SimpleNamespace(config=SimpleNamespace(model_type=kind, **config))


@pytest.mark.parametrize(
    ("model", "tokens", "limit"),
    [
        (shaped("bert", max_position_embeddings=512, pad_token_id=0), 256, 256),
        (shaped("bert", max_position_embeddings=512, pad_token_id=0), 10**30, 512),
        (shaped("roberta", max_position_embeddings=514, pad_token_id=1), 10**30, 512),
        (shaped("roberta", max_position_embeddings=514, pad_token_id=None), 10**30, 512),
        (shaped("xlm-roberta", max_position_embeddings=20, pad_token_id=4), 10**30, 15),
        (shaped("xlnet", max_position_embeddings=None, pad_token_id=0), 10**30, 512),
        (shaped("funnel", pad_token_id=0), 10**30, 512),
    ],
    ids=["tokenizer", "positions", "after padding", "no padding id", "other padding id", "unlimited", "unsaid"],
)
def test_the_limit_is_the_smaller_of_the_models_and_the_tokenizers(
    model: SimpleNamespace, tokens: int, limit: int
) -> None:
    assert position_limit(model, SimpleNamespace(model_max_length=tokens)) == limit


def test_the_limit_itself_may_be_asked_for_and_one_more_is_refused_with_what_fits() -> None:
    assert choose_max_length(128, 128, "tiny") == 128
    with pytest.raises(UsageError, match=r"--max-length 129 is more than tiny can read \(128 tokens\)") as refused:
        choose_max_length(129, 128, "tiny")
    assert refused.value.hint == "pass --max-length 128 or less"


def test_a_text_is_cleaned_as_the_models_own_settings_say() -> None:
    def cleaned(settings: CleaningSettings) -> str:
        return Classifier("tiny", None, None, ["a", "b"], 8, settings).clean("<b>fine</b>   film &amp; more")

    assert cleaned(CleaningSettings()) == "fine film & more"
    assert cleaned(CleaningSettings(strip_html=False)) == "<b>fine</b> film & more"


def test_a_huge_text_is_shortened_to_no_less_than_the_model_reads_of_both_its_ends() -> None:
    reads = 8 * CHARACTERS_PER_TOKEN
    text = "begin " + "word " * 200_000 + "end"
    cleaned = Classifier("tiny", None, None, ["a", "b"], 8, CleaningSettings()).clean(text)
    assert cleaned[:reads] == text[:reads]
    assert cleaned[-reads:] == text[-reads:]
    assert len(cleaned) < len(text) / 10


def test_every_weight_is_counted() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.Linear(3, 2, bias=False), torch.nn.LayerNorm(2))
    assert Classifier("tiny", model, None, ["a", "b"], 8, CleaningSettings()).parameters == 5 * 3 + 3 + 3 * 2 + 2 + 2


def loudness() -> tuple[int, bool]:
    return transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()


@pytest.fixture
def loud() -> Iterator[None]:
    """Let transformers log and show progress bars, and be as before afterwards."""
    verbosity, bars = loudness()
    transformers_logging.set_verbosity_info()
    transformers_logging.enable_progress_bar()
    yield
    transformers_logging.set_verbosity(verbosity)
    (transformers_logging.enable_progress_bar if bars else transformers_logging.disable_progress_bar)()


def test_transformers_is_quiet_inside_the_block_and_as_loud_as_before_after_it(loud: None) -> None:
    with quiet_transformers():
        assert loudness() == (transformers_logging.ERROR, False)
        warnings.warn("this is no error here, though it is in tests", UserWarning, stacklevel=1)
    assert loudness() == (transformers_logging.INFO, True)
    transformers_logging.disable_progress_bar()
    with quiet_transformers():
        pass
    assert loudness() == (transformers_logging.INFO, False)


def test_transformers_is_as_loud_as_before_after_an_error(loud: None) -> None:
    with pytest.raises(OSError, match="inside"), quiet_transformers():
        raise OSError("inside")
    assert loudness() == (transformers_logging.INFO, True)
