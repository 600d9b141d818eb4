"""The API's description, with which every answer that a test gets is compared."""

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator

PAGE = Path(__file__).parents[2] / "docs" / "openapi.json"


class Description:
    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._paths = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), operations)
            for path, operations in sorted(told["paths"].items())
        ]

    def check(self, method: str, path: str, status: int, kind: str, answer: object) -> None:
        operation = self._operation(method, path.partition("?")[0])
        if operation is None or status == 401 or (path == "/health" and status == 503):
            return
        responses = operation["responses"]
        told = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        assert told, f"{method} {path} answers {status}, which is not described"
        assert kind in told["content"], (method, path, kind, list(told["content"]))
        schema = told["content"][kind].get("schema")
        if schema:
            faults = list(
                _validator(json.dumps(schema), json.dumps(self._told["components"])).iter_errors(answer)
            )
            assert not faults, f"{method} {path} {status}: {faults[0].message} at {list(faults[0].path)}"

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for shape, operations in self._paths:
            if shape.fullmatch(path) or shape.fullmatch(unquote(path)):
                found: dict[str, Any] | None = operations.get(method.lower())
                return found
        return None


@functools.cache
def _validator(schema: str, components: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": json.loads(components)})


@functools.cache
def described() -> Description:
    return Description(json.loads(PAGE.read_text("utf-8")))
