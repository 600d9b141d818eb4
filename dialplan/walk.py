"""One call's way through its scheme.

Rule 1: a walk only answers "what next"; it neither waits nor knows what a step costs.
Rule 2: every walk ends: after STEPS_MAX steps the caller is released.
"""

from typing import assert_never

from dialplan.causes import Cause
from dialplan.scheme import Forward, HangUp, Node, Scheme
from dialplan.steps import EndCall, Outcome, Ring, Step

# Two forwards that point at each other must not ring a phone for ever.
STEPS_MAX = 100

# What the caller is told when the scheme says nothing of the outcome.
SILENT_END = {
    Outcome.BUSY: Cause.BUSY,
    Outcome.NO_ANSWER: Cause.NO_ANSWER,
    Outcome.UNREACHABLE: Cause.CONGESTION,
    Outcome.REFUSED: Cause.REJECTED,
}


class Walk:
    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._node_name = scheme.start
        self._steps = 0

    @property
    def node_name(self) -> str:
        return self._node_name

    def begin(self) -> Step:
        return self._enter(self._scheme.start)

    def go_on(self, outcome: Outcome) -> Step:
        """The step after a `Ring` that ended with `outcome`."""
        node = self._node
        assert isinstance(node, Forward), self._node_name
        if node.otherwise is None:
            return EndCall(SILENT_END[outcome])
        return self._enter(node.otherwise)

    @property
    def _node(self) -> Node:
        return self._scheme.nodes[self._node_name]

    def _enter(self, name: str) -> Step:
        self._steps += 1
        if self._steps > STEPS_MAX:
            return EndCall(Cause.CONGESTION)
        self._node_name = name
        node = self._node
        match node:
            case Forward():
                return Ring(node.to[0], node.patience_s * 1000)
            case HangUp():
                return EndCall(node.cause.cause)
            case _:
                assert_never(node)
