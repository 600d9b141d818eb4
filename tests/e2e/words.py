"""The words the end-to-end tests are told in: given_ somebody, who talks, and what must be so afterwards.

Rule 1: every subscriber is new, so tests share a stack without sharing money, numbers or targets.
Rule 2: nothing here sleeps to synchronise; `until` polls and names what never became so.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callctl.demo.seen import CallSeen
from tests.e2e.stacks import Json, Stack

CALLER = "79031112233"
DATABASE_UP = 'callctl_connection_up{to="database"}'
PATIENCE_S = 10.0
POLL_S = 0.02
UNIT_MS = 6_000  # plan demo/six
UNIT_KOPECKS = 100
# How far a stamp of ours may be from SIPp's of the same happening, on a machine that is busy.
NEAR_MS = 250
# A phone notes what it has sent a moment afterwards.
NOTED_LATE_MS = 5
# Ours, not the second cut of Asterisk; how late exactly is measured where twenty are, and in the bench.
CUT_LATE_MS_MAX = 1_000

_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Subscriber:
    account_id: str
    number: str
    target: str
    """The mobile that calls to `number` are forwarded to; nobody else's."""


async def given_subscriber(
    stack: Stack,
    kopecks: int,
    *,
    patience_s: int = 30,
    otherwise: str | None = None,
    plan: str = "demo/six",
    code: str = "7495",
) -> Subscriber:
    serial = next(_serial)
    who = Subscriber(f"subscriber-{serial}", f"{code}{serial:07d}", f"7916{serial:07d}")
    profile, _, plan = plan.partition("/")
    fields = f'kind: forward, to: ["{who.target}"], patience_s: {patience_s}'
    scheme = f"start: ring\nnodes:\n  ring: {{{fields}{', otherwise: bye' if otherwise else ''}}}\n"
    if otherwise:
        scheme += f"  bye: {{kind: hang_up, cause: {otherwise}}}\n"
    account = {"account_id": who.account_id, "profile": profile, "plan": plan, "balance_kopecks": kopecks}
    await stack.post("/accounts", account)
    number = {"e164": who.number, "account_id": who.account_id, "scheme": scheme}
    await stack.post("/numbers", number)
    return who


def show(figure: str) -> None:
    """For whoever runs with -s."""
    print(f"\n{figure}")  # noqa: T201


def dial(stack: Stack, to: str, *, caller: str = CALLER, **wishes: Any) -> "asyncio.Task[CallSeen]":
    """Somebody calls `to`; the task ends with what the caller's phone saw."""
    return asyncio.create_task(stack.caller.call(to=to, caller=caller, **wishes))


async def until(
    is_so: Callable[[], Awaitable[bool]] | Callable[[], bool], what: str, *, within_s: float = PATIENCE_S
) -> None:
    give_up_at = asyncio.get_running_loop().time() + within_s
    while True:
        answer = is_so()
        if await answer if not isinstance(answer, bool) else answer:
            return
        assert asyncio.get_running_loop().time() < give_up_at, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(POLL_S)


async def live_call(stack: Stack, who: Subscriber) -> Json | None:
    calls = [call for call in await stack.get("/calls") if call["account_id"] == who.account_id]
    return calls[-1] if calls else None


async def until_state(stack: Stack, who: Subscriber, state: str) -> Json:
    """The subscriber's call, as soon as the service has it in that state."""

    async def is_there() -> bool:
        call = await live_call(stack, who)
        return call is not None and call["state"] == state

    await until(is_there, f"a call of {who.account_id} that is {state}")
    return await live_call(stack, who)


async def until_rings(stack: Stack, who: Subscriber) -> None:
    """The phone itself: the service counts a call as ringing from the order on."""
    await until(
        lambda: any(seen.ringing_at_us is not None for seen in stack.carrier.calls_to(who.target)),
        f"{who.target} rings",
    )


async def until_metric(stack: Stack, name: str, value: float, *, within_s: float = PATIENCE_S) -> None:
    async def is_reached() -> bool:
        return (await stack.metrics())[name] == value

    await until(is_reached, f"{name} {value:g}", within_s=within_s)


async def account(stack: Stack, who: Subscriber) -> Json:
    return await stack.get(f"/accounts/{who.account_id}")


async def bills(stack: Stack, who: Subscriber, count: int = 1) -> list[Json]:
    """All connections of the subscriber, as soon as `count` are there and all are settled."""
    legs: list[Json] = []

    async def are_settled() -> bool:
        legs[:] = await stack.get(f"/accounts/{who.account_id}/legs")
        return len(legs) >= count and all(leg["ended_at"] for leg in legs)

    await until(are_settled, f"{count} settled connections of {who.account_id}")
    assert len(legs) == count, legs
    return legs


async def bill(stack: Stack, who: Subscriber) -> Json:
    return (await bills(stack, who))[0]


async def way(stack: Stack, leg: Json) -> Json:
    """Of the call that the connection belongs to, as soon as it is told: it is over after its connections."""
    path = f"/calls/{leg['call_id']}/way"
    ways: list[Json] = []

    async def is_told() -> bool:
        async with stack.api.get(path) as answer:
            ways[:] = [await answer.json()]
            return answer.status == 200

    await until(is_told, path)
    return ways[0]


def moment_ms(rfc3339: str) -> float:
    return datetime.fromisoformat(rfc3339).timestamp() * 1000


def ms(start_us: int | None, end_us: int | None) -> float:
    assert start_us is not None
    assert end_us is not None
    return (end_us - start_us) / 1000


def assert_refused_by_nobody_paying(leg: Json, *, cause: int, ended_by: str) -> None:
    """A connection that was placed and never answered."""
    assert (leg["cause"], leg["ended_by"]) == (cause, ended_by)
    assert (leg["answered_at"], leg["seconds"], leg["units"], leg["charge_kopecks"]) == (None, 0, 0, 0)


async def assert_money(stack: Stack, who: Subscriber, kopecks: int) -> None:
    """The balance, and that nothing of it is held."""
    shown = await account(stack, who)
    assert (shown["balance_kopecks"], shown["held_kopecks"], shown["available_kopecks"]) == (
        kopecks,
        0,
        kopecks,
    )


def assert_seconds_are_counted(leg: Json) -> None:
    """Whole ones, between the leg's own stamps; a second is the least."""
    talked_ms = round(moment_ms(leg["ended_at"]) - moment_ms(leg["answered_at"]))
    assert leg["seconds"] == max(1, talked_ms // 1000)


def assert_bill_is_what_was_talked(
    leg: Json,
    who: Subscriber,
    theirs: CallSeen,
    caller: str = CALLER,
    *,
    ended_at_us: int | None = None,
) -> None:
    """The bill against the clock of the phone that was called; `ended_at_us`: when the caller had left it
    alone, which nobody told it."""
    assert (leg["from"], leg["to"]) == (caller, who.target)
    assert theirs.answered_at_us is not None
    ended_at_us = ended_at_us or theirs.ended_at_us
    assert ended_at_us is not None
    assert abs(moment_ms(leg["answered_at"]) - theirs.answered_at_us / 1000) < NEAR_MS
    assert abs(moment_ms(leg["ended_at"]) - ended_at_us / 1000) < NEAR_MS
    assert_seconds_are_counted(leg)
    units = -(-leg["seconds"] // (UNIT_MS // 1000))
    assert (leg["units"], leg["charge_kopecks"]) == (units, units * UNIT_KOPECKS)
