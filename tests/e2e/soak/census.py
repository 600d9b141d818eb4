"""The service under watch: what it holds, its Python objects by kind, and what became more meanwhile."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callctl.stack.up import wait_ready
from tests.e2e.parts import Parts, start_run
from tests.e2e.soak.watched import ASKED_BY, CENSUS, HELD, TRACED
from tests.e2e.words import until

COUNTED_S_MAX = 30.0
KINDS_TOLD = 8


@dataclass(frozen=True, slots=True)
class Census:
    objects: Mapping[str, int]
    collections: Mapping[str, int]
    grown: list[str]  # since the first, when memory is traced


async def serve_watched(parts: Parts, *, is_traced: bool) -> None:
    """In the place of the service that runs."""
    await parts.service.stop()
    pipe = _pipe(parts)
    os.mkfifo(pipe)
    env = {ASKED_BY: str(pipe), **({TRACED: "1"} if is_traced else {})}
    stack = parts.stack
    log = stack.state / "service.log"
    parts.service = await start_run(stack.settings_file, log, program="tests.e2e.soak.watched", env=env)
    await wait_ready(parts.service, stack.api_url)


async def count(parts: Parts) -> Census:
    counted = await _asked(parts, CENSUS)
    return Census(counted["objects"], counted["collections"], counted.get("grown", []))


async def held(parts: Parts) -> Mapping[str, float]:
    """Blocks that are in use after a full collection, and the objects that all collections so far found."""
    told = await _asked(parts, HELD)
    return {"service blocks": told["blocks"], "service garbage": told["garbage"]}


async def _asked(parts: Parts, word: bytes) -> dict[str, Any]:
    told = _pipe(parts).with_suffix(".json")
    _pipe(parts).write_bytes(word)
    await until(told.exists, f"the service answers {word.decode()}", within_s=COUNTED_S_MAX)
    answer: dict[str, Any] = json.loads(told.read_text())
    told.unlink()
    return answer


def _pipe(parts: Parts) -> Path:
    return parts.stack.folder / "asked"


def more(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """The kinds that grew most."""
    changes = {kind: number - before.get(kind, 0) for kind, number in after.items()}
    most = sorted(changes, key=lambda kind: -changes[kind])[:KINDS_TOLD]
    return {kind: changes[kind] for kind in most if changes[kind] > 0}
