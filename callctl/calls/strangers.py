"""Legs of which no call of ours knows: an earlier life of the service left them before it could write. Pure.

Rule 1: a newcomer's arrival may still be on its way here: only who was a stranger before is let go. No leg
    that we placed is a newcomer, and neither is its caller.
Rule 2: whoever calls for help is left alone with whom we called for him, who rings or talks. When he has
    nobody and was never answered, he comes to us anew.
"""

from collections.abc import Container
from dataclasses import dataclass

from callctl.calls.events import CallArrived, LegsListed, SeatDialled
from callctl.calls.legs import call_id_of, is_leg_id
from callctl.calls.orders import CloseBridge, HangUp
from dialplan.causes import Cause


@dataclass(frozen=True, slots=True)
class Found:
    orders: list[HangUp | CloseBridge]
    arrivals: list[CallArrived | SeatDialled]


class Strangers:
    def __init__(self) -> None:
        self._before: frozenset[str] = frozenset()

    def look(self, listed: LegsListed, legs: Container[str], calls: Container[str]) -> Found:
        """`legs` and `calls`: those that are known."""
        strangers = frozenset(leg_id for leg_id in listed.alive if leg_id not in legs)
        placed = {leg_id for leg_id in strangers if is_leg_id(leg_id)}
        callers = strangers & {call_id_of(leg_id) for leg_id in placed}
        helped = callers & listed.for_help.keys()
        left_alone = helped | {leg_id for leg_id in placed if call_id_of(leg_id) in helped}
        ready = strangers if listed.is_after_gap else strangers & self._before
        anew = ready & listed.for_help.keys() - listed.up - left_alone
        let_go = (placed | callers | (strangers & self._before)) - left_alone - anew
        self._before = strangers
        bridges = {
            *listed.joined,
            *(call_id_of(leg_id) for leg_id in let_go & (placed | listed.for_help.keys())),
        }
        empty = [one for one in sorted(bridges - helped) if one not in calls]
        return Found(
            [*(HangUp(one, Cause.NORMAL) for one in sorted(let_go)), *map(CloseBridge, empty)],
            [listed.for_help[leg_id] for leg_id in sorted(anew)],
        )
