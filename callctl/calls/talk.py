"""A conversation while it lasts: the next unit, the warning tone, and the second cut moved along.

Rule 1: the caller's answer leaves Asterisk some milliseconds after the callee's. The release counts from
the later one, so that neither side hears less than the units that were paid.
Rule 2: the second cut always stands behind the last paid unit, and never further than the setting says.
"""

from callctl.calls.legs import ANSWER_LAG_MS_MAX, Attempt, Leg
from callctl.calls.orders import Bound, Order, PlayToBridge
from callctl.calls.terms import CallTerms

# The caller's leg is cut first; the callee's follows, so that the cut is seen as one.
CALLEE_LATER_MS = 200

SHARED_CHECK_MS = 1_000
BOUND_AGAIN_MS = 1_000


class Talk:
    def __init__(self, call_id: str, caller: Leg, attempt: Attempt, terms: CallTerms) -> None:
        self._call_id = call_id
        self._caller = caller
        self._callee = attempt.leg
        # None when nothing can run out: an emergency number, or one that the plan gives for nothing.
        self._meter = attempt.meter if attempt.meter and not attempt.meter.is_free else None
        self._terms = terms
        self._answer_lag_ms = 0
        self._bound_until_ms: int | None = None
        self._bound_again_at_ms: int | None = None
        self._warn_check_at_ms: int | None = None
        self._is_warned = False

    def begin(self, at_ms: int) -> list[Order]:
        if self._meter is None:
            return [Bound(self._caller.leg_id, None), Bound(self._callee.leg_id, None)]
        return self._move_bound() + self._warn(at_ms)

    def caller_answered(self, at_ms: int) -> None:
        assert self._callee.answered_at_ms is not None
        lag_ms = min(at_ms - self._callee.answered_at_ms, ANSWER_LAG_MS_MAX)
        self._answer_lag_ms = max(self._answer_lag_ms, lag_ms)

    @property
    def paid_until_ms(self) -> int | None:
        return self._meter.paid_until_ms if self._meter else None

    def deadline_ms(self) -> int | None:
        if self._meter is None:
            return None
        moments = (
            self._meter.paid_until_ms + self._answer_lag_ms,
            self._warn_check_at_ms,
            self._bound_again_at_ms,
        )
        return min(moment for moment in moments if moment is not None)

    def wake(self, at_ms: int) -> list[Order] | None:
        """None: the next unit cannot be paid and the last one is over."""
        assert self._meter
        orders: list[Order] = []
        is_unit_over = at_ms >= self._meter.paid_until_ms + self._answer_lag_ms
        if is_unit_over and not self._meter.buy_unit():
            return None
        orders += self._move_bound()
        return orders + self._warn(at_ms)

    def bound_lost(self, at_ms: int) -> None:
        """Asterisk did not take the last bound: say it again soon, or the one before ends a paid unit."""
        self._bound_until_ms = None
        self._bound_again_at_ms = at_ms + BOUND_AGAIN_MS

    def _move_bound(self) -> list[Order]:
        """Not with every unit: short units would cost two orders each."""
        assert self._meter
        self._bound_again_at_ms = None
        paid_until_ms = self._meter.paid_until_ms
        margin_ms = self._terms.second_cut_ms
        if self._bound_until_ms is not None and self._bound_until_ms - paid_until_ms >= margin_ms * 3 // 4:
            return []
        self._bound_until_ms = paid_until_ms + margin_ms
        return [
            Bound(self._caller.leg_id, self._bound_until_ms),
            Bound(self._callee.leg_id, self._bound_until_ms + CALLEE_LATER_MS),
        ]

    def _warn(self, at_ms: int) -> list[Order]:
        """One tone before the end, which comes sooner when others draw on the account too."""
        assert self._meter
        ends_at_ms = self._meter.affordable_until_ms
        self._warn_check_at_ms = None
        if not self._terms.warning_ms:
            return []
        if ends_at_ms - at_ms > self._terms.warning_ms:
            self._is_warned = False
            checks = [ends_at_ms - self._terms.warning_ms, self._meter.paid_until_ms - self._terms.warning_ms]
            if not self._meter.is_alone:
                checks.append(at_ms + SHARED_CHECK_MS)
            self._warn_check_at_ms = min(check for check in checks if check > at_ms)
            return []
        if self._is_warned:
            return []
        self._is_warned = True
        return [PlayToBridge(self._call_id, self._terms.warning_media)]
