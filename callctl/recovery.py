"""Connections that an earlier life of the service left open, settled. Pure.

Rule 1: the end is what the witness recorded, of whichever side hung up first (S-3); without one it is the
last moment that is certain, the answer.
Rule 2: an answer that we did not live to hear of counts when the witness saw both sides answered.
Rule 3: an emergency call that is still up is nobody's business but its talkers' (S-13): it is left alone, and
its record is closed when they are done.
Rule 4: nobody is charged more than the account holds: what could not be paid was not secured.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from callctl.calls.records import EndedBy, LegBegan, LegSettled
from callctl.clock import milliseconds
from callctl.storage.rows import LegRow
from dialplan.causes import Cause
from rating.charge import Charge, charge_connection, charge_nothing, duration_s
from rating.ledger import Entry, EntryKind, Ledger
from rating.money import Money
from rating.tariff import Rate


class EarlierLife:
    """Connections that the service before us left open."""

    def __init__(self, legs: Sequence[LegRow]) -> None:
        self._legs = list(legs)

    def spared(self, alive: Collection[str]) -> frozenset[str]:
        """Both sides of every emergency call that still has both."""
        sides = [(leg.leg_id, leg.call_id) for leg in self._legs if leg.rate is None and leg.answered_at]
        return frozenset(side for pair in sides if all(one in alive for one in pair) for side in pair)

    def take_over(self, spared: Collection[str]) -> list[LegRow]:
        """Those that are over now; each is given once."""
        over = [leg for leg in self._legs if leg.leg_id not in spared]
        self._legs = [leg for leg in self._legs if leg.leg_id in spared]
        return over


def settle_open_legs(
    legs: Sequence[LegRow], answered_ms: Mapping[str, int], ended_ms: Mapping[str, int], ledger: Ledger
) -> Iterator[LegBegan | LegSettled]:
    """One settlement a leg, oldest first; the caller applies each entry before it asks for the next."""
    for leg in legs:
        sides = (leg.leg_id, leg.call_id)  # a call has the id of its caller's leg
        begin_ms = milliseconds(leg.answered_at) if leg.answered_at else None
        if begin_ms is None and all(side in answered_ms for side in sides):
            begin_ms = answered_ms[leg.leg_id]
            yield LegBegan(leg.account_id, leg.leg_id, begin_ms)
        elif begin_ms is not None and leg.leg_id in ended_ms:
            # Both ends by one clock: ours and Asterisk's may have been set apart.
            begin_ms = answered_ms.get(leg.leg_id, begin_ms)
        certain_ms = begin_ms or milliseconds(leg.held_at)
        end_ms = min((ended_ms[side] for side in sides if side in ended_ms), default=certain_ms)
        account = ledger.account(leg.account_id)
        charge = _charge(leg.rate, begin_ms, end_ms, account.available if account else 0)
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
