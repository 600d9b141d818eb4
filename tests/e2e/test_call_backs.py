"""Callers who ask to be called back, on a real Asterisk: who rings whom, what they hear, who pays."""

from dataclasses import replace

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import BUSY, Answers, ByNumber, Press
from tests.e2e.conftest import Bring
from tests.e2e.lifetimes import LONG, another_life
from tests.e2e.lines import ANNA, until_talks, until_waiting, waiting
from tests.e2e.schemes import FIRST, SECOND, bill_to, given_scheme, spoken, targets_of
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    assert_refused_by_nobody_paying,
    bills,
    dial,
    ms,
    until_metric,
)

pytestmark = pytest.mark.e2e

TALK_MS = 3_000
HUNG_UP_MS = 5_000
LINE = """
start: line
nodes:
  line:
    kind: queue
    members: [FIRST]
    call_back_digit: "1"
    called_back: {tries: 1}
"""
# He lets it ring until the caller has heard why he is called.
MEMBER = Answers(ring_ms=3_000, hang_up_after_ms=TALK_MS)


def metric(end: str) -> str:
    return f'callctl_call_backs_total{{end="{end}"}}'


async def asked(stack: Stack, who: Subscriber, caller: str) -> int | None:
    """While the only member talks he asks to be called back, and is released; when, by SIPp's clock."""
    first = dial(stack, who.number, caller=ANNA)
    await until_talks(stack, who, ANNA)
    async with handset() as phone:
        mine = await dial(stack, who.number, caller=caller, presses=(Press(300, "1"),), media_port=phone.port)
        assert phone.has_heard(spoken("ru/call-back/booked"))
    await first
    assert await waiting(stack, who) == [caller]
    return mine.ended_at_us


async def test_who_asks_for_it_is_called_back_and_talks_to_the_member_and_both_ways_are_paid(
    stack: Stack,
) -> None:
    who = await given_scheme(stack, 2000, LINE)
    caller = targets_of(who).second
    async with handset() as phone:
        at_home = Answers(ring_ms=200, media_port=phone.port)
        await stack.carrier.behaves(ByNumber({FIRST: MEMBER, SECOND: at_home}))
        before = (await stack.metrics())[metric("answered")]
        asked_at_us = await asked(stack, who, caller)
        (back,) = await stack.carrier.over(caller)
        assert phone.has_heard(spoken("ru/call-back/connecting"))
    assert back.caller == who.number
    assert ms(asked_at_us, back.invited_at_us) > HUNG_UP_MS - 100
    annas, his = await stack.carrier.over(who.target, 2)
    assert (annas.caller, his.caller) == (ANNA, caller)
    legs = [leg for leg in await bills(stack, who, 3) if leg["from"] != ANNA]
    assert_bill_is_what_was_talked(bill_to(legs, caller), replace(who, target=caller), back, who.number)
    assert_bill_is_what_was_talked(bill_to(legs, who.target), who, his, caller)
    await until_metric(stack, metric("answered"), before + 1)
    way = await stack.get(f"/calls/{bill_to(legs, caller)['call_id']}/way")
    asked_in = await stack.get(f"/calls/{way['calls_back']}/way")
    assert asked_in["way"][0]["outcomes"] == ["call_back", "done"]
    paid = sum(leg["charge_kopecks"] for leg in await bills(stack, who, 3))
    await assert_money(stack, who, 2000 - paid)


async def test_who_is_busy_when_he_is_called_back_loses_his_place_and_nobody_pays(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: MEMBER, SECOND: BUSY}))
    who = await given_scheme(stack, 2000, LINE)
    caller = targets_of(who).second
    before = (await stack.metrics())[metric("busy")]
    await asked(stack, who, caller)
    await stack.carrier.over(caller)
    await until_metric(stack, metric("busy"), before + 1)
    await until_waiting(stack, who)
    legs = await bills(stack, who, 2)
    assert_refused_by_nobody_paying(bill_to(legs, caller), cause=17, ended_by="caller")


async def test_who_was_promised_a_call_gets_it_from_the_next_service(bring: Bring) -> None:
    stack = await bring(config=LONG)
    talks_long = replace(MEMBER, hang_up_after_ms=15_000)
    at_home = Answers(ring_ms=200, hang_up_after_ms=8_000)
    await stack.carrier.behaves(ByNumber({FIRST: talks_long, SECOND: at_home}))
    who = await given_scheme(stack, 10_000, LINE)
    caller = targets_of(who).second
    first = dial(stack, who.number, caller=ANNA)
    await until_talks(stack, who, ANNA)
    await dial(stack, who.number, caller=caller, presses=(Press(300, "1"),))
    async with another_life(stack):
        assert await waiting(stack, who) == [caller]
        await first
        (back,) = await stack.carrier.over(caller)
        assert back.was_answered and back.caller == who.number
        _, his = await stack.carrier.over(who.target, 2)
        assert his.caller == caller
        await until_waiting(stack, who)
        assert not await stack.database.fetch("SELECT * FROM kept_place")
