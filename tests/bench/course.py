"""The whole course: warm-up, delay and CPU at modest rates, the highest rate held, the cuts.

Rule 1: the ways take turns step by step (A B C A B C), so a drift of the machine meets them all.
Rule 2: a step that left calls behind is the last of its way's search: what follows would measure them.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from callctl.demo.subscribers import Subscriber
from callctl.stack.asterisk_program import find_asterisk
from tests.bench.cuts import cuts
from tests.bench.figures import Cuts, Spread, Step
from tests.bench.load import load
from tests.bench.plan import BenchPlan
from tests.bench.search import Search
from tests.bench.subscribers import Books, add_subscribers, read_books
from tests.bench.ways import Way, bare_way, callctl_way, free_far_end_port, plain_way

PLENTY_KOPECKS = 1_000_000_00

Report = Callable[[str], None]


@dataclass(slots=True)
class Results:
    steps: list[Step] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    is_search_whole: dict[str, bool] = field(default_factory=dict)
    cuts: list[Cuts] = field(default_factory=list)
    books: Books | None = None
    asterisk: str = ""
    """Its version."""


class Course:
    def __init__(self, plan: BenchPlan, folder: Path, report: Report) -> None:
        self.results = Results()
        self._plan = plan
        self._folder = folder
        self._report = report
        self._began = time.monotonic()
        self._first_caller = itertools.count(0, 20_000)

    async def run(self) -> Results:
        async with AsyncExitStack() as ending:
            ways, poor = await self._bring_up(ending)
            for way in ways:
                self._report(f"warm-up: {way.name}")
                await self._load(way, "warm-up", self._plan.warm_up_per_second, self._plan.warm_up_s)
            await self._modest(ways)
            await self._search(ways)
            callctl = ways[-1]
            await self._cuts(callctl, poor)
            assert callctl.api_url
            self.results.books = await read_books(callctl.api_url)
        return self.results

    async def _bring_up(self, ending: AsyncExitStack) -> tuple[list[Way], Sequence[Subscriber]]:
        plan = self._plan
        port = free_far_end_port()
        self.results.asterisk = (await find_asterisk(self._report)).version
        for name in ("plain", "bare"):
            (self._folder / name).mkdir()
        self._report("starting Asterisk for plain Dial, then for the bare application")
        plain = await ending.enter_async_context(
            plain_way(self._folder / "plain", port, plan.accounts, self._report)
        )
        bare = await ending.enter_async_context(
            bare_way(self._folder / "bare", port, plan.accounts, self._report)
        )
        callctl, stack = await ending.enter_async_context(
            callctl_way(self._folder / "callctl", port, self._report)
        )
        self._report(f"adding {plan.accounts + 2 * plan.cut_calls} accounts with their numbers")
        rich = await add_subscribers(stack.api_url, plan.accounts, first=0, balance_kopecks=PLENTY_KOPECKS)
        poor = await add_subscribers(
            stack.api_url, 2 * plan.cut_calls, first=plan.accounts, balance_kopecks=plan.cut_units * 100
        )
        numbers = tuple(subscriber.number for subscriber in rich)
        return [plain, bare, replace(callctl, numbers=numbers)], poor

    async def _modest(self, ways: Sequence[Way]) -> None:
        for _, rate, way in itertools.product(range(self._plan.rounds), self._plan.modest, ways):
            await self._load(way, "modest", rate, self._plan.modest_s)

    async def _search(self, ways: Sequence[Way]) -> None:
        plan = self._plan
        searches = {way.name: Search(plan.search_from, plan.search_to, plan.search_grain) for way in ways}
        going = list(ways)
        while going:
            for way in list(going):
                search = searches[way.name]
                rate = search.next_rate()
                is_late = time.monotonic() - self._began > plan.search_ends_after_s
                if rate is None or is_late:
                    self.results.is_search_whole[way.name] = rate is None
                    going.remove(way)
                    continue
                step = await self._load(way, "search", rate, plan.search_s)
                search.tried(rate, step.is_held)
                if step.drained_after_s is None:
                    self.results.is_search_whole[way.name] = False
                    going.remove(way)
        self.results.held = {name: search.held for name, search in searches.items()}

    async def _cuts(self, callctl: Way, poor: Sequence[Subscriber]) -> None:
        plan = self._plan
        beside = self.results.held[callctl.name] // 2
        for side_load, those in ((0, poor[: plan.cut_calls]), (beside, poor[plan.cut_calls :])):
            self._report(f"cuts: {len(those)} calls whose money ends, {side_load} other calls/s beside them")
            seen = await cuts(
                callctl,
                those,
                plan.cut_units,
                self._folder,
                first=next(self._first_caller),
                side_load_per_second=side_load,
            )
            self.results.cuts.append(seen)

    async def _load(self, way: Way, purpose: str, rate: float, lasts_s: float) -> Step:
        step = await load(way, purpose, rate, lasts_s, self._folder, next(self._first_caller))
        self.results.steps.append(step)
        if purpose != "warm-up":
            self._report(_line(step, time.monotonic() - self._began))
        return step


def _line(step: Step, since_start_s: float) -> str:
    verdict = "held" if step.is_held else f"not held {step.refused_with or ''}"
    left = "" if step.drained_after_s is not None else ", calls were left"
    return (
        f"{since_start_s:4.0f} s  {step.purpose}: {step.way} at {step.per_second:g}/s: {step.failed} of "
        f"{step.wanted} failed, callee's INVITE p99 {Spread.of(step.to_callee_ms).p99} ms: {verdict}{left}"
    )
