"""One soak: traffic for so long, a sample every few seconds; at its end books and figures are judged."""

import asyncio
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from callctl.settings import CallSettings
from tests.e2e.kill.trial import LEAVE_S_MAX, SECOND_CUT_S
from tests.e2e.leaks import assert_as_witnessed, assert_nothing_left
from tests.e2e.parts import parts_up
from tests.e2e.soak.census import Census, count, more, serve_watched
from tests.e2e.soak.compared import compared
from tests.e2e.soak.gauges import FIGURES, Gauges
from tests.e2e.soak.growth import HOUR_S, Growth, Point, judge, judge_at_rest
from tests.e2e.soak.office import Office
from tests.e2e.soak.traffic import Traffic, traffic
from tests.e2e.stacks import Stack

SAMPLE_EVERY_S = 1.0
HELD_EVERY, TOLD_EVERY = 10, 60  # samples
# What happened, and must not have: nobody dies here.
NEVER = (
    "callctl_second_cuts_total",
    "callctl_faults_total",
    "callctl_nodes_failed_total",
    "callctl_reconcile_difference_kopecks",
    "callctl_ledger_records_left_out_total",
)

COMPLAINTS_TOLD = 10
GRAVE = re.compile(r"at=\S+ level=(error|critical) ")

Report = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    calls: float = 0
    seconds: float = 0
    billed: int = 0
    rung: int = 0
    payments: int = 0
    read: int = 0
    typed: int = 0
    put_off: int = 0  # comparisons, while records waited
    loop_lag_ms: float = 0
    before: Mapping[str, float] = field(default_factory=dict)  # at rest
    after: Mapping[str, float] = field(default_factory=dict)
    growths: dict[str, Growth] = field(default_factory=dict)
    more_objects: Mapping[str, int] = field(default_factory=dict)
    more_kept: Mapping[str, int] = field(default_factory=dict)  # in collections
    kept: Mapping[str, int] = field(default_factory=dict)  # at rest
    grown: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


async def soak(folder: Path, lasts_s: float, seed: int, is_traced: bool, report: Report) -> Outcome:
    """An AssertionError names what is not as it must be; differences and growth are in the outcome."""
    outcome = Outcome()
    async with (
        parts_up(folder, CallSettings(second_cut_s=SECOND_CUT_S, warning_s=0)) as parts,
        complaints_told(parts.stack, report),
    ):
        await serve_watched(parts, is_traced=is_traced)
        gauges = Gauges(parts)
        outcome.before = await gauges.read_all()
        async with traffic(parts.stack, lasts_s) as mixed:
            report("traffic runs")
            office = Office(mixed, Random(seed))
            asking = asyncio.create_task(office.run())
            try:
                await _watch(mixed, gauges, asking, lasts_s, outcome, report)
            finally:
                asking.cancel()
                await asyncio.wait({asking})
            report("everybody leaves")
            seen = await mixed.leave(LEAVE_S_MAX)
            await assert_nothing_left(parts.stack)
            outcome.after, outcome.kept = await gauges.read_all(), more({}, (await count(parts)).collections)
            _judge_at_rest(outcome)
            report("bills and phones are compared")
            outcome.payments, outcome.read = office.payments, office.read
            outcome.typed, outcome.put_off = office.typed, office.put_off
            books = await compared(mixed, seen)
            outcome.billed, outcome.rung = books.billed, books.rung
            outcome.differences = office.differences + books.differences
        metrics = await parts.stack.metrics()
        outcome.differences += [f"{name} is {metrics[name]:g}" for name in NEVER if metrics[name]]
        await assert_as_witnessed(parts.stack)
    return outcome


@asynccontextmanager
async def complaints_told(stack: Stack, report: Report) -> AsyncIterator[None]:
    """What the service's log says of errors, however it ended."""
    try:
        yield
    finally:
        log = await asyncio.to_thread(stack.service_log)
        for told in complaints(log)[:COMPLAINTS_TOLD]:
            report(f"the service's log: {told}")


def complaints(log: str) -> list[str]:
    """Each with its traceback."""
    return [line for line in log.splitlines() if GRAVE.match(line)]


async def _watch(
    mixed: Traffic,
    gauges: Gauges,
    asking: "asyncio.Task[None]",
    lasts_s: float,
    outcome: Outcome,
    report: Report,
) -> None:
    points: dict[str, list[Point]] = {figure.name: [] for figure in FIGURES}
    began_s, early = time.monotonic(), (0.0, 0.0)
    census: Census | None = None
    for samples in itertools.count():
        if (at_s := time.monotonic() - began_s) >= lasts_s:
            break
        is_full = samples % HELD_EVERY == 0
        figures = await (gauges.read_all() if is_full else gauges.read())
        for name, value in figures.items():
            points[name].append(Point(at_s, value))
        _keep(mixed.stack.folder, at_s, figures)
        if census is None and at_s >= lasts_s / 4:  # it collects garbage: well before what is judged
            early, census = (gauges.calls, at_s), await count(gauges.parts)
        if samples % TOLD_EVERY == 0:
            report(_told(gauges.calls, figures))
            mixed.read_on()
        mixed.look()
        assert not asking.done(), f"the office was not answered: {_why(asking.exception())}"
        await asyncio.sleep(SAMPLE_EVERY_S)
    assert census, "shorter than a sample"
    last = await count(gauges.parts)
    outcome.more_objects = more(census.objects, last.objects)
    outcome.more_kept = more(census.collections, last.collections)
    outcome.grown = last.grown
    outcome.calls, outcome.seconds = gauges.calls, at_s
    outcome.loop_lag_ms = 1_000 * gauges.loop_lags[0] / max(1.0, gauges.loop_lags[1])
    calls_per_hour = HOUR_S * (gauges.calls - early[0]) / (at_s - early[1])
    for figure in FIGURES:
        bound = figure.leak_per_1000_calls * calls_per_hour / 1_000
        outcome.growths[figure.name] = judge(points[figure.name], bound)


def _judge_at_rest(outcome: Outcome) -> None:
    for figure in FIGURES:
        if figure.is_of_calls:
            bound = figure.leak_per_1000_calls * outcome.calls / 1_000
            verdict = judge_at_rest(outcome.before[figure.name], outcome.after[figure.name], bound)
            outcome.growths[figure.name] = replace(outcome.growths[figure.name], verdict=verdict)


def _keep(folder: Path, at_s: float, figures: Mapping[str, float]) -> None:
    with (folder / "samples.jsonl").open("a") as file:
        file.write(json.dumps({"at_s": at_s, **figures}) + "\n")


def _why(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _told(calls: float, figures: Mapping[str, float]) -> str:
    return (
        f"{calls:6.0f} calls; service {figures['service memory']:.1f} MB, {figures['service blocks']:.0f} "
        + (
            f"blocks, {figures['service tasks']:.0f} tasks; Asterisk {figures['asterisk memory']:.1f} MB; "
            f"PostgreSQL {figures['postgres memory']:.1f} MB; {figures['records waiting']:.0f} records wait"
        )
    )
