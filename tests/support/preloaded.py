"""What clf imports, for processes that are forked with it: see `support.forks`. Nothing here computes."""

import gc

import clf.compare
import clf.evaluate
import clf.predict
import clf.prepare
import clf.train
import clf.training.confidence
import clf.training.record
import clf.training.setup  # noqa: F401
from clf.cli import app  # noqa: F401
from clf.cli.show import compare, evaluate, predict, prepare, train  # noqa: F401
from clf.scoring import metrics, selective  # noqa: F401
from clf.settings_sources import load_settings


def _prepare() -> None:
    import pydantic_settings  # noqa: F401
    import transformers.models.distilbert.modeling_distilbert
    import transformers.models.distilbert.tokenization_distilbert  # noqa: F401
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    get_checkpoint_conversion_mapping("distilbert")  # a thousand patterns, compiled once
    load_settings({"data": {"dataset": "synthetic"}})
    gc.collect()
    gc.freeze()  # a collection in a fork need not look at all this


_prepare()
