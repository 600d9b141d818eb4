"""The demonstration: five calls on a real stack, seen while they run, with their bills afterwards."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from callctl.commands.live import draw_calls
from callctl.commands.scheme_trace import way_table
from callctl.commands.show import console as wide_console
from callctl.commands.show import roubles, table
from callctl.demo.phones import Caller, Press
from callctl.demo.seen import CallSeen
from callctl.demo.subscribers import SUBSCRIBERS, Subscriber
from callctl.explain.bill import explain_leg
from callctl.settings import Address, CallSettings
from callctl.stack.plan import LOOPBACK, Plan
from callctl.stack.up import Stack, bring_up, watch
from callctl.times import clock_time

CALLER = "79031112233"
EMERGENCY = "112"
HANGS_UP_AFTER_MS = 9_000
CHOICE = Press(3_000, "1")
WARNING_S = 3
LOOK_EVERY_S = 0.25

Report = Callable[[str], None]


async def demonstrate(report: Report, *, stay: bool) -> None:
    """Everything in a directory of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="callctl-demo-") as folder:
        plan = Plan(
            state=Path(folder),
            # Any free ports: two demonstrations may begin in the same moment.
            sip=Address(LOOPBACK, 0),
            api=Address(LOOPBACK, 0),
            durable=False,
            calls=CallSettings(warning_s=WARNING_S),
        )
        async with bring_up(plan, report) as stack:
            watching = asyncio.create_task(watch(stack, report))
            showing = asyncio.create_task(_show(stack, stay))
            try:
                await asyncio.wait({watching, showing}, return_when=asyncio.FIRST_COMPLETED)
                await (watching if watching.done() else showing)
            finally:
                for task in (watching, showing):
                    task.cancel()
                await asyncio.gather(watching, showing, return_exceptions=True)


async def _show(stack: Stack, stay: bool) -> None:
    console = wide_console()
    console.print(
        f"\nSIP {stack.plan.sip}, API {stack.plan.api}, plan demo/six: 1.00 RUB for each 6 s begun\n"
    )
    async with aiohttp.ClientSession(stack.api_url) as http:
        await _run_calls(stack, http, console)
        await _print_bills(http, console)
        await _print_way(http, console, SUBSCRIBERS[-1])
    console.print(_what_next(stack), soft_wrap=True)
    if stay:
        console.print("Ctrl-C ends everything.")
        await asyncio.Event().wait()


async def _run_calls(stack: Stack, http: aiohttp.ClientSession, console: Console) -> None:
    folder = stack.plan.state / "phones"
    folder.mkdir()
    phone = Caller(port=stack.plan.sip.port, folder=folder)
    anna, boris, vera, gleb, dasha = SUBSCRIBERS
    calls = {
        anna: phone.call(to=anna.number, caller=CALLER, hang_up_after_ms=HANGS_UP_AFTER_MS),
        boris: phone.call(to=boris.number, caller=CALLER),
        vera: phone.call(to=vera.number, caller=CALLER),
        gleb: phone.call(to=EMERGENCY, caller=gleb.number, hang_up_after_ms=HANGS_UP_AFTER_MS),
        dasha: phone.call(
            to=dasha.number, caller=CALLER, presses=[CHOICE], hang_up_after_ms=HANGS_UP_AFTER_MS
        ),
    }
    tasks = {subscriber: asyncio.create_task(call) for subscriber, call in calls.items()}
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while not all(task.done() for task in tasks.values()):
                running = await _get(http, "/calls")
                accounts = [await _get(http, f"/accounts/{one.account_id}") for one in SUBSCRIBERS]
                live.update(
                    Group(draw_calls(running), _story_table(tasks, accounts)),
                    refresh=True,
                )
                await asyncio.sleep(LOOK_EVERY_S)
        accounts = [await _get(http, f"/accounts/{one.account_id}") for one in SUBSCRIBERS]
        console.print(_story_table(tasks, accounts))
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _story_table(tasks: dict[Subscriber, "asyncio.Task[CallSeen]"], accounts: list[dict[str, Any]]) -> Table:
    rows = [
        {**account, "story": subscriber.story, "seen": _seen(tasks[subscriber])}
        for subscriber, account in zip(SUBSCRIBERS, accounts, strict=True)
    ]
    columns = {
        "account_id": "account",
        "balance_kopecks": "balance",
        "held_kopecks": "held",
        "available_kopecks": "available",
        "story": "what happens",
        "seen": "what the caller's phone saw",
    }
    return table("accounts, RUB", columns, rows)


def _seen(task: "asyncio.Task[CallSeen]") -> str:
    if not task.done():
        return "…"
    seen = task.result()
    if not seen.was_answered:
        return f"refused with SIP {seen.final_status}"
    who = "hung up itself" if seen.ended_by == "here" else "was released"
    return f"talked {seen.talked_ms / 1000:.2f} s, {who}"


async def _print_bills(http: aiohttp.ClientSession, console: Console) -> None:
    for subscriber in SUBSCRIBERS:
        for leg in await _get(http, f"/accounts/{subscriber.account_id}/legs"):
            began = clock_time(leg["held_at"])
            console.print(f"\n{began} {subscriber.account_id}: {roubles(leg['charge_kopecks'])} RUB")
            console.print("\n".join(explain_leg(leg)), soft_wrap=True)


async def _print_way(http: aiohttp.ClientSession, console: Console, subscriber: Subscriber) -> None:
    (call,) = await _get(http, f"/numbers/{subscriber.number}/calls")
    way = await _get(http, f"/calls/{call['call_id']}/way")
    console.print()
    console.print(way_table(f"{subscriber.account_id}: the way through the scheme", way))


async def _get(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as response:
        response.raise_for_status()
        return await response.json()


def _what_next(stack: Stack) -> str:
    state = stack.plan.state
    return f"""
Try next, in another terminal:
  ./run account pay boris 2.00 --ref mine-1
  sipp -sn uac {stack.plan.sip} -s 74951110002 -m 1 -nostdin -d 600000
  ./run calls
  ./run cdr --account boris
  ./run account entries boris
  curl -s http://{stack.plan.api}/metrics | grep callctl_
  Asterisk's own command line: {" ".join(stack.cli)} -x 'callctl balance 74951110002'
  Logs: {state}/service.log, {state}/asterisk/log
"""
