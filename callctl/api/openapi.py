"""The API described as OpenAPI 3.1, out of the routes themselves.

Rule 1: nothing is told here that a route does not declare. What only Asterisk asks is left out.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from callctl.api.routes import OF_ASTERISK, Route
from callctl.api.shapes import Problem
from callctl.api.words import BODY_TYPE, Json

VERSION = "1"
PROBLEM_TYPE = "application/problem+json"
ABOUT = (
    "Amounts are whole kopecks in fields that say so; times are RFC 3339 with a zone. What is refused is a "
    "problem of RFC 9457 and has changed nothing. docs/api.md says more."
)

_VARYING = re.compile(r"{(\w+)}")

Mode = Literal["validation", "serialization"]
Words = dict[tuple[str, Mode], Json]


def describe(routes: Sequence[Route]) -> Json:
    told = [route for route in routes if not route.path.startswith(OF_ASTERISK)]
    schemas, parts = _schemas(told)
    paths: dict[str, Json] = {}
    for route in told:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "callctl", "version": VERSION, "description": ABOUT},
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(parts.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[Words, dict[str, Json]]:
    """Of bodies and answers by the operation's name, and the parts to which they refer."""
    asked: list[tuple[str, Mode, TypeAdapter[Any]]] = [("problem", "validation", TypeAdapter(Problem))]
    for route in routes:
        if route.body:
            asked.append((f"{_name(route)} asks", "validation", TypeAdapter(route.body)))
        if route.shows:
            asked.append((f"{_name(route)} shows", "validation", TypeAdapter(route.shows)))
    schemas, told = TypeAdapter.json_schemas(asked, ref_template="#/components/schemas/{model}")
    return schemas, told.get("$defs", {})


def _operation(route: Route, schemas: Words) -> Json:
    operation: Json = {
        "operationId": _name(route),
        "summary": route.says,
        "description": f"Takes the right `{route.right.value}`." if route.right else "Everybody may ask.",
        "parameters": [*_in_path(route), *_in_query(route.query)],
        "responses": _responses(route, schemas),
    }
    if route.right is None:
        operation["security"] = []
    if route.body or route.takes != BODY_TYPE:
        operation["requestBody"] = {
            "required": True,
            "content": {route.takes: _content(schemas, f"{_name(route)} asks")},
        }
    return operation


def _responses(route: Route, schemas: Words) -> Json:
    content = {route.sends: _content(schemas, f"{_name(route)} shows")}
    problem = {"content": {PROBLEM_TYPE: _content(schemas, "problem")}}
    good = {201: "Made, or counted, by this.", 200: "So it is."}
    return {
        **{str(status): {"description": good[status], "content": content} for status in route.gives},
        "4XX": {"description": "Refused; nothing was changed.", **problem},
        "5XX": {"description": "Not now: a fault, or the database is away.", **problem},
    }


def _content(schemas: Words, name: str) -> Json:
    """What is not JSON is bytes of its kind."""
    schema = schemas.get((name, "validation"))
    return {"schema": schema} if schema is not None else {}


def _in_path(route: Route) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _VARYING.findall(route.path)
    ]


def _in_query(query: type[BaseModel] | None) -> list[Json]:
    if query is None:
        return []
    schema = query.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _bare(words)}
        for name, words in schema["properties"].items()
    ]


def _bare(words: Json) -> Json:
    """What is not given is left out of an address; nothing can be null there."""
    kinds = [kind for kind in words.get("anyOf", ()) if kind != {"type": "null"}]
    told = {name: value for name, value in words.items() if name not in ("title", "anyOf", "default")}
    if words.get("default") is not None:
        told["default"] = words["default"]
    return {**told, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})}


def _name(route: Route) -> str:
    """`get_accounts_account_id`: an address is there once with each method."""
    return f"{route.method.lower()}{re.sub('[^a-z0-9]+', '_', route.path).rstrip('_')}"
