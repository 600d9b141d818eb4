"""Say something to the caller and go on.

Rule 1: without `then` the call ends normally after it. `early` is said before the answer, where the caller's
    operator lets it through.
Rule 2: when it cannot be said the way is `failed`, else `then`, else the call ends as unavailable.
"""

from collections.abc import Iterator
from typing import Literal

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.several import few
from dialplan.sounds import Prompt, own_sounds, said
from dialplan.steps import Done, EndCall, Failed, Outcome
from dialplan.steps import Play as PlayStep


class Play(Station):
    kind: Literal["play"]
    prompt: Prompt
    early: bool = False
    then: str | None = None
    failed: str | None = None

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then, "failed": self.failed})

    @property
    def can_end(self) -> bool:
        return self.then is None

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return own_sounds("prompt", self.prompt)

    def summary(self) -> str:
        return f"“{few(self.prompt)}”"

    def visit(self, place: Place) -> "PlayVisit":
        return PlayVisit(self, place)


class PlayVisit:
    def __init__(self, node: Play, place: Place) -> None:
        self._node = node
        self._place = place

    def begin(self, facts: Facts) -> Move:
        return PlayStep(said(self._node.prompt, self._place.language), self._node.early)

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        return after_saying(outcome, self._node.then, self._node.failed)


def after_saying(outcome: Outcome, then: str | None, failed: str | None) -> Move:
    assert isinstance(outcome, Done | Failed), outcome
    is_failed = isinstance(outcome, Failed)
    to = (is_failed and failed) or then
    return Go(to) if to else EndCall(Cause.UNAVAILABLE if is_failed else Cause.NORMAL)
