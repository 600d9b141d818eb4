"""Connections that an earlier life of the service left open, settled. Pure.

Rule 1: the end is what the witness recorded; without one it is the last moment that is certain, the answer.
Rule 2: nobody is charged more than the account holds: what could not be paid was not secured.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callctl.calls.records import EndedBy, LegSettled
from callctl.clock import milliseconds
from callctl.storage.rows import LegRow
from dialplan.causes import Cause
from rating.charge import Charge, charge_connection, charge_nothing, duration_s
from rating.ledger import Entry, EntryKind, Ledger
from rating.money import Money
from rating.tariff import Rate


def settle_open_legs(
    legs: Sequence[LegRow], ended_ms: Mapping[str, int], ledger: Ledger
) -> Iterator[LegSettled]:
    """One settlement a leg, oldest first; the caller applies each entry before it asks for the next."""
    for leg in legs:
        answered_ms = milliseconds(leg.answered_at) if leg.answered_at else None
        end_ms = ended_ms.get(leg.leg_id, answered_ms or milliseconds(leg.held_at))
        account = ledger.account(leg.account_id)
        charge = _charge(leg.rate, answered_ms, end_ms, account.available if account else 0)
        entry = None
        if charge.amount:
            kind = EntryKind.CONNECTION
            entry = Entry(leg.account_id, leg.leg_id, kind, Money(-charge.amount), end_ms)
        yield LegSettled(leg.account_id, leg.leg_id, end_ms, charge, entry, EndedBy.LOST, Cause.NORMAL)


def _charge(rate: Mapping[str, Any] | None, answered_ms: int | None, end_ms: int, available: int) -> Charge:
    if answered_ms is None:
        return charge_nothing("unanswered", "S-3")
    seconds = duration_s(answered_ms, end_ms)
    if rate is None:
        return charge_nothing("emergency", "S-13", seconds)
    terms = Rate(**rate)
    units_max = (available - terms.setup_fee) // terms.unit_price if terms.unit_price else seconds
    if units_max < 1:
        return charge_nothing("unsecured", "S-8", seconds)
    return charge_connection(terms, seconds, units_max)
