"""What our objects keep is counted by where they keep it; what Python holds, after a collection."""

import asyncio
import gc
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from callctl.asterisk.evidence import Channel, Evidence
from tests.e2e.soak.census import more
from tests.e2e.soak.watched import HELD, answer_for_ever, collections_of
from tests.e2e.words import until

MANY, FEW = 10_000, 1_000
Ask = Callable[[], Awaitable[Mapping[str, int]]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """What is held, while nothing is collected by itself."""
    pipe = tmp_path / "asked"
    os.mkfifo(pipe)
    threading.Thread(target=answer_for_ever, args=(pipe,), daemon=True).start()

    async def asked() -> Mapping[str, int]:
        await asyncio.to_thread(pipe.write_bytes, HELD)
        told = pipe.with_suffix(".json")
        await until(told.exists, "it answers")
        answer: Mapping[str, int] = json.loads(told.read_text())
        told.unlink()
        return answer

    gc.collect()
    gc.disable()
    yield asked
    gc.enable()


async def test_what_is_kept_is_seen_as_blocks_and_is_no_garbage(ask: Ask) -> None:
    before = await ask()
    kept = [[number] for number in range(MANY)]
    after = await ask()
    assert after["blocks"] - before["blocks"] == pytest.approx(2 * len(kept), rel=0.6)
    assert after["garbage"] - before["garbage"] < FEW


async def test_who_points_to_himself_is_seen_as_garbage_and_not_as_blocks(ask: Ask) -> None:
    before = await ask()
    for _ in range(MANY):
        ring: list[object] = []
        ring.append(ring)
    del ring
    after = await ask()
    assert after["garbage"] - before["garbage"] == pytest.approx(MANY, abs=FEW)
    assert after["blocks"] - before["blocks"] < FEW


async def test_what_python_keeps_for_the_next_tuple_is_not_seen(ask: Ask) -> None:
    before = await ask()
    gone = [tuple(range(size, 2 * size)) for size in range(2, 15) for _ in range(FEW)]
    del gone
    after = await ask()
    assert after["blocks"] - before["blocks"] < FEW


def test_what_is_kept_is_counted_by_where_it_is_kept() -> None:
    evidence = [Evidence(calls={"a": {}, "b": {"c": Channel()}}), Evidence(hosts={"here"})]
    found = collections_of([*evidence, {"not": "ours"}])
    assert found["Evidence.calls"] == 2
    assert found["Evidence.hosts"] == 1


def test_only_what_became_more_is_told_the_most_first() -> None:
    assert more({"a": 5, "b": 1, "c": 1}, {"a": 5, "b": 3, "c": 9, "d": 1}) == {"c": 8, "b": 2, "d": 1}
