"""Callers who wait in a line on a real Asterisk: what they hear, whose turn it is, who rings, who pays."""

import asyncio
from pathlib import Path

import pytest

from callctl.demo.media import handset, loud_s
from callctl.demo.phones import BUSY, Answers, AnswersCancelled, ByNumber, NeverAnswers, Press
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.lines import ANNA, BORIS, VERA, until_talks, until_waiting, waiting
from tests.e2e.schemes import (
    FIRST,
    SECOND,
    THIRD,
    bill_to,
    given_scheme,
    given_sound,
    heard_before,
    scheme_now,
    spoken,
    targets_of,
    written,
)
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    UNIT_MS,
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    assert_refused_by_nobody_paying,
    assert_seconds_are_counted,
    bill,
    bills,
    dial,
    given_subscriber,
    ms,
    until,
    until_metric,
    until_rings,
    until_state,
)

pytestmark = pytest.mark.e2e

NEXT = "ru/queue/next"
NEXT_S = 2.3  # how long it is said
ELSEWHERE = 26
# A member who was free rings at once; SIPp and the service are given a moment each.
AT_ONCE_MS = 1_000
# Plan demo/toll-free, for six seconds begun, from Moscow.
MOSCOW, WAY_IN, WAY_OUT = "74951112233", 50, 100


def line(**fields: str) -> str:
    """A line whose only member is FIRST, with these fields besides; who leaves it comes to THIRD."""
    told = {"members": "[FIRST]", "otherwise": "over", **fields}
    written = "".join(f"    {name}: {value}\n" for name, value in told.items())
    return f"start: line\nnodes:\n  line:\n    kind: queue\n{written}  over: {{kind: forward, to: [THIRD]}}\n"


def bill_of(legs: list[Json], caller: str) -> Json:
    (leg,) = [leg for leg in legs if leg["from"] == caller]
    return leg


async def charges(stack: Stack, who: Subscriber) -> dict[str, int]:
    """Of a call that rang two, what each cost."""
    return {leg["to"]: leg["charge_kopecks"] for leg in await bills(stack, who, 2)}


async def test_who_waits_hears_music_and_his_place_and_gets_the_member_who_becomes_free(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200, rtp=True))
    who = await given_scheme(stack, 1000, line(announce="{first_after_s: 1, position: true}"))
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=6_500)
    await until_talks(stack, who, ANNA)
    async with handset() as phone:
        second = dial(stack, who.number, caller=BORIS, hang_up_after_ms=8_500, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(NEXT)), "he hears that he is next")
        said_s = phone.loud_s
        assert loud_s(heard_before(phone.heard, NEXT)) > 0.4, "music is heard before it"
        await until(lambda: phone.loud_s > said_s + NEXT_S, "music goes on after the saying")
        assert await waiting(stack, who) == [BORIS]
        await until(lambda: phone.has_heard(TONE_ALAW[:160]), "the member is heard, and no music")
        mine = await second
    await first
    annas, boriss = await stack.carrier.over(who.target, 2)
    assert 0 < ms(annas.ended_at_us, boriss.invited_at_us) < AT_ONCE_MS
    assert ms(boriss.answered_at_us, mine.ended_at_us) > 1_000, "they talked"
    legs = await bills(stack, who, 2)
    assert_bill_is_what_was_talked(bill_of(legs, ANNA), who, annas, ANNA)
    assert_bill_is_what_was_talked(bill_of(legs, BORIS), who, boriss, BORIS)
    await assert_money(stack, who, 1000 - sum(leg["charge_kopecks"] for leg in legs))


async def test_an_announcement_that_cannot_be_said_costs_no_place_and_is_told(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    file = await given_sound(stack, who, "gone")
    await scheme_now(stack, who, line(announce="{first_after_s: 1, prompt: gone}"))
    file.unlink()
    failed = "callctl_nodes_failed_total"
    before = (await stack.metrics())[failed]
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=5_500)
    await until_talks(stack, who, ANNA)
    async with handset() as phone:
        second = dial(stack, who.number, caller=BORIS, hang_up_after_ms=6_000, media_port=phone.port)
        await until_metric(stack, failed, before + 1)
        heard_s = phone.loud_s
        await until(lambda: phone.loud_s > heard_s + 1, "music goes on")
        assert await waiting(stack, who) == [BORIS]
        await second
    await first
    assert [seen.caller for seen in await stack.carrier.over(who.target, 2)] == [ANNA, BORIS]
    call_id = bill_of(await bills(stack, who, 2), BORIS)["call_id"]
    assert f"call {call_id}: node line: " in stack.service_log()


async def test_callers_get_the_member_in_the_order_of_their_coming(stack: Stack) -> None:
    who = await given_scheme(stack, 1000, line())
    calls = [dial(stack, who.number, caller=ANNA, hang_up_after_ms=2_000)]
    await until_talks(stack, who, ANNA)
    calls.append(dial(stack, who.number, caller=BORIS, hang_up_after_ms=4_000))
    await until_waiting(stack, who, BORIS)
    calls.append(dial(stack, who.number, caller=VERA, hang_up_after_ms=5_000))
    await until_waiting(stack, who, BORIS, VERA)
    await asyncio.gather(*calls)
    rung = await stack.carrier.over(who.target, 3)
    assert [theirs.caller for theirs in rung] == [ANNA, BORIS, VERA]
    legs = await bills(stack, who, 3)
    for theirs in rung:
        assert_bill_is_what_was_talked(bill_of(legs, theirs.caller), who, theirs, theirs.caller)


async def test_who_does_not_answer_in_his_patience_is_followed_by_the_next_member(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), SECOND: Answers(ring_ms=200)}))
    who = await given_scheme(stack, 1000, line(members="[FIRST, SECOND]", member_patience_s="1"))
    mine = await dial(stack, who.number, hang_up_after_ms=2_500)
    targets = targets_of(who)
    (idle,) = await stack.carrier.over(targets.first)
    (talker,) = await stack.carrier.over(targets.second)
    assert ms(mine.answered_at_us, idle.cancelled_at_us) >= 900
    assert ms(idle.cancelled_at_us, talker.invited_at_us) < AT_ONCE_MS
    legs = await bills(stack, who, 2)
    assert_refused_by_nobody_paying(bill_to(legs, targets.first), cause=19, ended_by="service")
    second = Subscriber(who.account_id, who.number, targets.second)
    assert_bill_is_what_was_talked(bill_to(legs, targets.second), second, talker)


async def test_a_busy_member_is_followed_by_the_next_while_the_caller_hears_music(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: BUSY, SECOND: Answers(ring_ms=1_000)}))
    who = await given_scheme(stack, 1000, line(members="[FIRST, SECOND]"))
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=2_500, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.4, "music is heard")
        assert not any(seen.was_answered for seen in stack.carrier.calls_to(targets_of(who).second))
        await call
    (talker,) = await stack.carrier.over(targets_of(who).second)
    assert await charges(stack, who) == {who.target: 0, talker.number: 100}


async def test_of_all_who_ring_one_talks_and_the_others_see_that_it_was_answered_elsewhere(
    stack: Stack,
) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), SECOND: Answers(ring_ms=400)}))
    who = await given_scheme(stack, 1000, line(members="[FIRST, SECOND]", strategy="ring_all"))
    await dial(stack, who.number, hang_up_after_ms=1_500)
    (loser,) = await stack.carrier.over(targets_of(who).first)
    (talker,) = await stack.carrier.over(targets_of(who).second)
    assert talker.was_answered
    assert (loser.was_answered, loser.reason_cause) == (False, ELSEWHERE)
    assert await charges(stack, who) == {loser.number: 0, talker.number: 100}


async def test_who_leaves_by_a_digit_goes_on_and_nobody_rings_for_him_any_more(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), THIRD: Answers(ring_ms=200)}))
    who = await given_scheme(stack, 1000, line(leave='{"0": over}'))
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=2_500, media_port=phone.port)
        await until_rings(stack, who)
        await phone.press("70")
        mine = await call
    (left,) = await stack.carrier.over(who.target)
    (talker,) = await stack.carrier.over(targets_of(who).third)
    assert abs(ms(left.cancelled_at_us, talker.invited_at_us)) < AT_ONCE_MS
    assert ms(talker.answered_at_us, mine.ended_at_us) > 500
    assert await charges(stack, who) == {left.number: 0, talker.number: 100}


async def test_who_finds_the_line_full_goes_the_other_way_at_once(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), THIRD: Answers(ring_ms=200)}))
    who = await given_scheme(stack, 1000, line(length_max="1"))
    waits = dial(stack, who.number, caller=ANNA, hang_up_after_ms=3_000)
    await until_waiting(stack, who, ANNA)
    mine = await dial(stack, who.number, caller=BORIS, hang_up_after_ms=800)
    (theirs,) = await stack.carrier.over(targets_of(who).third)
    assert (theirs.caller, mine.was_answered) == (BORIS, True)
    assert await waiting(stack, who) == [ANNA]
    await waits
    assert await charges(stack, who) == {who.target: 0, theirs.number: 100}


async def test_who_has_waited_long_enough_goes_the_other_way(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), THIRD: Answers(ring_ms=200)}))
    who = await given_scheme(stack, 1000, line(wait_s_max="2"))
    mine = await dial(stack, who.number, hang_up_after_ms=3_500)
    (left,) = await stack.carrier.over(who.target)
    (theirs,) = await stack.carrier.over(targets_of(who).third)
    assert abs(ms(left.cancelled_at_us, theirs.invited_at_us)) < AT_ONCE_MS
    assert 1_900 < ms(mine.answered_at_us, theirs.invited_at_us) < 2_000 + AT_ONCE_MS
    assert await charges(stack, who) == {left.number: 0, theirs.number: 100}


async def test_when_everybody_pauses_nobody_waits_and_after_it_they_are_rung_again(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_scheme(stack, 1000, line())
    api, targets = f"--api={stack.note['api']}", targets_of(who)
    await stack.callctl("queue", "pause", who.account_id, targets.first, api)
    await dial(stack, who.number, hang_up_after_ms=800)
    assert stack.carrier.calls_to(targets.first) == []
    assert len(await stack.carrier.over(targets.third)) == 1
    await stack.callctl("queue", "resume", who.account_id, targets.first, api)
    await dial(stack, who.number, hang_up_after_ms=800)
    assert len(await stack.carrier.over(targets.first)) == 1
    assert len(stack.carrier.calls_to(targets.third)) == 1


async def test_a_member_who_resumes_is_rung_at_once_for_who_waits(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_scheme(stack, 1000, line())
    api, target = f"--api={stack.note['api']}", targets_of(who).first
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=3_000)
    await until_talks(stack, who, ANNA)
    second = dial(stack, who.number, caller=BORIS, hang_up_after_ms=9_000)
    await until_waiting(stack, who, BORIS)
    await stack.callctl("queue", "pause", who.account_id, target, api)
    await first
    assert await waiting(stack, who) == [BORIS]
    await stack.callctl("queue", "resume", who.account_id, target, api)
    await until_talks(stack, who, BORIS)
    await second


async def test_who_hangs_up_while_he_waits_takes_the_ringing_and_his_place_with_him(stack: Stack) -> None:
    await stack.carrier.behaves(NeverAnswers())
    who = await given_scheme(stack, 1000, line())
    call = dial(stack, who.number, caller=ANNA, hang_up_after_ms=1_000)
    await until_rings(stack, who)
    mine = await call
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.cancelled_at_us is not None
    assert abs(ms(mine.ended_at_us, theirs.cancelled_at_us)) < AT_ONCE_MS
    assert_refused_by_nobody_paying(await bill(stack, who), cause=16, ended_by="caller")
    assert await waiting(stack, who) == []
    await assert_money(stack, who, 1000)


async def test_a_member_who_answers_a_call_that_was_withdrawn_is_released_unpaid_and_gets_the_next(
    stack: Stack,
) -> None:
    """His answer crosses the CANCEL that the caller's hanging up has sent."""
    await stack.carrier.behaves(AnswersCancelled())
    who = await given_scheme(stack, 1000, line())
    call = dial(stack, who.number, caller=ANNA, hang_up_after_ms=1_000)
    await until_rings(stack, who)
    mine = await call
    (late,) = await stack.carrier.over(who.target)
    assert late.was_answered, "the answer did not cross the CANCEL: this test proves nothing"
    assert late.ended_by == "there"
    assert abs(ms(mine.ended_at_us, late.cancelled_at_us)) < AT_ONCE_MS
    assert (await bill(stack, who))["charge_kopecks"] == 0
    await stack.carrier.behaves(Answers(ring_ms=200))
    await dial(stack, who.number, caller=BORIS, hang_up_after_ms=1_000)
    _, theirs = await stack.carrier.over(who.target, 2)
    assert (theirs.caller, theirs.was_answered) == (BORIS, True)
    assert [leg["charge_kopecks"] for leg in await bills(stack, who, 2)].count(100) == 1
    await assert_money(stack, who, 900)


async def test_a_new_scheme_counts_for_the_next_caller_and_who_waits_keeps_the_old(
    stack: Stack, tmp_path: Path
) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_scheme(stack, 1000, line())
    targets = targets_of(who)
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=5_000)
    await until_talks(stack, who, ANNA)
    second = dial(stack, who.number, caller=BORIS, hang_up_after_ms=6_500)
    await until_waiting(stack, who, BORIS)
    file = tmp_path / "new.yaml"
    file.write_text(written(line(members="[SECOND]"), who))
    await stack.callctl("scheme", "load", who.number, str(file), f"--api={stack.note['api']}")
    await dial(stack, who.number, caller=VERA, hang_up_after_ms=1_000)
    (veras,) = await stack.carrier.over(targets.second)
    assert (veras.caller, await waiting(stack, who)) == (VERA, [BORIS])
    await asyncio.gather(first, second)
    assert [seen.caller for seen in await stack.carrier.over(targets.first, 2)] == [ANNA, BORIS]
    legs = await bills(stack, who, 3)
    versions = {}
    for leg in legs:
        way = await stack.get(f"/calls/{leg['leg_id']}/way")
        versions[way["from"]] = way["scheme_version"]
    assert versions == {ANNA: 2, BORIS: 2, VERA: 3}


async def test_the_way_in_of_a_toll_free_number_is_paid_while_one_waits_the_member_from_his_answer(
    stack: Stack,
) -> None:
    await stack.carrier.behaves(Answers(ring_ms=4_000))
    who = await given_scheme(stack, 10_000, line(), plan="demo/toll-free", code="7800")
    await dial(stack, who.number, caller=MOSCOW, hang_up_after_ms=8_500)
    (theirs,) = await stack.carrier.over(who.target)
    legs = await bills(stack, who, 2)
    way_in, way_out = bill_to(legs, who.number), bill_to(legs, who.target)
    assert (way_in["seconds"], way_in["charge_kopecks"]) == (8, 2 * WAY_IN)
    assert_bill_is_what_was_talked(way_out, who, theirs, MOSCOW)
    assert way_out["charge_kopecks"] == WAY_OUT
    await assert_money(stack, who, 10_000 - 2 * WAY_IN - WAY_OUT)


async def test_nobody_pays_for_the_way_in_while_one_hears_ringing_in_a_line(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=4_000))
    who = await given_scheme(stack, 10_000, line(hears="ringing"), plan="demo/toll-free", code="7800")
    mine = await dial(stack, who.number, caller=MOSCOW, hang_up_after_ms=2_500)
    (theirs,) = await stack.carrier.over(who.target)
    assert ms(mine.invited_at_us, mine.ringing_at_us) < AT_ONCE_MS
    assert 0 < ms(theirs.answered_at_us, mine.answered_at_us) < AT_ONCE_MS, (
        "he is answered when the member has"
    )
    legs = await bills(stack, who, 2)
    way_in, way_out = bill_to(legs, who.number), bill_to(legs, who.target)
    assert_seconds_are_counted(way_in)
    assert (way_in["seconds"], way_in["charge_kopecks"]) == (2, WAY_IN)
    assert_bill_is_what_was_talked(way_out, who, theirs, MOSCOW)
    await assert_money(stack, who, 10_000 - WAY_IN - WAY_OUT)


async def test_who_waits_on_a_toll_free_number_is_released_when_its_money_ends(stack: Stack) -> None:
    await stack.carrier.behaves(NeverAnswers())
    who = await given_scheme(stack, WAY_IN + WAY_OUT, line(), plan="demo/toll-free", code="7800")
    call = dial(stack, who.number, caller=MOSCOW)
    await until_rings(stack, who)
    await until_state(stack, who, "waiting")
    mine = await call
    assert mine.ended_by == "there"
    assert 0 <= ms(mine.answered_at_us, mine.ended_at_us) - UNIT_MS <= CUT_LATE_MS_MAX
    legs = await bills(stack, who, 2)
    way_in = bill_to(legs, who.number)
    assert (way_in["seconds"], way_in["charge_kopecks"], way_in["ended_by"]) == (6, WAY_IN, "balance")
    assert bill_to(legs, who.target)["charge_kopecks"] == 0
    await assert_money(stack, who, WAY_OUT)


async def test_a_member_whom_the_money_does_not_reach_is_not_rung_and_the_caller_waits_on(
    stack: Stack,
) -> None:
    who = await given_scheme(stack, 99, line(wait_s_max="2"))
    mine = await dial(stack, who.number)
    assert mine.ended_by == "there"
    assert 1_900 < mine.talked_ms < 2_000 + AT_ONCE_MS
    targets = targets_of(who)
    assert stack.carrier.calls_to(targets.first) == stack.carrier.calls_to(targets.third) == []
    assert [leg["refusal"] for leg in await bills(stack, who, 2)] == ["not_enough", "not_enough"]
    await assert_money(stack, who, 99)


async def test_a_member_takes_the_call_by_a_digit_while_the_caller_goes_on_waiting(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200, presses=[Press(1_500, "1")]))
    who = await given_scheme(stack, 1000, line(accept='{digit: "1"}'))
    call = dial(stack, who.number, hang_up_after_ms=3_500)
    await until(lambda: any(seen.was_answered for seen in stack.carrier.calls_to(who.target)), "he answers")
    await until_state(stack, who, "waiting")
    await until_state(stack, who, "talking")
    await call
    (theirs,) = await stack.carrier.over(who.target)
    assert_bill_is_what_was_talked(await bill(stack, who), who, theirs)
