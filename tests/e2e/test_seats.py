"""Seats with real phones: they log in with their secrets, are rung, and call colleagues and the world."""

import asyncio

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import Answers, NeverAnswers
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.schemes import bill_to, scheme_now
from tests.e2e.seats import at_work, given_seat, phone_of, seat_state, until_seat
from tests.e2e.stacks import Stack
from tests.e2e.talks import HELLO
from tests.e2e.words import (
    CALLER,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    until,
    until_metric,
)

pytestmark = pytest.mark.e2e

ANNA = "start: anna\nnodes:\n  anna: {kind: extension, seat: anna, patience_s: 20}\n"
LINE = """
start: line
nodes:
  line: {kind: queue, members: [{seat: anna}], empty: busy, otherwise: busy}
  busy: {kind: hang_up, cause: busy}
"""
ELSEWHERE = 26


async def test_a_seat_that_logged_in_is_rung_by_its_scheme_and_costs_nothing(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as phone:
        await scheme_now(stack, who, ANNA)
        mine = await dial(stack, who.number, hang_up_after_ms=1_500)
        assert mine.was_answered
        (theirs,) = await phone.over()
        assert (theirs.caller, theirs.was_answered) == (CALLER, True)
        leg = await bill(stack, who)
        assert (leg["to"], leg["charge_kopecks"], leg["seconds"]) == ("anna", 0, 1)
        await assert_money(stack, who, 1000)


async def test_a_phone_with_a_wrong_secret_is_not_let_in(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    (login,) = await given_seat(stack, who, "anna")
    async with phone_of(stack, login) as phone:
        await stack.post(f"/accounts/{who.account_id}/seats/anna/devices/{login.user}/secret", {})
        assert not await phone.is_let_in()
        assert await seat_state(stack, who, "anna") == "away"


async def test_all_phones_of_a_seat_ring_and_the_others_are_cancelled(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    first, second = await given_seat(stack, who, "anna", devices=2)
    await scheme_now(stack, who, ANNA)
    async with phone_of(stack, first) as desk, phone_of(stack, second) as mobile:
        await desk.log_in(NeverAnswers())
        await mobile.log_in(Answers(ring_ms=600))
        await until_metric(stack, "callctl_phones_there", 2)
        mine = await dial(stack, who.number, hang_up_after_ms=1_000)
        assert mine.was_answered
        (rang,), (talked,) = await desk.over(), await mobile.over()
        assert (rang.was_answered, rang.reason_cause) == (False, ELSEWHERE)
        assert talked.was_answered
        await desk.log_out()
        await mobile.log_out()


async def test_a_seat_that_may_not_be_disturbed_is_busy_and_not_rung(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as phone:
        await scheme_now(stack, who, ANNA)
        await stack.callctl(
            "seat", "set", who.account_id, "anna", "--do-not-disturb", "on", "--api", stack.note["api"]
        )
        mine = await dial(stack, who.number)
        assert mine.final_status == 486
        assert phone.rung() == []


async def test_a_seat_calls_outside_by_its_number_and_the_account_pays(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as phone:
        mine = await phone.dial(who.target, hang_up_after_ms=1_500)
        assert mine.was_answered
        (theirs,) = await stack.carrier.over(who.target)
        assert theirs.caller == who.number
        assert_bill_is_what_was_talked(await bill(stack, who), who, theirs, caller=who.number)
        await assert_money(stack, who, 900)


async def test_a_seat_calls_a_colleague_and_nobody_pays(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as anna, at_work(stack, who, "201") as other:
        mine = await anna.dial("201", hang_up_after_ms=1_000)
        assert mine.was_answered
        await other.over()
        leg = await bill(stack, who)
        assert (leg["from"], leg["to"], leg["charge_kopecks"]) == (who.number, "201", 0)


async def test_a_seat_that_calls_a_number_of_ours_is_led_by_its_scheme_and_pays_as_for_any(
    stack: Stack,
) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna") as anna, at_work(stack, who, "boris") as boris:
        await scheme_now(stack, who, ANNA.replace("anna}", "boris}").replace("anna,", "boris,"))
        mine = await anna.dial(who.number, hang_up_after_ms=1_000)
        assert mine.was_answered
        (theirs,) = await boris.over()
        assert theirs.caller == who.number
        legs = await bills(stack, who, count=2)
        assert [bill_to(legs, to)["charge_kopecks"] for to in (who.number, "boris")] == [100, 0]


async def test_a_seat_that_no_money_is_left_for_hears_the_refusal(stack: Stack) -> None:
    who = await given_subscriber(stack, 50)
    async with at_work(stack, who, "anna") as anna:
        mine = await anna.dial(who.target)
        assert not mine.was_answered
        assert stack.carrier.calls_to(who.target) == []


async def test_another_seat_takes_a_ringing_call_by_its_code(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with (
        at_work(stack, who, "anna", NeverAnswers()) as anna,
        at_work(stack, who, "boris") as boris,
    ):
        await scheme_now(stack, who, HELLO)
        async with handset() as ear, handset() as mouth:
            call = dial(stack, who.number, hang_up_after_ms=6_000, media_port=mouth.port)
            await until(lambda: bool(anna.rung()), "anna rings")
            speaking = asyncio.create_task(mouth.speak())
            taking = boris.dial("*8anna", talk_at_most_ms=10_000, media_port=ear.port)
            await until(lambda: ear.has_heard(TONE_ALAW[:160]), "boris hears the caller")
            taken, mine = await taking, await call
            speaking.cancel()
        assert (mine.was_answered, taken.was_answered, taken.ended_by) == (True, True, "there")
        (rang,) = await anna.over()
        assert (rang.was_answered, rang.reason_cause) == (False, ELSEWHERE)
        talked = bill_to(await bills(stack, who, count=2), "boris")
        assert (talked["charge_kopecks"], talked["answered_at"] is not None) == (0, True)


async def test_nobody_is_a_line_by_its_name(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    await dial(stack, who.number, caller="carrier", hang_up_after_ms=500)
    call_id = (await bill(stack, who))["call_id"]
    names = {happening["channame"] for happening in stack.witness() if happening["uniqueid"] == call_id}
    assert [name.rpartition("-")[0] for name in names] == ["PJSIP/callctl-loopback"]


async def test_a_seat_that_is_gone_is_let_in_no_more(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    (login,) = await given_seat(stack, who, "anna")
    async with phone_of(stack, login) as phone:
        await phone.log_in(Answers())
        await until_seat(stack, who, "anna", "free")
        await stack.callctl("seat", "remove", who.account_id, "anna", "--api", stack.note["api"])

        async def is_gone() -> bool:
            return login.user not in {one["resource"] for one in await stack.ask_ari("/endpoints/PJSIP")}

        await until(is_gone, f"{login.user} is gone")
        assert not await phone.is_let_in()


async def test_a_member_whose_phone_leaves_is_not_there_and_gets_no_calls(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)

    async def does() -> str:
        (line,) = await stack.get(f"/accounts/{who.account_id}/queues")
        (member,) = line["members"]
        state: str = member["state"]
        return state

    async def is_not_there() -> bool:
        return await does() == "not there"

    async with at_work(stack, who, "anna") as phone:
        await scheme_now(stack, who, LINE)
        assert await does() == "free"
        await phone.log_out()
        await until(is_not_there, "the member is not there")
        mine = await dial(stack, who.number)
        assert (mine.final_status, phone.rung()) == (486, [])
