"""What a connection meets that was not there when it began: another month, other prices, other money."""

from dataclasses import replace
from datetime import date

from callctl.calls.events import EntryPosted, LegAnswered, LegReady
from callctl.calls.orders import Order
from callctl.calls.records import EndedBy, LegSettled
from rating.calendar import moment_of
from rating.deck import FREEPHONE, Destination, Key
from rating.entries import Entry, EntryKind, grant_entries
from rating.funds import Funds, Source
from rating.limits import LimitKind, NumberLimit
from rating.money import ZERO, Money
from rating.pots import BALANCE, Draw, gift_pot, paid_pot
from rating.tariff import Bundle, Plan, Rate, Side, Terms, Version
from tests.plans import deck
from tests.transcripts.words import NUMBER, A, B, Desk

MIDNIGHT_MS = moment_of(date(2025, 9, 1))
GIFT = Bundle("gift", 60, frozenset({"everywhere"}), "CLV-P3")
TOLL_FREE = "78001234567"
TERMS = Terms("test/plan@1")


def plan(first: int = 169, after: int = 169, funds: Funds | None = None, terms: Terms = TERMS) -> Plan:
    """With one gift minute a month; a freephone number is the exception to its price."""
    prices = {
        "": Destination("everywhere", Money(first), Money(after)),
        "7800": Destination(FREEPHONE, ZERO, ZERO, FREEPHONE),
    }
    version = Version("1", 0, None, terms, deck(prices), bundle=GIFT)
    return Plan("plan", "Plan", funds or Funds(), [version])


def without_gift(month: str, balance: int, of: Plan) -> Desk:
    desk = Desk(balance, plan=of)
    desk.hear(EntryPosted(Entry("ann", "used", EntryKind.CONNECTION, -60, 0, gift_pot(month))), 0)
    return desk


def both_ways(balance: int) -> Desk:
    """100 a minute for the way in; no gift in September."""
    of = plan()
    by_caller = deck({"": Destination("anywhere", Money(100), Money(100))}, Key.CALLER)
    version = replace(of.versions[0], incoming=by_caller, incoming_numbers=("7800",))
    desk = Desk(balance, number=TOLL_FREE, plan=Plan("plan", "Plan", of.funds, [version]))
    desk.hear(EntryPosted(Entry("ann", "used", EntryKind.CONNECTION, -60, 0, gift_pot("2025-09"))), 0)
    return desk


def rings_over_midnight(desk: Desk) -> list[Order]:
    """Five seconds on each side."""
    desk.arrive(MIDNIGHT_MS - 5_000)
    desk.hear(LegReady(B), MIDNIGHT_MS - 4_900)
    return desk.hear(LegAnswered(B), MIDNIGHT_MS + 5_000)


def talks(desk: Desk, at_ms: int = 0) -> Desk:
    desk.arrive(at_ms)
    desk.hear(LegReady(B), at_ms)
    desk.hear(LegAnswered(B), at_ms)
    return desk


def bills(orders: list[Order]) -> list[tuple[int, int, EndedBy]]:
    return [
        (order.charge.amount, order.charge.gift_s, order.ended_by)
        for order in orders
        if isinstance(order, LegSettled)
    ]


def test_what_the_new_month_cannot_pay_ends_at_the_answer_and_costs_nothing() -> None:
    for after in (169, 0):
        desk = without_gift("2025-09", 100, plan(after=after))
        assert bills(rings_over_midnight(desk)) == []
        assert bills(desk.wake(MIDNIGHT_MS + 5_000)) == [(0, 0, EndedBy.BALANCE)]
        assert (desk.account.balance, desk.account.held) == (100, 0)


def test_neither_way_costs_anything_when_one_cannot_be_paid_at_the_answer() -> None:
    desk = both_ways(200)
    rings_over_midnight(desk)
    desk.hear(LegAnswered(A), MIDNIGHT_MS + 5_000)
    assert desk.account.held == 100, "the way in is held, the way out cannot be"
    assert bills(desk.wake(MIDNIGHT_MS + 5_000)) == [(0, 0, EndedBy.BALANCE)] * 2
    assert (desk.account.balance, desk.account.held) == (200, 0)


def test_the_way_in_draws_first_on_the_new_month_as_it_did_on_the_old() -> None:
    desk = both_ways(1_000)
    pot = paid_pot(TOLL_FREE, "2025-09")
    for entry in grant_entries("ann", pot, Money(120), 0):
        desk.hear(EntryPosted(entry), 0)
    rings_over_midnight(desk)
    drawn = {hold.hold_id: hold.drawn(1, with_setup=True) for hold in desk.ledger.holds()}
    assert drawn == {"leg0-a": (Draw(pot, 100),), B: (Draw(pot, 20), Draw(BALANCE, 149))}


def test_money_that_comes_in_the_moment_of_the_answer_lets_it_go_on() -> None:
    desk = without_gift("2025-09", 100, plan(after=0))
    rings_over_midnight(desk)
    desk.pay(69, MIDNIGHT_MS + 5_000)
    assert bills(desk.wake(MIDNIGHT_MS + 5_000)) == []
    assert desk.account.held == 169
    assert desk.board.deadline_ms() is None, "nothing more is to be bought"


def test_what_is_paid_for_the_number_in_mid_call_pays_its_next_units() -> None:
    desk = talks(without_gift("1970-01", 400, plan()))
    for entry in grant_entries("ann", paid_pot(NUMBER, "1970-01"), Money(400), 30_000):
        desk.hear(EntryPosted(entry), 30_000)
    assert bills(desk.wake(60_000)) == []
    assert bills(desk.wake(120_000)) == [(338, 0, EndedBy.BALANCE)]
    assert desk.account.balance == -169 and desk.account.available_in("1970-01") == 62


def test_gift_minutes_wait_while_what_comes_before_them_pays() -> None:
    funds = Funds(draws=(Source.POOL, Source.BUNDLE, Source.MONEY))
    desk = Desk(1_000, plan=plan(funds=funds))
    for entry in grant_entries("ann", paid_pot(NUMBER, "1970-01"), Money(200), 0):
        desk.hear(EntryPosted(entry), 0)
    talks(desk)
    pots = {pot.name: pot.held for pot in desk.account.pots.values()}
    assert pots == {paid_pot(NUMBER, "1970-01"): 169, gift_pot("1970-01"): 0}
    desk.wake(60_000)
    assert desk.account.pot(gift_pot("1970-01")).held == 60, "the pool does not pay a whole unit any more"


def test_a_stopped_number_gets_no_gift_minutes_either() -> None:
    for kind, gift_s in ((LimitKind.LIMIT, 120), (LimitKind.STOP, 60)):
        desk = Desk(1_000, plan=plan())
        desk.ledger.set_limit("ann", NumberLimit(NUMBER, Money(100), kind))
        desk.account.pot(gift_pot("1970-01")).moved = 60
        talks(desk)
        desk.account.spend(NUMBER, "1970-01", 100)
        assert bills(desk.wake(60_000) + desk.wake(120_000)) == [(0, gift_s, EndedBy.LIMIT)]


def test_a_freephone_number_costs_no_fee_for_setting_up() -> None:
    [version] = plan(terms=replace(TERMS, setup_fee=Money(50))).versions
    free, paid = (version.rate(Side.OUTGOING, "", called, 0) for called in ("78001234567", "79161110002"))
    assert isinstance(free, Rate) and free.is_free
    assert isinstance(paid, Rate) and paid.first_need == 219
