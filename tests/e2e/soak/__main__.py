"""`./run soak`: mixed traffic for half an hour, and whether anything grew or any kopeck differs.

Rule 1: whatever ends us, Ctrl-C included, takes down what was started and removes what was written.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from callctl.complaint import Complaint
from callctl.demo.sipp import SippFailed
from callctl.signals import end_on_signals
from tests.e2e.soak.course import Outcome, Report, soak
from tests.e2e.soak.gauges import FIGURES, Figure
from tests.e2e.soak.growth import SURE, Verdict

MINUTES = 30.0


def main() -> int:
    options = _options()
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr, flush=True)

    with _place(options.keep) as folder:
        try:
            outcome = uvloop.run(_soaked(folder / "stack", options, report))
        except AssertionError as error:
            report(f"seed {options.seed}: {error}")
            return 1
        except (Complaint, SippFailed) as complaint:
            report(str(complaint))
            return 2
        except (asyncio.CancelledError, KeyboardInterrupt):
            report("stopped; nothing is left running")
            return 130
    return show(outcome)


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    if keep:
        yield keep
        return
    with TemporaryDirectory(prefix="callctl-soak-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run soak",
        description="mixed traffic through a whole stack; memory, tasks, threads and files must not grow, "
        "and ledger, witness and phones must agree to the kopeck",
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"of traffic ({MINUTES:g})")
    parser.add_argument("--seed", type=int, default=1, help="of what the office asks, and when")
    parser.add_argument("--trace", action="store_true", help="say which lines took memory; twice as slow")
    parser.add_argument(
        "--keep", type=Path, help="a directory where databases, logs and phones' messages stay"
    )
    return parser.parse_args()


async def _soaked(folder: Path, options: argparse.Namespace, report: Report) -> Outcome:
    end_on_signals()
    return await soak(folder, options.minutes * 60, options.seed, options.trace, report)


def show(outcome: Outcome) -> int:
    """The table; 1 when something leaks or differs."""
    print(f"\n{'':18}{'at rest':>9}{'first':>9}{'last':>9}{'at rest':>9}{'an hour':>11}{'±':>9}{'a leak':>9}")
    for figure in FIGURES:
        print(_row(figure, outcome))
    print(
        f"\n{outcome.calls:.0f} calls in {outcome.seconds:.0f} s, {outcome.rung} rang, "
        f"{outcome.billed} billed; the loop was {outcome.loop_lag_ms:.1f} ms late on average\n"
        f"{outcome.payments} payments, {outcome.read} questions by API, {outcome.typed} by commands, "
        f"{outcome.put_off} comparisons put off"
    )
    print(f"More at the end than after a quarter: {_listed(outcome.more_objects)}")
    print(f"In collections: {_listed(outcome.more_kept)}; at rest they hold {_listed(outcome.kept)}")
    for lines in outcome.grown:
        print(f"\n{lines}")
    for difference in outcome.differences:
        print(f"DIFFERENCE {difference}")
    leaks = [name for name, growth in outcome.growths.items() if growth.verdict is Verdict.LEAK]
    print(f"{len(outcome.differences)} differences, {len(leaks)} leaks")
    return 1 if leaks or outcome.differences else 0


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in numbers.items()) or "nothing"


def _row(figure: Figure, outcome: Outcome) -> str:
    growth = outcome.growths[figure.name]
    digits = 1 if figure.unit else 0
    values = (outcome.before[figure.name], growth.first, growth.last, outcome.after[figure.name])
    name = f"{figure.name} {figure.unit}"
    return (
        f"{name:18}"
        + "".join(f"{value:9.{digits}f}" for value in values)
        + f"{growth.per_hour:+11.1f}{SURE * growth.error_per_hour:9.1f}{growth.bound_per_hour:9.1f}"
        + f"  {growth.verdict.value}"
    )


if __name__ == "__main__":
    sys.exit(main())
