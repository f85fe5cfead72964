"""What the server counts, in the format of Prometheus. No text, label or address of a client is ever part of it."""

# ruff: noqa: TID253 - this module serves
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from clf.serving.batcher import Batcher

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        # When each counter was made would be half of the page, and Prometheus ignores it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        own = self.registry
        self._requests = Counter("clf_requests", "Requests by path and status", ["path", "status"], registry=own)
        self._errors = Counter("clf_errors", "Requests that failed, by kind of error", ["kind"], registry=own)
        self._texts = Counter("clf_texts", "Texts that the model read", registry=own)
        self._tokens = Counter("clf_tokens", "Tokens that the model read, without padding", registry=own)
        self._seconds = Histogram(
            "clf_request_seconds", "Seconds from the start of a request to the end of its answer", ["path"],
            buckets=SECONDS, registry=own,
        )  # fmt: skip
        self._model_seconds = Histogram(
            "clf_batch_seconds", "Seconds that the model took for a batch", buckets=SECONDS, registry=own
        )
        self._batch = Histogram("clf_batch_texts", "Texts of a batch", buckets=TEXTS, registry=own)
        self._queue = Gauge("clf_queue_texts", "Texts that wait for the model, or are prepared for it", registry=own)

    def watch(self, batcher: Batcher) -> None:
        """Count the batches from now on, and report the places that are taken in the queue."""
        batcher.observe = self.batch
        self._queue.set_function(lambda: batcher.taken)

    def batch(self, texts: int, tokens: int, seconds: float) -> None:
        """Count a batch; `tokens` without padding."""
        self._texts.inc(texts)
        self._tokens.inc(tokens)
        self._batch.observe(texts)
        self._model_seconds.observe(seconds)

    def request(self, path: str, status: int, seconds: float | None) -> None:
        """Count a request that was answered; `seconds` are None where nobody knows when it began."""
        self._requests.labels(path, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(path).observe(seconds)

    def expect_errors(self, kinds: Iterable[str]) -> None:
        """Show kinds of errors as 0 until there is one.

        Prometheus sees only growth: a counter that comes with its first error shows none.
        """
        for kind in kinds:
            self._errors.labels(kind)

    def error(self, kind: str) -> None:
        """Count an error."""
        self._errors.labels(kind).inc()

    def page(self) -> bytes:
        """Return all counters as Prometheus reads them."""
        return generate_latest(self.registry)
