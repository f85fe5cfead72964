"""A name -> a loaded classifier. The libraries are imported once its files are found, so a typing error is quick."""

import logging
from typing import TYPE_CHECKING

from clf.errors import NetworkError
from clf.models.record import newest_model
from clf.models.store import find_model

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)


def load_model(
    name: str | None, *, max_length: int | None = None, offline: bool = False, timeout: float = 60.0
) -> "Classifier":
    """Load the classifier that is named by folder or Hub id; the newest of this folder when none is.

    `max_length` is the number of tokens to read at most, where it is not the model's own.
    Raises ModelError or NetworkError when it cannot be had, UsageError for more tokens than it can read.
    """
    if name is None:
        name = str(newest_model())
        log.info("no model given: taking the newest, %s", name)
    try:
        files = find_model(name, offline=offline, timeout=timeout, encoder=False)
    except NetworkError as error:  # a mistyped folder reads like the id of a model
        raise NetworkError(f"there is no folder {name} here, and {error.message}", error.hint) from error
    from clf.models.classifier import choose_max_length, position_limit
    from clf.models.from_files import load_classifier

    classifier = load_classifier(files)
    if max_length:
        limit = position_limit(classifier.model, classifier.tokenizer)
        classifier.max_length = choose_max_length(max_length, limit, name)
    return classifier
