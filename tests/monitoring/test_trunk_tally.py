"""Legs on trunks: each is counted once, whatever gets lost."""

import itertools

import pytest

from callctl.calls.events import Event, LegAnswered, LegGone, LegReady, LegRings, LegsListed
from callctl.calls.orders import Device, Endpoint, PlaceLeg, Trunk
from callctl.metrics import REGISTRY, TrunkEnd
from callctl.trunk_tally import TrunkTally

_serial = itertools.count(1)


class Desk:
    """A trunk of its own, and a clock."""

    def __init__(self) -> None:
        self.trunk = f"trunk{next(_serial)}"
        self.now_ms = 1_000
        self.tally = TrunkTally([self.trunk], lambda: self.now_ms)

    def place(self, leg_id: str = "leg1-a", endpoint: Endpoint | None = None) -> PlaceLeg:
        order = PlaceLeg(
            leg_id, "a", endpoint or Trunk(self.trunk, "79160000001"), "79030000001", 1_000, True
        )
        self.tally.ordered(order)
        return order

    def hear(self, *events: Event) -> None:
        for event in events:
            self.tally.heard(event)

    def ends(self) -> dict[str, float]:
        """Those that there were."""
        counted = {end.value: self._value("callctl_trunk_legs_total", end=end.value) for end in TrunkEnd}
        return {end: count for end, count in counted.items() if count}

    def rung(self) -> tuple[float, float]:
        name = "callctl_post_dial_delay_seconds"
        return self._value(f"{name}_count"), self._value(f"{name}_sum")

    def _value(self, name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, {"trunk": self.trunk, **labels}) or 0


@pytest.fixture
def desk() -> Desk:
    return Desk()


def listed(alive: frozenset[str], proven_at_ms: int) -> LegsListed:
    return LegsListed(alive, alive, proven_at_ms + 100, proven_at_ms, is_after_gap=False)


def test_the_delay_ends_with_the_first_ringing(desk: Desk) -> None:
    desk.place()
    desk.hear(LegReady("leg1-a"))
    desk.now_ms += 400
    desk.hear(LegRings("leg1-a"))
    desk.now_ms += 5_000
    desk.hear(LegRings("leg1-a"), LegAnswered("leg1-a"))
    assert desk.rung() == (1, 0.4)


def test_a_phone_that_answers_without_ringing_ends_the_delay(desk: Desk) -> None:
    desk.place()
    desk.hear(LegReady("leg1-a"))
    desk.now_ms += 700
    desk.hear(LegAnswered("leg1-a"))
    assert desk.rung() == (1, 0.7)


def test_a_leg_that_answered_is_counted_once_whatever_is_told_of_it_later(desk: Desk) -> None:
    desk.place()
    desk.hear(LegReady("leg1-a"), LegAnswered("leg1-a"), LegAnswered("leg1-a"), LegGone("leg1-a", 16))
    assert desk.ends() == {"answered": 1}


@pytest.mark.parametrize(
    ("cause", "end"),
    [(17, "busy"), (21, "rejected"), (18, "no_answer"), (19, "no_answer"), (16, "given_up"), (26, "given_up")]
    + [(cause, "failed") for cause in (1, 27, 34, 38, 127)],
)
def test_what_a_cause_says_of_the_trunk(desk: Desk, cause: int, end: str) -> None:
    desk.place()
    desk.hear(LegGone("leg1-a", cause))
    assert desk.ends() == {end: 1}


def test_a_leg_that_could_not_be_placed_has_failed(desk: Desk) -> None:
    desk.tally.refused(desk.place())
    assert desk.ends() == {"failed": 1}


def test_phones_of_seats_are_no_trunk(desk: Desk) -> None:
    desk.place(endpoint=Device("anna"))
    desk.hear(LegReady("leg1-a"), LegRings("leg1-a"), LegAnswered("leg1-a"))
    assert (desk.ends(), desk.rung(), len(desk.tally)) == ({}, (0, 0), 0)


def test_whose_end_nobody_told_is_lost_with_the_next_list_and_forgotten(desk: Desk) -> None:
    desk.place("leg1-old")
    desk.now_ms = 5_000
    desk.place("leg1-new")
    desk.hear(listed(frozenset({"leg1-other"}), proven_at_ms=4_000))
    assert (desk.ends(), len(desk.tally)) == ({"lost": 1}, 1), "the new one may not have been there yet"


def test_who_lives_is_kept(desk: Desk) -> None:
    desk.place()
    desk.hear(listed(frozenset({"leg1-a"}), proven_at_ms=4_000), LegAnswered("leg1-a"))
    assert desk.ends() == {"answered": 1}
