"""A service that is killed, and the next one: calls go on where they were, and are billed once."""

import asyncio
import itertools
import signal

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import Answers, ByNumber
from tests.e2e.conftest import Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.lifetimes import LONG, another_life
from tests.e2e.lines import ANNA, BORIS, VERA, until_talks, until_waiting
from tests.e2e.schemes import FIRST, SECOND, bill_to, given_scheme, spoken, targets_of, until_called
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    UNIT_MS,
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    ms,
    until,
    until_rings,
    until_state,
    way,
)

pytestmark = pytest.mark.e2e

LINE = "start: line\nnodes:\n  line: {kind: queue, members: [FIRST]}\n"
SAYING = "ru/queue/nobody"
MENU = """
start: menu
nodes:
  menu: {kind: menu, prompt: service/queue/nobody, keys: {"1": first}, tries: 3}
  first: {kind: forward, to: [FIRST]}
"""
TOLL_FREE = "demo/toll-free"
MOSCOW, WAY_IN, WAY_OUT = "74951112233", 50, 100


async def test_a_talk_goes_on_and_is_cut_when_its_money_ends(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_subscriber(stack, 400)
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    async with another_life(stack):
        await until_state(stack, who, "talking")
        mine = await call
        (theirs,) = await stack.carrier.over(who.target)
        for seen in (mine, theirs):
            assert seen.ended_by == "there"
            assert 0 <= ms(seen.answered_at_us, seen.ended_at_us) - 4 * UNIT_MS <= CUT_LATE_MS_MAX
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs)
        assert (leg["units"], leg["ended_by"]) == (4, "balance")
        await assert_money(stack, who, 0)
        assert [passed["node"] for passed in (await way(stack, leg))["way"]] == ["ring"]


async def test_both_ways_of_a_toll_free_talk_go_on(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_subscriber(stack, 10_000, plan=TOLL_FREE, code="7800")
    call = dial(stack, who.number, caller=MOSCOW, hang_up_after_ms=15_500)
    await until_state(stack, who, "talking")
    async with another_life(stack):
        assert (await call).ended_by == "here"
        legs = await bills(stack, who, 2)
        assert [leg["units"] for leg in legs] == [3, 3]
        assert {leg["ended_by"] for leg in legs} == {"caller"}
        await assert_money(stack, who, 10_000 - 3 * (WAY_IN + WAY_OUT))


async def test_a_talk_that_ended_meanwhile_is_billed_to_its_end_and_nobody_is_called_again(
    bring: Bring,
) -> None:
    stack = await bring(config=LONG)
    await stack.carrier.behaves(Answers(hang_up_after_ms=2_000))
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    await stop_service(stack, signal.SIGKILL)
    (theirs,) = await stack.carrier.over(who.target)
    async with serve_again(stack, stack.settings_file):
        assert (await call).ended_by == "there"
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs)
        await assert_money(stack, who, 900)
        assert len(stack.carrier.calls_to(who.target)) == 1
        await assert_nothing_left(stack)


async def test_a_phone_that_rang_is_let_go_and_rung_anew(bring: Bring) -> None:
    stack = await bring(config=LONG)
    await stack.carrier.behaves(Answers(ring_ms=14_000))
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number, hang_up_after_ms=2_500)
    await until_rings(stack, who)
    async with another_life(stack):
        mine = await call
        assert mine.ended_by == "here"
        legs = await bills(stack, who, 2)
        assert [(leg["units"], leg["charge_kopecks"]) for leg in legs] == [(0, 0), (1, 100)]
        first, second = await stack.carrier.over(who.target, 2)
        assert (first.was_answered, second.was_answered) == (False, True)
        await assert_money(stack, who, 900)


async def test_who_waits_keeps_his_turn_and_the_member_who_talks_is_not_rung(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_scheme(stack, 1_000, LINE)
    calls = [dial(stack, who.number, caller=ANNA, hang_up_after_ms=20_000)]
    await until_talks(stack, who, ANNA)
    for waiting in ((BORIS,), (BORIS, VERA)):
        lasts_ms = 12_000 + 12_000 * len(waiting)
        calls.append(dial(stack, who.number, caller=waiting[-1], hang_up_after_ms=lasts_ms))
        await until_waiting(stack, who, *waiting)
    async with another_life(stack):
        await until_waiting(stack, who, BORIS, VERA)
        await asyncio.gather(*calls)
        rung = await stack.carrier.over(who.target, 3)
        assert [theirs.caller for theirs in rung] == [ANNA, BORIS, VERA]
        for one, next_one in itertools.pairwise(rung):
            assert ms(one.ended_at_us, next_one.invited_at_us) > 0, "one call at a time"
        legs = await bills(stack, who, 3)
        await assert_money(stack, who, 1_000 - sum(leg["charge_kopecks"] for leg in legs))


async def test_who_listens_hears_his_menu_anew_and_chooses(bring: Bring) -> None:
    stack = await bring(config=LONG)
    await stack.carrier.behaves(ByNumber({FIRST: Answers(), SECOND: Answers()}))
    who = await given_scheme(stack, 1_000, MENU)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=25_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(SAYING)), "the menu is heard")
        async with another_life(stack):
            phone.heard.clear()
            await until(lambda: phone.has_heard(spoken(SAYING)), "the menu is heard again")
            await phone.press("1")
            theirs = await until_called(stack, targets_of(who).first)
            await call
            (theirs,) = await stack.carrier.over(theirs.number)
            leg = bill_to([await bill(stack, who)], theirs.number)
            assert leg["charge_kopecks"] > 0
            assert [one["node"] for one in (await way(stack, leg))["way"]] == ["menu", "menu", "first"]
            await _paid(stack, who, leg)


async def _paid(stack: Stack, who: Subscriber, leg: Json) -> None:
    await assert_money(stack, who, 1_000 - leg["charge_kopecks"])


async def test_a_service_that_ends_in_order_keeps_its_calls_for_the_next_if_told_to(bring: Bring) -> None:
    stack = await bring(config=LONG)
    await stop_service(stack)
    settings = stack.folder / "keep.json"
    settings.write_text(stack.settings.model_copy(update={"calls_at_end": "keep"}).model_dump_json())
    async with serve_again(stack, settings):
        who = await given_subscriber(stack, 1_000)
        call = dial(stack, who.number, hang_up_after_ms=15_500)
        await until_state(stack, who, "talking")
    assert not call.done()
    async with serve_again(stack, settings):
        assert (await call).ended_by == "here"
        (theirs,) = await stack.carrier.over(who.target)
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs)
        assert leg["ended_by"] == "caller"
        await assert_nothing_left(stack)
