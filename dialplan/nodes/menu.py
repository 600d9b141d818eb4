"""Say what can be chosen, take the caller's digits and go where they lead.

Rule 1: digits are taken until no longer key begins with them; with `1` and `101` a `1` counts when the caller
    presses no more.
Rule 2: every asking is one of the `tries`, also the one after a seat that did not answer.
Rule 3: after the last try, and when a sound cannot be played, the exit for it is taken, else `otherwise`.
    Without any the call ends: normally, as unavailable when a sound failed, or with what came of the seat.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.nodes.ringing import SILENT_END
from dialplan.several import few
from dialplan.sounds import Prompt, own_sounds, said, said_or
from dialplan.speech.phrases import Phrase
from dialplan.speech.say import say
from dialplan.steps import Ask, Digits, EndCall, Failed, NotReached, Outcome, Ring, Sounds
from dialplan.targets import PatienceS, Seat, SeatName, Target

KEYS_MAX = 100
EXTENSIONS_MAX = 1000
TRIES_MAX = 10

# What is said of a seat before the menu asks again.
UNANSWERED = {
    NotReached.BUSY: Phrase.REFUSED_BUSY,
    NotReached.NO_ANSWER: Phrase.REFUSED_NO_ANSWER,
    NotReached.UNREACHABLE: Phrase.REFUSED_UNAVAILABLE,
    NotReached.REFUSED: Phrase.REFUSED_UNAVAILABLE,
}

Key = Annotated[str, Field(pattern=r"^[0-9*#]{1,8}$")]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,8}$")]


class Menu(Station):
    kind: Literal["menu"]
    prompt: Prompt
    keys: dict[Key, str] = Field(default_factory=dict, max_length=KEYS_MAX)
    extensions: dict[Number, SeatName] = Field(default_factory=dict, max_length=EXTENSIONS_MAX)
    patience_s: PatienceS = 30
    barge_in: bool = True
    first_digit_s: Annotated[int, Field(ge=1, le=60)] = 5
    next_digit_s: Annotated[int, Field(ge=1, le=20)] = 3
    tries: Annotated[int, Field(ge=1, le=TRIES_MAX)] = 3
    wrong_prompt: Prompt | None = None
    silence_prompt: Prompt | None = None
    wrong: str | None = None
    silence: str | None = None
    unanswered: str | None = None
    failed: str | None = None
    otherwise: str | None = None

    @model_validator(mode="after")
    def _can_be_chosen_from(self) -> "Menu":
        if not self.keys and not self.extensions:
            raise ValueError("give `keys`, `extensions` or both: there is nothing to choose")
        if doubled := sorted(self.keys.keys() & self.extensions.keys()):
            raise ValueError(f"a key and an extension at once: {', '.join(doubled)}")
        return self

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("keys", key), to, waits=True) for key, to in self.keys.items())
        waited = {"wrong": self.wrong, "silence": self.silence, "unanswered": self.unanswered}
        yield from given(waited, waits=True)
        yield from given({"failed": self.failed})
        yield from given({"otherwise": self.otherwise}, waits=self.failed is not None)

    @property
    def can_end(self) -> bool:
        """Tries that are used up end the call as well, but a menu that leads to nothing else is a mistake."""
        return bool(self.extensions)

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from own_sounds("prompt", self.prompt)
        yield from own_sounds("wrong_prompt", self.wrong_prompt)
        yield from own_sounds("silence_prompt", self.silence_prompt)

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        return ((("extensions", number), Seat(seat)) for number, seat in self.extensions.items())

    def summary(self) -> str:
        seats = [f"{number} {seat}" for number, seat in self.extensions.items()]
        return "; ".join([f"“{few(self.prompt)}”", *([few(seats)] if seats else [])])

    def visit(self, place: Place) -> "MenuVisit":
        return MenuVisit(self, place)


class MenuVisit:
    def __init__(self, node: Menu, place: Place) -> None:
        self._node = node
        self._place = place
        self._asked = 0

    def begin(self, facts: Facts) -> Move:
        return self._ask(())

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        node = self._node
        match outcome:
            case Digits(text):
                return self._pressed(text)
            case NotReached() if node.unanswered is not None:
                return Go(node.unanswered)
            case NotReached():
                first = say(UNANSWERED[outcome], self._place.language)
                return self._ask_again(first, None, SILENT_END[outcome])
            case Failed():
                return self._leave(node.failed, Cause.UNAVAILABLE)
            case _:
                raise AssertionError(outcome)

    def _pressed(self, text: str) -> Move:
        node, language = self._node, self._place.language
        if text in node.keys:
            return Go(node.keys[text])
        if text in node.extensions:
            return Ring((Seat(node.extensions[text]),), node.patience_s * 1000)
        if text:
            is_extension = len(text) > 1 and node.extensions
            phrase = Phrase.MENU_NO_EXTENSION if is_extension else Phrase.MENU_WRONG_CHOICE
            again = said_or(node.wrong_prompt, phrase, language)
            return self._ask_again(again, node.wrong, Cause.NORMAL)
        again = said_or(node.silence_prompt, Phrase.MENU_NO_CHOICE, language)
        return self._ask_again(again, node.silence, Cause.NORMAL)

    def _ask_again(self, first: Sounds, exit: str | None, cause: Cause) -> Move:
        return self._ask(first) if self._asked < self._node.tries else self._leave(exit, cause)

    def _leave(self, exit: str | None, cause: Cause) -> Move:
        to = exit or self._node.otherwise
        return EndCall(cause) if to is None else Go(to)

    def _ask(self, first: Sounds) -> Ask:
        self._asked += 1
        node = self._node
        keys = frozenset({*node.keys, *node.extensions})
        return Ask(
            sounds=first + said(node.prompt, self._place.language),
            digits_max=max(map(len, keys)),
            first_digit_ms=node.first_digit_s * 1000,
            next_digit_ms=node.next_digit_s * 1000,
            ends_with="" if any("#" in key for key in keys) else "#",
            barge_in=node.barge_in,
            keys=keys,
        )
