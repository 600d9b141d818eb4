"""What the office changes of seats, members and calls, told to all; the lines as people see them."""

from collections.abc import Callable

from callctl.asterisk.registrar import Registrar
from callctl.calls.events import CallReleased, Event, MemberPaused
from callctl.calls.lines import line_view
from callctl.calls.lines.line_view import LineView
from callctl.calls.phones import SeatChanged
from callctl.calls.switchboard import Switchboard
from callctl.complaint import Complaint, Missing
from dialplan.targets import Target


class News:
    def __init__(
        self,
        switchboard: Switchboard,
        registrar: Registrar,
        hear: Callable[[Event, int], None],
        now_ms: Callable[[], int],
    ) -> None:
        """`hear`: the one door, behind which somebody may be rung upon the news."""
        self._switchboard = switchboard
        self._registrar = registrar
        self._hear = hear
        self._now_ms = now_ms

    def seat_changed(self, change: SeatChanged) -> None:
        self._hear(change, self._now_ms())
        self._registrar.seat_changed(change)

    def paused(self, account_id: str, member: Target, is_pausing: bool) -> None:
        self._hear(MemberPaused(account_id, member, is_pausing), self._now_ms())

    def release(self, call_id: str) -> None:
        """End it by hand."""
        call = next((call for call in self._switchboard.calls() if call.call_id == call_id), None)
        if call is None:
            raise Missing(f"no call {call_id!r} runs: `callctl calls` lists those that do")
        if call.is_emergency:
            raise Complaint(f"call {call_id!r} is an emergency call: it is nobody's to end")
        self._hear(CallReleased(call_id), self._now_ms())

    def lines(self, account_id: str | None) -> list[LineView]:
        at = self._switchboard
        return line_view.view(at.lines, at.seats, at.directory, self._now_ms(), account_id)
