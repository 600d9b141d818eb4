"""Ring somebody: one target, several in turn, several at once, or waves of several.

Rule 1: the caller is answered when the target answers, not before.
Rule 2: of several targets that were not reached the outcome that says most has the exit.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from dialplan.facts import Facts
from dialplan.node import Move, Place
from dialplan.nodes.ringing import Ringing
from dialplan.several import few
from dialplan.sounds import Prompt, own_sounds, said
from dialplan.speech.phrases import Offer
from dialplan.speech.say import say_offer
from dialplan.steps import Accept, Hears, NotReached, Outcome, Ring, most_telling
from dialplan.targets import AnyCallee, Callee, Number, Part, PatienceS, SeatName, Target

TARGETS_MAX = 20


class Wave(Part):
    """One target, or several that ring at once."""

    number: Number | None = None
    seat: SeatName | None = None
    all: Annotated[list[AnyCallee], Field(min_length=1, max_length=TARGETS_MAX)] | None = None
    patience_s: PatienceS | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Wave":
        if [self.number, self.seat, self.all].count(None) != 2:
            raise ValueError("give one of `number`, `seat` and `all`")
        return self

    @property
    def callees(self) -> list[Callee]:
        if self.all is not None:
            return self.all
        # As it is: a number of +88… with 11 digits would be taken for a Russian one if it were read again.
        return [Callee.model_construct(number=self.number, seat=self.seat)]


def _short_form(value: object) -> object:
    return {"number": value} if isinstance(value, str) else value


class AcceptByDigit(Part):
    """The target hears `prompt` and takes the call with `digit`."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#]$")] = "1"
    prompt: Prompt | None = None
    patience_s: Annotated[int, Field(ge=1, le=60)] = 10

    def accept(self, language: str) -> Accept:
        if self.prompt is None:
            sounds = say_offer(Offer.ACCEPT, self.digit, language)
        else:
            sounds = said(self.prompt, language)
        return Accept(sounds, self.digit, self.patience_s * 1000)

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return ((("accept", *place), name) for place, name in own_sounds("prompt", self.prompt))


class Forward(Ringing):
    kind: Literal["forward"]
    to: Annotated[
        list[Annotated[Wave, BeforeValidator(_short_form)]], Field(min_length=1, max_length=TARGETS_MAX)
    ]
    patience_s: PatienceS = 30
    hears: Hears = Hears.TARGET
    shows: Literal["caller", "own"] = "caller"
    accept: AcceptByDigit | None = None

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return self.accept.sounds() if self.accept else iter(())

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        for index, wave in enumerate(self.to):
            for inner, callee in enumerate(wave.callees):
                yield ("to", index) if wave.all is None else ("to", index, "all", inner), callee.target

    def summary(self) -> str:
        waves = [" + ".join(str(callee.target) for callee in wave.callees) for wave in self.to]
        return f"{few(waves)}, {self.patience_s} s"

    def visit(self, place: Place) -> "ForwardVisit":
        return ForwardVisit(self, place)


class ForwardVisit:
    def __init__(self, node: Forward, place: Place) -> None:
        self._node = node
        self._place = place
        self._waves = iter(node.to)
        self._outcomes: list[NotReached] = []

    def begin(self, facts: Facts) -> Move:
        return self._next_wave()

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        assert isinstance(outcome, NotReached), outcome
        self._outcomes.append(outcome)
        return self._next_wave()

    def _next_wave(self) -> Move:
        wave = next(self._waves, None)
        return self._node.after(most_telling(self._outcomes)) if wave is None else self._ring(wave)

    def _ring(self, wave: Wave) -> Ring:
        node = self._node
        return Ring(
            targets=tuple(callee.target for callee in wave.callees),
            patience_ms=(wave.patience_s or node.patience_s) * 1000,
            hears=node.hears,
            shows_caller=node.shows == "caller",
            accept=node.accept.accept(self._place.language) if node.accept else None,
        )
