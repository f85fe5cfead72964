"""Synthetic reviews as a dataset: of one label, or of several where that is asked for."""

import pytest

from clf.data.sources.find import SourceFinder
from clf.data.sources.generated import ROWS, ROWS_OF_SEVERAL, SYNTHETIC, name_of, synthetic_source
from clf.settings import DataSettings


@pytest.mark.parametrize(("asked", "several"), [(None, False), (False, False), (True, True)])
def test_the_flag_decides_which_reviews_they_are(asked: bool | None, several: bool) -> None:
    source = SourceFinder(42, generated=40).find(DataSettings(dataset=SYNTHETIC, multi_label=asked))
    assert source.name == name_of(several=several)
    assert source.origin == source.fingerprint == f"{source.name}@rows=40,seed=42"
    [batch] = source.splits["train"].rows()
    assert set(batch.columns) == {"text", "labels" if several else "label"}
    assert (len(batch.lines), source.rows_generated) == (28, 40)


def test_a_review_of_no_aspect_has_an_empty_list() -> None:
    [batch] = synthetic_source(40, 1, several=True).splits["test"].rows()
    assert [] in batch.columns["labels"]
    assert ["acting", "music", "plot"] in batch.columns["labels"]


def test_unless_a_number_is_asked_for_there_are_as_many_as_the_kind_needs() -> None:
    counts = [synthetic_source(None, 1, several=several).rows_generated for several in (False, True)]
    assert counts == [ROWS, ROWS_OF_SEVERAL]
