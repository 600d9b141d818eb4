"""The money of one call: to open it, to buy a unit, to settle it; alone and as a whole life."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from callctl.calls.money.meter import Meter
from tests.bench.rating.office import BEGIN_MS, Office
from tests.bench.rating.yardstick import Figure, figure, no_collection, one_core, timed

ACCOUNTS = 100_000
OPEN = 5_000
REPEATS = 7
TALKED_MS = 160_000  # three units of a minute
EXTENDS = (2, 2, 2, 2, 3)  # 2.2 on the average
PAIR = "authorise + settle"
WHOLE = "authorise + 2.2 units + settle"


def money_figures(*, is_quick: bool) -> list[Figure]:
    repeats = 3 if is_quick else REPEATS
    batch = 2 * OPEN
    office = Office(ACCOUNTS, 3 * repeats * batch)
    calls = iter(range(3 * repeats * batch))
    samples: dict[str, list[float]] = {}

    def sample(name: str, work: Callable[[], object], operations: int) -> None:
        samples.setdefault(name, []).append(timed(work, operations))

    with one_core(), no_collection():
        for _ in range(repeats):
            meters: list[Meter] = []
            sample("authorise + hold", partial(_open, office, _next(calls, batch), meters), batch)
            sample("answer", partial(_answer_all, meters), batch)
            sample("next unit", partial(_buy_all, meters), batch)
            sample("settle", partial(_settle_all, meters), batch)
            sample(PAIR, partial(_pairs, office, _next(calls, batch)), batch)
        running: deque[Meter] = deque()
        _run(office, running, _next(calls, OPEN), ends=False)
        for _ in range(repeats):
            sample(WHOLE, partial(_run, office, running, _next(calls, OPEN), ends=True), OPEN)
    return [figure(name, taken) for name, taken in samples.items()]


def _next(calls: Iterator[int], count: int) -> list[int]:
    return list(islice(calls, count))


def _open(office: Office, calls: Sequence[int], opened: list[Meter]) -> None:
    for call in calls:
        opened.append(office.open(call))


def _answer_all(meters: Sequence[Meter]) -> None:
    for meter in meters:
        meter.answered(BEGIN_MS)


def _buy_all(meters: Sequence[Meter]) -> None:
    for meter in meters:
        assert meter.buy_unit() is None


def _settle_all(meters: Sequence[Meter]) -> None:
    for meter in meters:
        meter.settle(BEGIN_MS + TALKED_MS, is_connected=True)


def _pairs(office: Office, calls: Sequence[int]) -> None:
    """With the answer between: without it nothing is owed."""
    for call in calls:
        meter = office.open(call)
        meter.answered(BEGIN_MS)
        meter.settle(BEGIN_MS + 40_000, is_connected=True)


def _run(office: Office, running: deque[Meter], calls: Sequence[int], *, ends: bool) -> None:
    """Each newcomer buys its units; the oldest of those that run ends."""
    for call in calls:
        meter = office.open(call)
        meter.answered(BEGIN_MS)
        for _ in range(EXTENDS[call % len(EXTENDS)]):
            meter.buy_unit()
        running.append(meter)
        if ends:
            running.popleft().settle(BEGIN_MS + TALKED_MS, is_connected=True)
