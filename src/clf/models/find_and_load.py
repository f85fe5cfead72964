"""Find and load a classifier. Libraries are imported only after its files are found, so a typo fails fast."""

import logging
from typing import TYPE_CHECKING

from clf.errors import NetworkError
from clf.models.record import models_here, newest_model
from clf.models.store import find_model

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

MOST_SHOWN = 3

log = logging.getLogger(__name__)


def load_model(
    name: str | None, *, max_length: int | None = None, offline: bool = False, timeout: float = 60.0
) -> "Classifier":
    """Load a classifier from a folder or by its Hub id; with no name, load the newest one in `trained_models/`.

    `max_length` (tokens) overrides the model's own.
    Raises ModelError or NetworkError when the model is not available, UsageError when `max_length` is more than it
    can read.
    """
    if name is None:
        name = str(newest_model())
        log.info("no model given: using the newest, %s", name)
    try:
        files = find_model(name, offline=offline, timeout=timeout, encoder=False)
    except NetworkError as error:  # a mistyped folder looks like a Hub id
        here = ", ".join(map(str, models_here()[:MOST_SHOWN]))
        hint = f"models in this folder: {here}; or {error.hint}" if here else error.hint
        raise NetworkError(f"there is no folder {name} here, and {error.message}", hint) from error
    from clf.models.classifier import choose_max_length, position_limit
    from clf.models.from_files import load_classifier

    classifier = load_classifier(files)
    if max_length:
        limit = position_limit(classifier.model, classifier.tokenizer)
        classifier.max_length = choose_max_length(max_length, limit, name)
    return classifier
