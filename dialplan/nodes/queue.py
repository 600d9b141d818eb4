"""Let the caller wait in a line until a member takes the call.

Rule 1: the line is the subscriber's, by its name: several nodes, also of several schemes, may lead into it,
    each with a priority of its own. Without a name it is the node's.
Rule 2: each way to leave has an exit; `otherwise` is for those that are not named. Without any the call ends:
    with no answer, or busy when the line is full.
Rule 3: who hears ringing has not been answered: nothing is paid for him or said to him; he presses nothing.
Rule 4: who will be called back is told so. He has what he wants: `otherwise` is not for him.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.nodes.forward import AcceptByDigit
from dialplan.several import few
from dialplan.sounds import Prompt, own_sounds, said
from dialplan.speech.phrases import Offer, Phrase
from dialplan.speech.say import say, say_offer
from dialplan.steps import (
    Announce,
    CallBack,
    Digits,
    Done,
    EndCall,
    Failed,
    Hears,
    LeftQueue,
    Member,
    Outcome,
    Play,
    Queue,
    Sounds,
    Strategy,
)
from dialplan.targets import Callee, Part, PatienceS, Target, Word

MEMBERS_MAX = 200
LENGTH_MAX = 1000
WAIT_S_MAX = 4 * 3600
REST_S_MAX = 3600
DAY_S = 24 * 3600

SILENT_END = {
    LeftQueue.TIMEOUT: Cause.NO_ANSWER,
    LeftQueue.FULL: Cause.BUSY,
    LeftQueue.EMPTY: Cause.NO_ANSWER,
}

Digit = Annotated[str, Field(pattern=r"^[0-9*#]$")]
RestS = Annotated[int, Field(ge=0, le=REST_S_MAX)]


class QueueMember(Callee):
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    skills: frozenset[Word] = frozenset()

    @property
    def member(self) -> Member:
        return Member(self.target, self.weight, self.skills)


def _short_form(value: object) -> object:
    """A bare text stands for a number."""
    return {"number": value} if isinstance(value, str) else value


class CalledBack(Part):
    """How somebody is called back."""

    tries: Annotated[int, Field(ge=1, le=10)] = 2
    pause_s: Annotated[int, Field(ge=10, le=REST_S_MAX)] = 60
    patience_s: PatienceS = 30
    within_s: Annotated[int, Field(ge=60, le=DAY_S)] = 4 * 3600

    def call_back(self, digit: str) -> CallBack:
        return CallBack(digit, self.tries, self.pause_s * 1000, self.patience_s * 1000, self.within_s * 1000)


class Announcements(Part):
    """What a waiting caller is told besides music, in this order: position, wait, `prompt`, `call_back`."""

    first_after_s: Annotated[int, Field(ge=0, le=600)] = 15
    every_s: Annotated[int, Field(ge=10, le=600)] = 60
    position: bool = False
    wait: bool = False
    prompt: Prompt | None = None
    call_back: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "Announcements":
        if not (self.position or self.wait or self.prompt or self.call_back):
            raise ValueError("give `position`, `wait`, `prompt` or `call_back`: nothing would be said")
        return self

    def announce(self, language: str, call_back_digit: str | None) -> Announce:
        sounds = said(self.prompt or (), language)
        offer: Sounds = ()
        if self.call_back and call_back_digit:
            offer = say_offer(Offer.CALL_BACK, call_back_digit, language)
        return Announce(
            self.first_after_s * 1000, self.every_s * 1000, self.position, self.wait, sounds, offer
        )


class WaitInQueue(Station):
    kind: Literal["queue"]
    name: Word | None = None
    members: Annotated[
        list[Annotated[QueueMember, BeforeValidator(_short_form)]],
        Field(min_length=1, max_length=MEMBERS_MAX),
    ]
    strategy: Strategy = Strategy.IN_TURN
    member_patience_s: PatienceS = 20
    wrap_up_s: RestS = 0
    penalty_s: RestS = 0
    needs: frozenset[Word] = frozenset()
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    length_max: Annotated[int, Field(ge=1, le=LENGTH_MAX)] | None = None
    wait_s_max: Annotated[int, Field(ge=1, le=WAIT_S_MAX)] | None = None
    hears: Literal["ringing", "music"] = "music"
    music: Word = "default"
    announce: Announcements | None = None
    accept: AcceptByDigit | None = None
    leave: dict[Digit, str] = Field(default_factory=dict)
    call_back_digit: Digit | None = None
    called_back: CalledBack | None = None
    call_back: str | None = None
    timeout: str | None = None
    full: str | None = None
    empty: str | None = None
    failed: str | None = None
    otherwise: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "WaitInQueue":
        targets = [member.target for member in self.members]
        if len(set(targets)) < len(targets):
            raise ValueError("somebody stands twice among the `members`")
        if not any(self.needs <= member.skills for member in self.members):
            skills = ", ".join(sorted(self.needs))
            raise ValueError(f"no member has all the skills that it `needs` ({skills}): nobody could answer")
        if self.hears == "ringing":
            for field in ("announce", "leave", "call_back_digit", "failed", "music"):
                if field in self.model_fields_set:
                    raise ValueError(f"`{field}` is not for who hears ringing: nobody has answered him")
        if self.call_back_digit in self.leave:
            raise ValueError(f"{self.call_back_digit} asks for a call back and leaves the line")
        for exit, needed in (
            ("timeout", "wait_s_max"),
            ("full", "length_max"),
            ("call_back", "call_back_digit"),
        ):
            if getattr(self, exit) is not None and getattr(self, needed) is None:
                raise ValueError(f"`{exit}` needs `{needed}`: nobody would ever leave by it")
        is_offered = self.called_back is not None or (self.announce is not None and self.announce.call_back)
        if is_offered and self.call_back_digit is None:
            raise ValueError("a call back needs `call_back_digit`: nobody could ask for it")
        return self

    @cached_property
    def as_members(self) -> tuple[Member, ...]:
        """The same for all who wait here."""
        return tuple(member.member for member in self.members)

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("leave", digit), to, waits=True) for digit, to in self.leave.items())
        yield from given({"call_back": self.call_back, "timeout": self.timeout}, waits=True)
        yield from given({"full": self.full, "empty": self.empty, "failed": self.failed})
        has_hasty_ways_named = None not in (self.full, self.empty, self.failed)
        yield from given({"otherwise": self.otherwise}, waits=has_hasty_ways_named)

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if self.announce:
            yield from (
                (("announce", *place), name) for place, name in own_sounds("prompt", self.announce.prompt)
            )
        if self.accept:
            yield from self.accept.sounds()

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        return ((("members", index), member.target) for index, member in enumerate(self.members))

    def summary(self) -> str:
        members = few([str(member.target) for member in self.members])
        return f"{self.strategy.value.replace('_', ' ')}: {members}"

    def visit(self, place: Place) -> "QueueVisit":
        return QueueVisit(self, place)


class QueueVisit:
    def __init__(self, node: WaitInQueue, place: Place) -> None:
        self._node = node
        self._place = place
        self._is_promised = False

    def begin(self, facts: Facts) -> Move:
        node, language = self._node, self._place.language
        digit = node.call_back_digit
        return Queue(
            name=node.name or self._place.name,
            members=node.as_members,
            strategy=node.strategy,
            member_patience_ms=node.member_patience_s * 1000,
            wrap_up_ms=node.wrap_up_s * 1000,
            penalty_ms=node.penalty_s * 1000,
            needs=node.needs,
            priority=node.priority,
            length_max=node.length_max,
            wait_ms_max=None if node.wait_s_max is None else node.wait_s_max * 1000,
            leave_digits="".join(node.leave),
            call_back=(node.called_back or CalledBack()).call_back(digit) if digit else None,
            hears=Hears(node.hears),
            music=node.music,
            language=language,
            announce=node.announce.announce(language, digit) if node.announce else None,
            accept=node.accept.accept(language) if node.accept else None,
            is_left_unheard=node.failed is not None,
        )

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        node = self._node
        match outcome:
            case Done() | Failed() if self._is_promised:
                return EndCall(Cause.NORMAL) if node.call_back is None else Go(node.call_back)
            case LeftQueue.CALL_BACK:
                self._is_promised = True
                return Play(say(Phrase.CALL_BACK_BOOKED, self._place.language))
            case Digits(text):
                return Go(node.leave[text])
            case LeftQueue():
                return self._leave(self._exit_of(outcome), SILENT_END[outcome])
            case Failed():
                return self._leave(node.failed, Cause.UNAVAILABLE)
            case _:
                raise AssertionError(outcome)

    def _exit_of(self, outcome: LeftQueue) -> str | None:
        return {
            LeftQueue.TIMEOUT: self._node.timeout,
            LeftQueue.FULL: self._node.full,
            LeftQueue.EMPTY: self._node.empty,
        }[outcome]

    def _leave(self, exit: str | None, cause: Cause) -> Move:
        to = exit or self._node.otherwise
        return EndCall(cause) if to is None else Go(to)
