"""The caller and who talks to him; what a seat may do with its caller.

Rule 1: a recording begins before anybody can say a word.
Rule 2: only who was called as a seat has codes: an outside line must not order anything.
"""

from callctl.calls.events import DigitPressed, LegEvent, OrderRefused, PromptEnded, Why
from callctl.calls.orders import MusicOff, Order, PlayToLeg, RecordBridge, RingBack, StopPlaying
from callctl.calls.records import NodeFailed, RecordingBegan
from callctl.calls.scene import Reached, Scene
from callctl.calls.stages.codes import Codes, Command
from callctl.calls.stages.codes import Order as Code
from callctl.calls.stages.consult import Consult
from callctl.calls.stages.ringing import ACCEPT_SERIAL
from callctl.calls.talk import Talk
from dialplan.numbers import normal_number
from dialplan.speech.phrases import Phrase
from dialplan.speech.say import say
from dialplan.targets import Outside, Seat, Target


class Conversation:
    def __init__(self, scene: Scene, reached: Reached) -> None:
        self._scene = scene
        self._reached = reached
        self._codes = Codes()
        self._is_held = False
        self._told_serial = ACCEPT_SERIAL
        self._is_told = False
        self.consult: Consult | None = None
        self.handed_over_to: Target | None = None

    @property
    def seat(self) -> Seat | None:
        attempt = self._reached.attempt
        return Seat(attempt.leg.number) if attempt.ticket.is_inside else None

    def begin(self, at_ms: int) -> list[Order]:
        scene, attempt = self._scene, self._reached.attempt
        connections = scene.connections
        orders = [*scene.quiet(), *self._recorded(at_ms), *scene.answer()]
        orders += scene.join(scene.caller, attempt.leg)
        began = connections.began(attempt, at_ms)
        return [*orders, *self._paid(at_ms), *began]

    def resume(self, at_ms: int) -> list[Order]:
        """They talked already in an earlier life of the service. A caller who was held is taken back."""
        scene, leg = self._scene, self._reached.attempt.leg
        quiet = MusicOff(scene.caller.leg_id)
        return [quiet, *scene.join(scene.caller, leg), *self._paid(at_ms)]

    def _paid(self, at_ms: int) -> list[Order]:
        scene, attempt = self._scene, self._reached.attempt
        meters = [meter for meter in (scene.connections.way_in, attempt.ticket.meter) if meter]
        scene.paid = Talk([scene.caller, attempt.leg], meters, scene.terms, bridge_id=scene.call_id)
        return scene.paid.begin(at_ms)

    def deadline_ms(self) -> int | None:
        return self.consult.deadline_ms() if self.consult else None

    def wake(self, at_ms: int) -> list[Order]:
        return self._consulted(self.consult.wake(at_ms)) if self.consult else []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        leg_id = self._reached.attempt.leg.leg_id
        match event:
            case DigitPressed(leg_id=pressed_on) if pressed_on == leg_id and self.seat:
                command = self._codes.press(event.digit, at_ms)
                return [*self._hush(), *self._obey(command, at_ms)] if command else []
            case PromptEnded(leg_id=played_to, serial=self._told_serial) if played_to == leg_id:
                self._is_told = False
                is_waiting = self.consult is not None and self.consult.attempt is None
                return [RingBack(leg_id)] if is_waiting else []
        return self._consulted(self.consult.hear(event, at_ms)) if self.consult else []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if isinstance(event.order, RecordBridge) and event.why is not Why.GONE:
            scene = self._scene
            return [NodeFailed(scene.call_id, scene.record_node, f"it is not recorded: {event.why.value}")]
        return self._consulted(self.consult.refused(event, at_ms)) if self.consult else []

    def leave(self, at_ms: int) -> list[Order]:
        return self.consult.leave(at_ms) if self.consult else []

    def _recorded(self, at_ms: int) -> list[Order]:
        """Once: it goes on when the caller is handed over."""
        scene = self._scene
        if scene.record is None or scene.is_recorded:
            return []
        scene.is_recorded = True
        name = f"talk/{scene.account_id}/{scene.call_id}"
        alone = [] if scene.is_bridged else scene.join(self._reached.attempt.leg)
        began = RecordingBegan(scene.account_id, scene.call_id, name, at_ms, scene.record.keep_days)
        return [*alone, RecordBridge(scene.call_id, name, scene.record.beep), began]

    def _obey(self, command: Command, at_ms: int) -> list[Order]:
        if command.order is Code.HOLD:
            if self.consult:
                return self._consulted(self.consult.call_off(at_ms))
            self._is_held = not self._is_held
            return self._scene.music(self._scene.terms.music) if self._is_held else self._scene.quiet()
        target = self._target(command.number)
        if target is None:
            return self._tell(Phrase.TRANSFER_NOBODY)
        if self.consult:
            return []
        if command.order is Code.HAND_OVER:
            self.handed_over_to = target
            return []
        self.consult = Consult(self._scene, self._reached.attempt.leg, target)
        return self._consulted(self.consult.begin(at_ms))

    def _tell(self, phrase: Phrase) -> list[Order]:
        """The seat alone hears it."""
        self._told_serial += 1
        self._is_told = True
        leg_id = self._reached.attempt.leg.leg_id
        return [PlayToLeg(leg_id, self._told_serial, say(phrase, self._scene.language))]

    def _hush(self) -> list[Order]:
        """What plays to the seat would keep its next order waiting."""
        if not self._is_told:
            return []
        self._is_told = False
        return [StopPlaying(self._reached.attempt.leg.leg_id, self._told_serial)]

    def _target(self, typed: str) -> Target | None:
        if self._scene.seats.is_known(self._scene.account_id, typed):
            return Seat(typed)
        number = normal_number(typed)
        return Outside(number) if number else None

    def _consulted(self, orders: list[Order]) -> list[Order]:
        if self.consult and self.consult.is_over:
            self.consult, self._is_held = None, False
        return [*(self._hush() if orders else []), *orders]
