"""What each address answers."""

import json
import math
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uvicorn import Server as UvicornServer

from clf import __version__
from clf.errors import TooLittleMemory
from clf.predictor import Predictor
from clf.serving.batcher import Array, TokenIds
from clf.serving.server import Server
from clf.settings import PredictSettings, Settings
from support.classifiers import write_tiny_classifier
from support.serving import Served, serving, until

TEXTS = ["a wonderful film", "", "dull and boring"]


@pytest.fixture(scope="module")
def served(trained: Path) -> Iterator[Served]:
    with serving(trained, max_texts=4, max_characters=9_000, queue=8) as running:
        yield running


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_tiny_classifier(tmp_path_factory.mktemp("m") / "m", ("a", "b", "c"), "multi_label_classification")
    with serving(folder, settings=Settings(predict=PredictSettings(threshold=0.5))) as running:
        yield running


def expected(predictor: Predictor, texts: list[str]) -> list[list[dict[str, Any]]]:
    """Return predict's scores in the shape of the answers."""
    return [
        sorted(({"label": name, "score": score} for name, score in one.scores.items()), key=lambda one: -one["score"])
        for one in predictor.predict(texts)
    ]


def near(found: Any, wanted: Any) -> bool:
    """Return whether labels are the same, in the same order, and scores within 1e-5."""
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(near, found, wanted))
    return bool(found["label"] == wanted["label"] and abs(found["score"] - wanted["score"]) <= 1e-5)


def test_one_text_gets_the_scores_of_its_labels_best_first(served: Served) -> None:
    found = served.predict("a wonderful film")
    assert near(found, expected(served.predictor, TEXTS[:1])[0])
    assert [one["label"] for one in found] == ["positive", "negative"]
    assert set(found[0]) == {"label", "score"}


@pytest.mark.parametrize("inputs", [TEXTS, [[text] for text in TEXTS]])
def test_a_list_of_texts_in_either_form_gets_a_list_for_each_and_none_for_an_empty_one(
    served: Served, inputs: Any
) -> None:
    found = served.predict(inputs)
    assert near(found, expected(served.predictor, TEXTS))
    assert found[1] == []


def test_a_list_with_one_text_gets_a_list_with_one_answer(served: Served) -> None:
    assert len(served.predict(["a wonderful film"])) == 1
    assert served.predict("") == []


def test_details_are_the_whole_answer_of_predict(served: Served) -> None:
    [good, empty, long] = served.predict(["a wonderful film", "", "dull and boring " * 200], details=True)
    said = served.predictor.predict(["a wonderful film"])[0]
    assert (good["label"], good["abstained"], good["error"]) == (said.label, False, "")
    assert good["confidence"] == pytest.approx(said.confidence, abs=1e-5)
    assert (good["tokens"], good["tokens_cut"]) == (5, 0)
    assert [one["label"] for one in good["scores"]] == ["positive", "negative"]
    assert empty == {
        "label": None, "confidence": None, "abstained": False, "scores": [], "tokens": 0, "tokens_cut": 0, "error": "empty text",
    }  # fmt: skip
    assert (long["tokens"], long["tokens_cut"]) == (128, 602 - 128)
    assert served.predict("a wonderful film", details=True)["label"] == said.label


def test_a_model_that_is_not_sure_abstains(trained: Path) -> None:
    with serving(trained, settings=Settings(predict=PredictSettings(threshold=1.0))) as running:
        found = running.predict("a wonderful film", details=True)
        assert (found["label"], found["abstained"]) == ("abstain", True)
        assert found["scores"][0]["label"] == "positive"
        assert running.ask("/info").json["threshold"] == 1.0


def test_several_labels_come_as_a_list(several: Served) -> None:
    texts = ["a wonderful film", "", "dull and boring"]
    found = several.predict(texts, details=True)
    said = several.predictor.predict(texts)
    assert [one["label"] for one in found] == [one.labels if not one.error else None for one in said]
    assert near(several.predict(texts), expected(several.predictor, texts))
    info = several.ask("/info").json
    assert (info["multi_label"], info["thresholds"]) == (True, {"a": 0.5, "b": 0.5, "c": 0.5})


def test_raw_scores_are_logits(several: Served) -> None:
    [raw], [plain] = several.predict(["a film"], raw_scores=True), several.predict(["a film"])
    logits = {one["label"]: one["score"] for one in raw}
    assert {one["label"]: round(one["score"], 4) for one in plain} == {
        name: round(1 / (1 + math.exp(-logit)), 4) for name, logit in logits.items()
    }


def test_info_says_what_the_model_is_without_a_path(served: Served, trained: Path) -> None:
    info = served.ask("/info").json
    assert info == {
        "model": trained.name, "labels": ["negative", "positive"], "multi_label": False, "max_length": 128, "threshold": None,
        "thresholds": None, "device": "cpu", "precision": info["precision"], "version": __version__,
        "limits": {"texts": 4, "characters": 9_000, "body": 2_000_000, "queue": 8},
    }  # fmt: skip
    assert "/" not in json.dumps(info).replace(__version__, "")


def test_the_server_is_well_and_ready_until_it_stops(served: Served) -> None:
    assert (served.ask("/health").json, served.ask("/ready").json) == ({"status": "ok"}, {"status": "ready"})
    served.serving.draining = True
    try:
        refused = served.ask("/ready")
        assert (refused.status, refused.json["error_type"]) == (503, "unavailable")
        assert served.ask("/health").status == 200
    finally:
        served.serving.draining = False


def test_the_server_is_ill_when_the_thread_of_the_model_has_ended(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "on_tick", UvicornServer.on_tick)  # or it would end at once
    with serving(trained) as running:
        running.serving.labeller.batcher.stop()
        assert (running.ask("/health").status, running.ask("/ready").status) == (503, 503)
        refused = running.ask("/predict", {"inputs": "a"})
        assert (refused.status, refused.json["error"]) == (503, "the thread of the model has ended")


def test_metrics_count_texts_batches_requests_and_errors(served: Served) -> None:
    served.predict(["a film", "a wonderful film"])
    served.ask("/predict", {"inputs": 1})
    served.ask("/secret")
    page = served.ask("/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    text = page.content.decode()
    for line in (
        'clf_requests_total{path="/predict",status="200"}', 'clf_errors_total{kind="validation"}', "clf_texts_total ",
        'clf_errors_total{kind="not_found"}', "clf_tokens_total ", "clf_queue_texts 0", 'clf_request_seconds_bucket{le="0.1",path="/predict"}',
        "clf_batch_texts_bucket", "clf_batch_seconds_sum",
    ):  # fmt: skip
        assert line in text
    assert "secret" not in text


def test_a_request_that_arrives_in_part_is_counted_once(trained: Path) -> None:
    with serving(trained, receive_timeout=0.2) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{")
            assert client.recv(20).startswith(b"HTTP/1.1 408")
            until(lambda: not running.server.server_state.tasks)
        lines = running.ask("/metrics").content.decode().splitlines()
    counted = [line for line in lines if line.startswith("clf_errors_total") and not line.endswith(" 0.0")]
    assert counted == ['clf_errors_total{kind="timeout"} 1.0']
    assert [line for line in lines if line.startswith("clf_requests_total")] == [
        'clf_requests_total{path="other",status="408"} 1.0'
    ]


# --- requests that are refused ------------------------------------------------------------------------------

REFUSED: list[tuple[Any, int, str]] = [
    ({"inputs": ["a"] * 5}, 413, "too_large"), ({"inputs": "a" * 9_001}, 413, "too_large"), ({"inputs": []}, 422, "validation"),
    ({"inputs": 1}, 422, "validation"), ({"input": "a"}, 422, "validation"), ({"inputs": "a", "detials": True}, 422, "validation"),
    ({"inputs": "a", "truncate": 1}, 422, "validation"), ([], 422, "validation"), (b"{", 422, "validation"), (b"", 422, "validation"),
    (b"\xff", 422, "validation"), (b"[" * 50_000, 422, "validation"), (b'{"inputs": ' + b"9" * 5_000 + b"}", 422, "validation"),
    ({"inputs": "wonderful " * 800, "truncate": False}, 413, "too_large"), (b'{"inputs": NaN}', 422, "validation"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "kind"), REFUSED, ids=range(len(REFUSED)))
def test_refusals_have_one_shape_and_say_what_to_do(served: Served, body: Any, status: int, kind: str) -> None:
    answer = served.ask("/predict", body, "POST")
    assert (answer.status, answer.json["error_type"]) == (status, kind)
    assert set(answer.json) == {"error", "error_type", "hint"}
    assert answer.json["error"]
    assert answer.json["hint"]
    assert "wonderful" not in answer.json["error"]
    assert served.ask("/health").status == 200


def test_an_unknown_field_and_a_missing_one_are_named_by_what_is_known(served: Served) -> None:
    assert served.ask("/predict", {"inputs": "a", "detials": True}).json["hint"] == "did you mean details?"
    assert "raw_scores" in served.ask("/predict", {"inputs": "a", "top_k": 2}).json["hint"]
    assert "inputs" in served.ask("/predict", {"input": "a"}).json["error"]


def test_other_content_types_are_told_which_header_to_send(served: Served) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        answer = served.ask("/predict", b'{"inputs": "a"}', headers={"content-type": kind})
        assert (answer.status, answer.json["error_type"]) == (415, "media_type")
        assert "application/json" in answer.json["hint"]
    for kind in ("Application/JSON; charset=utf-8", "application/vnd.api+json"):
        assert served.ask("/predict", {"inputs": "a"}, headers={"content-type": kind}).status == 200
        assert served.ask("/predict", b"[]", headers={"content-type": kind}).status == 422


def test_a_compressed_body_is_told_to_come_as_it_is(served: Served) -> None:
    answer = served.ask("/predict", b"\x1f\x8b\x08", headers={"content-encoding": "gzip"})
    assert (answer.status, answer.json["error_type"]) == (415, "media_type")
    assert "Content-Encoding" in answer.json["hint"]
    assert served.ask("/predict", {"inputs": "a film"}, headers={"content-encoding": "identity"}).status == 200


def test_what_clf_says_of_a_model_that_fails_stands_in_the_log_only(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(token_ids: TokenIds, raw: bool) -> Array:
        raise TooLittleMemory("memory ran out", "pass --max-length 64")

    with serving(trained) as running:
        running.serving.labeller.batcher._answer = fails
        answer = running.ask("/predict", {"inputs": "a film"})
        assert (answer.status, answer.json["error_type"]) == (500, "internal")
        assert "memory" not in answer.content.decode()
        until(lambda: "memory ran out (pass --max-length 64)" in caplog.text)  # after the answer
        assert running.ask("/health").status == 200


@pytest.mark.parametrize("inputs", [[], [[]]])
def test_a_request_without_a_text_is_told_so(served: Served, inputs: list[Any]) -> None:
    assert (
        served.ask("/predict", {"inputs": inputs}).json["error"]
        == "inputs: expected at least one text, found an empty list"
    )


def test_other_addresses_and_methods_are_refused_in_the_same_shape(served: Served) -> None:
    assert served.ask("/nothing").json["error_type"] == "not_found"
    assert served.ask("/predict/", {"inputs": "a"}).json["hint"] == "did you mean /predict?"
    answer = served.ask("/predict")
    assert (answer.status, answer.json["error_type"], answer.headers["allow"]) == (405, "method", "POST")


def test_when_the_queue_is_full_the_answer_says_when_to_come_back(served: Served) -> None:
    batcher = served.serving.labeller.batcher
    batcher.reserve(8)
    try:
        answer = served.ask("/predict", {"inputs": "a"})
        assert (answer.status, answer.json["error_type"]) == (429, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
    finally:
        batcher.release(8)
    assert served.predict("a film")


def test_openapi_describes_what_there_is(served: Served) -> None:
    page = served.ask("/openapi.json").json
    assert set(page["paths"]) == {"/predict", "/info", "/health", "/ready", "/metrics"}
    answers = page["paths"]["/predict"]["post"]["responses"]
    assert set(answers) == {"200", "400", "408", "413", "415", "421", "422", "429", "431", "500", "503"}
    assert served.predictor.classifier.name not in json.dumps(page)  # it is open, and /info is not
