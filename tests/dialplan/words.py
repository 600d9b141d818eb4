"""A caller on his way through one node: what it says first, and where he comes after each outcome."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import yaml
from pydantic import TypeAdapter

from dialplan.check import read_scheme
from dialplan.facts import Facts
from dialplan.scheme import Node, Scheme
from dialplan.steps import Done, EndCall, Failed, Outcome, Step
from dialplan.walk import Walk

MOSCOW = timezone(timedelta(hours=3))
CALLER = "79031112233"
FACTS = Facts("call-1", 0, CALLER, 100_00)
DONE = Done()
FAILED = Failed("no such sound")

_NODE: TypeAdapter[Node] = TypeAdapter(Node)


class Trip:
    """One walk; `step` is what is to be done now, `at` the node that said it."""

    def __init__(self, scheme: Scheme, facts: Facts = FACTS) -> None:
        self._walk = Walk(scheme)
        self._facts = facts
        self.step: Step = self._walk.begin(facts)

    @property
    def at(self) -> str:
        return self._walk.node_name

    def after(self, *outcomes: Outcome) -> "Trip":
        for outcome in outcomes:
            self.step = self._walk.go_on(outcome, self._facts)
        return self

    @property
    def end(self) -> str:
        """The cause with which the node `x` itself ended the call."""
        assert self.at == "x" and isinstance(self.step, EndCall), (self.at, self.step)
        return self.step.cause.name


def come_to(node: str, facts: Facts = FACTS, language: str = "ru") -> Trip:
    """The node is the start; whatever it leads to hangs up."""
    ends = sorted(
        {exit.to for exit in _NODE.validate_python(yaml.load(node, yaml.BaseLoader)).exits()} - {"x"}
    )
    lines = [
        f"start: x\nlanguage: {language}\nnodes:\n  x: {node}",
        *(f"  {end}: {{kind: hang_up}}" for end in ends),
    ]
    read = read_scheme("\n".join(lines))
    assert isinstance(read, Scheme), [str(fault) for fault in read]
    return Trip(read, facts)


def way(node: str, facts: Facts = FACTS) -> str:
    """Where a crossing leads."""
    return come_to(node, facts).at


def complaints(node: str) -> list[str]:
    read = read_scheme(f"start: x\nnodes:\n  x: {node}\n  bye: {{kind: hang_up}}")
    assert not isinstance(read, Scheme), "this is a sound scheme"
    return [f"{fault.path}: {fault.message}" for fault in read]


def at(text: str) -> Facts:
    """A call at this time in Moscow, to the second: `2026-11-18 12:00:00`."""
    moment = datetime.fromisoformat(text).replace(tzinfo=MOSCOW)
    return replace(FACTS, at_ms=round(moment.timestamp() * 1000))
