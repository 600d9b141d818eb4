"""What the service before us left open: who of it still lives, and the money that is kept for it. Pure.

Rule 1: a call whose caller lives is taken up again, with the units that its open legs may have talked up to
now; unless one of them could not be secured, or its talk was over before anybody could say so.
Rule 2: an emergency call that is still up is nobody's business but its talkers' (S-13): it is left alone,
and its records are closed when they are done.
Rule 3: until Asterisk tells what is over, the units that open legs may have talked up to now are held, so
that nobody else spends them; settling gives them back first, and buys anew up to the true ends.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from callctl.calls.adoption import Living
from callctl.calls.events import LegsListed
from callctl.calls.orders import CloseBridge
from callctl.calls.records import CallAt, CallOver, EndedBy, LegBegan, PlaceKept
from callctl.recovery import OpenLeg, secure
from callctl.storage.rows import LegRow
from callctl.storage.running_calls import Left, Tried
from dialplan.nodes.forward import Forward
from dialplan.nodes.queue import WaitInQueue
from rating.ledger import Ledger
from rating.profile import Tariffs


class EarlierLife:
    """Connections and calls that the service before us left open, and the money that is kept for them."""

    def __init__(self, left: Left, ledger: Ledger, tariffs: Tariffs, now_ms: int) -> None:
        self._legs = [OpenLeg(leg, ledger, tariffs, now_ms) for leg in left.legs]
        self._calls = list(left.calls)
        self._tried = left.tried
        self._kept = left.kept
        self._left: tuple[tuple[int, int], set[str]] | None = None  # asked for a thousand calls at a time
        secure(self._legs)

    @property
    def calls(self) -> Sequence[CallAt]:
        return self._calls

    def take_kept(self) -> Sequence[PlaceKept]:
        """The places of callers at home, once."""
        kept, self._kept = self._kept, ()
        return kept

    def take_up(
        self, listed: LegsListed, answered_ms: Mapping[str, int]
    ) -> Iterator[tuple[Living, list[LegBegan]]]:
        """The calls whose caller lives, once; and what the records lack of them."""
        calls, self._calls = self._calls, []
        by_call: dict[str, list[OpenLeg]] = {}
        for leg in self._legs:
            by_call.setdefault(leg.row.call_id, []).append(leg)
        spared = self.spared(listed.alive, listed.up)
        kept: set[OpenLeg] = set()
        for place in calls:
            legs = by_call.get(place.call_id, [])
            if place.call_id not in listed.alive or place.call_id in spared:
                self._calls.append(place)
                continue
            there = listed.joined.get(place.call_id, frozenset()) & listed.alive
            again = _Again(place, legs, listed, there, answered_ms)
            living = again.living(self._tried.get(place.call_id, Tried()))
            if living is None:
                self._calls.append(place)
                continue
            kept.update(again.kept)
            yield living, [leg.began for leg in again.kept if leg.began]
        self._legs = [leg for leg in self._legs if leg not in kept]

    def calls_over(
        self, listed: LegsListed, ended_ms: Mapping[str, int]
    ) -> Iterator[tuple[CallAt, list[CallOver | CloseBridge]]]:
        """Those that nobody takes up, once. Asterisk keeps a bridge of ours until it is told otherwise."""
        calls, spared = self._calls, self.spared(listed.alive, listed.up)
        self._calls = [place for place in calls if place.call_id in spared]
        for place in [place for place in calls if place.call_id not in spared]:
            over = CallOver(
                place.account_id,
                place.call_id,
                place.caller,
                place.line,
                place.scheme_version,
                place.arrived_at_ms,
                ended_ms.get(place.call_id, listed.asked_at_ms),
                None,
                place.way,
                EndedBy.LOST.value,
            )
            yield place, [over, CloseBridge(place.call_id)]

    def has(self, call_id: str) -> bool:
        """It is still to be settled, or taken up."""
        if self._left is None or self._left[0] != (len(self._legs), len(self._calls)):
            calls = {leg.row.call_id for leg in self._legs} | {call.call_id for call in self._calls}
            self._left = (len(self._legs), len(self._calls)), calls
        return call_id in self._left[1]

    def listed(self, listed: LegsListed) -> tuple[LegsListed, list[LegRow]]:
        """What our own calls may hear of it; and the connections that are over now, each given once."""
        spared = self.spared(listed.alive, listed.up)
        joined = {bridge: legs for bridge, legs in listed.joined.items() if bridge not in spared}
        ours = replace(listed, alive=listed.alive - spared, up=listed.up - spared, joined=joined)
        return ours, self.take_over(spared)

    def left_by(self, listed: LegsListed) -> tuple[list[CallAt], list[LegRow]]:
        """What this list will settle or take up."""
        spared = self.spared(listed.alive, listed.up)
        calls = [call for call in self._calls if call.call_id not in spared]
        return calls, [leg.row for leg in self._legs if leg.row.call_id not in spared]

    def spared(self, alive: Collection[str], up: Collection[str] = frozenset()) -> frozenset[str]:
        """Both sides of every emergency call that still has both, if we knew of its answer or not."""
        sides: list[str] = []
        for leg in [open_leg.row for open_leg in self._legs if open_leg.is_emergency]:
            there = alive if leg.answered_at else up
            if leg.leg_id in there and leg.call_id in there:
                sides += [leg.leg_id, leg.call_id]
        return frozenset(sides)

    def take_over(self, spared: Collection[str]) -> list[LegRow]:
        """Those of calls that are over now; each is given once, and its money is free to settle it."""
        over = [leg for leg in self._legs if leg.row.call_id not in spared]
        self._legs = [leg for leg in self._legs if leg.row.call_id in spared]
        for leg in over:
            leg.release()
        return [leg.row for leg in over]


class _Again:
    """One call, looked at for what of it lives."""

    def __init__(
        self,
        place: CallAt,
        legs: Sequence[OpenLeg],
        listed: LegsListed,
        joined: frozenset[str],
        answered_ms: Mapping[str, int],
    ) -> None:
        self._place = place
        self._now_ms = listed.asked_at_ms
        self._joined = joined
        self._answered_ms = answered_ms
        self._listed = listed
        self._is_caller_up = self._is_up(place.call_id)
        self._way_in = next((leg for leg in legs if leg.is_way_in), None)
        self._tries = [leg for leg in legs if not leg.is_way_in]
        self._talk = self._talk_of([leg for leg in self._tries if self._is_up(leg.row.leg_id)])
        self.kept = [leg for leg in (self._way_in, self._talk) if leg]

    def living(self, tried: Tried) -> Living | None:
        """None: something of it is not paid, or the talk was over before anybody could say so."""
        if self._talk is None and self._has_talked(tried):
            return None
        answered_ms = self._caller_answered_ms()
        if self._way_in and answered_ms is not None:
            self._way_in.begin_again(answered_ms, self._now_ms)
        if not all(leg.is_secured for leg in self.kept):
            return None
        way_in = self._way_in.opened if self._way_in else None
        talk = self._talk.opened if self._talk else None
        # What costs nothing is rung before its record is durable: nobody else may have the id of such a leg.
        tries = max(tried.tries, self._now_ms - self._place.arrived_at_ms)
        return Living(self._place, answered_ms, way_in, talk, self._joined, tries)

    def _talk_of(self, legs: Sequence[OpenLeg]) -> OpenLeg | None:
        """With whom the caller talks, or who has put him on hold: the first in the bridge who answered, or
        who has left it to hear whether a colleague answers."""
        if not self._is_caller_up:
            return None
        there = [leg for leg in legs if leg.row.leg_id in self._joined or self._was_reached(leg)]
        for leg in there:
            leg.begin_again(self._answered_ms.get(leg.row.leg_id, self._now_ms), self._now_ms)
        answered = [(leg.answered_ms, leg) for leg in there if leg.answered_ms is not None]
        return min(answered, key=lambda pair: pair[0])[1] if answered else None

    def _was_reached(self, leg: OpenLeg) -> bool:
        """The service before us heard the answer, and the node asks nobody whether he takes the call."""
        return leg.row.answered_at is not None and not self._asks_who_is_rung

    def _is_up(self, side: str) -> bool:
        """By the list, or by the witness, who may be a moment behind it or before it."""
        return side in self._listed.alive and (side in self._listed.up or side in self._answered_ms)

    def _has_talked(self, tried: Tried) -> bool:
        """Here, to somebody who is gone. Who was asked whether he takes the call was perhaps never joined."""
        if self._asks_who_is_rung:
            return False
        is_billed = tried.talked_ms is not None and tried.talked_ms >= self._place.way[-1].at_ms
        return is_billed or any(
            leg.answered_ms is not None or leg.row.leg_id in self._answered_ms for leg in self._tries
        )

    @property
    def _asks_who_is_rung(self) -> bool:
        node = self._place.scheme.nodes[self._place.node]
        return isinstance(node, Forward | WaitInQueue) and node.accept is not None

    def _caller_answered_ms(self) -> int | None:
        if not self._is_caller_up:
            return None
        known_ms = self._way_in.answered_ms if self._way_in else None
        seen_ms = self._answered_ms.get(self._place.call_id)
        talk_ms = self._talk.answered_ms if self._talk else None
        return next((moment for moment in (known_ms, seen_ms, talk_ms) if moment is not None), self._now_ms)
