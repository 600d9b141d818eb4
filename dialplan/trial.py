"""A scheme tried out: one caller's walk, told who answers and which keys are pressed.

Rule 1: what is not told: the first who is rung answers, the caller presses nothing, everything is said and
    recorded.
Rule 2: what cannot happen at a step is refused (`DoesNotFit`); nothing told is passed over in silence.
Rule 3: what is said takes no time here: nobody knows yet how long it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dialplan.facts import Facts
from dialplan.scheme import Scheme
from dialplan.steps import Ask, Digits, Done, EndCall, LeftQueue, NotReached, Outcome, Queue, Ring, Step
from dialplan.targets import Outside, Target
from dialplan.walk import Walk

TALK_S = 60
ANSWER = "answer"

_Kind = TypeVar("_Kind", NotReached, LeftQueue)

# What forbids to ring somebody at a time; None: nothing.
Forbids = Callable[[Target, int], str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What comes of a ringing or a waiting: `answer`, `busy`, `timeout`, a digit."""

    word: str
    seconds: int | None = None  # of the talk

    def __str__(self) -> str:
        return self.word if self.seconds is None else f"{self.word}:{self.seconds}"


@dataclass(frozen=True, slots=True)
class Talked:
    target: Target
    seconds: int


@dataclass(frozen=True, slots=True)
class Came:
    """To a node."""

    node: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """What happened at the node, and what came of it."""

    node: str
    at_ms: int
    step: Step
    outcome: Outcome | Talked | None  # None: of an end
    forbidden: dict[Target, str] = field(default_factory=dict)  # who was not rung, and why


class DoesNotFit(Exception):
    """What was told cannot happen there; one line."""


class Trial:
    def __init__(
        self, scheme: Scheme, digits: Sequence[str], answers: Sequence[Told], forbids: Forbids
    ) -> None:
        self._walk = Walk(scheme)
        self._digits = list(digits)
        self._answers = list(answers)
        self._forbids = forbids
        self._caller = ""
        self.end_ms = 0

    @property
    def unused(self) -> list[str]:
        """What was told and not needed."""
        return [*self._digits, *map(str, self._answers)]

    def run(self, facts: Facts) -> Iterator[Came | Stepped]:
        seen, self._caller = 0, facts.caller
        step = self._walk.begin(facts)
        while True:
            for passed in self._walk.trail[seen:]:
                yield Came(passed.node, passed.at_ms)
            seen = len(self._walk.trail)
            stepped, self.end_ms = self._take(step, facts.at_ms)
            yield stepped
            if stepped.outcome is None or isinstance(stepped.outcome, Talked):
                return
            facts = replace(facts, at_ms=self.end_ms)
            step = self._walk.go_on(stepped.outcome, facts)

    def _take(self, step: Step, at_ms: int) -> tuple[Stepped, int]:
        """What happened, and when it was over."""
        node = self._walk.node_name
        if isinstance(step, Ring):
            return self._ring(node, step, at_ms)
        if isinstance(step, Queue):
            return self._wait(node, step, at_ms)
        if isinstance(step, EndCall):
            return Stepped(node, at_ms, step, None), at_ms
        if isinstance(step, Ask):
            pressed = Digits(self._pressed(node, step))
            return Stepped(node, at_ms, step, pressed), at_ms + (0 if pressed.text else step.first_digit_ms)
        return Stepped(node, at_ms, step, Done()), at_ms

    def _ring(self, node: str, step: Ring, at_ms: int) -> tuple[Stepped, int]:
        forbidden = {target: why for target in step.targets if (why := self._forbids(target, at_ms))}
        rung = [target for target in step.targets if target not in forbidden]
        if not rung:
            return Stepped(node, at_ms, step, NotReached.REFUSED, forbidden), at_ms
        told = self._next_answer()
        if told.word == ANSWER:
            talked = Talked(rung[0], told.seconds or TALK_S)
            return Stepped(node, at_ms, step, talked, forbidden), at_ms + talked.seconds * 1000
        outcome = _named(NotReached, told)
        if outcome is None:
            raise DoesNotFit(f"{node}: {told} cannot come of ringing: tell {_names(NotReached)}")
        rang_ms = step.patience_ms if outcome is NotReached.NO_ANSWER else 0
        return Stepped(node, at_ms, step, outcome, forbidden), at_ms + rang_ms

    def _wait(self, node: str, step: Queue, at_ms: int) -> tuple[Stepped, int]:
        able = [member.target for member in step.members if step.needs <= member.skills]
        forbidden = {target: why for target in able if (why := self._forbids(target, at_ms))}
        rung = [target for target in able if target not in forbidden]
        told = self._next_answer() if rung or self._answers else Told(LeftQueue.EMPTY.value)
        if told.word == ANSWER and rung:
            talked = Talked(rung[0], told.seconds or TALK_S)
            return Stepped(node, at_ms, step, talked, forbidden), at_ms + talked.seconds * 1000
        outcome = _left(step, told)
        if outcome is None:
            raise DoesNotFit(f"{node}: {told} cannot come of this queue: tell {_names_of(step, rung)}")
        if outcome is LeftQueue.CALL_BACK and (why := self._bars_call_back(at_ms)):
            raise DoesNotFit(f"{node}: the caller cannot be called back: {why}")
        waited_ms = (step.wait_ms_max or 0) if outcome is LeftQueue.TIMEOUT else 0
        return Stepped(node, at_ms, step, outcome, forbidden), at_ms + waited_ms

    def _bars_call_back(self, at_ms: int) -> str | None:
        return self._forbids(Outside(self._caller), at_ms) if self._caller else "he hides his number"

    def _next_answer(self) -> Told:
        return self._answers.pop(0) if self._answers else Told(ANSWER)

    def _pressed(self, node: str, step: Ask) -> str:
        """As the step takes them: one after the other, until another could mean nothing more."""
        if not self._digits:
            return ""
        told = self._digits.pop(0)
        text, rest = "", told
        while rest and not (text and step.is_enough(text)):
            digit, rest = rest[0], rest[1:]
            if digit == step.ends_with:
                break
            text += digit
        if rest:
            raise DoesNotFit(f"{node}: of the digits {told} it takes {text} only: write {text},{rest}")
        return text


def _left(step: Queue, told: Told) -> LeftQueue | Digits | None:
    if step.call_back and told.word == step.call_back.digit:
        return LeftQueue.CALL_BACK
    if len(told.word) == 1 and told.word in step.leave_digits:
        return Digits(told.word)
    outcome = _named(LeftQueue, told)
    possible = {
        LeftQueue.TIMEOUT: step.wait_ms_max is not None,
        LeftQueue.FULL: step.length_max is not None,
        LeftQueue.EMPTY: True,
        LeftQueue.CALL_BACK: step.call_back is not None,
    }
    return outcome if outcome and possible[outcome] else None


def _names_of(step: Queue, rung: Sequence[Target]) -> str:
    outcomes = [outcome.value for outcome in LeftQueue if _left(step, Told(outcome.value))]
    return ", ".join([*([ANSWER] if rung else []), *outcomes, *step.leave_digits])


def _named(kind: type[_Kind], told: Told) -> _Kind | None:
    return next((outcome for outcome in kind if outcome.value == told.word), None)


def _names(kind: type[NotReached]) -> str:
    return ", ".join([ANSWER, *(outcome.value for outcome in kind)])
