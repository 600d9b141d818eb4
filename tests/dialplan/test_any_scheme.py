"""What is true of every scheme that is accepted, whatever its nodes and whatever comes of its steps."""

from hypothesis import given
from hypothesis import strategies as st

from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from dialplan.steps import Ask, EndCall, NotReached, Ring
from dialplan.walk import STEPS_MAX, Walk
from tests.dialplan.drawn_schemes import outcomes_of, scheme_texts
from tests.dialplan.words import FACTS, come_to

# A menu of ten tries that rings a seat each time.
STEPS_OF_A_NODE_MAX = 20
PICKS = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


def scheme(text: str) -> Scheme:
    read = read_scheme(text)
    assert isinstance(read, Scheme), ([str(fault) for fault in read], text)
    return read


def walked(text: str, picks: list[int]) -> tuple[Walk, int]:
    """To the end, or until it is clear that there is none; and how many steps it had."""
    walk = Walk(scheme(text))
    step, steps = walk.begin(FACTS), 1
    while not isinstance(step, EndCall) and steps <= STEPS_MAX * STEPS_OF_A_NODE_MAX:
        outcomes = outcomes_of(step)
        step = walk.go_on(outcomes[picks[steps % len(picks)] % len(outcomes)], FACTS)
        steps += 1
    assert isinstance(step, EndCall), text
    return walk, steps


@given(scheme_texts(), PICKS)
def test_every_scheme_ends_whatever_comes_of_its_steps(text: str, picks: list[int]) -> None:
    walk, _ = walked(text, picks)
    assert len(walk.trail) <= STEPS_MAX


def test_a_caller_who_goes_round_is_released_as_congested_after_so_many_nodes() -> None:
    trip = come_to("{kind: extension, seat: anna, no_answer: x}")
    trip.after(*[NotReached.NO_ANSWER] * (STEPS_MAX - 1))
    assert isinstance(trip.step, Ring)
    assert trip.after(NotReached.NO_ANSWER).end == "CONGESTION"


@given(scheme_texts(), PICKS)
def test_the_trail_holds_every_step_s_outcome(text: str, picks: list[int]) -> None:
    walk, steps = walked(text, picks)
    assert sum(len(passed.outcomes) for passed in walk.trail) == steps - 1


@given(scheme_texts(), PICKS)
def test_a_walk_only_takes_ways_that_its_nodes_have(text: str, picks: list[int]) -> None:
    walk, _ = walked(text, picks)
    nodes = scheme(text).nodes
    for here, there in zip(walk.trail, walk.trail[1:], strict=False):
        assert there.node in {exit.to for exit in nodes[here.node].exits()}, (here, there)


@given(scheme_texts(), PICKS)
def test_a_menu_never_asks_more_often_than_it_has_tries(text: str, picks: list[int]) -> None:
    nodes = scheme(text).nodes
    walk = Walk(scheme(text))
    step = walk.begin(FACTS)
    asked = {0: 0}
    for turn in range(STEPS_MAX):
        if isinstance(step, EndCall):
            return
        asked[len(walk.trail)] = asked.get(len(walk.trail), 0) + isinstance(step, Ask)
        tries = getattr(nodes[walk.node_name], "tries", 0)
        assert asked[len(walk.trail)] <= tries
        outcomes = outcomes_of(step)
        step = walk.go_on(outcomes[picks[turn % len(picks)] % len(outcomes)], FACTS)
