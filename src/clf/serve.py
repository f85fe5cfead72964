"""`clf serve`: answer over HTTP what `clf predict` answers."""

import logging
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import TYPE_CHECKING

from clf.errors import ModelError, Terminated, UsageError
from clf.outcomes.serving import Serves
from clf.settings import Settings

if TYPE_CHECKING:
    from clf.predictor import Predictor
    from clf.serving.labelling import Labeller

MISSING = "pip install 'clf-cli[serve]'"

log = logging.getLogger(__name__)


def serve(model: str | None, settings: Settings, ready: Callable[[Serves], None], *, tell: bool = True) -> None:
    """Serve a model until a signal comes; with no model, the newest one.

    `ready` is called once, after the model answered a first text; `tell` writes a line of JSON to stderr for each
    request. Raises UsageError if the address is taken or open to others without a token, ModelError if the model
    cannot be used, or fails for good.
    """
    try:
        from clf.serving.server import Server, give_way, let_in, listen, without_signals
    except ImportError as error:
        raise UsageError(f"clf serve needs the package {error.name}", MISSING) from error
    from clf.serving.app import Serving
    from clf.serving.credentials import check_exposure, read_token
    from clf.serving.metrics import Metrics

    options = settings.serve
    if options.max_texts > options.queue:
        what = f"--max-texts {options.max_texts} is more than the queue holds ({options.queue})"
        raise UsageError(what, f"pass --queue {options.max_texts} or more, or --max-texts {options.queue} or fewer")
    token = read_token()
    check_exposure(options.host, token is not None, options.allow_anonymous)
    taken = listen(options.host, options.port)
    with taken:
        labeller = _load(model, settings)
        try:
            labeller.warm_up()
            server = Server(Serving(labeller, options, Metrics()), token, options, tell=tell)
            give_way()
            let_in(taken)  # what connects from now on waits a moment, and is answered
            left = 0
            with suppress(KeyboardInterrupt, Terminated):  # a signal may come between the two as well
                ready(_told(taken, labeller.predictor.classifier.name, options.allowed_host, token))
                left = server.answer(taken)
            failed = not labeller.batcher.alive
        finally:
            with without_signals():
                labeller.close()
    if failed:
        raise ModelError("the model has failed for good; the log says where", "start the server again")
    log.info("stopped; requests answered: %d", server.observed.answered)
    if left:
        _tell_left(left, "as a second signal came" if server.force_exit else f"after {options.drain_timeout:g} s")


def _load(model: str | None, settings: Settings) -> "Labeller":
    """Load the model in the thread that runs it, and say what a server's answers may leave out.

    Raises ModelError if the model cannot be used.
    """
    from clf.models.cpu.memory import keep_freed_memory
    from clf.predict import tell_calibration
    from clf.predictor import Predictor
    from clf.serving.labelling import Labeller
    from clf.serving.model_thread import ModelThread

    keep_freed_memory()
    log.info("loading %s", model or "the newest model")
    thread = ModelThread()
    labeller = thread.start(lambda: Labeller(Predictor(model, settings), settings.serve.queue, thread)).result()
    tell_calibration(labeller.predictor)
    _tell_thresholds(labeller.predictor)
    return labeller


def _tell_thresholds(predictor: "Predictor") -> None:
    """Say what scores alone do not show."""
    if predictor.multi_label:
        log.info("each label has its threshold: which labels are chosen is only in answers with details")
    if predictor.threshold is not None:
        log.info("the model abstains below %.4g: this is only in answers with details", predictor.threshold)


def _tell_left(left: int, why: str) -> None:
    told = "1 request was" if left == 1 else f"{left} requests were"
    log.warning("%s left without an answer, %s", told, why)


def _told(taken: socket, model: str, names: list[str], token: str | None) -> Serves:
    """Return what to say when the server is ready."""
    from clf.serving.credentials import is_this_machine
    from clf.serving.server import address_of

    host = taken.getsockname()[0]
    beyond, asks = not is_this_machine(host), token is not None
    return Serves(address=address_of(taken), model=model, beyond=beyond, names=names, token=asks)
