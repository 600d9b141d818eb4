"""A caller in a voice menu, with a real phone: what is heard, what is pressed, and where that leads."""

import pytest

from callctl.demo.media import Handset, handset
from callctl.demo.phones import Answers, ByNumber, Press
from tests.e2e.schemes import (
    FIRST,
    SECOND,
    given_scheme,
    given_sound,
    scheme_now,
    spoken,
    targets_of,
    until_called,
)
from tests.e2e.seats import at_work
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CALLER,
    assert_bill_is_what_was_talked,
    assert_money,
    assert_seconds_are_counted,
    bill,
    dial,
    given_subscriber,
    ms,
    until,
)

pytestmark = pytest.mark.e2e

SAYING = "ru/queue/nobody"  # almost five seconds
MENU = """
start: menu
nodes:
  menu:
    kind: menu
    prompt: service/queue/nobody
    keys: {"1": first, "2": second}
    first_digit_s: 1
    tries: 1
    silence: second
    failed: second
  first: {kind: forward, to: [FIRST]}
  second: {kind: forward, to: [SECOND]}
"""
WRONG, SILENT, ASKED = "ru/menu/wrong-choice", "ru/menu/no-choice", "ru/queue/thanks"
TWICE = """
start: menu
nodes:
  menu:
    kind: menu
    prompt: service/queue/thanks
    keys: {"1": first}
    extensions: {"101": anna}
    first_digit_s: 1
    next_digit_s: 1
    tries: 2
    wrong: second
    silence: first
  first: {kind: forward, to: [FIRST]}
  second: {kind: forward, to: [SECOND]}
"""
BARRED = MENU.replace("tries: 1", "tries: 1\n    barge_in: false")
BROKEN = MENU.replace("service/queue/nobody", "[service/queue/thanks, gone]")


async def until_said(phone: Handset, sound: str = SAYING) -> None:
    await until(lambda: phone.has_heard(spoken(sound)), f"{sound} is heard")


async def test_a_key_pressed_in_band_stops_the_saying_and_leads_where_it_says(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: Answers(), SECOND: Answers()}))
    who = await given_scheme(stack, 1000, MENU)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=4_000, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.5, "the menu is heard")
        await phone.press("1")
        theirs = await until_called(stack, targets_of(who).first)
        mine = await call
    assert not phone.has_heard(spoken(SAYING)), "the saying went on after the key"
    assert ms(mine.answered_at_us, theirs.invited_at_us) < 4_000
    assert stack.carrier.calls_to(targets_of(who).second) == []
    (theirs,) = await stack.carrier.over(who.target)
    assert_bill_is_what_was_talked(await bill(stack, who), who, theirs)


async def test_a_key_told_by_info_leads_where_it_says(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, MENU)
    await dial(stack, who.number, hang_up_after_ms=1_500, presses=[Press(300, "2")])
    assert [seen.caller for seen in stack.carrier.calls_to(targets_of(who).second)] == [CALLER]
    assert stack.carrier.calls_to(targets_of(who).first) == []


async def test_who_presses_nothing_goes_the_way_of_silence_when_all_is_said(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, MENU)
    async with handset() as phone:
        mine = await dial(stack, who.number, hang_up_after_ms=7_000, media_port=phone.port)
        assert phone.has_heard(spoken(SAYING))
    theirs = await until_called(stack, targets_of(who).second)
    assert ms(mine.answered_at_us, theirs.invited_at_us) > 5_000, "the saying and a second"


async def test_without_barge_in_a_key_does_not_stop_the_saying(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, BARRED)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=7_000, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.5, "the menu is heard")
        await phone.press("1")
        await until_said(phone)
        await call
    assert stack.carrier.calls_to(targets_of(who).first) == []


async def test_who_hangs_up_while_the_menu_speaks_costs_nothing(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, MENU)
    mine = await dial(stack, who.number, hang_up_after_ms=1_000)
    assert mine.ended_by == "here"
    await assert_money(stack, who, 1000)
    assert await stack.get(f"/accounts/{who.account_id}/legs") == []


async def test_a_wrong_key_is_told_and_after_the_last_try_it_goes_the_way_of_wrong(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna"), handset() as phone:
        await scheme_now(stack, who, TWICE)
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until_said(phone, ASKED)
        await phone.press("7")
        await until_said(phone, WRONG)
        assert stack.carrier.calls_to(targets_of(who).second) == []
        await phone.press("8")
        await until_called(stack, targets_of(who).second)
        await call
    assert phone.heard.count(spoken(WRONG)) == 1, "who has no try left is not asked again"
    assert stack.carrier.calls_to(targets_of(who).first) == []


async def test_who_stays_silent_is_asked_as_often_as_there_are_tries(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna"), handset() as phone:
        await scheme_now(stack, who, TWICE)
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until_called(stack, targets_of(who).first)
        await call
    assert [phone.heard.count(spoken(sound)) for sound in (ASKED, SILENT)] == [2, 1]


async def test_who_knows_an_extension_dials_it_and_is_not_charged_for(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as anna, handset() as phone:
        await scheme_now(stack, who, TWICE)
        call = dial(stack, who.number, hang_up_after_ms=4_000, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.2, "the menu is heard")
        await phone.press("101")
        await call
        (theirs,) = await anna.over()
    assert (theirs.caller, theirs.was_answered) == (CALLER, True)
    leg = await bill(stack, who)
    assert (leg["to"], leg["charge_kopecks"]) == ("anna", 0)
    assert_seconds_are_counted(leg)


async def test_a_menu_that_cannot_be_said_takes_its_exit_at_once(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, MENU)
    file = await given_sound(stack, who, "gone")
    await scheme_now(stack, who, BROKEN)
    before = (await stack.metrics())["callctl_nodes_failed_total"]
    file.unlink()
    mine = await dial(stack, who.number, hang_up_after_ms=1_500)
    theirs = await until_called(stack, targets_of(who).second)
    assert ms(mine.invited_at_us, theirs.invited_at_us) < 1_000
    assert (await stack.metrics())["callctl_nodes_failed_total"] == before + 1
    call_id = (await bill(stack, who))["call_id"]
    assert f"call {call_id}: node menu: " in stack.service_log()
