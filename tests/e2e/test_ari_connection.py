"""The connection to ARI fails in mid-call: noticed, healed, and the calls come right."""

import time

import pytest

from callctl.demo.phones import Answers
from callctl.demo.seen import media_sink
from tests.e2e.hole import End, Hole
from tests.e2e.leaks import assert_as_witnessed
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    dial,
    given_subscriber,
    show,
    until,
    until_metric,
    until_rings,
    until_state,
)

pytestmark = pytest.mark.e2e

Holed = tuple[Stack, Hole]

UP = 'callctl_connection_up{to="ari"}'
LOST = 'callctl_connection_lost_total{to="ari"}'
JOINED = "callctl_added_delay_seconds_count"
DIFFERENCE = "callctl_reconcile_difference_kopecks"
# The promise: half-open connections are noticed within this.
NOTICED_S_MAX = 10.0


async def until_lost_and_back(stack: Stack, lost: float) -> None:
    async def is_so() -> bool:
        metrics = await stack.metrics()
        return metrics[LOST] == lost and metrics[UP] == 1

    await until(is_so, f"ARI lost {lost:g} times and back")


async def test_a_talk_does_not_notice_connections_that_are_dropped(holed: Holed) -> None:
    stack, hole = holed
    who = await given_subscriber(stack, 1_000)
    lost = (await stack.metrics())[LOST]
    call = dial(stack, who.number, hang_up_after_ms=7_500)
    await until_state(stack, who, "talking")
    hole.drop(End.FIN)
    await until_lost_and_back(stack, lost + 1)
    hole.drop(End.RST)
    await until_lost_and_back(stack, lost + 2)
    mine = await call
    assert mine.ended_by == "here"
    (theirs,) = await stack.carrier.over(who.target)
    leg = await bill(stack, who)
    assert_bill_is_what_was_talked(leg, who, theirs)
    assert (leg["units"], leg["ended_by"]) == (2, "caller")
    await assert_money(stack, who, 800)


async def test_who_hangs_up_while_asterisk_is_away_is_found_out_and_pays_what_he_talked(
    holed: Holed,
) -> None:
    stack, hole = holed
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number, hang_up_after_ms=7_500)
    await until_state(stack, who, "talking")
    hole.shut()
    hole.drop(End.FIN)
    await until_metric(stack, UP, 0)
    mine = await call
    (theirs,) = stack.carrier.calls_to(who.target)
    assert not theirs.is_over, "nobody has told the other side"
    hole.heal()
    await until_metric(stack, UP, 1)
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.ended_by == "there"
    leg = await bill(stack, who)
    assert_bill_is_what_was_talked(leg, who, theirs, ended_at_us=mine.ended_at_us)
    assert (leg["units"], leg["ended_by"]) == (2, "caller")
    await assert_money(stack, who, 800)


async def test_a_black_hole_is_noticed_within_ten_seconds_and_every_call_in_it_comes_right(
    holed: Holed,
) -> None:
    stack, hole = holed
    await stack.carrier.behaves(Answers(ring_ms=4_000))
    talker, leaver, ringer, newcomer = [await given_subscriber(stack, 1_000) for _ in range(4)]
    before = await stack.metrics()
    lost = before[LOST]
    talk = dial(stack, talker.number, hang_up_after_ms=15_500)
    leave = dial(stack, leaver.number, hang_up_after_ms=7_500)
    for who in (talker, leaver):
        await until_state(stack, who, "talking")
    ring = dial(stack, ringer.number, hang_up_after_ms=12_500)
    await until_rings(stack, ringer)
    # Ordered, done, and Asterisk's word for it is heard: the hole opens between two orders.
    await until_metric(stack, JOINED, before[JOINED] + 3)

    hole.swallow()
    began = time.monotonic()
    async with media_sink() as sink:
        turned_away = dial(stack, newcomer.number, media_port=sink.port)
        await until_metric(stack, UP, 0, within_s=NOTICED_S_MAX)
        noticed_s = time.monotonic() - began
        show(f"black hole noticed after {noticed_s:.1f} s")
        assert (await turned_away).final_status == 503
        assert sink.packets >= 20, "a newcomer hears a prompt, not silence"
    left = await leave
    (theirs,) = stack.carrier.calls_to(ringer.target)
    assert theirs.was_answered, "the phone that rang has answered into the hole"
    hole.heal()
    await until_lost_and_back(stack, lost + 1)

    assert (await ring).ended_by == "here", "Asterisk connects the two without us"
    leg = await bill(stack, ringer)
    (theirs,) = await stack.carrier.over(ringer.target)
    assert_bill_is_what_was_talked(leg, ringer, theirs)
    assert (leg["units"], leg["ended_by"]) == (2, "caller")
    leg = await bill(stack, leaver)
    (theirs,) = await stack.carrier.over(leaver.target)
    assert_bill_is_what_was_talked(leg, leaver, theirs, ended_at_us=left.ended_at_us)
    assert (leg["units"], leg["ended_by"]) == (2, "caller")
    assert (await talk).ended_by == "here", "who talks throughout notices nothing"
    (theirs,) = await stack.carrier.over(talker.target)
    leg = await bill(stack, talker)
    assert_bill_is_what_was_talked(leg, talker, theirs)
    assert (leg["units"], leg["ended_by"]) == (3, "caller")
    for who, kopecks in ((talker, 700), (leaver, 800), (ringer, 800), (newcomer, 1_000)):
        await assert_money(stack, who, kopecks)
    await assert_nothing_differs(stack)


async def assert_nothing_differs(stack: Stack) -> None:
    await assert_as_witnessed(stack)
    assert (await stack.metrics())[DIFFERENCE] == 0


async def test_money_that_ends_in_a_black_hole_ends_the_call_all_the_same(holed: Holed) -> None:
    """The order to release cannot arrive in time; it is repeated, and billed is what was secured."""
    stack, hole = holed
    who = await given_subscriber(stack, 100)
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    hole.swallow()
    try:
        await until_metric(stack, UP, 0, within_s=NOTICED_S_MAX)
    finally:
        hole.heal()
    mine = await call
    assert mine.ended_by == "there"
    leg = await bill(stack, who)
    assert (leg["units"], leg["charge_kopecks"], leg["ended_by"]) == (1, 100, "balance")
    await assert_money(stack, who, 0)
