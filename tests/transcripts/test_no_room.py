"""Nothing more can be written down: nobody is promised money, and whoever needs none is served."""

from callctl.calls.events import LegAnswered, LegReady
from callctl.calls.orders import HangUp, PlaceLeg
from callctl.calls.records import LegHeld, LegRefused
from rating.refusal import Refusal
from tests.plans import simple
from tests.transcripts.words import A, B, Desk


def test_a_call_that_costs_money_is_refused_and_holds_nothing() -> None:
    desk = Desk()
    desk.ledger.takes_paid = False
    orders = desk.arrive()
    (refused,) = [order for order in orders if isinstance(order, LegRefused)]
    assert refused.refusal is Refusal.NOT_RECORDED
    assert not any(isinstance(order, LegHeld | PlaceLeg) for order in orders)
    assert (desk.account.held, desk.account.available) == (0, 300)


def test_a_call_that_costs_nothing_passes() -> None:
    desk = Desk(plan=simple("free", 60, 0))
    desk.ledger.takes_paid = False
    assert any(isinstance(order, PlaceLeg) for order in desk.arrive())


def test_an_emergency_call_passes() -> None:
    desk = Desk(balance=0)
    desk.ledger.takes_paid = False
    assert any(isinstance(order, PlaceLeg) for order in desk.arrive(number="112"))


def test_a_call_that_talks_already_goes_on_buying() -> None:
    desk = Desk(balance=200)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 2_000)
    desk.hear(LegAnswered(A), 2_000)
    desk.ledger.takes_paid = False
    assert not any(isinstance(order, HangUp) for order in desk.wake(8_000))
    assert desk.account.held == 200


def test_with_room_again_calls_are_as_before() -> None:
    desk = Desk()
    desk.ledger.takes_paid = False
    desk.arrive()
    desk.ledger.takes_paid = True
    assert any(isinstance(order, PlaceLeg) for order in desk.arrive(leg_id="b"))
