"""OpenAPI is true: what the server accepts, refuses and answers is what it says."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as some
from pydantic import TypeAdapter

from clf.serving.schemas import ErrorBody, PredictRequest, Scores, TextAnswer
from support.serving import Served, serving

TOKEN = "a-token-of-this-test-only-0123456789"
REFUSES = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 428, 429, "5xx"]
"""schemathesis's own list of refusals, and 413, which it leaves out: more texts or characters than the limits allow."""


@pytest.fixture(scope="module", params=[None, TOKEN], ids=["open", "token"])
def served(request: pytest.FixtureRequest, trained: Path) -> Iterator[Served]:
    with serving(trained, request.param, max_texts=8, max_characters=3_000) as running:
        yield running


def test_limits_stand_in_the_schema(served: Served) -> None:
    page = served.ask("/openapi.json").json
    one, several, in_lists = page["components"]["schemas"]["PredictRequest"]["properties"]["inputs"]["anyOf"]
    assert one == {"type": "string", "maxLength": 3_000}
    assert (several["maxItems"], several["minItems"], several["items"]["maxLength"]) == (8, 1, 3_000)
    assert (in_lists["maxItems"], in_lists["items"]["maxItems"]) == (8, 1)
    assert served.predict("a" * 3_000)
    assert served.ask("/predict", {"inputs": "a" * 3_001}).status == 413
    assert len(served.predict(["a"] * 8)) == 8
    assert served.ask("/predict", {"inputs": ["a"] * 9}).status == 413


def test_what_needs_the_token_says_so_if_there_is_one(served: Served) -> None:
    page = served.ask("/openapi.json").json
    asking = {path for path, operations in page["paths"].items() for one in operations.values() if "security" in one}
    assert asking == ({"/predict", "/info", "/metrics"} if served.token else set())
    told = {
        path for path, operations in page["paths"].items() for one in operations.values() if "401" in one["responses"]
    }
    assert told == asking
    for path, operations in page["paths"].items():
        for method in operations:
            answer = served.ask(path, method=method.upper(), headers={"authorization": ""})
            assert (answer.status == 401) == (path in asking)
    assert ("securitySchemes" in page["components"]) is bool(served.token)


def test_every_example_is_answered(served: Served) -> None:
    page = served.ask("/openapi.json").json
    examples = page["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert len(examples) == 4
    for one in examples.values():
        assert served.ask("/predict", one["value"]).status == 200


def test_names_are_good_for_the_clients_that_tools_write(served: Served) -> None:
    page = served.ask("/openapi.json").json
    names = [one["operationId"] for operations in page["paths"].values() for one in operations.values()]
    assert names == ["predict", "info", "health", "ready", "metrics"]
    assert "HTTPValidationError" not in page["components"]["schemas"]
    [kind] = page["paths"]["/metrics"]["get"]["responses"]["200"]["content"]
    assert kind == served.ask("/metrics").headers["content-type"].partition(";")[0]


def findings(served: Served, examples: int) -> tuple[Counter[str], list[str]]:
    """Run schemathesis with all its checks; return its requests by operation, and what it has to say against answers."""
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

    shown = {"Authorization": f"Bearer {TOKEN}"} if served.token else {}
    config = schemathesis.Config.from_dict({
        "seed": 1, "headers": shown, "generation": {"max-examples": examples, "deterministic": True}, "continue-on-failure": True,
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSES}}, "phases": {"stateful": {"enabled": False}},
    })  # fmt: skip
    schema = schemathesis.openapi.from_dict(served.ask("/openapi.json").json, config=config)
    schema.config.update(base_url=f"http://127.0.0.1:{served.port}")
    asked: Counter[str] = Counter()
    found = []
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            found.append(repr(event))
        elif isinstance(event, ScenarioFinished):
            asked[event.recorder.label] += len(event.recorder.interactions)
            found += [
                _told(check) for checks in event.recorder.checks.values() for check in checks if check.failure_info
            ]
    return asked, found


def _told(check: Any) -> str:
    failure = check.failure_info.failure
    return f"{failure.operation}: {failure.title}: {failure.message[:300]}"


@pytest.mark.sweep
def test_schemathesis_finds_nothing(served: Served) -> None:
    asked, found = findings(served, 500)
    assert found == []
    assert set(asked) == {"POST /predict", "GET /info", "GET /health", "GET /ready", "GET /metrics"}
    assert asked["POST /predict"] >= 500


TEXT = some.text(some.characters(codec="utf-8"), max_size=60)
FORMS = (
    TEXT | some.lists(TEXT, min_size=1, max_size=8) | some.lists(TEXT.map(lambda text: [text]), min_size=1, max_size=8)
)
OPTIONS = some.fixed_dictionaries(
    {}, optional={name: some.booleans() for name in ("raw_scores", "truncate", "details")}
)
NO_TEXT = some.none() | some.integers() | some.booleans() | some.just({}) | some.just([]) | some.just([[]])
BAD = [
    some.builds(lambda value: {"inputs": value}, NO_TEXT | NO_TEXT.map(lambda value: ["a", value]) | some.just([["a", "b"]])),
    some.builds(lambda name, value: {"inputs": "a", name: value}, some.sampled_from(["raw_scores", "truncate", "details"]),
                some.integers() | TEXT | some.none()),
    some.builds(lambda name: {"inputs": "a", name: True}, TEXT.filter(lambda name: name not in PredictRequest.model_fields)),
    NO_TEXT | TEXT | some.just({"input": "a"}),
]  # fmt: skip


@hypothesis.settings(max_examples=30, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(inputs=FORMS, options=OPTIONS, bad=some.one_of(BAD))
def test_what_fits_the_schema_is_answered_in_its_form_and_the_rest_refused(
    served: Served, inputs: Any, options: dict[str, bool], bad: Any
) -> None:
    answer = served.ask("/predict", {"inputs": inputs} | options)
    assert answer.status == 200
    found = [answer.json] if isinstance(inputs, str) else answer.json
    form = TypeAdapter(list[TextAnswer] if options.get("details") else list[Scores])
    assert len(form.validate_python(found, strict=True)) == (1 if isinstance(inputs, str) else len(inputs))
    refused = served.ask("/predict", bad, "POST")
    assert refused.status == 422
    assert ErrorBody.model_validate(refused.json).error_type == "validation"
