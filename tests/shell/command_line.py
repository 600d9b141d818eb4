"""A command asked of `main` in this process, and what it said."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callctl.__main__ import main


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Callctl = Callable[..., Said]


def run_main(*words: str) -> int:
    try:
        return main([*words])
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


def is_complaint(said: Said, code: int, *words: str) -> bool:
    assert (said.code, said.out) == (code, ""), said
    assert said.err.startswith("callctl") and said.err.count("\n") == 1 and said.err.endswith("\n"), said
    assert all(word in said.err for word in words), said
    return True
