"""Every sound scheme ends, whatever becomes of its targets."""

from hypothesis import given
from hypothesis import strategies as st

from dialplan.check import read_scheme
from dialplan.facts import Facts
from dialplan.scheme import Scheme
from dialplan.steps import EndCall, NotReached
from dialplan.walk import STEPS_MAX, Walk

FACTS = Facts("a", 0, "79031112233", 1_000)


def chain(length: int, loops: bool) -> dict[str, object]:
    nodes: dict[str, object] = {
        f"n{i}": {"kind": "forward", "to": ["79161110002"], "otherwise": f"n{i + 1}"} for i in range(length)
    }
    last = {"kind": "forward", "to": ["79161110002"], "otherwise": "n0"} if loops else {"kind": "hang_up"}
    return {"start": "n0", "nodes": {**nodes, f"n{length}": last}}


@given(st.integers(0, 30), st.booleans(), st.lists(st.sampled_from(NotReached), min_size=1, max_size=5))
def test_every_walk_ends_within_its_bound(length: int, loops: bool, outcomes: list[NotReached]) -> None:
    walk = Walk(Scheme.model_validate(chain(length, loops)))
    step = walk.begin(FACTS)
    for turn in range(STEPS_MAX + 1):
        if isinstance(step, EndCall):
            return
        step = walk.go_on(outcomes[turn % len(outcomes)], FACTS)
    assert isinstance(step, EndCall)


@given(st.text(max_size=200))
def test_no_text_whatsoever_breaks_the_reader(text: str) -> None:
    assert isinstance(read_scheme(text), Scheme | list)
