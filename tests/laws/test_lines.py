"""What lines promise of every offer, whoever shares their members and whatever became of those before."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from dialplan.steps import Strategy
from tests.laws.floor import Offered, floor

SEEDS = st.integers(0, 2**32)
ALL = st.sampled_from(Strategy)
STEPS = 60


def offers(seed: int, strategy: Strategy) -> Iterator[tuple[Offered, list[str]]]:
    """With those who were free and had the skills, in the order of the scheme."""
    for offer in floor(seed, strategy).run(STEPS):
        able = {member.target for member in offer.queue.members if offer.queue.needs <= member.skills}
        yield offer, [str(target) for target in offer.free if target in able]


def chosen(offer: Offered) -> list[str]:
    return [str(target) for target in offer.chosen]


@given(SEEDS, ALL)
def test_only_who_has_all_the_skills_is_rung(seed: int, strategy: Strategy) -> None:
    for offer, _ in offers(seed, strategy):
        skills = {member.target: member.skills for member in offer.queue.members}
        assert all(offer.queue.needs <= skills[target] for target in offer.chosen)


@given(SEEDS, ALL)
def test_nobody_is_rung_who_is_rung_talks_or_rests(seed: int, strategy: Strategy) -> None:
    for offer, free in offers(seed, strategy):
        assert set(chosen(offer)) <= set(free)


@given(SEEDS)
def test_ring_all_rings_all_who_could_take_the_call(seed: int) -> None:
    for offer, free in offers(seed, Strategy.RING_ALL):
        assert chosen(offer) == free


@given(SEEDS)
def test_fixed_order_begins_at_the_top_each_time(seed: int) -> None:
    for offer, free in offers(seed, Strategy.FIXED_ORDER):
        assert chosen(offer) == free[:1]


@given(SEEDS)
def test_in_turn_the_line_remembers_whom_it_offered_last_whichever_node_led_into_it(seed: int) -> None:
    for offer, free in offers(seed, Strategy.IN_TURN):
        ring = [str(member.target) for member in offer.queue.members]
        begin = ring.index(str(offer.last)) + 1 if offer.last else 0
        assert chosen(offer) == [next(one for one in ring[begin:] + ring[:begin] if one in free)]


@given(SEEDS)
def test_longest_idle_counts_from_the_end_of_the_last_talk_in_any_line(seed: int) -> None:
    for offer, free in offers(seed, Strategy.LONGEST_IDLE):
        idle = {str(target): since_ms for target, since_ms in offer.idle_since_ms.items()}
        assert chosen(offer) == [min(free, key=lambda one: idle[one])]


@given(SEEDS)
def test_fewest_calls_counts_the_talks_of_this_line(seed: int) -> None:
    for offer, free in offers(seed, Strategy.FEWEST_CALLS):
        calls = {str(target): count for target, count in offer.calls.items()}
        assert chosen(offer) == [min(free, key=lambda one: calls[one])]


@given(SEEDS, st.sampled_from([Strategy.RANDOM, Strategy.WEIGHTED]))
def test_whoever_is_drawn_is_one(seed: int, strategy: Strategy) -> None:
    for offer, _ in offers(seed, strategy):
        assert len(offer.chosen) == 1


@given(SEEDS, ALL)
def test_nobody_waits_beside_a_free_member_who_could_take_him(seed: int, strategy: Strategy) -> None:
    at = floor(seed, strategy)
    for _ in range(STEPS):
        at.run(1)
        assert not [place for place in at.alone() if any(at.is_free(target) for target in place.able)]


@given(SEEDS, ALL)
def test_nobody_gets_a_member_before_one_who_stands_before_him(seed: int, strategy: Strategy) -> None:
    for offer, _ in offers(seed, strategy):
        assert offer.passed == []
