"""A record that comes days later costs what the call would have cost on its day, covered or not."""

from dataclasses import replace

import pytest

from callctl.calls.money.late import LateBill, LateRecord, bill_late
from callctl.calls.money.meter import Meter
from rating.calendar import DAY_MS
from rating.entries import EntryKind
from rating.funds import Funds
from rating.ledger import Account, Ledger
from rating.money import Money
from rating.pots import gift_pot
from rating.profile import Profile, Tariffs
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Bundle, Plan, Side, Terms, Version
from tests.plans import everywhere, simple, tariffs

LINE, MOBILE = "74951234567", "79161110002"
ANSWERED_MS = 1_787_900_000_000
NOW_MS = ANSWERED_MS + 20 * DAY_MS
RECORD = LateRecord("ann", "p7", LINE, MOBILE, LINE, ANSWERED_MS, 180)


def a_ledger(balance: int, plan: str = "p") -> tuple[Ledger, Account]:
    ledger, account = Ledger(), Account("ann", "test", plan, Money(balance))
    ledger.open(account)
    return ledger, account


@pytest.mark.parametrize("seconds", [1, 2, 3, 59, 60, 61, 180, 3_601])
@pytest.mark.parametrize(("unit_s", "setup", "threshold_s"), [(60, 0, 0), (6, 50, 3), (1, 0, 60)])
def test_with_money_it_costs_what_a_live_call_costs(
    seconds: int, unit_s: int, setup: int, threshold_s: int
) -> None:
    prices = tariffs(simple("p", unit_s, 169, setup, threshold_s))
    ledger, account = a_ledger(10**9)
    meter = Meter.open(
        ledger, "live", Quote(prices, account, Side.OUTGOING, LINE, MOBILE, LINE), ANSWERED_MS, ANSWERED_MS
    )
    assert isinstance(meter, Meter)
    meter.answered(ANSWERED_MS)
    live, lines = meter.charge_as_talked(seconds, NOW_MS)
    bill = bill_late(replace(RECORD, seconds=seconds), account, ledger, prices, NOW_MS)
    assert isinstance(bill, LateBill) and bill.settled.charge == live
    assert [entry.amount for entry in bill.settled.entries] == [entry.amount for entry in lines]
    ledger.release(bill.hold)
    assert (account.held, ledger.holds_open) == (0, 0)


def test_until_it_is_written_down_its_money_is_kept_and_nothing_has_moved() -> None:
    ledger, account = a_ledger(500)
    bill = bill_late(RECORD, account, ledger, tariffs(simple("p", 60, 169)), NOW_MS)
    assert isinstance(bill, LateBill)
    assert (account.balance, account.held, account.available) == (500, 507, -7)
    (line,) = bill.settled.entries
    assert (line.kind, line.reference, line.amount, line.at_ms) == (EntryKind.LATE, "late-p7", -507, NOW_MS)


def test_gift_minutes_of_its_month_pay_first_also_when_service_has_stopped_since() -> None:
    bundle = Bundle("gift", 120, frozenset({"everywhere"}), "CLV-P3")
    version = Version("1", 0, None, Terms("test/p@1"), everywhere(169), bundle=bundle)
    prices = Tariffs({"test": Profile("test", "Test", {"p": Plan("p", "P", Funds(), [version])}, True)})
    ledger, account = a_ledger(-1)
    bill = bill_late(RECORD, account, ledger, prices, NOW_MS)
    assert isinstance(bill, LateBill)
    drawn = {draw.pot: draw.amount for draw in bill.settled.charge.draws}
    assert drawn == {gift_pot("2026-08"): 120, "": 169}


def test_what_was_not_sold_then_is_refused_and_keeps_nothing() -> None:
    version = Version("1", ANSWERED_MS + 1, None, Terms("test/p@1"), everywhere(169))
    prices = Tariffs({"test": Profile("test", "Test", {"p": Plan("p", "P", Funds(), [version])}, True)})
    ledger, account = a_ledger(0)
    assert bill_late(RECORD, account, ledger, prices, NOW_MS) is Refusal.NO_PLAN
    assert (account.held, ledger.holds_open) == (0, 0)
