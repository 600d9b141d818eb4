"""`./run oracle`: many drawn cases on the shipped profiles, the product beside the oracle.

Rule 1: a case is its profile and its seed; whoever has both has the difference.
"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.pool import Pool

from callctl.places import PROFILES
from callctl.tariffs.folders import load_profiles, read_folder
from rating.profile import Tariffs
from tests.oracle.cases import draw_case
from tests.oracle.comparison import Difference, Plans, Story, differing, stories
from tests.oracle.reading import read_plans

SHIPPED = ("clovertel", "rostelecom-iss", "delofon", "mango", "gazprom")
CHUNK = 250
TELL_EVERY_S = 10
TOLD_MAX = 20  # differences of a profile that are told in full


@dataclass
class Share:
    """Of a profile's cases: what differed, and what became of the connections."""

    cases: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    differing: dict[int, list[Difference]] = field(default_factory=dict)


@cache
def shipped() -> Tariffs:
    return load_profiles()


@cache
def plans_of(profile: str) -> Plans:
    return read_plans(read_folder(PROFILES / profile))


def compare(share_of: tuple[str, int, int]) -> Share:
    """The cases of a profile from one seed to another."""
    profile, begin, end = share_of
    share = Share()
    for seed in range(begin, end):
        plans = plans_of(profile)
        product, oracle = stories(draw_case(seed, profile, plans), shipped(), plans)
        share.cases += 1
        share.seen.update(_seen(oracle))
        if found := differing(product, oracle):
            share.differing[seed] = found
    return share


def _seen(story: Story) -> Iterator[str]:
    for what, told in story.items():
        if what.endswith(" refused"):
            yield f"refused ({told})"
        elif isinstance(told, dict):
            cut = f"cut ({told['cut']})" if told.get("cut") else "hung up"
            yield "unanswered" if "unanswered at" in told else cut
            yield from (part for part in ("gift_s", "pool", "money") if told.get(part))


def main() -> int:
    parser = ArgumentParser(prog="./run oracle", description="drawn cases, the product beside the oracle")
    parser.add_argument("--profile", choices=[*SHIPPED, "all"], default="all")
    parser.add_argument("--cases", type=int, default=200_000, help="of each profile (200000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first case (0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    profiles = SHIPPED if options.profile == "all" else (options.profile,)
    shipped()
    with Pool(options.jobs) as pool:
        sound = [_run(pool, profile, options.seed, options.cases) for profile in profiles]
    return 0 if all(sound) else 1


def _run(pool: Pool, profile: str, first: int, cases: int) -> bool:
    end = first + cases
    chunks = [(profile, begin, min(begin + CHUNK, end)) for begin in range(first, end, CHUNK)]
    total, begun_s = Share(), time.monotonic()
    told_s = begun_s
    for share in pool.imap_unordered(compare, chunks):
        total.cases += share.cases
        total.seen += share.seen
        total.differing |= share.differing
        _tell_differences(profile, share, total)
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            print(f"{profile}: {_pace(total, begun_s)}", file=sys.stderr, flush=True)
    seen = ", ".join(f"{what} {count}" for what, count in sorted(total.seen.items()))
    print(f"{profile}: {_pace(total, begun_s)}; {seen}", flush=True)
    return not total.differing


def _tell_differences(profile: str, share: Share, total: Share) -> None:
    room = TOLD_MAX - (len(total.differing) - len(share.differing))
    for seed, found in list(share.differing.items())[: max(0, room)]:
        print(f"--profile {profile} --seed {seed} --cases 1 differs:")
        for one in found:
            print(f"  {one.what}\n    product: {one.product}\n    oracle:  {one.oracle}", flush=True)


def _pace(total: Share, begun_s: float) -> str:
    pace = total.cases / max(0.001, time.monotonic() - begun_s)
    return f"{total.cases} cases, {pace:.0f} a second, {len(total.differing)} differ"


if __name__ == "__main__":
    sys.exit(main())
