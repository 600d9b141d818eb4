"""The laws of time: what a wall clock may do in mid-call without a second more or less on a bill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callctl.clock import AGE_MS_MAX, Clock, milliseconds, moment, rfc3339

NOON_NS = 1_790_000_000_000_000_000
MS = 1_000_000


class Machine:
    """Two clocks: one that people set, one that only goes on. Asterisk stamps with the first."""

    def __init__(self) -> None:
        self.wall_ns = NOON_NS
        self.monotonic_ns = 7_000_000_000_123

    def passes(self, ms: int) -> None:
        self.wall_ns += ms * MS
        self.monotonic_ns += ms * MS

    def is_set(self, ms: int) -> None:
        self.wall_ns += ms * MS

    def stamp_ms(self) -> int:
        return self.wall_ns // MS

    def clock(self) -> Clock:
        return Clock(lambda: self.wall_ns, lambda: self.monotonic_ns)


JUMPS_MS = st.integers(-(10**10), 10**10)
DELAYS_MS = st.integers(0, 5_000)


@given(st.integers(0, 10**7), JUMPS_MS, st.floats(0, 1), DELAYS_MS, DELAYS_MS)
def test_a_wall_that_jumps_in_mid_call_does_not_change_its_duration(
    talk_ms: int, jump_ms: int, when: float, answer_delay_ms: int, end_delay_ms: int
) -> None:
    machine = Machine()
    clock = machine.clock()
    answered_ms = heard_after(machine, clock, answer_delay_ms)
    talk_ms += answer_delay_ms
    before = round((talk_ms - answer_delay_ms) * when)
    machine.passes(before)
    machine.is_set(jump_ms)
    machine.passes(talk_ms - answer_delay_ms - before)
    ended_ms = heard_after(machine, clock, end_delay_ms)
    assert abs(ended_ms - answered_ms - talk_ms) <= 1  # the ms in which a stamp lies is cut off


def heard_after(machine: Machine, clock: Clock, delay_ms: int) -> int:
    stamp_ms = machine.stamp_ms()
    machine.passes(delay_ms)
    return clock.heard_ms(stamp_ms)


@given(JUMPS_MS, st.integers(0, 10**7))
def test_what_is_now_only_goes_on(jump_ms: int, ms: int) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now_ms()
    machine.is_set(jump_ms)
    assert clock.now_ms() == before
    machine.passes(ms)
    assert clock.now_ms() == before + ms


# age of a stamp in ms when it is read | how long ago that was for us
STAMPS = {
    "now": (0, 0),
    "a moment ago": (40, 40),
    "after a long pause of ours": (90_000, 90_000),
    "just old enough": (AGE_MS_MAX, AGE_MS_MAX),
    "too old to be news": (AGE_MS_MAX + 1, 0),
    "of yesterday": (86_400_000, 0),
    "a moment from now": (-1, 0),
    "of the future": (-3_600_000, 0),
}


@pytest.mark.parametrize(("age_ms", "ago_ms"), STAMPS.values(), ids=STAMPS)
def test_a_stamp_is_believed_while_it_can_be_news(age_ms: int, ago_ms: int) -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.heard_ms(machine.stamp_ms() - age_ms) == clock.now_ms() - ago_ms


def test_while_no_call_runs_the_wall_is_followed_again() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.is_set(3_600_000)
    assert clock.now_ms() == NOON_NS // MS
    clock.anchor()
    assert clock.now_ms() == NOON_NS // MS + 3_600_000


@given(st.integers(0, 4_000_000_000_000))
def test_a_moment_is_its_milliseconds_and_says_its_zone(at_ms: int) -> None:
    assert milliseconds(moment(at_ms)) == at_ms
    told = rfc3339(moment(at_ms))
    assert told and told.endswith("+00:00") and len(told) == len("2026-01-01T00:00:00.000+00:00")
    assert rfc3339(None) is None
