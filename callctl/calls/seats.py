"""The seats of the subscribers: which devices ring for one, and who cannot be disturbed now.

Rule 1: a device that nobody has seen registered cannot be rung.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dialplan.steps import NotReached


@dataclass(frozen=True, slots=True)
class SeatTold:
    """As the office keeps it."""

    account_id: str
    name: str
    devices: tuple[str, ...]
    is_busy_on_busy: bool = True
    is_undisturbed: bool = False
    shows: str = ""  # the subscriber's number that those it calls see


@dataclass(slots=True)
class Seats:
    _told: dict[tuple[str, str], SeatTold] = field(default_factory=dict)
    _seats_of: dict[str, tuple[str, str]] = field(default_factory=dict)
    _reachable: set[str] = field(default_factory=set)
    _engaged: dict[tuple[str, str], list[Callable[[], bool]]] = field(default_factory=dict)

    def tell(self, seat: SeatTold) -> None:
        key = (seat.account_id, seat.name)
        known = self._told.get(key)
        for device in known.devices if known else ():
            if device not in seat.devices:
                self._forget_device(device)
        self._told[key] = seat
        for device in seat.devices:
            self._seats_of[device] = key

    def forget(self, account_id: str, name: str) -> None:
        known = self._told.pop((account_id, name), None)
        for device in known.devices if known else ():
            self._forget_device(device)

    def all(self) -> Iterable[SeatTold]:
        return self._told.values()

    @property
    def phones_there(self) -> int:
        return sum(device in self._seats_of for device in self._reachable)

    def seen(self, device: str, *, is_reachable: bool) -> None:
        if is_reachable:
            self._reachable.add(device)
        else:
            self._reachable.discard(device)

    def shown(self, account_id: str, name: str) -> str:
        return self._told[account_id, name].shows

    def engage(self, account_id: str, name: str, is_over: Callable[[], bool]) -> None:
        """It talks from now on."""
        self._engaged.setdefault((account_id, name), []).append(is_over)

    def is_engaged(self, account_id: str, name: str) -> bool:
        key = (account_id, name)
        talks = [is_over for is_over in self._engaged.pop(key, ()) if not is_over()]
        if talks:
            self._engaged[key] = talks
        return bool(talks)

    def is_known(self, account_id: str, name: str) -> bool:
        return (account_id, name) in self._told

    def is_there(self, account_id: str, name: str) -> bool:
        """It may be talking; but it has a phone that can be rung, and may be disturbed."""
        seat = self._told.get((account_id, name))
        return (
            seat is not None
            and not seat.is_undisturbed
            and any(device in self._reachable for device in seat.devices)
        )

    def seat_of(self, device: str) -> tuple[str, str] | None:
        return self._seats_of.get(device)

    def devices(self, account_id: str, name: str) -> tuple[str, ...] | NotReached:
        """Whom to ring, or why nobody can be."""
        seat = self._told.get((account_id, name))
        if seat is None:
            return NotReached.UNREACHABLE
        if seat.is_undisturbed or (seat.is_busy_on_busy and self.is_engaged(account_id, name)):
            return NotReached.BUSY
        ready = tuple(device for device in seat.devices if device in self._reachable)
        return ready or NotReached.UNREACHABLE

    def _forget_device(self, device: str) -> None:
        """Another phone may get its name one day, and is not there before it says so."""
        self._seats_of.pop(device, None)
        self._reachable.discard(device)
