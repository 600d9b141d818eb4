"""The service hangs or dies in mid-call: Asterisk ends what is not paid, and nobody new meets silence.

The second cut stands SECOND_CUT_S behind the last paid unit here.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from callctl.demo.phones import Answers
from callctl.demo.seen import CallSeen, media_sink
from tests.e2e.conftest import SECOND_CUT_S, Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.words import (
    NEAR_MS,
    UNIT_MS,
    Subscriber,
    assert_money,
    bill,
    dial,
    given_subscriber,
    moment_ms,
    ms,
    until,
    until_rings,
    until_state,
)

pytestmark = pytest.mark.e2e

BOUND_MS = UNIT_MS + SECOND_CUT_S * 1000
# Asterisk cuts the caller's leg first and the callee's 200 ms later; the rest is a busy machine's.
LATE_MS_MAX = 1_000
TAKE_OVER_MS = 2_000  # what Asterisk gives a service that does not move (asterisk_conf.py)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Alive, connected, and doing nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def assert_cut_by_asterisk(seen: CallSeen) -> None:
    assert seen.ended_by == "there", "nobody cut it"
    talked_ms = ms(seen.answered_at_us, seen.ended_at_us)
    assert UNIT_MS < talked_ms <= BOUND_MS + LATE_MS_MAX, "after what is paid, and within the bound"


async def until_bounded(stack: Stack, who: Subscriber) -> None:
    """Asterisk itself has the second cut of both legs: the orders for it come after the answer."""
    call = await until_state(stack, who, "talking")

    async def are_bounded() -> bool:
        shown = [await stack.asterisk_cli(f"core show channel {call[leg]}") for leg in ("call_id", "leg_id")]
        ends_s = [int(found[1]) for text in shown if (found := re.search(r"Time to Hangup: (\d+)", text))]
        return len(ends_s) == 2 and all(0 < end_s - time.time() <= BOUND_MS / 1000 + 1 for end_s in ends_s)

    await until(are_bounded, f"the second cut of {call['call_id']} in Asterisk")


async def assert_fallback(stack: Stack, who: Subscriber) -> CallSeen:
    """A new caller hears a prompt, and then a failure that another operator may route around."""
    async with media_sink() as sink:
        call = dial(stack, who.number, media_port=sink.port)
        await until(lambda: sink.packets >= 20, "the prompt of the fallback")
        assert not call.done()
        mine = await call
    assert mine.early_media_at_us is not None
    assert (mine.final_status, mine.answered_at_us) == (503, None)
    assert not stack.carrier.calls_to(who.target)
    return mine


async def assert_emergency_passes(stack: Stack) -> None:
    before = len(stack.carrier.calls_to("112"))
    mine = await dial(stack, "112", hang_up_after_ms=300)
    assert mine.was_answered
    assert len(stack.carrier.calls_to("112")) == before + 1


def assert_bill_is_what_asterisk_noted(stack: Stack, leg: Json) -> None:
    """Asterisk's own event log: the talk ends with the first of the two legs."""
    moments = [
        (happening["eventtype"], happening["uniqueid"], happening["eventtime"] * 1000)
        for happening in stack.witness()
    ]
    (answered_ms,) = [at for what, who, at in moments if (what, who) == ("ANSWER", leg["leg_id"])]
    hung_up_ms = min(
        at for what, who, at in moments if what == "HANGUP" and who in (leg["leg_id"], leg["call_id"])
    )
    assert abs(moment_ms(leg["ended_at"]) - hung_up_ms) < NEAR_MS
    assert leg["seconds"] == max(1, int(hung_up_ms - answered_ms) // 1000)


async def test_what_a_hanging_service_leaves_running_asterisk_ends_and_the_books_come_right(
    guarded: Stack,
) -> None:
    poor, rich, newcomer = [await given_subscriber(guarded, kopecks) for kopecks in (100, 1_000, 1_000)]
    before = await guarded.metrics()
    calls = [dial(guarded, who.number) for who in (poor, rich)]
    for who in (poor, rich):
        await until_bounded(guarded, who)
    with stopped(guarded.pids["service"]):
        await asyncio.gather(assert_fallback(guarded, newcomer), assert_emergency_passes(guarded))
        for seen in await asyncio.gather(*calls):
            assert_cut_by_asterisk(seen)
        for who in (poor, rich):
            (theirs,) = await guarded.carrier.over(who.target)
            assert_cut_by_asterisk(theirs)
    # Both talked into their second unit: one could not pay for it and does not, the other can and does.
    assert (await bill(guarded, poor))["charge_kopecks"] == 100
    await assert_money(guarded, poor, 0)
    leg = await bill(guarded, rich)
    assert (leg["units"], leg["charge_kopecks"]) == (2, 200)
    assert_bill_is_what_asterisk_noted(guarded, leg)
    assert (leg["ended_by"], leg["cause"]) == ("second_cut", 102)
    await assert_money(guarded, rich, 800)
    await assert_money(guarded, newcomer, 1_000)
    after = await guarded.metrics()
    assert after["callctl_second_cuts_total"] == before["callctl_second_cuts_total"] + 1


async def test_after_a_kill_asterisk_ends_the_calls_and_the_next_start_bills_what_was_talked(
    bring: Bring,
) -> None:
    stack = await bring()
    await stack.carrier.behaves(Answers(ring_ms=2_000))
    poor, rich, quitter, ringing, newcomer = [
        await given_subscriber(stack, kopecks) for kopecks in (100, 1_000, 1_000, 1_000, 1_000)
    ]
    calls = [dial(stack, who.number) for who in (poor, rich)]
    quitting = dial(stack, quitter.number, hang_up_after_ms=2_500)
    for who in (poor, rich, quitter):
        await until_bounded(stack, who)
    unheard = dial(stack, ringing.number, hang_up_after_ms=2_500)
    await until_rings(stack, ringing)
    await stop_service(stack, signal.SIGKILL)
    assert not any(call.done() for call in (*calls, quitting, unheard)), "the calls go on"

    mine = await assert_fallback(stack, newcomer)
    assert ms(mine.invited_at_us, mine.early_media_at_us) < TAKE_OVER_MS, "at once, not after a patience"
    await assert_emergency_passes(stack)
    assert (await quitting).ended_by == "here"
    assert (await unheard).ended_by == "here", "Asterisk connects the two without us"
    for seen in await asyncio.gather(*calls):
        assert_cut_by_asterisk(seen)
    for who in (poor, rich, quitter):
        (theirs,) = await stack.carrier.over(who.target)
        assert_cut_by_asterisk(theirs)

    async with serve_again(stack, stack.settings_file):
        assert (await bill(stack, poor))["charge_kopecks"] == 100, "no more than there was"
        leg = await bill(stack, rich)
        assert (leg["units"], leg["charge_kopecks"]) == (2, 200)
        assert_bill_is_what_asterisk_noted(stack, leg)
        leg = await bill(stack, quitter)
        assert (leg["units"], leg["charge_kopecks"]) == (1, 100), "the talk was over when the caller went"
        assert_bill_is_what_asterisk_noted(stack, leg)
        leg = await bill(stack, ringing)
        assert (leg["units"], leg["charge_kopecks"]) == (1, 100), "the witness saw it answered"
        assert_bill_is_what_asterisk_noted(stack, leg)
        for who, kopecks in ((poor, 0), (rich, 800), (quitter, 900), (ringing, 900), (newcomer, 1_000)):
            await assert_money(stack, who, kopecks)
        seen = await dial(stack, newcomer.number, hang_up_after_ms=500)
        assert seen.was_answered
        assert (await bill(stack, newcomer))["ended_by"] == "caller"
        await assert_nothing_left(stack)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
async def test_an_emergency_call_outlives_its_service_and_the_next_one(
    bring: Bring, sign: signal.Signals
) -> None:
    stack = await bring()
    call = dial(stack, "112", hang_up_after_ms=14_000)

    async def talks() -> bool:
        return [live["state"] for live in await stack.get("/calls")] == ["talking"]

    await until(talks, "112 talks")
    await stop_service(stack, sign)
    async with serve_again(stack, stack.settings_file):
        assert not call.done()
        mine = await call
        assert mine.ended_by == "here", "nobody cuts a call to 112"
        assert ms(mine.answered_at_us, mine.ended_at_us) >= 14_000
        await assert_nothing_left(stack)


async def test_a_service_that_hung_while_somebody_called_for_help_leaves_him_alone_when_it_goes_on(
    guarded: Stack,
) -> None:
    before = len(guarded.carrier.calls_to("112"))
    with stopped(guarded.pids["service"]):
        call = dial(guarded, "112", hang_up_after_ms=12_000)
        await until(
            lambda: len(guarded.carrier.calls_to("112")) == before + 1, "the dialplan calls help itself"
        )
    mine = await call
    assert mine.ended_by == "here", "nobody cuts a call to 112"
    assert len(guarded.carrier.calls_to("112")) == before + 1


async def test_a_call_for_help_whose_time_limit_ends_is_helped_anew(guarded: Stack) -> None:
    before = len(guarded.carrier.calls_to("112"))
    call = dial(guarded, "112", hang_up_after_ms=15_000)

    async def talking() -> list[Json]:
        return [live for live in await guarded.get("/calls") if live["state"] == "talking"]

    async def talks() -> bool:
        return bool(await talking())

    await until(talks, "112 talks")
    (live,) = await talking()
    await guarded.asterisk_cli(f"dialplan set chanvar {live['call_id']} TIMEOUT(absolute) 1")
    await until(lambda: len(guarded.carrier.calls_to("112")) == before + 2, "help is called again")
    assert (await call).ended_by == "here"
