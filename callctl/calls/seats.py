"""The seats of the subscribers: which devices ring for one, and who cannot be disturbed now.

Rule 1: a device that nobody has seen registered cannot be rung.
Rule 2: a talk is known by its call: what happens in a call is the only that can end a talk of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

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
    allowed: tuple[str, ...] = ()  # networks that its phones come from; none: from everywhere


SeatKey = tuple[str, str]  # of an account
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class SeatTalk:
    seat: SeatKey
    call_id: str
    is_over: Callable[[], bool]


@dataclass(slots=True)
class Seats:
    _told: dict[SeatKey, SeatTold] = field(default_factory=dict)
    _seats_of: dict[str, SeatKey] = field(default_factory=dict)
    _reachable: set[str] = field(default_factory=set)
    _engaged: dict[SeatKey, list[SeatTalk]] = field(default_factory=dict)
    _talks_in: dict[str, list[SeatTalk]] = field(default_factory=dict)

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

    @property
    def talks(self) -> int:
        return sum(map(len, self._talks_in.values()))

    def engage(self, account_id: str, name: str, call_id: str, is_over: Callable[[], bool]) -> None:
        """It talks from now on."""
        talk = SeatTalk((account_id, name), call_id, is_over)
        self._engaged.setdefault(talk.seat, []).append(talk)
        self._talks_in.setdefault(call_id, []).append(talk)

    def is_engaged(self, account_id: str, name: str) -> bool:
        return any(not talk.is_over() for talk in self._engaged.get((account_id, name), ()))

    def take_ended(self, call_id: str) -> list[SeatKey]:
        """Something happened in this call: the seats whose talk it was the end of."""
        ended = [talk for talk in self._talks_in.get(call_id, ()) if talk.is_over()]
        for talk in ended:
            _remove(self._talks_in, call_id, talk)
            _remove(self._engaged, talk.seat, talk)
        return [talk.seat for talk in ended]

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


def _remove(talks: dict[_Key, list[SeatTalk]], key: _Key, talk: SeatTalk) -> None:
    talks[key].remove(talk)
    if not talks[key]:
        del talks[key]
