"""Greet the caller and record what he says.

Rule 1: a greeting that cannot be played leads to `failed`; without it the message is taken all the same,
    after the tone.
Rule 2: after the message the way is `then`; without it the call ends normally. When nothing is recorded the
    way is `failed`, else `then`, else the call ends as unavailable.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.sounds import Prompt, own_sounds, said_or
from dialplan.speech.phrases import Phrase
from dialplan.steps import Done, EndCall, Failed, Outcome, Play, TakeMessage
from dialplan.targets import Word


class Voicemail(Station):
    kind: Literal["voicemail"]
    name: Word | None = None  # of the mailbox; without it the node's
    greeting: Prompt | None = None
    length_s_max: Annotated[int, Field(ge=5, le=600)] = 180
    silence_s_max: Annotated[int, Field(ge=2, le=60)] = 5
    beep: bool = True
    then: str | None = None
    failed: str | None = None

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then, "failed": self.failed})

    @property
    def can_end(self) -> bool:
        """Whoever has left a message has been heard."""
        return True

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return own_sounds("greeting", self.greeting)

    def summary(self) -> str:
        return f"box {self.name}" if self.name else ""

    def visit(self, place: Place) -> "VoicemailVisit":
        return VoicemailVisit(self, place)


class VoicemailVisit:
    def __init__(self, node: Voicemail, place: Place) -> None:
        self._node = node
        self._place = place
        self._is_greeted = False

    def begin(self, facts: Facts) -> Move:
        return Play(said_or(self._node.greeting, Phrase.VOICEMAIL_LEAVE_MESSAGE, self._place.language))

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        assert isinstance(outcome, Done | Failed), outcome
        node, is_failed = self._node, isinstance(outcome, Failed)
        if is_failed and node.failed is not None:
            return Go(node.failed)
        if not self._is_greeted:
            self._is_greeted = True
            return self._take_message()
        if node.then is not None:
            return Go(node.then)
        return EndCall(Cause.UNAVAILABLE if is_failed else Cause.NORMAL)

    def _take_message(self) -> TakeMessage:
        node = self._node
        return TakeMessage(
            name=node.name or self._place.name,
            length_ms_max=node.length_s_max * 1000,
            silence_ms_max=node.silence_s_max * 1000,
            beep=node.beep,
        )
