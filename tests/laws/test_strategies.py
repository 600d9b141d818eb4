"""What each strategy of a queue promises, whoever is free, however many offers came before."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.choice import Candidate, choose
from dialplan.steps import Member, Strategy
from dialplan.targets import Outside

LUCK = st.integers(0, 2**32)


@st.composite
def lines(draw: st.DrawFn) -> list[Candidate]:
    """All members of a line, in the order of its scheme."""
    return [
        Candidate(
            place,
            Member(Outside(f"7916000000{place}"), weight=draw(st.integers(1, 5))),
            idle_since_ms=draw(st.integers(0, 5)),
            calls=draw(st.integers(0, 5)),
        )
        for place in range(draw(st.integers(1, 6)))
    ]


@st.composite
def free_of(draw: st.DrawFn) -> list[Candidate]:
    """Some of the members, in the same order."""
    line = draw(lines())
    return draw(
        st.sets(st.sampled_from(range(len(line))), min_size=1).map(lambda at: [line[p] for p in sorted(at)])
    )


def one(strategy: Strategy, free: list[Candidate], *, last_place: int = -1, luck: int = 0) -> Candidate:
    (chosen,) = choose(strategy, free, last_place=last_place, luck=luck)
    return chosen


@given(free_of(), st.integers(-1, 6), LUCK)
def test_ring_all_rings_all_who_are_free(free: list[Candidate], last_place: int, luck: int) -> None:
    assert list(choose(Strategy.RING_ALL, free, last_place=last_place, luck=luck)) == free


@given(free_of(), st.integers(-1, 6), LUCK)
def test_in_fixed_order_nobody_who_is_free_stands_before_who_is_rung(
    free: list[Candidate], last_place: int, luck: int
) -> None:
    chosen = one(Strategy.FIXED_ORDER, free, last_place=last_place, luck=luck)
    assert all(chosen.place <= other.place for other in free)


@given(lines(), st.integers(-1, 6))
def test_in_turn_everybody_is_rung_once_before_anybody_is_rung_twice(
    line: list[Candidate], last_place: int
) -> None:
    rung = []
    for _ in line:
        rung.append(one(Strategy.IN_TURN, line, last_place=last_place).place)
        last_place = rung[-1]
    assert sorted(rung) == [candidate.place for candidate in line]


@given(free_of(), st.integers(-1, 5))
def test_in_turn_nobody_who_is_free_is_passed_between_the_last_and_the_next(
    free: list[Candidate], last_place: int
) -> None:
    chosen = one(Strategy.IN_TURN, free, last_place=last_place)

    def steps_after_last(candidate: Candidate) -> int:
        return (candidate.place - last_place - 1) % 6

    assert all(steps_after_last(chosen) <= steps_after_last(other) for other in free)


@given(free_of(), LUCK)
def test_longest_idle_nobody_who_is_free_has_talked_longer_ago(free: list[Candidate], luck: int) -> None:
    chosen = one(Strategy.LONGEST_IDLE, free, luck=luck)
    assert all(chosen.idle_since_ms <= other.idle_since_ms for other in free)


@given(free_of(), LUCK)
def test_fewest_calls_nobody_who_is_free_had_fewer(free: list[Candidate], luck: int) -> None:
    chosen = one(Strategy.FEWEST_CALLS, free, luck=luck)
    assert all(chosen.calls <= other.calls for other in free)


@given(free_of(), LUCK)
def test_at_random_everybody_who_is_free_has_the_same_chance(free: list[Candidate], luck: int) -> None:
    drawn = Counter(one(Strategy.RANDOM, free, luck=luck + n).place for n in range(len(free)))
    assert drawn == Counter(candidate.place for candidate in free)


@given(free_of(), LUCK)
def test_weighted_everybody_has_as_many_chances_as_he_weighs(free: list[Candidate], luck: int) -> None:
    weights = {candidate.place: candidate.member.weight for candidate in free}
    total = sum(weights.values())
    drawn = Counter(one(Strategy.WEIGHTED, free, luck=luck + n).place for n in range(total))
    assert drawn == weights


@pytest.mark.parametrize(
    "strategy",
    [Strategy.LONGEST_IDLE, Strategy.FEWEST_CALLS, Strategy.FIXED_ORDER],
    ids=lambda one: one.value,
)
@given(free=free_of(), last_place=st.integers(-1, 6), luck=LUCK)
def test_between_those_who_are_alike_the_order_of_the_scheme_decides(
    strategy: Strategy, free: list[Candidate], last_place: int, luck: int
) -> None:
    alike = [replace(candidate, idle_since_ms=0, calls=0) for candidate in free]
    assert one(strategy, alike, last_place=last_place, luck=luck) == alike[0]
