"""The cut: a call ends when the last paid unit does, as both phones see it; and nobody is ever overdrawn."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from statistics import median

import pytest

from callctl.demo.seen import CallSeen, media_sink
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    UNIT_MS,
    Subscriber,
    account,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    dial,
    given_subscriber,
    ms,
    show,
    until,
    until_state,
)

pytestmark = pytest.mark.e2e

CALLS = 20
EACH_S = 0.3
PROMISED_MS = 100
TONE_PACKETS_MAX = 40  # 0.3 s are 15


def lateness_ms(seen: CallSeen, units: int) -> float:
    """From the end of the last paid unit, counted from this phone's own answer, to its BYE."""
    return ms(seen.answered_at_us, seen.ended_at_us) - units * UNIT_MS


def assert_cut_on_time(seen: CallSeen, units: int, late_ms_max: int = CUT_LATE_MS_MAX) -> None:
    assert seen.ended_by == "there", "nobody cut it"
    assert 0 <= lateness_ms(seen, units) <= late_ms_max


@asynccontextmanager
async def never_overdrawn(stack: Stack, *accounts: Subscriber) -> AsyncIterator[None]:
    """Looks at the accounts all the time: no promise may go beyond the balance, no balance below zero."""
    looks = 0

    async def look() -> None:
        nonlocal looks
        while True:
            for who in accounts:
                shown = await account(stack, who)
                assert shown["balance_kopecks"] >= 0, shown
                assert shown["available_kopecks"] >= 0, shown
                looks += 1
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])
    assert looking.cancelled(), looking.exception()
    assert looks > 10


async def test_money_for_three_units_ends_with_the_third_on_both_sides_twenty_times(stack: Stack) -> None:
    everybody = [await given_subscriber(stack, 300) for _ in range(CALLS)]
    before = await stack.metrics()
    async with never_overdrawn(stack, *everybody[:3]):
        load = await stack.caller.many(
            [(who.number, "79031112233") for who in everybody],
            count=CALLS,
            per_second=1 / EACH_S,
            hang_up_after_ms=60_000,
        )
    assert load.failed == 0
    mine = {seen.number: seen for seen in load.calls}
    theirs = {who.number: stack.carrier.calls_to(who.target)[0] for who in everybody}
    for side, seen in (("caller", mine.values()), ("callee", theirs.values())):
        show(f"cut lateness, {side}: {_figures(lateness_ms(one, 3) for one in seen)}")
    for who in everybody:
        assert_cut_on_time(mine[who.number], 3, PROMISED_MS)
        assert_cut_on_time(theirs[who.number], 3, PROMISED_MS)
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs[who.number])
        assert (leg["units"], leg["charge_kopecks"], leg["ended_by"]) == (3, 300, "balance")
        await assert_money(stack, who, 0)
    after = await stack.metrics()
    # Each cut releases two legs.
    assert after["callctl_cut_lateness_seconds_count"] - before["callctl_cut_lateness_seconds_count"] == (
        2 * CALLS
    )
    assert after["callctl_second_cuts_total"] == before["callctl_second_cuts_total"]


def _figures(late_ms: Iterable[float]) -> str:
    ordered = sorted(late_ms)
    return f"min {ordered[0]:.1f} ms, p50 {median(ordered):.1f} ms, max {ordered[-1]:.1f} ms"


async def test_three_calls_on_one_balance_are_cut_each_in_its_turn(stack: Stack) -> None:
    """Five units. First units for all three, second ones for the first and the second call; the third
    call comes too late for one, and the others find nothing left when their second unit ends.
    """
    who = await given_subscriber(stack, 500)
    calls = []
    async with never_overdrawn(stack, who):
        for count in (1, 2, 3):
            calls.append(dial(stack, who.number))
            await until_talking(stack, who, count)
        mine = await asyncio.gather(*calls)
    theirs = stack.carrier.calls_to(who.target)
    for seen, units in zip((*mine, *theirs), (2, 2, 1, 2, 2, 1), strict=True):
        assert_cut_on_time(seen, units)
    await assert_money(stack, who, 0)


async def test_the_warning_tone_is_heard_before_the_end_and_does_not_delay_it(stack: Stack) -> None:
    who = await given_subscriber(stack, 100)
    async with media_sink() as sink:
        call = dial(stack, who.number, media_port=sink.port)
        await until_state(stack, who, "talking")
        assert sink.packets == 0, "nobody else makes a sound here"
        await until(lambda: sink.packets >= 10, "the tone")
        assert not call.done()
        assert_cut_on_time(await call, 1)


async def test_the_warning_tone_ends_by_itself_and_comes_again_after_a_payment(stack: Stack) -> None:
    who = await given_subscriber(stack, 100)
    async with media_sink() as sink:
        call = dial(stack, who.number, media_port=sink.port)
        await until(lambda: sink.packets >= 10, "the tone")
        await stack.callctl(
            "account", "pay", who.account_id, "1.00", "--ref", "more", f"--api={stack.note['api']}"
        )
        heard = sink.packets
        await until_held(stack, who, 200)
        assert sink.packets == heard < TONE_PACKETS_MAX, "somebody goes on sending"
        await until(lambda: sink.packets >= heard + 10, "the second tone")
        assert_cut_on_time(await call, 2)


async def until_held(stack: Stack, who: Subscriber, kopecks: int) -> None:
    async def is_so() -> bool:
        return bool((await account(stack, who))["held_kopecks"] == kopecks)

    await until(is_so, f"{kopecks} kopecks of {who.account_id} are held")


async def until_talking(stack: Stack, who: Subscriber, count: int) -> None:
    async def is_so() -> bool:
        calls = [call for call in await stack.get("/calls") if call["account_id"] == who.account_id]
        return len(calls) == count and all(call["state"] == "talking" for call in calls)

    await until(is_so, f"{count} calls of {who.account_id} talk")


async def test_a_payment_in_the_last_paid_unit_extends_the_call_and_counts_once(stack: Stack) -> None:
    who = await given_subscriber(stack, 100)
    api = f"--api={stack.note['api']}"
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    pay = ("account", "pay", who.account_id)
    assert "taken" in await stack.callctl(*pay, "1.00", "--ref", "receipt-1", api)
    assert "nothing changed" in await stack.callctl(*pay, "1.00", "--ref", "receipt-1", api)
    refused = await stack.callctl(*pay, "2.00", "--ref", "receipt-1", api, expect=2)
    assert "receipt-1" in refused
    assert (await account(stack, who))["balance_kopecks"] == 200
    mine = await call
    (theirs,) = stack.carrier.calls_to(who.target)
    assert_cut_on_time(mine, 2)
    assert_cut_on_time(theirs, 2)
    assert (await bill(stack, who))["charge_kopecks"] == 200
    entries = await stack.get(f"/accounts/{who.account_id}/entries")
    assert [entry["amount_kopecks"] for entry in entries] == [100, 100, -200]
    await assert_money(stack, who, 0)
