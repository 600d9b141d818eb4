"""Connections that an earlier life of the service left open: what each costs, and when it ended."""

from typing import Any

import pytest

from callctl.calls.records import EndedBy, LegBegan, LegSettled
from callctl.clock import moment
from callctl.recovery import settle_open_legs
from callctl.storage.rows import RATE, LegRow
from rating.ledger import Account, Ledger
from rating.money import ZERO, Money
from rating.pots import Ask, Sources
from rating.tariff import Rate
from tests.plans import rate, simple, tariffs

NOON_MS = 1_790_000_000_000
SIX = rate(100, unit_s=6)
MINUTE = rate(169, setup=50, threshold_s=3)
FREE = rate(0, unit_s=6)
TARIFFS = tariffs(simple("six", 6, 100))


def an_open_leg(
    leg_id: str = "l1", terms: Rate | None = SIX, *, answered: bool = True, account_id: str = "ann"
) -> LegRow:
    return LegRow(
        account_id=account_id,
        leg_id=leg_id,
        call_id="c1",
        caller="74951110000",
        number="79161110002",
        line="74951234567",
        held_at=moment(NOON_MS - 5_000),
        held_kopecks=100,
        rate=RATE.dump_python(terms, mode="json") if terms else None,
        answered_at=moment(NOON_MS) if answered else None,
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
    return list(settle_open_legs(legs, answered_ms, ended_ms, ledger, TARIFFS))


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
    ledger = a_ledger(450)
    legs = [an_open_leg(f"l{n}") for n in range(4)]
    told = settle(legs, {leg.leg_id: NOON_MS + 12_000 for leg in legs}, ledger)
    assert [settled.charge.amount for settled in told] == [200, 200, 0, 0]
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
