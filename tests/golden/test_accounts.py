"""What an account comes to without a call: shares, days, numbers, lines, late records, discounts."""

import pytest

from callctl.calls.money.late import LateBill, LateRecord, bill_late
from dialplan.numbers import normal_number
from rating.calendar import day_of, minute_of_day, month_of
from rating.discount import Priced, discount_entries
from rating.entries import Entry, EntryKind, ReferenceClash, same_entry
from rating.ledger import Account, Ledger
from rating.money import Money, share
from tests.golden.rows import Row, check, rows_of
from tests.golden.subscriber import CALLER, LINE, Subscriber, moment, shipped, whole


@pytest.mark.parametrize("row", rows_of("shares"))
def test_a_share_is_rounded_half_up(row: Row) -> None:
    check(row, {"share": share(*(whole(row.given, name) for name in ("amount", "parts", "whole")))})


@pytest.mark.parametrize("row", rows_of("calendar"))
def test_a_moment_has_its_day_in_moscow(row: Row) -> None:
    at_ms = moment(row.given["at"])
    check(row, {"day": day_of(at_ms), "month": month_of(at_ms), "minute": minute_of_day(at_ms)})


@pytest.mark.parametrize("row", rows_of("eight_hundred"))
def test_an_8_800_number_is_kept_with_its_country_code(row: Row) -> None:
    check(row, {"number": normal_number(row.given["written"])})


@pytest.mark.parametrize("row", rows_of("entries"))
def test_a_line_counts_once(row: Row) -> None:
    account = Account("ann", "test", "own", Money(whole(row.given, "balance")))
    ledger = Ledger()
    ledger.open(account)
    known = [entry_of(row.given["known"])] if row.given["known"] else []
    line = entry_of(row.given["line"])
    outcome = "new"
    for entry in known:
        if entry.reference == line.reference:
            outcome = repeated(entry, line)
    if outcome == "new":
        ledger.apply(line)
        known.append(line)
    check(row, {"outcome": outcome, "balance": account.balance, "lines": len(known)})


def repeated(known: Entry, line: Entry) -> str:
    try:
        return "known" if same_entry(known, line) else "new"
    except ReferenceClash:
        return "clash"


def entry_of(text: str) -> Entry:
    kind, amount, reference, *about = text.split()
    return Entry("ann", reference, EntryKind(kind), int(amount), 0, refers_to="".join(about))


@pytest.mark.parametrize("row", rows_of("late_records"))
def test_a_late_record_costs_what_it_would_have_cost(row: Row) -> None:
    given = row.given
    subscriber = Subscriber(given)
    seconds, arrived_ms = whole(given, "talked"), moment(given["arrived"])
    record = LateRecord(
        "ann", "partner/77", CALLER, given["visited"], LINE, moment(given["answered"]), seconds
    )
    bill = bill_late(record, subscriber.account, subscriber.ledger, subscriber.tariffs, arrived_ms)
    assert isinstance(bill, LateBill)
    subscriber.ledger.release(bill.hold)
    for entry in bill.settled.entries:
        subscriber.ledger.apply(entry)
    first = bill.settled.entries[0] if bill.settled.entries else None
    outcome = {
        "charge": bill.settled.charge.amount,
        "balance": subscriber.account.balance,
        "kind": first.kind.value if first else None,
        "posted": day(first.at_ms) if first else None,
        "dated": day(bill.began.at_ms),
        "too_old": "yes" if record.is_old(arrived_ms) else "no",
    }
    check(row, outcome)


def day(at_ms: int) -> str:
    return day_of(at_ms).isoformat()


@pytest.mark.parametrize("row", rows_of("discounts"))
def test_a_months_discounts_are_lines_of_their_own(row: Row) -> None:
    at_ms, cost = moment(row.given["answered"]), Money(whole(row.given, "cost"))
    priced = [Priced(row.given["destination"], at_ms, cost)]
    discounts = shipped().profiles[row.given["profile"]].discounts
    entries = discount_entries("ann", discounts, month_of(at_ms), priced, at_ms)
    sums = {entry.reference.split("/")[1].partition(" ")[0]: entry.amount for entry in entries}
    outcome = {"volume": sums.get("volume", 0), "summer": sums.get("summer", 0)}
    check(row, {**outcome, "to_pay": cost - sum(sums.values())})
