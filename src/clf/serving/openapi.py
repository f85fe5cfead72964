"""What OpenAPI says of the server beside what FastAPI reads from its types: limits, errors, the token, examples."""

# ruff: noqa: TID253 - this module serves
from typing import Any

from fastapi import FastAPI

from clf.serving.guard import OPEN_PATHS
from clf.settings import ServeSettings

Operation = dict[str, Any]
"""What OpenAPI says of one method of an address."""
STATUSES = {
    400: "Not HTTP", 408: "The request took too long to arrive", 413: "More than the limits allow",
    421: "The name in the header Host is not allowed", 429: "Too much waits for the model; come back later",
    431: "Address and headers are too large", 500: "The model failed", 503: "The server is stopping",
}  # fmt: skip
"""The errors that any request may get."""
OF_BODIES = {415: "Not JSON", 422: "Not a request that this page describes"}
OF_TOKENS = {401: "No token, or a wrong one"}
HEADERS = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}},
    429: {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}, "description": "In seconds"}},
}
SCHEME = "token"
EXAMPLES = {
    "one text": {"inputs": "a wonderful film"},
    "a list of texts": {"inputs": ["a wonderful film", "dull and boring"]},
    "lists of one text each": {"inputs": [["a wonderful film"], ["dull and boring"]]},
    "details": {"inputs": "a wonderful film", "details": True},
}


def describe(app: FastAPI, settings: ServeSettings, *, asks_token: bool) -> None:
    """Complete the description of an application whose addresses are all there."""
    page = app.openapi()
    for path, operations in page["paths"].items():
        for operation in operations.values():
            _describe(operation, asks_token=asks_token and path not in OPEN_PATHS)
    components = page["components"]
    if asks_token:
        components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
    one, several, in_lists = components["schemas"]["PredictRequest"]["properties"]["inputs"]["anyOf"]
    one["maxLength"] = several["items"]["maxLength"] = settings.max_characters
    in_lists["items"]["items"]["maxLength"] = settings.max_characters
    several["maxItems"] = in_lists["maxItems"] = settings.max_texts


def _describe(operation: Operation, *, asks_token: bool) -> None:
    statuses = STATUSES | (OF_TOKENS if asks_token else {})
    if "requestBody" in operation:
        statuses |= OF_BODIES
        body = operation["requestBody"]["content"]["application/json"]
        body["examples"] = {name: {"value": value} for name, value in EXAMPLES.items()}
    if asks_token:
        operation["security"] = [{SCHEME: []}]
    schema = {"$ref": "#/components/schemas/ErrorBody"}
    for status, what in sorted(statuses.items()):
        told = {"description": what, "content": {"application/json": {"schema": schema}}}
        operation["responses"][str(status)] = told | ({"headers": HEADERS[status]} if status in HEADERS else {})
