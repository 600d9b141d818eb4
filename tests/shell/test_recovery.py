"""Connections that an earlier life of the service left open: what each costs, and when it ended."""

from dataclasses import replace
from typing import Any

import pytest

from callctl.calls.money.meter import Meter
from callctl.calls.records import EndedBy, LegBegan, LegSettled
from callctl.clock import moment
from callctl.earlier_life import EarlierLife
from callctl.recovery import Ends, settle_open_legs
from callctl.storage.rows import RATE, LegRow
from callctl.storage.running_calls import Left
from rating.calendar import month_of
from rating.ledger import Account, Ledger
from rating.money import ZERO, Money
from rating.pots import Ask, Sources, gift_pot
from rating.profile import Tariffs
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Bundle, Plan, Rate, Side
from tests.plans import everywhere, rate, rated, simple, tariffs

NOON_MS = 1_790_000_000_000
SIX_PLAN = simple("six", 6, 100)
SIX = rated(SIX_PLAN)
SECOND = rate(1, unit_s=1)
MINUTE = rate(169, setup=50, threshold_s=3)
FREE = rate(0, unit_s=6)
TARIFFS = tariffs(SIX_PLAN)


def an_open_leg(
    leg_id: str = "l1",
    terms: Rate | None = SIX,
    *,
    answered: bool = True,
    account_id: str = "ann",
    at_ms: int = NOON_MS,
) -> LegRow:
    """Answered at that moment, or ringing."""
    return LegRow(
        account_id=account_id,
        leg_id=leg_id,
        call_id="c1",
        caller="74951110000",
        number="79161110002",
        line="74951234567",
        held_at=moment(at_ms - 5_000),
        held_kopecks=100,
        rate=RATE.dump_python(terms, mode="json") if terms else None,
        answered_at=moment(at_ms) if answered else None,
        ended_at=None,
        seconds=None,
        units=None,
        charge_kopecks=None,
        vat_kopecks=None,
        lines=(),
        draws=(),
        ended_by=None,
        cause=None,
        refusal=None,
    )


def a_ledger(balance: int) -> Ledger:
    ledger = Ledger()
    ledger.open(Account("ann", "test", "six", Money(balance)))
    return ledger


def records(
    legs: list[LegRow], answered_ms: dict[str, int], ended_ms: dict[str, int], ledger: Ledger
) -> list[LegBegan | LegSettled]:
    return list(settle_open_legs(legs, answered_ms, Ends(ended_ms), ledger, TARIFFS))


def settle(legs: list[LegRow], ended_ms: dict[str, int], ledger: Ledger) -> list[LegSettled]:
    """With every answer known, or none."""
    return [record for record in records(legs, {}, ended_ms, ledger) if isinstance(record, LegSettled)]


# rate, answered, talked ms as witnessed (None: nobody saw the end), balance | seconds, units, charge, why
TABLE: dict[str, tuple[tuple[Rate | None, bool, int | None, int], tuple[int, int, int, str]]] = {
    "three units": ((SIX, True, 18_000, 1_000), (18, 3, 300, "units")),
    "a second into the fourth": ((SIX, True, 19_000, 1_000), (19, 4, 400, "units")),
    "parts of a second are dropped": ((SIX, True, 18_999, 1_000), (18, 3, 300, "units")),
    "nobody saw the end: the answer is certain": ((SIX, True, None, 1_000), (1, 1, 100, "units")),
    "it rang": ((SIX, False, 9_000, 1_000), (0, 0, 0, "unanswered")),
    "it rang, nobody saw the end": ((SIX, False, None, 1_000), (0, 0, 0, "unanswered")),
    "longer than the money": ((SIX, True, 60_000, 350), (60, 3, 300, "units")),
    "exactly the money": ((SIX, True, 18_000, 300), (18, 3, 300, "units")),
    "a kopeck short": ((SIX, True, 18_000, 299), (18, 2, 200, "units")),
    "no money any more": ((SIX, True, 18_000, 99), (18, 0, 0, "unsecured")),
    "in debt": ((SIX, True, 18_000, -500), (18, 0, 0, "unsecured")),
    "emergency": ((None, True, 90_000, 0), (90, 0, 0, "emergency")),
    "emergency that rang": ((None, False, 90_000, 0), (0, 0, 0, "unanswered")),
    "free of charge, without money": ((FREE, True, 19_000, 0), (19, 4, 0, "units")),
    "below the threshold": ((MINUTE, True, 2_900, 1_000), (2, 0, 0, "threshold")),
    "with setup": ((MINUTE, True, 61_000, 1_000), (61, 2, 388, "units")),
    "setup and one minute": ((MINUTE, True, 61_000, 219), (61, 1, 219, "units")),
    "setup and not a minute": ((MINUTE, True, 61_000, 218), (61, 0, 0, "unsecured")),
    "ended before it began": ((SIX, True, -2_000, 1_000), (1, 1, 100, "units")),
}


@pytest.mark.parametrize(("left", "bill"), TABLE.values(), ids=TABLE)
def test_what_was_left_open_costs_what_it_was_worth(
    left: tuple[Rate | None, bool, int | None, int], bill: tuple[int, int, int, str]
) -> None:
    terms, answered, talked_ms, balance = left
    ended_ms = {} if talked_ms is None else {"l1": NOON_MS + talked_ms}
    ledger = a_ledger(balance)
    (settled,) = settle([an_open_leg(terms=terms, answered=answered)], ended_ms, ledger)
    charge = settled.charge
    assert (charge.seconds, charge.units, charge.amount, charge.lines[0].what) == bill
    lines = [(entry.reference, entry.amount) for entry in settled.entries]
    assert lines == ([("l1", -charge.amount)] if charge.amount else [])
    account = ledger.account("ann")
    assert account and account.balance == balance - charge.amount
    assert charge.amount == 0 or account.balance >= 0
    assert settled.ended_by is EndedBy.LOST


def test_it_ended_when_the_witness_says_else_at_the_last_moment_that_is_certain() -> None:
    answered, rang = an_open_leg("l1"), an_open_leg("l2", answered=False)
    told = settle([answered, rang], {"l1": NOON_MS + 7_123}, a_ledger(1_000))
    assert [settled.ended_at_ms for settled in told] == [NOON_MS + 7_123, NOON_MS - 5_000]
    told = settle([answered, rang], {"l2": NOON_MS - 1_000}, a_ledger(1_000))
    assert [settled.ended_at_ms for settled in told] == [NOON_MS, NOON_MS - 1_000]


ENDS: dict[str, tuple[dict[str, int], int]] = {
    "the called side first": ({"l1": 7_000, "c1": 7_400}, 7_000),
    "the caller first": ({"l1": 9_000, "c1": 8_000}, 8_000),
    "only the caller is known": ({"c1": 8_000}, 8_000),
    "only somebody else": ({"l2": 8_000}, 0),
}


@pytest.mark.parametrize(("talked_ms", "end_ms"), ENDS.values(), ids=ENDS)
def test_it_ended_with_the_first_hang_up_of_either_side(talked_ms: dict[str, int], end_ms: int) -> None:
    ended_ms = {side: NOON_MS + ms for side, ms in talked_ms.items()}
    (settled,) = settle([an_open_leg()], ended_ms, a_ledger(10_000))
    assert settled.ended_at_ms == NOON_MS + end_ms


ANSWERS: dict[str, tuple[dict[str, int], bool]] = {
    "both sides": ({"l1": 500, "c1": 600}, True),
    "only the called side: it was never joined": ({"l1": 500}, False),
    "only the caller: a prompt": ({"c1": 500}, False),
    "nobody": ({}, False),
}


@pytest.mark.parametrize(("answers", "counts"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_nobody_lived_to_hear_of_counts_if_both_sides_saw_it(
    answers: dict[str, int], counts: bool
) -> None:
    answered_ms = {side: NOON_MS + ms for side, ms in answers.items()}
    told = records([an_open_leg(answered=False)], answered_ms, {"l1": NOON_MS + 12_500}, a_ledger(10_000))
    settled = told[-1]
    assert isinstance(settled, LegSettled)
    if counts:
        assert told[:-1] == [LegBegan("ann", "l1", NOON_MS + 500)]
        assert (settled.charge.seconds, settled.charge.amount) == (12, 200)
    else:
        assert (len(told), settled.charge.amount, settled.charge.lines[0].what) == (1, 0, "unanswered")


def test_several_on_one_balance_are_paid_in_their_order_and_never_below_nothing() -> None:
    ledger = a_ledger(550)
    legs = [an_open_leg(f"l{n}") for n in range(4)]
    told = settle(legs, {leg.leg_id: NOON_MS + 12_000 for leg in legs}, ledger)
    assert [settled.charge.amount for settled in told] == [200, 100, 100, 100]
    account = ledger.account("ann")
    assert account and (account.balance, ledger.holds_open) == (50, 0)


def test_what_a_running_connection_holds_is_not_spent_on_an_old_one() -> None:
    ledger = a_ledger(450)
    ledger.hold("running", "ann", Sources(), Ask(ZERO), Ask(Money(300)))
    (settled,) = settle([an_open_leg()], {"l1": NOON_MS + 60_000}, ledger)
    account = ledger.account("ann")
    assert (settled.charge.amount, account and account.available) == (100, 50)


def test_a_stranger_pays_nothing() -> None:
    (settled,) = settle([an_open_leg(account_id="nobody")], {"l1": NOON_MS + 60_000}, a_ledger(450))
    assert (settled.charge.amount, settled.entries) == (0, ())


@pytest.mark.parametrize("ended", [{}, {"l1": NOON_MS + 30_000}])
def test_a_second_recovery_before_the_first_was_written_comes_to_the_same(ended: dict[str, Any]) -> None:
    first, second = (settle([an_open_leg()], ended, a_ledger(1_000)) for _ in range(2))
    assert first == second


# Answers and ends as witnessed, in ms since noon | when the way in ended, its seconds, why it costs so
BOTH_WAYS: dict[str, tuple[bool, dict[str, int], dict[str, int], tuple[int, int, str]]] = {
    "the callee first": (True, {}, {"l1": 7_000, "c1": 30_000}, (7_000, 7, "units")),
    "the caller first": (True, {}, {"l1": 30_000, "c1": 7_000}, (7_000, 7, "units")),
    "nobody saw the end": (True, {}, {}, (0, 1, "units")),
    "the callee never answered": (False, {}, {"l1": 9_000, "c1": 7_000}, (7_000, 0, "unanswered")),
    "a menu answered, nobody else": (False, {"c1": 0}, {"l1": 9_000, "c1": 7_000}, (7_000, 7, "units")),
    "a menu answered before": (True, {"c1": -9_000}, {"l1": 7_000, "c1": 9_000}, (7_000, 16, "units")),
    "only the witness knows": (False, {"l1": 0, "c1": 300}, {"l1": 7_200}, (7_200, 6, "units")),
    "the news came late": (False, {"l1": 0, "c1": 9_000}, {"l1": 7_500}, (7_500, 7, "units")),
}


@pytest.mark.parametrize(("is_answered", "answers", "ends", "way_in"), BOTH_WAYS.values(), ids=BOTH_WAYS)
def test_the_way_in_begins_with_the_callers_answer_and_ends_with_the_way_out(
    is_answered: bool, answers: dict[str, int], ends: dict[str, int], way_in: tuple[int, int, str]
) -> None:
    legs = [an_open_leg(leg_id, answered=is_answered) for leg_id in ("leg0-c1", "l1")]
    answered_ms, ended_ms = (
        {side: NOON_MS + ms for side, ms in moments.items()} for moments in (answers, ends)
    )
    told = records(legs, answered_ms, ended_ms, a_ledger(10_000))
    settled = next(one for one in told if isinstance(one, LegSettled) and one.leg_id == "leg0-c1")
    assert (settled.ended_at_ms - NOON_MS, settled.charge.seconds, settled.charge.lines[0].what) == way_in


def test_a_way_in_ends_with_the_last_of_several_ways_out() -> None:
    """Two answered at once and one was let go, or a seat consults somebody."""
    legs = [an_open_leg(leg_id) for leg_id in ("leg0-c1", "l1", "l2")]
    ended_ms = {"l1": NOON_MS + 20_000, "l2": NOON_MS, "c1": NOON_MS + 30_000}
    told = records(legs, {"c1": NOON_MS}, ended_ms, a_ledger(10_000))
    ends = {one.leg_id: one.ended_at_ms for one in told if isinstance(one, LegSettled)}
    assert ends == {"leg0-c1": NOON_MS + 20_000, "l1": NOON_MS + 20_000, "l2": NOON_MS}


def test_a_way_in_that_a_queue_answered_lasts_until_the_caller_leaves() -> None:
    (settled,) = settle([an_open_leg("leg0-c1")], {"c1": NOON_MS + 60_000}, a_ledger(10_000))
    assert (settled.charge.seconds, settled.charge.units, settled.charge.amount) == (60, 10, 1_000)


def test_a_way_in_that_nobody_answered_costs_nothing() -> None:
    legs = [an_open_leg("leg0-c1", answered=False)]
    (settled,) = settle(legs, {"c1": NOON_MS + 60_000}, a_ledger(10_000))
    assert (settled.charge.amount, settled.charge.lines[0].what) == (0, "unanswered")


def with_gift(seconds: int, price: int = 100) -> Plan:
    bundle = Bundle("minutes", seconds, frozenset({"everywhere"}), "S-6")
    (version,) = simple("six", 6, price).versions
    return Plan("six", "six", SIX_PLAN.funds, [replace(version, bundle=bundle)])


def a_quote(prices: Tariffs, ledger: Ledger) -> Quote:
    account = ledger.account("ann")
    assert account
    return Quote(prices, account, Side.OUTGOING, "74951110000", "79161110002", "74951234567")


def live_bills(prices: Tariffs, ledger: Ledger, answers_ms: list[int], end_ms: int) -> list[int]:
    """What the service makes of calls that nobody interrupts: each unit is bought when it begins."""
    quote = a_quote(prices, ledger)
    meters: dict[int, Meter] = {}
    for at_ms in range(NOON_MS - 5_000, end_ms, 500):
        for number, answered_ms in enumerate(answers_ms):
            if at_ms == answered_ms - 5_000:
                meter = Meter.open(ledger, f"l{number}", quote, at_ms, at_ms)
                assert isinstance(meter, Meter)
                meters[number] = meter
            if at_ms == answered_ms:
                meters[number].answered(at_ms)
            if at_ms > answered_ms and meters[number].paid_until_ms == at_ms:
                meters[number].buy_unit()
    seconds = [(end_ms - answered_ms) // 1000 for answered_ms in answers_ms]
    return [meters[number].charge(seconds[number], end_ms)[0].amount for number in range(len(answers_ms))]


# who lives, whose end the witness saw (after so many ms) | seconds
KNOWN_ENDS: dict[str, tuple[set[str], dict[str, int], int]] = {
    "both live": ({"l1", "c1"}, {}, 30),
    "one lives, the other was seen to hang up": ({"l1"}, {"c1": 12_000}, 12),
    "the called lives, nobody saw the caller go": ({"l1"}, {}, 1),
    "the caller lives, nobody saw the called go": ({"c1"}, {}, 1),
    "both are gone, one was seen": (set(), {"c1": 12_000}, 12),
    "both are gone unseen": (set(), {}, 1),
}


@pytest.mark.parametrize(("alive", "seen_ms", "seconds"), KNOWN_ENDS.values(), ids=KNOWN_ENDS)
def test_who_was_left_alone_at_an_unknown_moment_pays_for_nothing_unproven(
    alive: set[str], seen_ms: dict[str, int], seconds: int
) -> None:
    ends = Ends({side: NOON_MS + after_ms for side, after_ms in seen_ms.items()}, alive, NOON_MS + 30_000)
    (told,) = settle_open_legs([an_open_leg()], {}, ends, a_ledger(1_000), TARIFFS)
    assert isinstance(told, LegSettled)
    assert told.charge.seconds == seconds


@pytest.mark.parametrize("balance", [10_000, 900, 700, 650])
@pytest.mark.parametrize("gift_s", [0, 24, 30, 60])
def test_gifts_and_money_go_to_the_units_in_the_order_in_which_they_began(gift_s: int, balance: int) -> None:
    prices = tariffs(with_gift(gift_s))
    answers_ms = [NOON_MS, NOON_MS + 8_000, NOON_MS + 20_500]
    end_ms = NOON_MS + 40_000
    legs = [
        an_open_leg(f"l{n}", rated(with_gift(gift_s)), at_ms=answered_ms)
        for n, answered_ms in enumerate(answers_ms)
    ]
    ended_ms = {leg.leg_id: end_ms for leg in legs}
    told = list(settle_open_legs(legs, {}, Ends(ended_ms), a_ledger(balance), prices))
    bills = [one.charge.amount for one in told if isinstance(one, LegSettled)]
    assert bills == live_bills(prices, a_ledger(balance), answers_ms, end_ms)


@pytest.mark.parametrize("names", [["l1"], ["leg0-c1", "l1"]], ids=["one leg", "both ways"])
def test_a_month_of_seconds_is_bought_in_few_steps(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    draw = Ledger._draws

    def counted(*args: Any) -> Any:
        steps.append(args)
        assert len(steps) < 100
        return draw(*args)

    monkeypatch.setattr(Ledger, "_draws", counted)
    month_s = 30 * 24 * 3600
    ledger = a_ledger(10**9)
    told = settle([an_open_leg(name, SECOND) for name in names], {"l1": NOON_MS + month_s * 1000}, ledger)
    assert [settled.charge.amount for settled in told] == [month_s] * len(names)


def test_an_answer_that_only_the_witness_knows_has_the_terms_of_its_moment() -> None:
    (old,) = SIX_PLAN.versions
    new = replace(old, name="2", from_ms=NOON_MS, outgoing=everywhere(250))
    plan = Plan("six", "six", SIX_PLAN.funds, [old, new])
    for at_ms, price, is_other in ((NOON_MS - 1, 100, False), (NOON_MS, 250, True)):
        answered_ms = {"l1": at_ms, "c1": at_ms}
        ended_ms = {"l1": at_ms + 3_000}
        row = an_open_leg(answered=False)
        told = list(settle_open_legs([row], answered_ms, Ends(ended_ms), a_ledger(1_000), tariffs(plan)))
        began, settled = told
        assert isinstance(settled, LegSettled) and settled.charge.amount == price
        assert began == LegBegan("ann", "l1", at_ms, rated(plan, at_ms=at_ms) if is_other else None)


def an_earlier_life(legs: list[LegRow], ledger: Ledger, now_ms: int) -> EarlierLife:
    return EarlierLife(Left(legs), ledger, TARIFFS, now_ms)


def test_until_asterisk_tells_more_what_open_legs_may_have_talked_is_kept_from_others() -> None:
    ledger = a_ledger(1_000)
    legs = [an_open_leg("l1"), an_open_leg("l2", answered=False)]
    earlier = an_earlier_life(legs, ledger, NOON_MS + 18_000)
    account = ledger.account("ann")
    assert account and (account.held, account.available) == (400, 600)
    assert ledger.hold("new", "ann", Sources(), Ask(ZERO), Ask(Money(601))) is Refusal.NOT_ENOUGH
    assert earlier.take_over(frozenset()) == legs
    assert ledger.holds_open == 0
    told = settle(legs, {"l1": NOON_MS + 24_000}, ledger)
    assert [settled.charge.amount for settled in told] == [400, 0]
    assert earlier.take_over(frozenset()) == []


def test_of_less_money_than_was_talked_all_is_kept() -> None:
    ledger = a_ledger(350)
    an_earlier_life([an_open_leg("l1")], ledger, NOON_MS + 600_000)
    account = ledger.account("ann")
    assert account and account.available == 50


def test_what_was_kept_is_no_longer_in_the_way_of_its_own_settlement() -> None:
    ledger = a_ledger(600)
    first, second = an_open_leg("l1"), an_open_leg("l2", at_ms=NOON_MS + 1_000)
    earlier = an_earlier_life([first, second], ledger, NOON_MS + 600_000)
    told = settle(earlier.take_over(frozenset()), {"l1": NOON_MS + 6_000, "l2": NOON_MS + 31_000}, ledger)
    assert [settled.charge.amount for settled in told] == [100, 500]


def test_gift_seconds_are_kept_too() -> None:
    ledger = a_ledger(0)
    plan = with_gift(30)
    EarlierLife(Left([an_open_leg(terms=rated(plan))]), ledger, tariffs(plan), NOON_MS + 12_000)
    account = ledger.account("ann")
    assert account and account.pot(gift_pot(month_of(NOON_MS))).free == 18


def test_both_ways_of_an_emergency_call_that_is_still_up_are_left_alone() -> None:
    ledger = a_ledger(1_000)
    legs = [an_open_leg("leg0-c1"), replace(an_open_leg("l1", None), number="112")]
    earlier = an_earlier_life(legs, ledger, NOON_MS + 6_000)
    spared = earlier.spared({"l1", "c1"})
    assert spared == {"l1", "c1"}
    assert earlier.take_over(spared) == []
    assert earlier.take_over(earlier.spared({"c1"})) == legs
