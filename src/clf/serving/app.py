"""The application: what each address answers, and how errors are told."""

# ruff: noqa: TID253 - this module serves
import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable, Coroutine
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from clf import __version__
from clf.serving.batcher import QueueFull, Stopped
from clf.serving.labelling import Labelled, Labeller, TooLong
from clf.serving.metrics import MEDIA_TYPE, Metrics
from clf.serving.openapi import describe
from clf.serving.problems import Problem, internal
from clf.serving.schemas import ErrorBody, Health, Info, LabelScore, Limits, PredictAnswer, PredictRequest, TextAnswer
from clf.settings import ServeSettings

MOST_OF_A_NAME = 60
FORMS = "a text, a list of texts, or a list of lists with one text each"
PAGE = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
"""The files of the page for people, and their types."""
STOPPING = ("the server is stopping", "send the request to another server, or again later")
ENDED = ("the thread of the model has ended", "start the server again")
NO_TELEMETRY: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI can send traces to OpenTelemetry, and a variable alone would turn that on."""
JSON_TYPE = re.compile(r"application/([^/]+\+)?json", re.IGNORECASE)
"""The content types that FastAPI reads as JSON."""
T = TypeVar("T")


class ClientLeft(Exception):
    """The client closed the connection before it got its answer."""


class Serving:
    """One server: its model, its limits and its counters, and whether it still takes requests."""

    def __init__(self, labeller: Labeller, settings: ServeSettings, metrics: Metrics) -> None:
        self.labeller, self.settings, self.metrics = labeller, settings, metrics
        self.draining = False
        metrics.watch(labeller.batcher)

    def info(self) -> Info:
        """Describe the model and the limits."""
        predictor, most = self.labeller.predictor, self.settings
        one, compute = predictor.classifier, predictor.inference.compute
        each = None if one.thresholds is None else dict(zip(one.labels, one.thresholds.tolist(), strict=True))
        return Info(
            model=one.name,
            labels=one.labels,
            multi_label=one.multi_label,
            max_length=one.max_length,
            threshold=predictor.threshold,
            thresholds=each,
            device=compute.device.type,
            precision=compute.precision,
            version=__version__,
            limits=Limits(texts=most.max_texts, characters=most.max_characters, body=most.max_body, queue=most.queue),
        )

    async def predict(self, asked: PredictRequest) -> PredictAnswer:
        """Label the texts of a request; return the answer in the form that was asked for.

        Raises Problem.
        """
        texts = asked.texts
        self._check_size(texts)
        try:
            found = await self.labeller.label(texts, raw=asked.raw_scores, cut=asked.truncate, count=asked.details)
        except QueueFull:
            raise self._busy() from None
        except Stopped:
            raise self.unavailable() from None
        except TooLong as error:
            raise self._too_long(error) from None
        if asked.details:
            full = [self._in_full(one) for one in found]
            return full[0] if isinstance(asked.inputs, str) else full
        scores = [self._scores(one) for one in found]
        return scores[0] if isinstance(asked.inputs, str) else scores

    def unavailable(self) -> Problem:
        """Return the answer to a request that is not taken: the server stops, or its model has failed for good."""
        return Problem(503, "unavailable", *(STOPPING if self.draining else ENDED))

    def _check_size(self, texts: list[str]) -> None:
        most, characters = self.settings, sum(map(len, texts))
        if len(texts) > most.max_texts:
            what = f"expected at most {most.max_texts:,} texts, found {len(texts):,}"
            raise Problem(413, "too_large", what, "send them in several requests")
        if characters > most.max_characters:
            what = f"expected at most {most.max_characters:,} characters in all texts together, found {characters:,}"
            raise Problem(413, "too_large", what, "send fewer texts, or shorten them")

    def _busy(self) -> Problem:
        wait = max(1, math.ceil(self.labeller.batcher.seconds_to_empty))
        what = f"the queue has no room: at most {self.settings.queue} texts may wait for the model"
        return Problem(
            429, "overloaded", what, f"send the request again after {wait} s", [(b"retry-after", b"%d" % wait)]
        )

    def _too_long(self, error: TooLong) -> Problem:
        most = self.labeller.predictor.classifier.max_length
        what = f"text {error.place} (counting from 0) has {error.tokens:,} tokens, and the model reads {most:,}"
        return Problem(413, "too_large", what, "shorten it, or send truncate: true to have it cut")

    def _scores(self, one: Labelled) -> list[LabelScore]:
        pairs = zip(self.labeller.predictor.labels, one.scores, strict=False)  # an empty text has no scores
        return [LabelScore(label=name, score=score) for name, score in sorted(pairs, key=lambda pair: -pair[1])]

    def _in_full(self, one: Labelled) -> TextAnswer:
        said, predictor = one.prediction, self.labeller.predictor
        return TextAnswer(
            label=None if said.error else said.labels if predictor.multi_label else said.label,
            confidence=said.confidence,
            abstained=said.label == predictor.no_answer,
            scores=self._scores(one),
            tokens=one.tokens,
            tokens_cut=one.tokens_cut,
            error=said.error,
        )


def create_app(serving: Serving, *, asks_token: bool) -> FastAPI:
    """Return the application that answers with a model; who may ask, and how much, is decided around it.

    `asks_token` says whether the guard asks for a token, which OpenAPI then says.
    """
    app = FastAPI(
        title="clf serve",
        version=__version__,
        summary="A text classifier over HTTP; /info says which, to those who have the token",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        generate_unique_id_function=lambda route: route.name,
    )
    _tell_problems(app)
    _add_model(app, serving)
    _add_state(app, serving)
    _add_page(app)
    describe(app, serving.settings, asks_token=asks_token)
    return app


def _add_model(app: FastAPI, serving: Serving) -> None:
    @app.post("/predict", response_model=PredictAnswer, summary="Label texts", responses={422: {"model": ErrorBody}})
    async def predict(asked: PredictRequest, request: Request) -> Response:
        request.state.texts = len(asked.texts)
        return _json(await _unless_gone(request, serving.predict(asked)))

    @app.get("/info", summary="The model and the limits of the server")
    async def info() -> Info:
        return serving.info()


def _add_state(app: FastAPI, serving: Serving) -> None:
    @app.get("/health", summary="Whether the server works")
    async def health() -> Health:
        if not serving.labeller.batcher.alive:
            raise serving.unavailable()
        return Health(status="ok")

    @app.get("/ready", summary="Whether the server takes requests")
    async def ready() -> Health:
        if serving.draining or not serving.labeller.batcher.alive:
            raise serving.unavailable()
        return Health(status="ready")

    @app.get("/metrics", summary="Counters, as Prometheus reads them", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(serving.metrics.page(), media_type=MEDIA_TYPE)


def _add_page(app: FastAPI) -> None:
    folder = files("clf.serving") / "page"
    for address, (name, kind) in PAGE.items():
        answer = Response((folder / name).read_bytes(), media_type=kind)
        app.add_api_route(address, _giving(answer), include_in_schema=False)
    app.add_api_route("/favicon.ico", _giving(Response(status_code=204)), include_in_schema=False)


def _giving(answer: Response) -> Callable[[], Awaitable[Response]]:
    async def give() -> Response:
        return answer

    return give


def _json(value: Any) -> Response:
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content, media_type="application/json")


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, but leave it if the client closes the connection: a text that still waits is then never run."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_closed(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientLeft
    finally:
        gone.cancel()
        task.cancel()


async def _closed(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


# --- errors -------------------------------------------------------------------------------------------------


def _tell_problems(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def told(request: Request, problem: Problem) -> Response:
        extra = {name.decode(): value.decode() for name, value in problem.extra}
        return Response(problem.encoded(), problem.status, extra, "application/json")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await told(request, _not_valid(error, request))

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        return await told(request, _of_http(error, request))

    @app.exception_handler(Exception)  # the guard logs it
    async def failed(request: Request, error: Exception) -> Response:
        return await told(request, internal())

    @app.exception_handler(ClientLeft)
    async def left(request: Request, error: ClientLeft) -> Response:
        return await told(request, Problem(499, "gone", "the client left", ""))


def _not_valid(error: RequestValidationError, request: Request) -> Problem:
    """Say what is wrong with a body; what was found is told by its type only, as it may be a text."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"][1:]]
    if first["type"] == "json_invalid":
        return Problem(422, "validation", "the body is not valid JSON", 'send {"inputs": "a text"}')
    if not where:
        if not JSON_TYPE.fullmatch(request.headers.get("content-type", "").partition(";")[0].strip()):
            return _not_json()
        return Problem(422, "validation", "expected a JSON object in the body", 'send {"inputs": "a text"}')
    known = f"known fields: {', '.join(PredictRequest.model_fields)}"
    if first["type"] == "missing":
        return Problem(422, "validation", "the body has no field `inputs`", known)
    if first["type"] == "extra_forbidden":  # not named, as nothing that was sent is repeated
        close = get_close_matches(where[0][:MOST_OF_A_NAME], PredictRequest.model_fields, n=1)
        hint = f"did you mean {close[0]}?" if close else known
        return Problem(422, "validation", "the body has a field that is not known", hint)
    if where[0] == "inputs":
        is_empty = any(one["input"] == [] for one in error.errors())
        wanted = "at least one text, found an empty list" if is_empty else FORMS
        return Problem(422, "validation", f"inputs: expected {wanted}", 'send {"inputs": "a text"}')
    return Problem(422, "validation", f"{where[0]}: expected true or false", "leave it out for the default")


def _not_json() -> Problem:
    what = "expected a body of JSON, found another content type"
    return Problem(415, "media_type", what, "send the header content-type: application/json")


def _addresses(app: FastAPI) -> list[str]:
    return [route.path for route in app.routes if isinstance(route, Route)]


def _of_http(error: HTTPException, request: Request) -> Problem:
    if error.status_code == 404:
        close = get_close_matches(request.url.path[:MOST_OF_A_NAME], _addresses(request.app), n=1, cutoff=0.7)
        hint = f"did you mean {close[0]}?" if close else "see /openapi.json for what there is"
        return Problem(404, "not_found", "there is nothing at this address", hint)
    if error.status_code == 405:
        allowed = Headers(dict(error.headers or {})).get("allow", "")
        return Problem(
            405, "method", "this method is not allowed here", f"use {allowed}", [(b"allow", allowed.encode())]
        )
    return Problem(422, "validation", "the body cannot be read", 'send {"inputs": "a text"}')
