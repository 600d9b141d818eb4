"""`./run nights`: many drawn nights, evenings and call centres, on a switch that obeys and on one that errs,
under a service that lives on and under one that dies.

Rule 1: a case is its kind and its seed; whoever has both has the night that broke.
"""

import sys
import time
import traceback
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.pool import Pool

from callctl.calls.records import CallBackOver, CallOver, LegSettled
from callctl.simulate.night import Night
from tests.simulation.fates import spend_deadly
from tests.simulation.lives import Lives
from tests.simulation.spending import (
    spend_call_centre,
    spend_evening,
    spend_faulty_call_centre,
    spend_night,
)

CHUNK = 20
TELL_EVERY_S = 10
TOLD_MAX = 20  # broken cases of a kind that are told in full


KINDS: dict[str, Callable[[int], Night | Lives]] = {
    "nights": spend_night,
    "evenings": lambda seed: spend_evening(seed, faulty=False),
    "faulty-evenings": lambda seed: spend_evening(seed, faulty=True),
    "call-centres": lambda seed: spend_call_centre(seed)[0],
    "faulty-call-centres": spend_faulty_call_centre,
    "deaths": lambda seed: spend_deadly(seed, faulty=False),
    "faulty-deaths": lambda seed: spend_deadly(seed, faulty=True),
}


@dataclass
class Share:
    """Of a kind's cases: what broke, and what happened in them."""

    cases: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)


def spend(share_of: tuple[str, int, int]) -> Share:
    """The cases of a kind from one seed to another."""
    kind, begin, end = share_of
    share = Share()
    for seed in range(begin, end):
        share.cases += 1
        try:
            share.seen.update(_seen(KINDS[kind](seed)))
        except Exception:  # noqa: BLE001 whatever broke it is what is asked for
            share.broken[seed] = traceback.format_exc()
    return share


def _seen(night: Night | Lives) -> Iterator[str]:
    if isinstance(night, Lives):
        yield from ("deaths" for _ in night.deaths)
        yield from (f"bills {row.ended_by}" for row in night.store.settled())
        return
    yield from ("bills" for record in night.records if isinstance(record, LegSettled))
    for told in night.told:
        if isinstance(told, CallOver):
            yield "calls"
        elif isinstance(told, CallBackOver):
            yield f"call backs {told.end.value}"


def main() -> int:
    parser = ArgumentParser(
        prog="./run nights", description="drawn nights, with every promise checked after every step"
    )
    parser.add_argument("--kind", choices=[*KINDS, "all"], default="all")
    parser.add_argument("--seeds", type=int, default=2_000, help="of each kind (2000)")
    parser.add_argument("--first", type=int, default=0, help="seed (0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    kinds = list(KINDS) if options.kind == "all" else [options.kind]
    with Pool(options.jobs) as pool:
        sound = [_run(pool, kind, options.first, options.seeds) for kind in kinds]
    return 0 if all(sound) else 1


def _run(pool: Pool, kind: str, first: int, seeds: int) -> bool:
    end = first + seeds
    chunks = [(kind, begin, min(begin + CHUNK, end)) for begin in range(first, end, CHUNK)]
    total, begun_s = Share(), time.monotonic()
    told_s = begun_s
    for share in pool.imap_unordered(spend, chunks):
        room = TOLD_MAX - len(total.broken)
        total.cases += share.cases
        total.seen += share.seen
        total.broken |= share.broken
        for seed, why in list(share.broken.items())[: max(0, room)]:
            print(f"--kind {kind} --first {seed} --seeds 1 breaks:\n{why}", flush=True)
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            print(f"{kind}: {_pace(total, begun_s)}", file=sys.stderr, flush=True)
    seen = ", ".join(f"{what} {count}" for what, count in sorted(total.seen.items()))
    print(f"{kind}: {_pace(total, begun_s)}; {seen}", flush=True)
    return not total.broken


def _pace(total: Share, begun_s: float) -> str:
    pace = total.cases / max(0.001, time.monotonic() - begun_s)
    return f"{total.cases} cases, {pace:.1f} a second, {len(total.broken)} broken"


if __name__ == "__main__":
    sys.exit(main())
