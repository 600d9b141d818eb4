"""A leg is billed to the end of its media, whatever is told afterwards. One claim each."""

from collections.abc import Callable

import pytest

from callctl.calls.events import LegAnswered, LegEnded, LegGone, LegReady, LegsListed, OrderRefused, Why
from callctl.calls.legs import RELEASE_AGAIN_MS
from callctl.calls.orders import HangUp, Order
from callctl.calls.records import LegSettled
from dialplan.causes import Cause
from tests.transcripts.test_seats import TO_MOBILE, C, hears, talking, types
from tests.transcripts.words import MOBILE, A, B, Desk

ACCEPTED = f"start: m\nnodes:\n  m: {{kind: forward, to: ['{MOBILE}'], accept: {{patience_s: 60}}}}\n"
ENDED_MS = 18_999


def consulting() -> tuple[Desk, str]:
    """Anna has consulted a mobile since the seventh second."""
    at = talking()
    types(at, f"*3{TO_MOBILE}#", 5_000)
    hears(at, 7_000, LegReady(C), LegAnswered(C))
    return at, C


def asked() -> tuple[Desk, str]:
    """A mobile has been asked since the seventh second whether it takes the call."""
    at = Desk(1_000, scheme=ACCEPTED)
    at.arrive()
    hears(at, 7_000, LegReady(B), LegAnswered(B))
    return at, B


def seconds(orders: list[Order], leg_id: str) -> int:
    (bill,) = [order for order in orders if isinstance(order, LegSettled) and order.leg_id == leg_id]
    assert bill.ended_at_ms == ENDED_MS
    return bill.charge.seconds


both = pytest.mark.parametrize("begun", [consulting, asked])


@both
def test_a_leg_is_billed_to_the_end_of_its_media(begun: Callable[[], tuple[Desk, str]]) -> None:
    at, leg_id = begun()
    at.hear(LegEnded(leg_id), ENDED_MS)
    assert seconds(at.hear(LegGone(leg_id, 16), 19_004), leg_id) == 11


@both
def test_a_leg_of_which_nobody_tells_that_it_is_gone_is_billed_to_the_end_of_its_media(
    begun: Callable[[], tuple[Desk, str]],
) -> None:
    at, leg_id = begun()
    at.hear(LegEnded(leg_id), ENDED_MS)
    again = HangUp(leg_id, Cause.NORMAL)
    assert again in at.wake(ENDED_MS + RELEASE_AGAIN_MS)
    assert seconds(at.hear(OrderRefused(again, Why.GONE), 24_100), leg_id) == 11


@both
def test_a_leg_that_a_list_has_no_more_is_billed_to_its_last_proof_of_life(
    begun: Callable[[], tuple[Desk, str]],
) -> None:
    at, leg_id = begun()
    listed = LegsListed(frozenset({A, B} - {leg_id}), frozenset({A}), 30_000, ENDED_MS, is_after_gap=True)
    assert seconds(at.hear(listed, 30_050), leg_id) == 11


def test_a_seat_that_takes_its_caller_back_pays_to_the_end_of_the_others_media() -> None:
    at, leg_id = consulting()
    at.hear(LegEnded(leg_id), ENDED_MS)
    assert seconds(types(at, "*1", 19_500), leg_id) == 11
