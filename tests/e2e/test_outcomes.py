"""What came of ringing decides where a call goes on; and what the caller hears until then."""

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import (
    BUSY,
    DECLINES,
    UNAVAILABLE,
    Answers,
    Behaviour,
    ByNumber,
    NeverAnswers,
    Refuses,
)
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.schemes import FIRST, SECOND, THIRD, bill_to, given_scheme, targets_of
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CALLER,
    NOTED_LATE_MS,
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    assert_refused_by_nobody_paying,
    bills,
    dial,
    ms,
    until,
    way,
)

pytestmark = pytest.mark.e2e

# What each exit tells the caller is not what the outcome itself would.
EXITS = """
start: ring
nodes:
  ring:
    kind: forward
    to: [TARGETS]
    patience_s: 1
    busy: was-busy
    no_answer: was-silent
    unreachable: was-away
    refused: was-poor
  was-busy: {kind: hang_up, cause: not_found}
  was-silent: {kind: hang_up, cause: busy}
  was-away: {kind: hang_up, cause: no_answer}
  was-poor: {kind: play, prompt: service/goodbye}
"""
ONE = EXITS.replace("TARGETS", "FIRST")
WAVES = EXITS.replace("TARGETS", "{all: [FIRST, SECOND], patience_s: 1}, THIRD")
NOT_FOUND, BUSY_HERE, NO_ANSWER = 404, 486, 480
MUSIC = "start: ring\nnodes:\n  ring: {kind: forward, to: [FIRST], hears: music}\n"
RINGING = MUSIC.replace("hears: music", "hears: ringing")
TONE = TONE_ALAW[:160]


async def way_of(stack: Stack, who: Subscriber, count: int = 1) -> list[str]:
    """The nodes that the subscriber's only call came through."""
    leg, *_ = await bills(stack, who, count)
    return [passed["node"] for passed in (await way(stack, leg))["way"]]


@pytest.mark.parametrize(
    ("far_end", "exit", "status"),
    [
        (BUSY, "was-busy", NOT_FOUND),
        (DECLINES, "was-busy", NOT_FOUND),
        (NeverAnswers(), "was-silent", BUSY_HERE),
        (Refuses(480, ring_ms=200), "was-silent", BUSY_HERE),
        (Refuses(404), "was-away", NO_ANSWER),
    ],
    ids=["busy", "declines", "silent", "not-there", "unknown"],
)
async def test_each_outcome_has_its_own_way(stack: Stack, far_end: Behaviour, exit: str, status: int) -> None:
    await stack.carrier.behaves(far_end)
    await stack.spare.behaves(far_end)
    who = await given_scheme(stack, 1000, ONE)
    mine = await dial(stack, who.number)
    assert (mine.was_answered, mine.final_status) == (False, status)
    legs = await stack.get(f"/accounts/{who.account_id}/legs")
    assert await way_of(stack, who, len(legs)) == ["ring", exit]
    await assert_money(stack, who, 1000)


async def test_when_every_carrier_is_down_it_goes_the_way_of_the_unreachable(stack: Stack) -> None:
    for far_end in (stack.carrier, stack.spare):
        await far_end.behaves(UNAVAILABLE)
    who = await given_scheme(stack, 1000, ONE)
    mine = await dial(stack, who.number)
    assert mine.final_status == NO_ANSWER
    assert await way_of(stack, who, 2) == ["ring", "was-away"]
    assert len(stack.spare.calls_to(who.target)) == 1


async def test_without_money_nobody_rings_and_it_goes_the_way_of_the_refused(stack: Stack) -> None:
    who = await given_scheme(stack, 99, ONE)
    mine = await dial(stack, who.number)
    assert (mine.was_answered, mine.ended_by) == (True, "there"), "he hears what the way says"
    assert await way_of(stack, who) == ["ring", "was-poor"]
    assert stack.carrier.calls_to(who.target) == []
    await assert_money(stack, who, 99)


async def test_of_several_that_were_not_reached_the_most_telling_outcome_has_the_way(stack: Stack) -> None:
    courses = {FIRST: Refuses(404), SECOND: BUSY, THIRD: Refuses(404)}
    for far_end in (stack.carrier, stack.spare):
        await far_end.behaves(ByNumber(courses))
    who = await given_scheme(stack, 1000, WAVES)
    mine = await dial(stack, who.number)
    assert mine.final_status == NOT_FOUND
    assert (await way_of(stack, who, 5))[-1] == "was-busy"


async def test_a_wave_that_nobody_answers_is_followed_by_the_next(stack: Stack) -> None:
    await stack.carrier.behaves(
        ByNumber({FIRST: NeverAnswers(), SECOND: NeverAnswers(), THIRD: Answers(ring_ms=200)})
    )
    who = await given_scheme(stack, 1000, WAVES)
    mine = await dial(stack, who.number, hang_up_after_ms=1_500)
    assert mine.was_answered
    targets = targets_of(who)
    (talker,) = await stack.carrier.over(targets.third)
    legs = await bills(stack, who, 3)
    for number in (targets.first, targets.second):
        (idle,) = await stack.carrier.over(number)
        assert -100 < ms(idle.cancelled_at_us, talker.invited_at_us) < 1_000
        assert_refused_by_nobody_paying(bill_to(legs, number), cause=19, ended_by="service")
    third = Subscriber(who.account_id, who.number, targets.third)
    assert_bill_is_what_was_talked(bill_to(legs, targets.third), third, talker)


async def test_music_is_heard_until_the_target_answers_and_then_the_target(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=1_500, rtp=True))
    who = await given_scheme(stack, 1000, MUSIC)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=1_500, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.5, "music is heard")
        (ringing,) = stack.carrier.calls_to(who.target)
        assert not ringing.was_answered
        assert not phone.has_heard(TONE)
        await until(lambda: phone.has_heard(TONE), "the target is heard")
        mine = await call
    (theirs,) = await stack.carrier.over(who.target)
    assert ms(theirs.answered_at_us, mine.answered_at_us) >= -NOTED_LATE_MS
    assert mine.early_media_at_us is not None
    assert ms(mine.early_media_at_us, mine.answered_at_us) > 1_000


async def test_who_shall_hear_ringing_hears_nothing_of_the_targets_own_before_the_answer(
    stack: Stack,
) -> None:
    await stack.carrier.behaves(Answers(ring_ms=1_500, rtp=True, early_media=True))
    who = await given_scheme(stack, 1000, RINGING)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=1_500, media_port=phone.port)
        await until(lambda: any(seen.was_answered for seen in stack.carrier.calls_to(who.target)), "answer")
        await until(lambda: phone.has_heard(TONE), "the target is heard")
        mine = await call
    assert mine.ringing_at_us is not None
    assert mine.early_media_at_us in (None, mine.answered_at_us)


@pytest.mark.parametrize("to", ["FIRST", "{all: [FIRST, SECOND]}"], ids=["alone", "several"])
@pytest.mark.parametrize("shows", ["caller", "own"])
async def test_the_target_sees_the_number_that_the_scheme_says(stack: Stack, to: str, shows: str) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    scheme = f"start: ring\nnodes:\n  ring: {{kind: forward, to: [{to}], shows: {shows}}}\n"
    who = await given_scheme(stack, 1000, scheme)
    await dial(stack, who.number, hang_up_after_ms=500)
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.caller == (who.number if shows == "own" else CALLER)
