"""Ring somebody: one target, several in turn, several at once, or waves of several.

Rule 1: the caller is answered when the target answers, not before.
Rule 2: what came of it has an exit of its own; `otherwise` is for those that are not named. Without any the
    caller is told which it was.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.steps import Accept, EndCall, Hears, NotReached, Outcome, Ring, most_telling
from dialplan.targets import AnyCallee, Callee, Number, Part, PatienceS, SeatName, Target

TARGETS_MAX = 20

# What the caller is told when the scheme says nothing of the outcome.
SILENT_END = {
    NotReached.BUSY: Cause.BUSY,
    NotReached.NO_ANSWER: Cause.NO_ANSWER,
    NotReached.UNREACHABLE: Cause.CONGESTION,
    NotReached.REFUSED: Cause.REJECTED,
}


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
        return self.all if self.all is not None else [Callee(number=self.number, seat=self.seat)]


def _short_form(value: object) -> object:
    return {"number": value} if isinstance(value, str) else value


class AcceptByDigit(Part):
    """The target hears `prompt` and takes the call with `digit`."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#]$")] = "1"
    prompt: str | None = None
    patience_s: Annotated[int, Field(ge=1, le=60)] = 10

    def accept(self, language: str) -> Accept:
        sound = f"{language}/accept" if self.prompt is None else f"own/{self.prompt}"
        return Accept((sound,), self.digit, self.patience_s * 1000)


class Forward(Station):
    kind: Literal["forward"]
    to: Annotated[
        list[Annotated[Wave, BeforeValidator(_short_form)]], Field(min_length=1, max_length=TARGETS_MAX)
    ]
    patience_s: PatienceS = 30
    hears: Hears = Hears.TARGET
    shows: Literal["caller", "own"] = "caller"
    accept: AcceptByDigit | None = None
    busy: str | None = None
    no_answer: str | None = None
    unreachable: str | None = None
    refused: str | None = None
    otherwise: str | None = None

    def exits(self) -> Iterator[Exit]:
        yield from given({"no_answer": self.no_answer}, waits=True)
        yield from given({"busy": self.busy, "unreachable": self.unreachable, "refused": self.refused})
        yield from given({"otherwise": self.otherwise})

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if self.accept and self.accept.prompt is not None:
            yield ("accept", "prompt"), self.accept.prompt

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        for index, wave in enumerate(self.to):
            for inner, callee in enumerate(wave.callees):
                yield ("to", index) if wave.all is None else ("to", index, "all", inner), callee.target

    def visit(self, place: Place) -> "ForwardVisit":
        return ForwardVisit(self, place)

    def exit_of(self, outcome: NotReached) -> str | None:
        named = {
            NotReached.BUSY: self.busy,
            NotReached.NO_ANSWER: self.no_answer,
            NotReached.UNREACHABLE: self.unreachable,
            NotReached.REFUSED: self.refused,
        }
        return named[outcome] or self.otherwise


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
        if wave is not None:
            return self._ring(wave)
        outcome = most_telling(self._outcomes)
        exit = self._node.exit_of(outcome)
        return EndCall(SILENT_END[outcome]) if exit is None else Go(exit)

    def _ring(self, wave: Wave) -> Ring:
        node = self._node
        return Ring(
            targets=tuple(callee.target for callee in wave.callees),
            patience_ms=(wave.patience_s or node.patience_s) * 1000,
            hears=node.hears,
            shows_caller=node.shows == "caller",
            accept=node.accept.accept(self._place.language) if node.accept else None,
        )
