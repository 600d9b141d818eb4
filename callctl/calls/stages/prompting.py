"""The steps that speak to the caller: saying something, asking for digits, saying farewell.

Rule 1: the first digit ends the saying when the step lets it; without that, digits count from the end of it.
Rule 2: what cannot be said is an outcome, at once: nobody waits in silence for a choice he was not offered.
"""

from callctl.calls.events import DigitPressed, LegEvent, OrderRefused, PromptEnded, Why
from callctl.calls.orders import Order
from callctl.calls.scene import Scene, Stage
from callctl.calls.states import State
from dialplan.steps import Ask, Digits, Done, Failed, Play

UNPLAYED = Failed("a sound could not be played")
UNWRITTEN = Failed("a promise is not told, as it could not be written")


class Saying(Stage):
    state = State.PROMPTING

    def __init__(self, scene: Scene, step: Play, *, length_ms_max: int) -> None:
        self._scene = scene
        self._step = step
        self._length_ms_max = length_ms_max
        self._until_ms = 0

    def begin(self, at_ms: int) -> list[Order]:
        scene = self._scene
        self._until_ms = at_ms + self._length_ms_max
        # Asterisk blocks a time limit behind a prompt that plays, so it comes first.
        bound = scene.bound(self._until_ms + scene.terms.second_cut_ms)
        answer = [] if self._step.early else [*scene.quiet(), *scene.answer()]
        return [*answer, *bound, *scene.play(self._step.sounds)]

    def deadline_ms(self) -> int | None:
        return self._until_ms

    def wake(self, at_ms: int) -> list[Order]:
        return self._fail()

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        if isinstance(event, PromptEnded) and self._scene.has_ended(event):
            self.outcome = Done() if event.was_played else UNPLAYED
        return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if not self._scene.has_lost(event):
            return []
        return self._fail(UNWRITTEN if event.why is Why.NOT_RECORDED else UNPLAYED)

    def _fail(self, why: Failed = UNPLAYED) -> list[Order]:
        self.outcome = why
        return self._scene.quiet()


class Asking(Stage):
    state = State.PROMPTING

    def __init__(self, scene: Scene, step: Ask) -> None:
        self._scene = scene
        self._step = step
        self._digits = ""
        self._is_saying = False
        self._until_ms = 0

    def begin(self, at_ms: int) -> list[Order]:
        scene, step = self._scene, self._step
        self._is_saying = bool(step.sounds)
        says_ms = scene.terms.greeting_ms_max if self._is_saying else 0
        self._until_ms = at_ms + says_ms + step.first_digit_ms
        answers_ms = step.first_digit_ms + step.digits_max * step.next_digit_ms
        bound = scene.bound(at_ms + says_ms + answers_ms + scene.terms.second_cut_ms)
        orders = [*scene.quiet(), *scene.answer(), *bound]
        return [*orders, *scene.play(step.sounds)] if self._is_saying else orders

    def deadline_ms(self) -> int | None:
        return self._until_ms

    def wake(self, at_ms: int) -> list[Order]:
        if self._is_saying:
            self.outcome = UNPLAYED
            return self._scene.quiet()
        self.outcome = Digits(self._digits)
        return []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        match event:
            case PromptEnded() if self._scene.has_ended(event):
                return self._said(event, at_ms)
            case DigitPressed() if event.leg_id != self._scene.caller.leg_id:
                return []  # somebody who was rung before, and is on the way out
            case DigitPressed() if self._step.barge_in or not self._is_saying:
                return self._pressed(event.digit, at_ms)
            case _:
                return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if self._scene.has_lost(event) and self._is_saying:
            self.outcome = UNPLAYED
            return self._scene.quiet()
        return []

    def _said(self, event: PromptEnded, at_ms: int) -> list[Order]:
        self._is_saying = False
        if not event.was_played:
            self.outcome = UNPLAYED
        else:
            self._until_ms = at_ms + self._step.first_digit_ms
        return []

    def _pressed(self, digit: str, at_ms: int) -> list[Order]:
        step = self._step
        orders = self._scene.quiet() if self._is_saying else []
        self._is_saying = False
        if digit in step.ends_with:
            self.outcome = Digits(self._digits or digit)
            return orders
        self._digits += digit
        self._until_ms = at_ms + step.next_digit_ms
        if step.is_enough(self._digits):
            self.outcome = Digits(self._digits)
        return orders
