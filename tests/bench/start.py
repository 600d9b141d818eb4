"""From the start of a service to the control of all calls that the one before it left talking.

Rule 1: the service before is killed, so nothing was made ready for the next one.
Rule 2: the parts are read off the lines that the service writes into its log by itself.
Rule 3: calls are paid by the minute, come slowly and hear nothing: only to be there costs little.
"""

import asyncio
import os
import re
import resource
import signal
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from callctl.complaint import Complaint
from callctl.demo.phones import Answers, Caller
from callctl.places import ROOT
from callctl.stack.child import start_child
from callctl.stack.up import Stack
from tests.bench.load import far_end
from tests.bench.subscribers import add_subscribers, read_figures
from tests.bench.ways import Report, ask, callctl_way, caller_number, free_far_end_port

CALLS, CALLS_QUICK = 2_000, 200
PLACED_PER_SECOND = 20
BY_THE_MINUTE = ("mango", "per-minute")
# Of Asterisk, for both legs: four sockets, four eventfds, two timers. While a call is made there are more.
FILES_PER_TALK, FILES_SPARE = 10, 500
ACCOUNTS = 200
PLENTY_KOPECKS = 1_000_000_00
TALKING = 'callctl_calls{state="talking"}'
TALK_MS = 600_000
GATHER_S_MAX, CONTROL_S_MAX, POLL_S, GATHER_POLL_S = 20.0, 60.0, 0.02, 1.0
PARTS = {
    "imports, profiles, the accounts are ours": r"the accounts are ours",
    "tables read, ARI asked, the witness read, the first call taken up": r"call \S+ goes on at",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds since the start of the program."""

    calls: int
    until_s: dict[str, float]
    load_average: float


async def measure(*, is_quick: bool, report: Report) -> Figures:
    wanted = min(CALLS_QUICK if is_quick else CALLS, _talks_max())
    with TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as folder:
        async with callctl_way(Path(folder), free_far_end_port(), report) as (way, stack):
            numbers = await add_subscribers(
                stack.api_url, ACCOUNTS, first=0, balance_kopecks=PLENTY_KOPECKS, plan=BY_THE_MINUTE
            )
            phones = Path(folder) / "phones"
            phones.mkdir()
            async with far_end(way, phones, Answers()):
                report(f"{wanted} calls come, {PLACED_PER_SECOND} a second")
                pairs = [(numbers[i % ACCOUNTS].number, caller_number(i)) for i in range(wanted)]
                async with await Caller(way.sip_port, phones).place(
                    pairs,
                    ring_ms=TALK_MS,
                    talk_ms=TALK_MS,
                    count=wanted,
                    per_second=PLACED_PER_SECOND,
                    at_once_max=wanted,
                ):
                    gather_s_max = wanted / PLACED_PER_SECOND + GATHER_S_MAX
                    talking = await _until_talks(stack, wanted, gather_s_max, GATHER_POLL_S)
                    if not talking:
                        raise Complaint("no call talks: try it on a quieter machine")
                    report("the service is killed, and another one starts")
                    os.kill(way.pids["application"], signal.SIGKILL)
                    await stack.service.process.wait()
                    try:
                        return await _start_again(stack, talking)
                    finally:
                        await ask(way.cli, "channel request hangup all")


def _talks_max() -> int:
    """Asterisk takes as many files as it may have."""
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CALLS if files_max < 0 else (files_max - FILES_SPARE) // FILES_PER_TALK


async def _start_again(stack: Stack, calls: int) -> Figures:
    log = stack.plan.state / "started-again.log"
    command: list[str | Path] = [sys.executable, "-m", "callctl", "run", "--settings", stack.settings_file]
    load, began = os.getloadavg()[0], time.time()
    service = await start_child("the service", command, log=log, cwd=ROOT)
    try:
        taken_up = await _until_talks(stack, calls, CONTROL_S_MAX, POLL_S)
        under_control_s = time.time() - began
        lines = log.read_text("utf-8", "replace")
    finally:
        await service.stop()
    if taken_up < calls:
        raise Complaint(f"only {taken_up} of {calls} calls were taken up within {CONTROL_S_MAX:g} s")
    until_s = {part: _stamp(lines, words) - began for part, words in PARTS.items()}
    return Figures(calls, until_s | {"all calls are under control": under_control_s}, load)


def _stamp(lines: str, words: str) -> float:
    found = re.search(rf'^at="?(\S+?)"? .*? msg="{words}', lines, re.MULTILINE)
    return datetime.fromisoformat(found[1]).timestamp() if found else float("nan")


async def _until_talks(stack: Stack, wanted: int, seconds_max: float, poll_s: float) -> int:
    """Or what there is when the time is over."""
    give_up_at, there = time.monotonic() + seconds_max, 0
    async with aiohttp.ClientSession(stack.api_url) as http:
        while there < wanted and time.monotonic() < give_up_at:
            await asyncio.sleep(poll_s)
            try:
                figures = await read_figures(http)
            except aiohttp.ClientError:
                continue
            there = int(figures[TALKING])
    return there


def print_figures(figures: Figures) -> None:
    print(f"{figures.calls} talks, load average {figures.load_average:.1f}; s since the service was started:")
    for part, until_s in figures.until_s.items():
        print(f"  {until_s:6.2f}  {part}")
