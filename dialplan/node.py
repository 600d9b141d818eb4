"""What every kind of node is: its ways out, and what a caller meets who comes to it.

Rule 1: one class a kind, in a file of its own under `nodes/`; unknown fields are errors.
Rule 2: a crossing chooses a way at once; at a station something happens, in one or more steps.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dialplan.facts import Facts
from dialplan.steps import Outcome, Step
from dialplan.targets import Part, Target


class Exit(NamedTuple):
    field: tuple[str | int, ...]  # where it stands in the node
    to: str
    waits: bool = False  # whoever leaves by it has waited for somebody: a loop through it comes to rest


@dataclass(frozen=True, slots=True)
class Go:
    """On to the node of this name."""

    to: str


Move = Step | Go


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a scheme a node stands."""

    name: str
    language: str  # in which the service speaks there


class Visit(Protocol):
    """One caller's stay at a station."""

    def begin(self, facts: Facts) -> Move: ...

    def go_on(self, outcome: Outcome, facts: Facts) -> Move: ...


class Node(Part):
    def exits(self) -> Iterator[Exit]:
        return iter(())

    def sounds(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The subscriber's own sounds that it plays, with the field that names each."""
        return iter(())

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        """Whom it may ring, with the field that names each."""
        return iter(())

    @property
    def can_end(self) -> bool:
        """Whether a call may end here: somebody answers, or it is over."""
        return any(True for _ in self.targets()) or not any(True for _ in self.exits())

    def summary(self) -> str:
        """What it does, in a few words for pictures."""
        return ", ".join(str(target) for _, target in self.targets())

    def label(self, exit: Exit) -> str:
        """When a caller leaves by this way, in a word or two."""
        words = [part for part in exit.field if isinstance(part, str)]
        return words[-1].replace("_", " ") if words else ""


class Crossing(Node):
    @abstractmethod
    def way(self, facts: Facts) -> str: ...


class Station(Node):
    @abstractmethod
    def visit(self, place: Place) -> Visit: ...


def given(exits: Mapping[str, str | None], *, waits: bool = False) -> Iterator[Exit]:
    """Those of the exits that the scheme names."""
    return (Exit((field,), to, waits) for field, to in exits.items() if to is not None)
