"""What the office changes of seats and members, told to calls and Asterisk; the lines as people see them."""

from collections.abc import Callable

from callctl.asterisk.registrar import Registrar
from callctl.calls.events import Event, MemberPaused
from callctl.calls.lines import line_view
from callctl.calls.lines.line_view import LineView
from callctl.calls.phones import SeatChanged
from callctl.calls.switchboard import Switchboard
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

    def lines(self, account_id: str | None) -> list[LineView]:
        at = self._switchboard
        return line_view.view(at.lines, at.seats, at.directory, self._now_ms(), account_id)
