"""Whom of a queue's free members a caller is offered to.

Rule 1: nothing is drawn here: `luck` comes in, any whole number.
Rule 2: whatever a strategy leaves open, the order of the scheme decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from dialplan.steps import Member, Strategy


@dataclass(frozen=True, slots=True)
class Candidate:
    """A free member: their place in the scheme, and what they have done."""

    place: int
    member: Member
    idle_since_ms: int
    calls: int  # talks they had from this line


def choose(
    strategy: Strategy, free: Sequence[Candidate], *, last_place: int, luck: int
) -> tuple[Candidate, ...]:
    """`free`: in the scheme's order, not empty; `last_place`: whom the line's last offer went to, or -1."""
    match strategy:
        case Strategy.RING_ALL:
            return tuple(free)
        case Strategy.FIXED_ORDER:
            return (free[0],)
        case Strategy.IN_TURN:
            after = (candidate for candidate in free if candidate.place > last_place)
            return (next(after, free[0]),)
        case Strategy.LONGEST_IDLE:
            return (min(free, key=lambda candidate: candidate.idle_since_ms),)
        case Strategy.FEWEST_CALLS:
            return (min(free, key=lambda candidate: candidate.calls),)
        case Strategy.RANDOM:
            return (free[luck % len(free)],)
        case Strategy.WEIGHTED:
            return (_by_weight(free, luck),)
        case _:
            assert_never(strategy)


def _by_weight(free: Sequence[Candidate], luck: int) -> Candidate:
    drawn = luck % sum(candidate.member.weight for candidate in free)
    for candidate in free:
        drawn -= candidate.member.weight
        if drawn < 0:
            return candidate
    raise AssertionError("weights are positive")
