"""The ready schemes of the pages, loaded as they are: one call through each, on its main way.

Rule 1: their numbers are the same for everybody, so what a carrier saw before a test is left out.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callctl.clock import milliseconds
from callctl.demo.media import handset
from callctl.demo.phones import BUSY, Answers, Behaviour, ByNumber, NeverAnswers, Press
from callctl.demo.seen import CallSeen
from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from dialplan.targets import Seat
from dialplan.walk import Walk
from tests.dialplan.words import FACTS
from tests.e2e.lines import ANNA, BORIS, until_talks, until_waiting
from tests.e2e.schemes import bill_to, given_sound, spoken
from tests.e2e.seats import SeatPhone, given_seat, phone_of, until_seat
from tests.e2e.stacks import ROOT, Json, Stack
from tests.e2e.words import (
    CALLER,
    UNIT_KOPECKS,
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    until,
)

pytestmark = pytest.mark.e2e

ELSEWHERE = 26
MOBILE, OTHER_MOBILE = "79161110001", "79161110002"
MOSCOW_BRANCH, PETERSBURG_BRANCH = "74951110001", "78121110002"
WAY_IN_FROM_MOSCOW = 50  # plan demo/toll-free, for six seconds begun


@dataclass(frozen=True, slots=True)
class Firm:
    """A subscriber whose number goes by a ready scheme, and whose seats that it names are all there."""

    stack: Stack
    who: Subscriber
    scheme: Scheme
    phones: dict[str, SeatPhone]
    rung_before: dict[str, int]

    async def calls_to(self, number: str, count: int = 1) -> list[CallSeen]:
        """As soon as they are over."""
        before = self.rung_before.get(number, 0)
        return (await self.stack.carrier.over(number, before + count))[before:]

    def has_rung(self, number: str) -> bool:
        return len(self.stack.carrier.calls_to(number)) > self.rung_before.get(number, 0)

    async def ways(self, count: int = 1) -> list[list[str]]:
        """The nodes that each of the calls came through."""
        calls: list[Json] = []

        async def are_told() -> bool:
            calls[:] = await self.stack.get(f"/numbers/{self.who.number}/calls")
            return len(calls) >= count

        await until(are_told, f"{count} calls of {self.who.number} that are over")
        ways = [await self.stack.get(f"/calls/{call['call_id']}/way") for call in reversed(calls)]
        return [[passed["node"] for passed in way["way"]] for way in ways]

    async def recordings(self) -> list[Json]:
        kept: list[Json] = await self.stack.get(f"/accounts/{self.who.account_id}/recordings")
        return kept


def read(name: str) -> Scheme:
    scheme = read_scheme(_file(name).read_text("utf-8"))
    assert isinstance(scheme, Scheme)
    return scheme


def _file(name: str) -> Path:
    return ROOT / "docs" / "schemes" / f"{name}.yaml"


@asynccontextmanager
async def given_firm(
    stack: Stack,
    name: str,
    *,
    seats: dict[str, Behaviour] | None = None,
    kopecks: int = 10_000,
    plan: str = "demo/six",
    code: str = "7495",
) -> AsyncIterator[Firm]:
    """`seats`: who is at work and what he does when he is rung; the others are away."""
    who, scheme = await given_subscriber(stack, kopecks, plan=plan, code=code), read(name)
    nodes = scheme.nodes.values()
    logins = {
        target.name: (await given_seat(stack, who, target.name))[0]
        for target in {target for node in nodes for _, target in node.targets()}
        if isinstance(target, Seat)
    }
    for sound in {sound for node in nodes for _, sound in node.sounds()}:
        await given_sound(stack, who, sound)
    await stack.callctl("scheme", "load", who.number, str(_file(name)), f"--api={stack.note['api']}")
    numbers = (MOBILE, OTHER_MOBILE, MOSCOW_BRANCH, PETERSBURG_BRANCH)
    before = {number: len(stack.carrier.calls_to(number)) for number in numbers}
    async with AsyncExitStack() as ending:
        phones = {}
        for seat, behaviour in (seats or {}).items():
            phones[seat] = await ending.enter_async_context(phone_of(stack, logins[seat]))
            await phones[seat].log_in(behaviour)
            await until_seat(stack, who, seat, "free")
        yield Firm(stack, who, scheme, phones, before)
        for phone in phones.values():
            await phone.log_out()


def comes_now_to(scheme: Scheme) -> str:
    walk = Walk(scheme)
    walk.begin(replace(FACTS, at_ms=milliseconds(datetime.now(UTC))))
    return walk.node_name


def answered_by(calls: Sequence[CallSeen]) -> list[str]:
    return [seen.caller for seen in calls if seen.was_answered]


async def test_forward_rings_the_one_mobile(stack: Stack) -> None:
    async with given_firm(stack, "forward") as firm:
        await dial(stack, firm.who.number, hang_up_after_ms=1_000)
        (theirs,) = await firm.calls_to(OTHER_MOBILE)
        talked = replace(firm.who, target=OTHER_MOBILE)
        assert_bill_is_what_was_talked(await bill(stack, firm.who), talked, theirs)
        assert await firm.ways() == [["ring"]]


async def test_in_turn_rings_the_owner_when_the_seller_is_busy(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({MOBILE: BUSY, OTHER_MOBILE: Answers(ring_ms=300)}))
    async with given_firm(stack, "in-turn") as firm:
        mine = await dial(stack, firm.who.number, hang_up_after_ms=1_000)
        assert mine.early_media_at_us in (None, mine.answered_at_us), "he hears plain ringing"
        assert answered_by(await firm.calls_to(OTHER_MOBILE)) == [CALLER]
        legs = await bills(stack, firm.who, 2)
        assert [bill_to(legs, number)["charge_kopecks"] for number in (MOBILE, OTHER_MOBILE)] == [
            0,
            UNIT_KOPECKS,
        ]


async def test_all_at_once_rings_mobiles_and_the_desk_and_the_first_has_the_call(stack: Stack) -> None:
    await stack.carrier.behaves(NeverAnswers())
    async with given_firm(stack, "all-at-once", seats={"desk": Answers(ring_ms=500)}) as firm:
        await dial(stack, firm.who.number, hang_up_after_ms=1_000)
        assert answered_by(await firm.phones["desk"].over()) == [CALLER]
        for number in (MOBILE, OTHER_MOBILE):
            (theirs,) = await firm.calls_to(number)
            assert (theirs.was_answered, theirs.reason_cause) == (False, ELSEWHERE)
        await bills(stack, firm.who, 3)
        await assert_money(stack, firm.who, 10_000)


async def test_accept_gives_the_call_to_whom_presses_one_while_music_plays(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200, presses=[Press(1_500, "1")]))
    async with given_firm(stack, "accept") as firm, handset() as phone:
        call = dial(stack, firm.who.number, hang_up_after_ms=1_000, media_port=phone.port)
        await until(lambda: phone.loud_s > 0.5, "music is heard")
        assert not call.done()
        mine = await call
        (theirs,) = await firm.calls_to(MOBILE)
        assert mine.was_answered
        assert theirs.talked_ms > mine.talked_ms + 1_000, "the caller was answered by the key"
        assert not firm.has_rung(OTHER_MOBILE)


async def test_a_menu_leads_through_its_sub_menu_to_a_seat(stack: Stack) -> None:
    async with given_firm(stack, "menu", seats={"vera": Answers(ring_ms=200)}) as firm:
        keys = [Press(700, "2"), Press(700, "1")]
        await dial(stack, firm.who.number, hang_up_after_ms=1_500, presses=keys)
        assert answered_by(await firm.phones["vera"].over()) == [CALLER]
        assert await firm.ways() == [["greeting", "support", "internet"]]
        await assert_money(stack, firm.who, 10_000)


async def test_a_queue_gives_its_caller_to_whom_is_there_and_the_talk_is_recorded(stack: Stack) -> None:
    async with given_firm(stack, "queue", seats={"boris": Answers(ring_ms=800)}) as firm, handset() as phone:
        await dial(stack, firm.who.number, hang_up_after_ms=2_500, media_port=phone.port)
        assert phone.loud_s > 0.3, "music was heard"
        assert answered_by(await firm.phones["boris"].over()) == [CALLER]
        assert await firm.ways() == [["record", "line"]]
        assert len(await firm.recordings()) == 1


async def test_a_vip_is_taken_before_who_waits_longer_and_the_unwanted_are_rejected(stack: Stack) -> None:
    vip, unwanted = "79161234567", "79160000013"
    async with given_firm(stack, "vip-and-blacklist", seats={"anna": Answers(ring_ms=200)}) as firm:
        who = firm.who
        rejected = await dial(stack, who.number, caller=unwanted)
        assert not rejected.was_answered
        first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=3_000)
        await until_talks(stack, who, ANNA)
        other = dial(stack, who.number, caller=BORIS, hang_up_after_ms=6_000)
        await until_waiting(stack, who, BORIS)
        dear = dial(stack, who.number, caller=vip, hang_up_after_ms=3_500)
        await until_waiting(stack, who, vip, BORIS)
        for call in (first, dear, other):
            await call
        assert answered_by(await firm.phones["anna"].over(3)) == [ANNA, vip, BORIS]


async def test_a_hotline_sends_moscow_to_its_branch_while_there_is_money(stack: Stack) -> None:
    caller, rich = "74991234567", 100_000
    hotline = given_firm(stack, "hotline", kopecks=rich, plan="demo/toll-free", code="7800")
    async with hotline as firm:
        await dial(stack, firm.who.number, caller=caller, hang_up_after_ms=1_000)
        (theirs,) = await firm.calls_to(MOSCOW_BRANCH)
        assert theirs.caller == firm.who.number
        legs = await bills(stack, firm.who, 2)
        assert bill_to(legs, MOSCOW_BRANCH)["charge_kopecks"] == UNIT_KOPECKS
        assert await firm.ways() == [["standing", "money", "where", "moscow"]]


async def test_a_hotline_with_little_money_rings_the_seats_and_pays_the_way_in_only(stack: Stack) -> None:
    caller, poor = "74951234567", 1_000
    hotline = given_firm(
        stack,
        "hotline",
        kopecks=poor,
        plan="demo/toll-free",
        code="7800",
        seats={"anna": Answers(ring_ms=200)},
    )
    async with hotline as firm:
        await dial(stack, firm.who.number, caller=caller, hang_up_after_ms=1_500)
        assert answered_by(await firm.phones["anna"].over()) == [caller]
        assert await firm.ways() == [["standing", "money", "seats"]]
        await bills(stack, firm.who, 2)
        await assert_money(stack, firm.who, poor - WAY_IN_FROM_MOSCOW)


async def test_a_campaign_says_that_it_records_and_the_same_caller_comes_to_the_same_centre(
    stack: Stack,
) -> None:
    async with given_firm(stack, "campaign") as firm, handset() as phone:
        for _ in range(2):
            await dial(stack, firm.who.number, hang_up_after_ms=6_000, media_port=phone.port)
        assert phone.heard.count(spoken("ru/record/notice")) == 2
        rung = {number for number in (MOSCOW_BRANCH, PETERSBURG_BRANCH) if firm.has_rung(number)}
        assert len(rung) == 1
        assert answered_by(await firm.calls_to(rung.pop(), 2)) == [CALLER, CALLER]
        first, second = await firm.ways(2)
        assert first == second
        assert first[:4] == ["notice", "record", "named", "centres"]
        assert len(await firm.recordings()) == 2


async def test_the_office_is_rung_in_its_hours_and_else_says_that_it_is_closed(stack: Stack) -> None:
    async with (
        given_firm(stack, "office-hours", seats={"anna": Answers(ring_ms=200)}) as firm,
        handset() as phone,
    ):
        is_closed = comes_now_to(firm.scheme) == "closed"
        await dial(stack, firm.who.number, hang_up_after_ms=6_000, media_port=phone.port)
        assert phone.has_heard(spoken("ru/refused/closed")) == is_closed
        assert bool(firm.phones["anna"].rung()) != is_closed
        assert (await firm.ways())[0][:2] == ["hours", "closed" if is_closed else "office"]


async def test_at_night_a_key_reaches_the_mobile_and_by_day_the_desk_rings(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200, presses=[Press(500, "1")]))
    async with given_firm(stack, "night-voicemail", seats={"desk": Answers(ring_ms=200)}) as firm:
        by_day = comes_now_to(firm.scheme) == "day"
        keys = [] if by_day else [Press(500, "1")]
        await dial(stack, firm.who.number, hang_up_after_ms=2_500, presses=keys)
        if by_day:
            assert answered_by(await firm.phones["desk"].over()) == [CALLER]
        else:
            assert answered_by(await firm.calls_to(MOBILE)) == [CALLER]
        assert await firm.ways() == [["hours", "day"] if by_day else ["hours", "night", "urgent"]]
