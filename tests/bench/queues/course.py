"""The steps: cuts alone, beside a short line, beside half the crowd and all of it."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from callctl.demo.subscribers import Subscriber
from tests.bench.cuts import late_ms, until_cut
from tests.bench.figures import Cuts, Spread
from tests.bench.load import drain, far_end, step_folder
from tests.bench.plan import QueuePlan
from tests.bench.queues.crowd import FAR_END, Crowd, add_crowds_numbers, free_to_ringing_ms, gathered
from tests.bench.queues.watch import Used, look, used
from tests.bench.subscribers import Books, add_subscribers, read_books
from tests.bench.ways import Way, callctl_way, caller_number, free_far_end_port

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    crowd: Crowd
    cuts: Cuts
    used: Used
    free_to_ringing_ms: tuple[float, ...]
    is_drained: bool

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "cuts": self.cuts.as_json(),
            "free_to_ringing_ms": asdict(Spread.of(self.free_to_ringing_ms)),
        }


@dataclass(frozen=True, slots=True)
class Results:
    steps: Sequence[Step]
    books: Books


async def run(plan: QueuePlan, folder: Path, report: Report) -> Results:
    crowds = {
        "alone": Crowd(0, 0),
        "beside a short line": Crowd(2 * plan.members, 0),
        "beside half the crowd": Crowd(plan.in_queue // 2, plan.in_menus // 2),
        "beside the crowd": Crowd(plan.in_queue, plan.in_menus),
        "the queue hears ringing": Crowd(plan.in_queue, plan.in_menus, hears_ringing=True),
    }
    first = itertools.count(0, 3 * plan.callers_max)
    async with callctl_way(folder, free_far_end_port(), report) as (way, stack):
        report(f"adding {len(crowds) * plan.cut_calls} accounts with their numbers")
        poor = await add_subscribers(
            stack.api_url, len(crowds) * plan.cut_calls, first=0, balance_kopecks=plan.cut_units * 100
        )
        await add_crowds_numbers(stack.api_url, plan)
        steps = []
        for place, (title, crowd) in enumerate(crowds.items()):
            report(f"{plan.cut_calls} cuts {title}: {crowd.in_queue} in a queue, {crowd.in_menus} in menus")
            those = poor[place * plan.cut_calls :][: plan.cut_calls]
            steps.append(await _step(way, title, crowd, those, plan, folder, next(first)))
        return Results(steps, await read_books(stack.api_url))


async def _step(
    way: Way,
    title: str,
    crowd: Crowd,
    poor: Sequence[Subscriber],
    plan: QueuePlan,
    folder: Path,
    first: int,
) -> Step:
    pairs = [(subscriber.number, caller_number(first + i)) for i, subscriber in enumerate(poor)]
    first += plan.callers_max
    async with step_folder(folder) as own:
        async with far_end(way, own, FAR_END) as callee:
            async with gathered(way, crowd, plan, own, first):
                before = await look(way)
                calls = await until_cut(way, pairs, plan.cut_units, own, plan.cuts_per_second)
                after = await look(way)
                has_used = used(way, before, after)
            drained_after_s = await drain(way)
        heard = callee.calls()
    callers = {caller for _, caller in pairs}
    at_caller = late_ms(calls, plan.cut_units)
    at_callee = late_ms([call for call in heard if call.caller in callers], plan.cut_units)
    cut = Cuts(
        title=title,
        wanted=len(poor),
        cut=len(at_caller),
        early=sum(late < 0 for late in (*at_caller, *at_callee)),
        units=plan.cut_units,
        side_load_per_second=0,
        side_load_failed=0,
        at_caller_ms=at_caller,
        at_callee_ms=at_callee,
    )
    rung_after = free_to_ringing_ms(heard, before.at_us, after.at_us)
    return Step(crowd, cut, has_used, rung_after, drained_after_s is not None)
