"""The people on the phones of a night: callers with their patience and their fingers, and whom they reach.

Rule 1: what somebody does depends only on what reaches the ear, and on a scenario's word.
"""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from callctl.calls.orders import Device, Trunk
from callctl.simulate.legs import SimulatedLeg
from callctl.simulate.timeline import Timeline
from callctl.simulate.told import CallTold, PhoneTold
from dialplan.causes import Cause

BETWEEN_DIGITS_MS = 300
UNREACHABLE = 34
CANCELLED = 127  # Asterisk's word for a caller who leaves before the answer


class Phones(Protocol):
    """What a hand can do."""

    def pick_up(self, leg: SimulatedLeg) -> None: ...

    def leave(self, leg: SimulatedLeg, cause: int) -> None: ...

    def press(self, leg: SimulatedLeg, digit: str) -> None: ...


class People:
    def __init__(self, timeline: Timeline, phones: Mapping[str, PhoneTold], hands: Phones) -> None:
        self._timeline = timeline
        self._phones = phones
        self._hands = hands
        self.talked: set[str] = set()

    def phone_of(self, endpoint: Trunk | Device, call: CallTold) -> PhoneTold:
        name = endpoint.number if isinstance(endpoint, Trunk) else endpoint.name
        told = call.phones.get(name) or self._phones.get(name)
        return told or PhoneTold.model_construct(answer=call.answer)

    def dialled(self, caller: SimulatedLeg) -> None:
        call = caller.call
        if call.hang_up != "never" and not isinstance(call.answer, int):
            self._after(call.hang_up, partial(self._leave, caller))
        if call.patience != "never":
            self._after(call.patience, partial(self._give_up, caller))
        for told in call.digits:
            if told.at is not None:
                self._press(caller, told.press, told.at)

    def rings(self, callee: SimulatedLeg, longest_ms: int) -> None:
        assert callee.phone
        match callee.phone.answer:
            case int(after_ms) if after_ms <= longest_ms:
                self._after(after_ms, partial(self._answer, callee))
            case "busy":
                self._after(0, partial(self._hands.leave, callee, Cause.BUSY))
            case "unreachable":
                self._after(0, partial(self._hands.leave, callee, UNREACHABLE))
            case _:
                self._after(longest_ms, partial(self._hands.leave, callee, Cause.NO_ANSWER))

    def hears_prompt(self, leg: SimulatedLeg) -> None:
        leg.prompts_heard += 1
        if leg.phone:
            self._press(leg, leg.phone.press, leg.phone.press_after)
            return
        answers = [told for told in leg.call.digits if told.at is None]
        for told in answers[leg.prompts_heard - 1 : leg.prompts_heard]:
            self._press(leg, told.press, told.after)

    def talk(self, caller: SimulatedLeg, callee: SimulatedLeg) -> None:
        """They hear each other; told again, it is no news."""
        if callee.leg_id in self.talked:
            return
        self.talked |= {callee.leg_id, caller.leg_id}
        told = callee.call
        if told.hang_up != "never":
            who = caller if told.hung_up_by == "caller" else callee
            self._after(told.hang_up, partial(self._leave, who))

    def _answer(self, callee: SimulatedLeg) -> None:
        assert callee.phone
        self._hands.pick_up(callee)
        if callee.phone.patience is not None:
            self._after(callee.phone.patience, partial(self._give_up, callee))

    def _press(self, leg: SimulatedLeg, digits: str, after_ms: int) -> None:
        for place, digit in enumerate(digits):
            self._after(after_ms + place * BETWEEN_DIGITS_MS, partial(self._hands.press, leg, digit))

    def _give_up(self, leg: SimulatedLeg) -> None:
        if leg.leg_id not in self.talked:
            self._leave(leg)

    def _leave(self, leg: SimulatedLeg) -> None:
        self._hands.leave(leg, Cause.NORMAL if leg.answered_ms is not None else CANCELLED)

    def _after(self, wait_ms: int, act: "partial[None]") -> None:
        self._timeline.at(self._timeline.now_ms + wait_ms, act)
