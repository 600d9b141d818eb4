"""Connections that an earlier life of the service left open, settled. Pure.

Rule 1: the end is what the witness recorded, of whichever side hung up first (S-3); without one it is the
last moment that is certain, the answer. The way in begins with the caller's answer, be it by a menu, and ends
with the way out, or with the caller when there is none (S-7).
Rule 2: an answer that we did not live to hear of counts when the witness saw both sides answered; its terms
are those of that moment (S-6).
Rule 3: nobody is charged more than the account holds: what could not be paid was not secured. Units are
bought in the order in which they began, over all open legs of an account, as the live calls would have done.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from callctl.asterisk.witness import Witnessed
from callctl.calls.adoption import Opened
from callctl.calls.connections import CALLERS_OWN
from callctl.calls.events import LegsListed
from callctl.calls.legs import ANSWER_LAG_MS_MAX, leg_id_of
from callctl.calls.money.meter import Meter
from callctl.calls.orders import CloseBridge, HangUp
from callctl.calls.records import Connection, EndedBy, LegBegan, LegSettled
from callctl.clock import milliseconds
from callctl.storage.rows import RATE, LegRow
from dialplan.causes import Cause
from dialplan.numbers import EMERGENCY, normal_number
from rating.charge import Charge, charge_nothing, duration_s
from rating.entries import Entry
from rating.ledger import Ledger
from rating.profile import Tariffs
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Rate, same_rate


@dataclass(frozen=True, slots=True)
class Ends:
    """What is known of the ends of legs. Who lives while the other side is gone unseen may have been left
    alone at any moment: of their talk nothing is certain but its beginning."""

    seen_ms: Mapping[str, int]
    alive: Collection[str] = ()
    now_ms: int = 0

    def first(self, *sides: str) -> int | None:
        """Of the first that hung up, or now."""
        seen = [self.seen_ms[side] for side in sides if side in self.seen_ms]
        if not seen and all(side in self.alive for side in sides):
            return self.now_ms
        return min(seen, default=None)


def end_open_legs(
    legs: Sequence[LegRow],
    listed: LegsListed,
    seen: Witnessed,
    ledger: Ledger,
    tariffs: Tariffs,
    taken_up: Collection[str] = (),
) -> Iterator[LegBegan | LegSettled | HangUp | CloseBridge]:
    """Their bills; whoever is left of them is released, but callers who were taken up."""
    ends = Ends(seen.ended_ms, listed.alive, listed.asked_at_ms)
    yield from settle_open_legs(legs, seen.answered_ms, ends, ledger, tariffs)
    sides = dict.fromkeys(side for leg in legs for side in (leg.leg_id, leg.call_id))
    yield from (HangUp(side, Cause.NORMAL) for side in sides if side in listed.alive and side not in taken_up)
    # Asterisk keeps a bridge of ours until it is told otherwise, also an empty one.
    over = {leg.call_id: None for leg in legs if leg.call_id not in taken_up}
    yield from (CloseBridge(call_id) for call_id in over)


def settle_open_legs(
    legs: Sequence[LegRow],
    answered_ms: Mapping[str, int],
    ends: Ends,
    ledger: Ledger,
    tariffs: Tariffs,
) -> Iterator[LegBegan | LegSettled]:
    """One settlement a leg, oldest first; its lines count in memory already."""
    open_legs = [OpenLeg(leg, ledger, tariffs, milliseconds(leg.held_at)) for leg in legs]
    talks: dict[str, list[OpenLeg]] = {}
    for leg in open_legs:
        if not leg.is_way_in:
            leg.was_way_out(answered_ms, ends)
            if leg.answered_ms is not None:
                talks.setdefault(leg.row.call_id, []).append(leg)
    for leg in open_legs:
        if leg.is_way_in:
            leg.was_way_in(talks.get(leg.row.call_id, []), answered_ms, ends)
    secure([leg for leg in open_legs if leg.answered_ms is not None])
    for leg in open_legs:
        if leg.began:
            yield leg.began
        charge, entries = leg.charge()
        yield LegSettled(
            leg.row.account_id, leg.row.leg_id, leg.end_ms, charge, entries, EndedBy.LOST, Cause.NORMAL
        )


class OpenLeg:
    """What is known of one leg, and what is secured for it."""

    def __init__(self, row: LegRow, ledger: Ledger, tariffs: Tariffs, end_ms: int) -> None:
        self.row = row
        self.held_ms = milliseconds(row.held_at)
        self.answered_ms = milliseconds(row.answered_at) if row.answered_at else None
        self.end_ms = end_ms
        self.began: LegBegan | None = None  # when the record does not have the answer yet
        self._ledger = ledger
        self._rate: Rate | None = RATE.validate_python(row.rate) if row.rate else None
        self._quote: Quote | None = None
        self._meter: Meter | None = None
        account = ledger.account(row.account_id)
        if account and self._rate:
            caller = normal_number(row.caller) or ""
            side = self._rate.side
            self._quote = Quote(tariffs, account, side, caller, row.number, row.line, row.call_id)

    @property
    def is_way_in(self) -> bool:
        return self.row.leg_id == leg_id_of(self.row.call_id, CALLERS_OWN)

    @property
    def is_emergency(self) -> bool:
        return self._rate is None and self.row.number in EMERGENCY

    @property
    def is_secured(self) -> bool:
        return self._rate is None or self._meter is not None

    @property
    def opened(self) -> Opened:
        row, meter = self.row, self._meter
        if meter and self.answered_ms is not None:
            meter.resume(self.answered_ms)
        on = Connection(row.account_id, row.leg_id, row.call_id, row.caller, row.number, row.line)
        return Opened(on, self.answered_ms, meter, is_inside=self._rate is None)

    def begin_again(self, at_ms: int, now_ms: int) -> None:
        """Its answer, if the records lack it, with the units that it may have talked up to now."""
        if self.answered_ms is None:
            self._begin(at_ms, rated_at_ms=at_ms)
            self.release()
            self.end_ms = now_ms
            secure_at_once([self])

    def was_way_out(self, answered_ms: Mapping[str, int], ends: Ends) -> None:
        leg_id, call_id = self.row.leg_id, self.row.call_id
        end_ms = ends.first(leg_id, call_id)
        if self.answered_ms is None:
            if leg_id in answered_ms and call_id in answered_ms:
                self._begin(answered_ms[leg_id], rated_at_ms=answered_ms[leg_id])
        elif end_ms is not None:
            # Both ends by one clock: ours and Asterisk's may have been set apart.
            self.answered_ms = answered_ms.get(leg_id, self.answered_ms)
        self.end_ms = (self.answered_ms or self.held_ms) if end_ms is None else end_ms

    def was_way_in(self, talks: Sequence["OpenLeg"], answered_ms: Mapping[str, int], ends: Ends) -> None:
        """`talks`: the ways out that somebody answered: two that did at once, or one who consults another."""
        call_id = self.row.call_id
        begin_ms = rated_at_ms = answered_ms.get(call_id, self.answered_ms)
        certain_ms = self.held_ms if begin_ms is None else begin_ms
        alone_ms = ends.first(call_id)
        own_end_ms = certain_ms if alone_ms is None else alone_ms
        self.end_ms = max((talk.end_ms for talk in talks), default=own_end_ms)
        talked_ms = min((talk.answered_ms for talk in talks if talk.answered_ms is not None), default=None)
        if begin_ms is not None and talked_ms is not None and begin_ms > talked_ms:
            begin_ms, rated_at_ms = min(begin_ms, talked_ms + ANSWER_LAG_MS_MAX), talked_ms
        if begin_ms is not None and rated_at_ms is not None and self.answered_ms is None:
            self._begin(begin_ms, rated_at_ms)
        self.answered_ms = begin_ms

    def _begin(self, at_ms: int, rated_at_ms: int) -> None:
        self.answered_ms = at_ms
        rate = self._quote.rate_at(rated_at_ms) if self._quote else None
        is_other = isinstance(rate, Rate) and self._rate is not None and not same_rate(rate, self._rate)
        new_rate = rate if isinstance(rate, Rate) and is_other else None
        self._rate = new_rate or self._rate
        self.began = LegBegan(self.row.account_id, self.row.leg_id, at_ms, new_rate)

    @property
    def _units(self) -> int:
        """How many are to be secured; the first is, however short the talk."""
        return self._begun(self.end_ms)

    def _begun(self, until_ms: int) -> int:
        if self._rate is None or self.answered_ms is None:
            return 1
        return max(1, self._rate.terms.units(duration_s(self.answered_ms, until_ms)))

    @property
    def is_covered_by_balance(self) -> bool:
        """All of it is secured, and only the balance had to do with it."""
        meter = self._meter
        return meter is not None and meter.is_plain and (meter.is_endless or meter.units >= self._units)

    def secure(self, until_ms: int) -> int | None:
        """One unit, and what else begins until then; when the next is to be bought, if any can be."""
        if self._rate is None or self._quote is None:
            return None
        if self._meter is None:
            answered_ms = self.held_ms if self.answered_ms is None else self.answered_ms
            meter = Meter.open_at(self._ledger, self.row.leg_id, self._quote, self._rate, answered_ms)
            if isinstance(meter, Refusal):
                return None
            self._meter = meter
        else:
            wanted = max(self._begun(until_ms), self._meter.units + 1)
            if self._meter.buy_until(min(wanted, self._units)):
                return None
        if self.answered_ms is None or self._meter.is_endless or self._meter.units >= self._units:
            return None
        return self.answered_ms + self._rate.terms.covered_ms(self._meter.units)

    def release(self) -> None:
        if self._meter:
            self._meter.release()
            self._meter = None

    def charge(self) -> tuple[Charge, tuple[Entry, ...]]:
        if self.answered_ms is None:
            return charge_nothing("unanswered", "S-3"), ()
        seconds = duration_s(self.answered_ms, self.end_ms)
        if self._rate is None:
            return charge_nothing("emergency", "S-13", seconds), ()
        if self._meter is None:
            return charge_nothing("unsecured", "S-8", seconds), ()
        return self._meter.charge(seconds, self.end_ms)


def secure(legs: Iterable[OpenLeg]) -> None:
    by_account: dict[str, list[OpenLeg]] = {}
    for leg in legs:
        by_account.setdefault(leg.row.account_id, []).append(leg)
    for of_account in by_account.values():
        secure_at_once(of_account)
        if len(of_account) > 1 and not all(leg.is_covered_by_balance for leg in of_account):
            for leg in of_account:
                leg.release()
            _secure_in_turn(of_account)


def secure_at_once(legs: Sequence[OpenLeg]) -> None:
    """Leg by leg: the same as in turn when there is one, or when the balance is enough for all."""
    for leg in legs:
        while leg.secure(leg.end_ms) is not None:
            pass


def _secure_in_turn(legs: Sequence[OpenLeg]) -> None:
    """Unit by unit as they begin, the first with its hold; at the same moment the older leg first."""
    due = [(leg.held_ms, place) for place, leg in enumerate(legs)]
    heapify(due)
    while due:
        _, place = heappop(due)
        leg = legs[place]
        next_ms = leg.secure(due[0][0] if due else leg.end_ms)
        if next_ms is not None:
            heappush(due, (next_ms, place))
