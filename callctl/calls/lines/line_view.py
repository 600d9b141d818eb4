"""The lines as people look at them: who waits in each, since when, and what its members do.

Rule 1: of one account all lines are told that its schemes in force have; of all accounts those in which
    somebody waits, as looking through every scheme would keep the calls waiting.
Rule 2: of what a member does that is told which keeps him longest from the next call.
"""

from dataclasses import dataclass

from callctl.calls.directory import Directory
from callctl.calls.lines.lines import Lines, Place
from callctl.calls.seats import Seats
from dialplan.nodes.queue import WaitInQueue
from dialplan.targets import Seat, Target


@dataclass(frozen=True, slots=True)
class WaitingView:
    call_id: str
    caller: str
    since_ms: int
    priority: int
    offered: tuple[Target, ...]  # who is rung for him now, or kept free while he is called back
    is_called_back: bool  # he is not on the phone


@dataclass(frozen=True, slots=True)
class MemberView:
    target: Target
    state: str
    rests_until_ms: int | None
    calls_taken: int  # from this line, since the service began


@dataclass(frozen=True, slots=True)
class LineView:
    account_id: str
    name: str
    waiting: tuple[WaitingView, ...]  # in their order
    members: tuple[MemberView, ...]


def view(
    lines: Lines,
    seats: Seats,
    directory: Directory,
    at_ms: int,
    only: str | None = None,
) -> list[LineView]:
    """`only`: of this account."""
    members = _members(directory, only) if only is not None else {}
    for key in lines.names():
        places = lines.places(*key) if only in (None, key[0]) else ()
        # Most who wait came by one version of one scheme, and have its members in common.
        for those in {id(place.queue.members): place.queue.members for place in places}.values():
            members.setdefault(key, {}).update(dict.fromkeys(member.target for member in those))
    return [
        LineView(
            account_id,
            name,
            tuple(_waiting(place) for place in lines.places(account_id, name)),
            tuple(_member(lines, seats, account_id, name, target, at_ms) for target in targets),
        )
        for (account_id, name), targets in sorted(members.items())
    ]


def _members(directory: Directory, account_id: str) -> dict[tuple[str, str], dict[Target, None]]:
    """By line, in the order of the schemes."""
    found: dict[tuple[str, str], dict[Target, None]] = {}
    for number in directory.numbers():
        for node_name, node in number.scheme.nodes.items() if number.account_id == account_id else ():
            if isinstance(node, WaitInQueue):
                key = (account_id, node.name or node_name)
                found.setdefault(key, {}).update(dict.fromkeys(target for _, target in node.targets()))
    return found


def _waiting(place: Place) -> WaitingView:
    offered = tuple(sorted(place.offered, key=str))
    priority, is_kept = place.queue.priority, place.is_kept
    return WaitingView(place.call_id, place.caller, place.since_ms, priority, offered, is_kept)


def _member(lines: Lines, seats: Seats, account_id: str, name: str, target: Target, at_ms: int) -> MemberView:
    key = (account_id, target)
    state = lines.members.state(key)
    until_ms = state.rests_until_ms
    rests_until_ms = until_ms if until_ms is not None and until_ms > at_ms else None
    if state.is_pausing:
        word = "pausing"
    elif not lines.members.is_there(key):
        word = "not there"
    elif state.talks or (isinstance(target, Seat) and seats.is_engaged(account_id, target.name)):
        word = "talking"
    elif state.offered_by:
        word = "offered"
    else:
        word = "resting" if rests_until_ms else "free"
    return MemberView(target, word, rests_until_ms, lines.calls_taken(account_id, name, target))
