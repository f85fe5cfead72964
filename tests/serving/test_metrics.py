"""The counters of the server."""

from clf.serving.metrics import Metrics


def test_batches_requests_and_errors_are_counted() -> None:
    metrics = Metrics()
    metrics.batch(3, 50, 0.02)
    metrics.batch(1, 5, 0.2)
    metrics.request("/predict", 200, 0.03)
    metrics.error("overloaded")
    page = metrics.page().decode().splitlines()
    for line in (
        "clf_texts_total 4.0", "clf_tokens_total 55.0", 'clf_batch_texts_bucket{le="1.0"} 1.0', 'clf_batch_seconds_bucket{le="0.025"} 1.0',
        'clf_requests_total{path="/predict",status="200"} 1.0', 'clf_request_seconds_count{path="/predict"} 1.0',
        'clf_errors_total{kind="overloaded"} 1.0',
    ):  # fmt: skip
        assert line in page


def test_nothing_is_on_the_page_that_prometheus_ignores() -> None:
    metrics = Metrics()
    metrics.request("/predict", 200, 0.03)
    assert "_created" not in metrics.page().decode()


def test_two_servers_count_for_themselves() -> None:
    first, second = Metrics(), Metrics()
    first.error("timeout")
    assert "timeout" not in second.page().decode()
