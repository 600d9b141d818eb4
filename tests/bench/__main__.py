"""`./run bench`: measure, print, and leave nothing behind.

Rule 1: whatever ends us, Ctrl-C included, takes down what was started and removes what was written.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callctl.complaint import Complaint
from callctl.demo.sipp import SippFailed
from tests.bench import ledger, schemes, start
from tests.bench.api import course as api
from tests.bench.api import tables as api_tables
from tests.bench.course import Course
from tests.bench.plan import FULL, FULL_API, FULL_QUEUES, QUICK, QUICK_API, QUICK_QUEUES
from tests.bench.queues import course as queues
from tests.bench.queues import tables as queue_tables
from tests.bench.rating.report import PartFailed, check_compiled, measure, print_figures
from tests.bench.summary import as_json, machine
from tests.bench.tables import print_tables


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench", description="callctl beside plain Dial and bare ARI")
    parser.add_argument("--quick", action="store_true", help="under two minutes, coarser figures")
    parser.add_argument("--json", action="store_true", help="everything measured, for programs")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--rating", action="store_true", help="only the rating core; needs no Asterisk")
    only.add_argument(
        "--schemes", action="store_true", help="only schemes, read and drawn; needs no Asterisk"
    )
    only.add_argument("--queues", action="store_true", help="only cuts beside a queue and menus")
    only.add_argument("--api", action="store_true", help="only cuts beside 10,000 questions to the API")
    only.add_argument("--ledger", action="store_true", help="only writing to PostgreSQL; needs no Asterisk")
    only.add_argument("--start", action="store_true", help="only a start beside 2,000 talks; --quick: 200")
    parser.add_argument(
        "--check-compiled", action="store_true", help="with --rating: does the compiled core rate alike?"
    )
    options = parser.parse_args()
    if options.check_compiled and not options.rating:
        parser.error("--check-compiled goes with --rating")
    try:
        if options.check_compiled:
            return 0 if check_compiled(_report) else 1
        if options.schemes:
            _schemes(options)
            return 0
        if options.ledger:
            ledger.main(as_json=options.json)
            return 0
        for is_wanted, run in ((options.start, _start), (options.queues, _queues), (options.api, _api)):
            if is_wanted:
                asyncio.run(run(options))
                return 0
        calls = None if options.rating else asyncio.run(_calls(options))
        rating = measure(is_quick=options.quick, report=_report)
        if options.json:
            print(json.dumps({"calls": calls, "rating": rating}, indent=2))
        else:
            print_figures(rating)
    except PartFailed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except (Complaint, SippFailed) as complaint:
        print(f"bench: {complaint}", file=sys.stderr)
        return 2
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("bench: stopped; nothing is left running", file=sys.stderr)
        return 130
    return 0


async def _calls(options: argparse.Namespace) -> dict[str, Any] | None:
    """Three ways to connect calls; printed here, unless wanted as JSON."""
    _end_on_signals()
    before, began = machine(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as folder:
        course = Course(QUICK if options.quick else FULL, Path(folder), _report)
        results = await course.run()
    took_s = time.monotonic() - began
    if options.json:
        return as_json(results, before, took_s)
    print_tables(results, before, took_s)
    return None


def _schemes(options: argparse.Namespace) -> None:
    figures = schemes.measure()
    if options.json:
        print(json.dumps({"schemes": schemes.as_json(figures)}, indent=2))
    else:
        schemes.print_figures(figures)


async def _start(options: argparse.Namespace) -> None:
    _end_on_signals()
    figures = await start.measure(is_quick=options.quick, report=_report)
    if options.json:
        print(json.dumps({"start": asdict(figures)}, indent=2))
    else:
        start.print_figures(figures)


async def _queues(options: argparse.Namespace) -> None:
    _end_on_signals()
    before, began = machine(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as folder:
        results = await queues.run(QUICK_QUEUES if options.quick else FULL_QUEUES, Path(folder), _report)
    took_s = time.monotonic() - began
    if options.json:
        print(json.dumps(queue_tables.as_json(results, before, took_s), indent=2))
    else:
        queue_tables.print_tables(results, before, took_s)


async def _api(options: argparse.Namespace) -> None:
    _end_on_signals()
    before, began = machine(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as folder:
        results = await api.run(QUICK_API if options.quick else FULL_API, Path(folder), _report)
    took_s = time.monotonic() - began
    if options.json:
        print(json.dumps(api_tables.as_json(results, before, took_s), indent=2))
    else:
        api_tables.print_tables(results, before, took_s)


def _end_on_signals() -> None:
    task = asyncio.current_task()
    assert task
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)


def _report(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
