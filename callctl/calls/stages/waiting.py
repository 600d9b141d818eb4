"""The step that waits in a queue: music, now and then a word, and members who are rung meanwhile.

Rule 1: the caller hears nothing of the ringing: music goes on until somebody has taken the call. Or he hears
    ringing all the time, of whoever it may be, and is answered when a member has.
Rule 2: the place in the line is the caller's until this stage is over, whichever way; then it is kept for him
    if he will be called back.
"""

from collections.abc import Sequence

from callctl.calls.events import DigitPressed, LegEvent, OrderRefused, PromptEnded
from callctl.calls.legs import Leg
from callctl.calls.lines.lines import Lines, Place, WaitEnd
from callctl.calls.orders import Order
from callctl.calls.records import NodeFailed
from callctl.calls.scene import Reached, Scene, Stage
from callctl.calls.stages.prompting import UNPLAYED
from callctl.calls.stages.ringing import Ringing
from callctl.calls.states import State
from dialplan.speech.phrases import Phrase
from dialplan.speech.say import say, say_position, say_wait
from dialplan.steps import Digits, Failed, Hears, LeftQueue, Member, Queue, Ring, Sounds

# Who stands between drops a call that rings, unless told again within three minutes (RFC 3261, 16.6).
RING_AGAIN_MS = 60_000


class Waiting(Stage):
    state = State.WAITING

    def __init__(self, scene: Scene, step: Queue, lines: Lines) -> None:
        self._scene = scene
        self._step = step
        self._lines = lines
        self._place: Place | None = None
        self._since_ms = 0
        self._ringing: Ringing | None = None
        self._until_ms: int | None = None
        self._announce_at_ms: int | None = None
        self._said_until_ms: int | None = None
        self._bound_again_at_ms = 0
        self._ring_again_at_ms: int | None = None

    def begin(self, at_ms: int) -> list[Order]:
        scene, step, lines = self._scene, self._step, self._lines
        if scene.place:
            return self._come_back(scene.place, at_ms)
        if step.length_max is not None and lines.length(scene.account_id, step) >= step.length_max:
            self.outcome = LeftQueue.FULL
            lines.on_waited(0, WaitEnd.FULL)
            return []
        if not lines.has_members(scene.account_id, step):
            self.outcome = LeftQueue.EMPTY
            lines.on_waited(0, WaitEnd.EMPTY)
            return []
        self._place = lines.join(scene.account_id, scene.call_id, scene.caller.number, step, at_ms)
        orders = self._wait(at_ms)
        return [*orders, *(self._ring(at_ms) if self._only_rings else self._music())]

    def deadline_ms(self) -> int | None:
        rung_until_ms = self._ringing.deadline_ms() if self._ringing else None
        wanted = (self._until_ms, self._alone_until_ms, self._announce_at_ms, self._said_until_ms)
        moments = (*wanted, self._ring_again_at_ms, self._bound_again_at_ms, rung_until_ms)
        return min(moment for moment in moments if moment is not None)

    def offer(self, members: Sequence[Member], at_ms: int) -> list[Order]:
        step = self._step
        targets = tuple(member.target for member in members)
        ring = Ring(targets, step.member_patience_ms, Hears.MUSIC, accept=step.accept)
        self._ringing = Ringing(self._scene, ring, is_heard=False)
        return self._rung(self._ringing, self._ringing.begin(at_ms), at_ms)

    def wake(self, at_ms: int) -> list[Order]:
        if self._ringing and (due_ms := self._ringing.deadline_ms()) is not None and due_ms <= at_ms:
            return self._rung(self._ringing, self._ringing.wake(at_ms), at_ms)
        if self._until_ms is not None and self._until_ms <= at_ms:
            return self._go(LeftQueue.TIMEOUT, at_ms)
        if (alone_until_ms := self._alone_until_ms) is not None and alone_until_ms <= at_ms:
            return self._go(LeftQueue.EMPTY, at_ms)
        if self._said_until_ms is not None and self._said_until_ms <= at_ms:
            return self._unsaid()
        if self._announce_at_ms is not None and self._announce_at_ms <= at_ms:
            return self._say(at_ms)
        if self._ring_again_at_ms is not None and self._ring_again_at_ms <= at_ms:
            return self._ring(at_ms)
        return self._bound(at_ms)

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        scene, step = self._scene, self._step
        if event.leg_id == scene.caller.leg_id:
            match event:
                case PromptEnded() if scene.has_ended(event):
                    return self._music() if event.was_played else self._unheard(at_ms)
                case DigitPressed() if step.call_back and event.digit == step.call_back.digit:
                    return self._ask_for_call_back(at_ms)
                case DigitPressed() if event.digit in step.leave_digits:
                    return self._go(Digits(event.digit), at_ms)
                case _:
                    return []
        if self._ringing is None:
            return []
        return self._rung(self._ringing, self._ringing.hear(event, at_ms), at_ms)

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if self._scene.has_lost(event):
            return self._unheard(at_ms)
        if self._ringing is None:
            return []
        return self._rung(self._ringing, self._ringing.refused(event, at_ms), at_ms)

    def pick_up(self, leg: Leg, seat: str, rung: str, at_ms: int) -> list[Order] | None:
        return self._ringing.pick_up(leg, seat, rung, at_ms) if self._ringing else None

    def leave(self, at_ms: int) -> list[Order]:
        orders = self._ringing.leave(at_ms) if self._ringing else []
        self._give_up_place(WaitEnd.LEFT, at_ms)
        return orders

    @property
    def _alone_until_ms(self) -> int | None:
        since_ms = self._place.alone_since_ms if self._place else None
        return None if since_ms is None else since_ms + self._scene.terms.alone_ms

    def _wait(self, at_ms: int) -> list[Order]:
        step = self._step
        self._since_ms = at_ms
        self._until_ms = None if step.wait_ms_max is None else at_ms + step.wait_ms_max
        self._announce_at_ms = at_ms + step.announce.first_after_ms if step.announce else None
        answer = [] if self._only_rings else self._scene.answer()
        return [*answer, *self._bound(at_ms)]

    def _come_back(self, place: Place, at_ms: int) -> list[Order]:
        """He has been called back: from now on he waits as anybody, at his old place."""
        scene = self._scene
        self._place, scene.place = place, None
        self._lines.come_back(place, scene.call_id)
        return [*self._wait(at_ms), *self._play(say(Phrase.CALL_BACK_CONNECTING, self._step.language), at_ms)]

    def _ask_for_call_back(self, at_ms: int) -> list[Order]:
        scene, place, language = self._scene, self._place, self._step.language
        if not scene.purse.caller:
            return self._play(say(Phrase.CALL_BACK_NO_NUMBER, language), at_ms)
        if not scene.may_be_called_back(at_ms):
            return self._play(say(Phrase.MENU_WRONG_CHOICE, language), at_ms)
        assert place
        self._place, scene.place = None, place
        self._lines.keep(place, scene.purse.caller)
        self._lines.on_waited(at_ms - self._since_ms, WaitEnd.CALL_BACK)
        return self._go(LeftQueue.CALL_BACK, at_ms)

    def _rung(self, ringing: Ringing, orders: list[Order], at_ms: int) -> list[Order]:
        """Somebody took the call, or one more of those that were rung did not."""
        assert self._place
        for target, why in ringing.take_failures():
            self._lines.missed(self._place, target, why, at_ms)
        outcome = ringing.outcome
        if isinstance(outcome, Reached):
            self._lines.took(self._place, ringing.target_of(outcome.attempt), outcome.attempt, at_ms)
            self._lines.on_waited(at_ms - self._since_ms, WaitEnd.TAKEN)
            self._place = None
            self.outcome = outcome
        elif outcome is not None:
            self._ringing = None
            self._lines.unanswered(self._place)
            self._scene.refusal = None  # the caller waits on: nothing was refused to him
        return orders

    def _unheard(self, at_ms: int) -> list[Order]:
        """Nobody loses his place by a word that could not be said, unless the scheme wants it."""
        return self._go(UNPLAYED, at_ms) if self._step.is_left_unheard else self._unsaid()

    def _unsaid(self) -> list[Order]:
        return [NodeFailed(self._scene.call_id, self._scene.node, UNPLAYED.why), *self._music()]

    @property
    def _only_rings(self) -> bool:
        return self._step.hears is Hears.RINGING

    def _ring(self, at_ms: int) -> list[Order]:
        self._ring_again_at_ms = at_ms + RING_AGAIN_MS
        self._scene.has_ringing = False
        return self._scene.ring_back()

    def _music(self) -> list[Order]:
        self._said_until_ms = None
        return self._scene.music(self._step.music)

    def _go(self, outcome: LeftQueue | Digits | Failed, at_ms: int) -> list[Order]:
        orders = self._ringing.withdraw(at_ms) if self._ringing else []
        self._give_up_place(_end_of(outcome), at_ms)
        self.outcome = outcome
        return [*orders, *self._scene.quiet()]

    def _give_up_place(self, end: WaitEnd, at_ms: int) -> None:
        if self._place:
            self._lines.leave(self._place)
            self._lines.on_waited(at_ms - self._since_ms, end)
            self._place = None

    def _say(self, at_ms: int) -> list[Order]:
        announce, language = self._step.announce, self._step.language
        assert announce and self._place
        self._announce_at_ms = at_ms + announce.every_ms
        sounds = say_position(self._lines.position(self._place), language) if announce.position else ()
        wait_ms = self._lines.expected_wait_ms(self._place) if announce.wait else None
        if wait_ms is not None:
            sounds += say_wait(wait_ms, language)
        sounds += announce.sounds
        if announce.offer and self._scene.may_be_called_back(at_ms):
            sounds += announce.offer
        return self._play(sounds, at_ms) if sounds else []

    def _play(self, sounds: Sounds, at_ms: int) -> list[Order]:
        """Ended by music, if no news of its end come."""
        terms, is_own = self._scene.terms, any(sound.startswith("own/") for sound in sounds)
        self._said_until_ms = at_ms + (terms.greeting_ms_max if is_own else terms.prompt_ms_max)
        return self._scene.play(sounds)

    def _bound(self, at_ms: int) -> list[Order]:
        """Nobody listens to music, or ringing, for ever when we are gone."""
        bound_ms = self._scene.terms.wait_bound_ms
        self._bound_again_at_ms = at_ms + bound_ms // 2
        return self._scene.bound(at_ms + bound_ms)


def _end_of(outcome: LeftQueue | Digits | Failed) -> WaitEnd:
    match outcome:
        case LeftQueue():
            return WaitEnd(outcome.value)
        case Digits():
            return WaitEnd.DIGIT
        case Failed():
            return WaitEnd.FAILED
