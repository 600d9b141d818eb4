"""Paid time while it lasts, in a conversation or before a menu: the next units, the warning tone, and the
second cut moved along.

Rule 1: the caller's answer leaves Asterisk some milliseconds after the callee's. The release counts from
the later one, so that neither side hears less than the units that were paid.
Rule 2: the second cut always stands behind the last paid unit, and never further than the setting says.
Rule 3: what the subscriber pays twice, the way in and the way out, ends as soon as either cannot be paid.
"""

from collections.abc import Sequence

from callctl.calls.legs import ANSWER_LAG_MS_MAX, Leg
from callctl.calls.money.meter import Meter
from callctl.calls.orders import Bound, Order, PlayToBridge
from callctl.calls.records import EndedBy
from callctl.calls.terms import CallTerms
from rating.refusal import Refusal

# The caller's leg is cut first; the callee's follows, so that the cut is seen as one.
CALLEE_LATER_MS = 200

SHARED_CHECK_MS = 1_000
BOUND_AGAIN_MS = 1_000


class Talk:
    def __init__(
        self, legs: Sequence[Leg], meters: Sequence[Meter], terms: CallTerms, *, bridge_id: str | None = None
    ) -> None:
        """`legs`: who may be connected as long as all the `meters` are paid, all of them answered but the
        first, which may be answered a moment later. Without a bridge nobody can be warned."""
        self._legs = legs
        self._meters = meters
        self._terms = terms
        self._bridge_id = bridge_id
        moments = [leg.answered_at_ms for leg in legs if leg.answered_at_ms is not None]
        # Of the caller's own answer the news may be late: then his way in has begun.
        self._answered_ms = max(moments or [meter.answered_at_ms for meter in meters])
        self._began_ms = self._answered_ms
        self._bound_until_ms: int | None = None
        self._bound_again_at_ms: int | None = None
        self._warn_check_at_ms: int | None = None
        self._is_warned = False

    def begin(self, at_ms: int) -> list[Order]:
        return self._go_on(at_ms)

    def caller_answered(self, at_ms: int) -> None:
        """A moment after the callee."""
        self._began_ms = max(self._began_ms, min(at_ms, self._answered_ms + ANSWER_LAG_MS_MAX))

    @property
    def paid_until_ms(self) -> int | None:
        """None: nothing can run out, as with an emergency number, or one that the plan gives for nothing."""
        return min(
            (until for meter in self._meters if (until := meter.paid_until_ms) is not None), default=None
        )

    @property
    def affordable_until_ms(self) -> int | None:
        """When the money ends; None: never, or nobody can tell, as others draw on it too."""
        if not all(meter.is_alone for meter in self._meters):
            return None
        ends = (meter.affordable_until_ms for meter in self._meters)
        return min((end for end in ends if end is not None), default=None)

    def deadline_ms(self) -> int | None:
        if self.paid_until_ms is None:
            return self._bound_again_at_ms
        ends = [end for meter in self._meters if (end := self._end_ms(meter)) is not None]
        moments = (*ends, self._warn_check_at_ms, self._bound_again_at_ms)
        return min(moment for moment in moments if moment is not None)

    def wake(self, at_ms: int) -> list[Order] | EndedBy:
        """Or why it ends: the next unit cannot be paid, or it is as long as may be, and the last is over."""
        for meter in self._meters:
            end_ms = self._end_ms(meter)
            if end_ms is None or at_ms < end_ms:
                continue
            if meter.is_longest(end_ms):
                return EndedBy.LONGEST
            if refusal := meter.buy_unit():
                return EndedBy.LIMIT if refusal is Refusal.NUMBER_LIMIT else EndedBy.BALANCE
        return self._go_on(at_ms)

    def bound_lost(self, bound: Bound, at_ms: int) -> None:
        """Asterisk did not take the last bound: say it again soon, or the one before ends a talk."""
        if any(leg.leg_id == bound.leg_id for leg in self._legs):
            self._bound_until_ms = None
            self._bound_again_at_ms = at_ms + BOUND_AGAIN_MS

    def _end_ms(self, meter: Meter) -> int | None:
        """Of what is paid, counted from the later of the two answers, whichever the meter counts from."""
        until_ms = meter.paid_until_ms
        if until_ms is None:
            return None
        lag_ms = self._began_ms - meter.answered_at_ms
        return until_ms + (lag_ms if 0 < lag_ms <= ANSWER_LAG_MS_MAX else 0)

    def _go_on(self, at_ms: int) -> list[Order]:
        if self.paid_until_ms is None:
            self._bound_again_at_ms = None
            return [Bound(leg.leg_id, None) for leg in self._legs]
        return self._move_bound() + self._warn(at_ms)

    def _move_bound(self) -> list[Order]:
        """Not with every unit: short units would cost two orders each."""
        self._bound_again_at_ms = None
        paid_until_ms = self.paid_until_ms
        assert paid_until_ms is not None
        margin_ms = self._terms.second_cut_ms
        if self._bound_until_ms is not None and self._bound_until_ms - paid_until_ms >= margin_ms * 3 // 4:
            return []
        self._bound_until_ms = paid_until_ms + margin_ms
        return [
            Bound(leg.leg_id, self._bound_until_ms + (CALLEE_LATER_MS if place else 0))
            for place, leg in enumerate(self._legs)
        ]

    def _warn(self, at_ms: int) -> list[Order]:
        """One tone before the end, which comes sooner when others draw on the account too."""
        ends = (meter.affordable_until_ms for meter in self._meters)
        ends_at_ms = min((end for end in ends if end is not None), default=None)
        paid_until_ms = self.paid_until_ms
        self._warn_check_at_ms = None
        if not (self._terms.warning_ms and self._bridge_id) or ends_at_ms is None or paid_until_ms is None:
            return []
        if ends_at_ms - at_ms > self._terms.warning_ms:
            self._is_warned = False
            checks = [ends_at_ms - self._terms.warning_ms, paid_until_ms - self._terms.warning_ms]
            if not all(meter.is_alone for meter in self._meters):
                checks.append(at_ms + SHARED_CHECK_MS)
            self._warn_check_at_ms = min(check for check in checks if check > at_ms)
            return []
        if self._is_warned:
            return []
        self._is_warned = True
        return [PlayToBridge(self._bridge_id, self._terms.warning_media)]
