"""The steps: two hundred calls whose money ends, alone, beside those who ask, beside those who listen.

Rule 1: it is asked from the moment at which all calls talk, until the last of them is cut.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from callctl.demo.subscribers import Subscriber
from tests.bench.api.questions import AT_ONCE, Answers, ask_all, listeners, questions
from tests.bench.cuts import CALLS_PER_SECOND, late_ms, until_cut
from tests.bench.figures import Cuts, Spread
from tests.bench.load import drain, far_end, step_folder
from tests.bench.plan import ApiPlan
from tests.bench.queues.watch import Used, look, used
from tests.bench.subscribers import UNIT_MS, Books, add_subscribers, read_books, read_figures
from tests.bench.ways import Way, callctl_way, caller_number, free_far_end_port

PLENTY_KOPECKS, RICH = 1_000_000_00, 50
TALKING = 'callctl_calls{state="talking"}'

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Beside:
    """`per_second` None: as fast as they can."""

    title: str
    asks: bool = False
    per_second: float | None = None
    slow: int = 0
    dead: int = 0
    reading: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    cuts: Cuts
    used: Used
    answers: Answers
    heard_bytes: Sequence[int]  # by each listener who reads
    is_drained: bool

    def as_json(self) -> dict[str, Any]:
        kinds = {kind: asdict(Spread.of(ms)) for kind, ms in sorted(self.answers.took_ms.items())}
        return {
            "cuts": self.cuts.as_json(),
            "used": asdict(self.used),
            "per_second": round(self.answers.per_second, 1),
            "answers_ms": {"all": asdict(Spread.of(self.answers.all_ms)), **kinds},
            "wrong": self.answers.wrong[:10],
            "heard_bytes": list(self.heard_bytes),
            "is_drained": self.is_drained,
        }


@dataclass(frozen=True, slots=True)
class Results:
    steps: Sequence[Step]
    books: Books


def _all_beside(plan: ApiPlan) -> list[Beside]:
    rate = plan.questions / (plan.cut_units * UNIT_MS / 1000)
    return [
        Beside("alone"),
        Beside(f"{plan.questions:,} questions, {rate:.0f}/s", asks=True, per_second=rate),
        Beside(f"as fast as {AT_ONCE} get answers", asks=True),
        Beside("5 listeners who read", reading=5),
        Beside("10 slow, 10 dead, 5 who read", slow=10, dead=10, reading=5),
        Beside("alone again"),
    ]


async def run(plan: ApiPlan, folder: Path, report: Report) -> Results:
    those = _all_beside(plan)
    first = itertools.count(0, 1_000)
    async with callctl_way(folder, free_far_end_port(), report) as (way, stack):
        report(f"adding {len(those) * plan.cut_calls + RICH} accounts with their numbers")
        poor = await add_subscribers(
            stack.api_url, len(those) * plan.cut_calls, first=0, balance_kopecks=plan.cut_units * 100
        )
        rich = await add_subscribers(stack.api_url, RICH, first=len(poor), balance_kopecks=PLENTY_KOPECKS)
        steps = []
        for place, beside in enumerate(those):
            report(f"{plan.cut_calls} calls of {plan.cut_units} units: {beside.title}")
            mine = poor[place * plan.cut_calls :][: plan.cut_calls]
            steps.append(await _step(way, beside, mine, rich, plan, folder, next(first)))
        return Results(steps, await read_books(stack.api_url))


async def _step(
    way: Way,
    beside: Beside,
    poor: Sequence[Subscriber],
    rich: Sequence[Subscriber],
    plan: ApiPlan,
    folder: Path,
    first: int,
) -> Step:
    assert way.api_url
    pairs = [(subscriber.number, caller_number(first + i)) for i, subscriber in enumerate(poor)]
    answers, asked = Answers(), questions(rich, first)
    async with AsyncExitStack() as ending:
        own = await ending.enter_async_context(step_folder(folder))
        callee = await ending.enter_async_context(far_end(way, own))
        listening = listeners(way.api_url, slow=beside.slow, dead=beside.dead, reading=beside.reading)
        told_to = await ending.enter_async_context(listening)
        cutting = asyncio.create_task(until_cut(way, pairs, plan.cut_units, own))
        await _until_talk(way.api_url, len(pairs), cutting)
        before = await look(way)
        if beside.asks:
            answers = await ask_all(
                way.api_url,
                asked,
                at_least=plan.questions,
                per_second=beside.per_second,
                is_over=cutting.done,
            )
        calls = await cutting
        has_used = used(way, before, await look(way))
        heard = callee.calls()
    drained_after_s = await drain(way)
    callers = {caller for _, caller in pairs}
    at_caller = late_ms(calls, plan.cut_units)
    at_callee = late_ms([call for call in heard if call.caller in callers], plan.cut_units)
    cuts = Cuts(
        title=beside.title,
        wanted=len(poor),
        cut=len(at_caller),
        early=sum(late < 0 for late in (*at_caller, *at_callee)),
        units=plan.cut_units,
        side_load_per_second=0,
        side_load_failed=0,
        at_caller_ms=at_caller,
        at_callee_ms=at_callee,
    )
    return Step(cuts, has_used, answers, [len(told) for told in told_to], drained_after_s is not None)


async def _until_talk(api_url: str, wanted: int, cutting: "asyncio.Task[Any]") -> None:
    """All of them, or as many as there are when the first may be cut soon."""
    give_up_at = asyncio.get_running_loop().time() + wanted / CALLS_PER_SECOND + 5
    async with aiohttp.ClientSession(api_url) as http:
        while not cutting.done() and asyncio.get_running_loop().time() < give_up_at:
            if (await read_figures(http))[TALKING] >= wanted:
                return
            await asyncio.sleep(0.1)
