"""One call's way through its scheme.

Rule 1: a walk only answers "what next"; it neither waits nor knows what a step costs.
Rule 2: every walk ends: after STEPS_MAX nodes the caller is released.
"""

from dataclasses import dataclass

from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.node import Crossing, Go, Move, Place, Visit
from dialplan.scheme import Scheme
from dialplan.steps import EndCall, Outcome, Step

# Two forwards that point at each other must not ring a phone for ever.
STEPS_MAX = 100


@dataclass(slots=True)
class Passed:
    """One node of the way: when the caller came, and what came of each of its steps."""

    node: str
    at_ms: int
    outcomes: list[Outcome]


class Walk:
    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._visit: Visit | None = None
        self.trail: list[Passed] = []

    @property
    def node_name(self) -> str:
        return self.trail[-1].node if self.trail else self._scheme.start

    @property
    def language(self) -> str:
        return self._scheme.language

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    @property
    def rest(self) -> Scheme:
        """The scheme as it is from this node on."""
        return self._scheme.model_copy(update={"start": self.node_name})

    def begin(self, facts: Facts) -> Step:
        return self._follow(Go(self._scheme.start), facts)

    def go_on(self, outcome: Outcome, facts: Facts) -> Step:
        """The step after one that ended with `outcome`."""
        assert self._visit
        self.trail[-1].outcomes.append(outcome)
        return self._follow(self._visit.go_on(outcome, facts), facts)

    def _follow(self, move: Move, facts: Facts) -> Step:
        while isinstance(move, Go):
            if len(self.trail) >= STEPS_MAX:
                return EndCall(Cause.CONGESTION)
            self.trail.append(Passed(move.to, facts.at_ms, []))
            node = self._scheme.nodes[move.to]
            if isinstance(node, Crossing):
                move = Go(node.way(facts))
            else:
                self._visit = node.visit(Place(move.to, self._scheme.language))
                move = self._visit.begin(facts)
        return move
