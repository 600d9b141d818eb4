"""Connections that an earlier life of the service left open, settled. Pure.

Rule 1: the end is what the witness recorded, of whichever side hung up first (S-3); without one it is the
last moment that is certain, the answer.
Rule 2: an answer that we did not live to hear of counts when the witness saw both sides answered.
Rule 3: an emergency call that is still up is nobody's business but its talkers' (S-13): it is left alone, and
its record is closed when they are done.
Rule 4: nobody is charged more than the account holds: what could not be paid was not secured.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from callctl.calls.connections import CALLERS_OWN
from callctl.calls.legs import leg_id_of
from callctl.calls.meter import Meter
from callctl.calls.records import EndedBy, LegBegan, LegSettled
from callctl.clock import milliseconds
from callctl.storage.rows import RATE, LegRow
from dialplan.causes import Cause
from rating.charge import Charge, charge_nothing, duration_s
from rating.entries import Entry
from rating.ledger import Ledger
from rating.profile import Tariffs
from rating.quote import Quote


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
    legs: Sequence[LegRow],
    answered_ms: Mapping[str, int],
    ended_ms: Mapping[str, int],
    ledger: Ledger,
    tariffs: Tariffs,
) -> Iterator[LegBegan | LegSettled]:
    """One settlement a leg, oldest first; its lines count in memory already."""
    for leg in legs:
        # A call has the id of its caller's leg, which is the only side of the way in.
        channel = leg.call_id if leg.leg_id == leg_id_of(leg.call_id, CALLERS_OWN) else leg.leg_id
        sides = (channel, leg.call_id)
        begin_ms = milliseconds(leg.answered_at) if leg.answered_at else None
        if begin_ms is None and all(side in answered_ms for side in sides):
            begin_ms = answered_ms[channel]
            yield LegBegan(leg.account_id, leg.leg_id, begin_ms)
        elif begin_ms is not None and channel in ended_ms:
            # Both ends by one clock: ours and Asterisk's may have been set apart.
            begin_ms = answered_ms.get(channel, begin_ms)
        certain_ms = begin_ms or milliseconds(leg.held_at)
        end_ms = min((ended_ms[side] for side in sides if side in ended_ms), default=certain_ms)
        charge, entries = _charge(leg, begin_ms, end_ms, ledger, tariffs)
        yield LegSettled(leg.account_id, leg.leg_id, end_ms, charge, entries, EndedBy.LOST, Cause.NORMAL)


def _charge(
    leg: LegRow, answered_ms: int | None, end_ms: int, ledger: Ledger, tariffs: Tariffs
) -> tuple[Charge, tuple[Entry, ...]]:
    if answered_ms is None:
        return charge_nothing("unanswered", "S-3"), ()
    seconds = duration_s(answered_ms, end_ms)
    if leg.rate is None:
        return charge_nothing("emergency", "S-13", seconds), ()
    rate = RATE.validate_python(leg.rate)
    account = ledger.account(leg.account_id)
    meter = None
    if account:
        quote = Quote(tariffs, account, rate.side, leg.caller, leg.number, leg.line)
        meter = Meter.open_at(ledger, leg.leg_id, quote, rate, answered_ms)
    if not isinstance(meter, Meter):
        return charge_nothing("unsecured", "S-8", seconds), ()
    return meter.charge_as_talked(seconds, end_ms)
