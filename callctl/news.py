"""What the office changes of seats and members, told to calls and Asterisk; the lines as people see them."""

from collections.abc import Callable

from callctl.asterisk.registrar import Registrar
from callctl.calls import line_view
from callctl.calls.line_view import LineView
from callctl.calls.phones import SeatChanged
from callctl.calls.switchboard import Switchboard
from dialplan.targets import Seat, Target


class News:
    def __init__(self, switchboard: Switchboard, registrar: Registrar, now_ms: Callable[[], int]) -> None:
        self._switchboard = switchboard
        self._registrar = registrar
        self._now_ms = now_ms

    def seat_changed(self, change: SeatChanged) -> None:
        seats = self._switchboard.seats
        if change.told:
            seats.tell(change.told)
        else:
            seats.forget(change.account_id, change.name)
            self.paused(change.account_id, Seat(change.name), False)
        self._registrar.seat_changed(change)
        self._switchboard.lines.seat_changed(change.account_id, change.name)

    def paused(self, account_id: str, member: Target, is_pausing: bool) -> None:
        self._switchboard.lines.members.pause((account_id, member), is_pausing=is_pausing)

    def lines(self, account_id: str | None) -> list[LineView]:
        at = self._switchboard
        return line_view.view(at.lines, at.seats, at.directory, self._now_ms(), account_id)
