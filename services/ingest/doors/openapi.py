"""`GET /docs/openapi.json` and `/docs/openapi`: the HTTP doors, made from the contract's models."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from services.ingest.doors.sources import Source
from shared.envelope import BATCH_EVENTS_MAX
from shared.events import BILLING, COMMANDS, OUTCOMES
from shared.runtime.doors import Request, Response

_MODELS: Final = dict(sorted((BILLING | COMMANDS | OUTCOMES).items()))
_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "td,th{text-align:left;padding:.1rem .8rem .1rem 0;vertical-align:top}code{font-size:.9em}"
)
_NO: Final = {
    "reason": {"type": "string", "description": "from a closed list"},
    "field": {"type": "string", "description": "the path of the field; empty if it is none"},
    "detail": {"type": "string", "description": "words for people, without values"},
}
_PROBLEM: Final = {"type": "object", "required": list(_NO), "properties": _NO}
PROBLEM: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""The content of every no."""
_RESULT: Final = {
    "type": "object",
    "required": ["index", "taken"],
    "properties": {
        "index": {"type": "integer"},
        "taken": {"type": "boolean"},
        "id": {"type": "string"},
        **_NO,
    },
}
_ANSWERS: Final = {
    "202": "Kafka has all of it.",
    "400": "Nothing was taken: it is no event, or not one of the contract.",
    "401": "No API key, or none that is known; of a webhook: not signed, or not now.",
    "403": "The key is for another source, or not for this type.",
    "408": "The body did not come in time.",
    "413": "The body, or an event in it, is too large.",
    "429": "Too many requests wait, or the source tells too much; `retry-after` says how long.",
    "503": "Kafka did not take it in time; `retry-after` says how long. Some may have"
    " arrived: send all of it again, what was taken counts once.",
}


def document(
    webhooks: Sequence[Source] = (), reading: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of ingest's doors; the same models give the same document.

    `reading` has the paths of the doors that only read.
    """
    _, found = models_json_schema(
        [(model, "validation") for model in _MODELS.values()],
        ref_template="#/components/schemas/{model}",
    )
    schemas = dict(found["$defs"])
    kinds = []
    for kind, model in _MODELS.items():
        name = f"event.{kind}"
        schemas[name] = _event(kind, model.__name__, (model.__doc__ or "").partition("\n")[0])
        kinds.append({"$ref": f"#/components/schemas/{name}"})
    schemas |= {"Event": {"oneOf": kinds}, "Problem": _PROBLEM, "Result": _RESULT}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Arrears: ingest",
            "version": "1",
            "description": "What billing systems tell Arrears over HTTP, and what it answers.",
        },
        "paths": {
            "/v1/events": {"post": _post_events()},
            **{f"/v1/webhooks/{one.name}": {"post": _post_webhook(one)} for one in webhooks},
            **(reading or {}),
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


class OpenApi:
    """Answers with the document, as JSON or as a page for people."""

    def __init__(
        self, webhooks: Sequence[Source] = (), reading: Mapping[str, Any] | None = None
    ) -> None:
        """Make both once: they never change while the process lives."""
        told = document(webhooks, reading)
        self._json = json.dumps(told, indent=1).encode()
        self._page = page(told).encode()

    async def json(self, _request: Request) -> Response:
        """The document."""
        return Response(body=self._json)

    async def page(self, _request: Request) -> Response:
        """The document as HTML, without a script."""
        return Response(body=self._page, content_type="text/html; charset=utf-8")


def page(told: dict[str, Any]) -> str:
    """A page of an OpenAPI document: each door with its answers, each event with its fields."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>{escape(told['info']['title'])}</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>{escape(told['info']['title'])}</h1><p>{escape(told['info']['description'])}",
        ' The same <a href="/docs/openapi.json">as JSON</a>.</p>',
    ]
    for path, methods in told["paths"].items():
        for method, door in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            parts.append(f"<p>{escape(door['description'])}</p>{_parameters(door)}")
            parts.append(_answers(door["responses"]))
    parts.append("<h2>Events</h2>")
    schemas = told["components"]["schemas"]
    for kind, model in _MODELS.items():
        about = schemas[f"event.{kind}"]["description"]
        parts.append(f"<h3 id='{escape(kind)}'><code>{escape(kind)}</code></h3>")
        parts.append(f"<p>{escape(about)}</p>{_fields(schemas[model.__name__])}")
    return "\n".join(parts)


def _parameters(door: dict[str, Any]) -> str:
    rows = (
        f"<tr><td><code>{escape(one['name'])}</code><td>{'required' if one['required'] else ''}"
        f"<td>{escape(one['description'])}"
        for one in door.get("parameters", ())
    )
    return f"<table>{''.join(rows)}</table>"


def _answers(responses: dict[str, Any]) -> str:
    rows = (
        f"<tr><td>{status}<td>{escape(one['description'])}" for status, one in responses.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = (
        f"<tr><td><code>{escape(name)}</code><td>{'required' if name in required else ''}"
        f"<td>{escape(str(field.get('description', '')))}"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table>{''.join(rows)}</table>"


def _event(kind: str, model: str, about: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "description": about,
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "maxLength": 200},
            "source": text,
            "type": {"const": kind},
            "subject": {**text, "description": "the account; may be left out"},
            "partitionkey": {**text, "description": "the party; default: the account"},
            "time": {"type": "string", "format": "date-time"},
            "data": {"$ref": f"#/components/schemas/{model}"},
        },
    }


def _post_events() -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/Event"}
    batch = {"type": "array", "items": event, "minItems": 1, "maxItems": BATCH_EVENTS_MAX}
    results = {
        "type": "array",
        "description": "Of a batch: one for each event, in order.",
        "items": {"$ref": "#/components/schemas/Result"},
    }
    taken = {"type": "object", "properties": {"taken": {"type": "integer"}, "results": results}}
    told = {"application/json": {"schema": taken}}
    return {
        "operationId": "postEvents",
        "description": "One CloudEvent, structured or binary (attributes as ce- headers, data as"
        f" the body), or a batch of up to {BATCH_EVENTS_MAX:,}. Each event is taken or refused by"
        " itself. The same source and id with the same content change nothing.",
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {
                _STRUCTURED: {"schema": event},
                _BATCH: {"schema": batch},
                "application/json": {"schema": {"type": "object"}},
            },
        },
        "responses": {
            **_answered(_ANSWERS),
            "202": {"description": _ANSWERS["202"], "content": told},
            "207": {"description": "Some of a batch were taken.", "content": told},
        },
    }


def _post_webhook(source: Source) -> dict[str, Any]:
    return {
        "operationId": f"webhook_{source.name}",
        "description": f"What {source.kind} sends, signed by it. What is signed and cannot be"
        " taken is kept as a dead letter with its reason, and answered with 202.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": _answered(
            {status: _ANSWERS[status] for status in ("202", "401", "408", "413", "429", "503")}
        ),
    }


def _answered(meanings: dict[str, str]) -> dict[str, Any]:
    return {
        status: {"description": meaning, **({} if status == "202" else {"content": PROBLEM})}
        for status, meaning in meanings.items()
    }
