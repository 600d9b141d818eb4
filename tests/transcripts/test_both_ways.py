"""An 8-800 number: its owner pays for the way in and for the way out. And what else a plan may say."""

from dataclasses import replace

from callctl.calls.events import LegAnswered, LegEnded, LegGone, LegReady, LegsListed, OrderRefused, Why
from callctl.calls.orders import Answer, HangUp, Order, PlaceLeg
from callctl.calls.records import EndedBy, LegBegan, LegHeld, LegRefused, LegSettled
from dialplan.causes import Cause
from rating.bands import Band, Days
from rating.deck import Destination, Key
from rating.funds import Funds, Stop
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.refusal import Refusal
from rating.tariff import Plan, Side, Terms, Version
from tests.plans import deck, everywhere, simple
from tests.transcripts.words import MOBILE, NUMBER, A, B, Desk

TOLL_FREE = "78001234567"
WAY_IN = "leg0-a"
MINUTE = Terms("test/both@1")

BY_REGION = deck(
    {
        "7495": Destination("Moscow", Money(250), Money(250)),
        "79": Destination("Russia mobile", Money(400), Money(400)),
    },
    Key.CALLER,
)
BOTH = Plan(
    "both",
    "Both",
    Funds(),
    [Version("1", 0, None, MINUTE, everywhere(169), BY_REGION, incoming_numbers=("7800",))],
)


LINE = f'start: line\nnodes:\n  line: {{kind: queue, members: ["{MOBILE}"]}}\n'


def both(balance: int, plan: Plan = BOTH, scheme: str = "") -> Desk:
    return Desk(balance, number=TOLL_FREE, plan=plan, scheme=scheme)


def talking(desk: Desk) -> Desk:
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 2_000)
    desk.hear(LegAnswered(A), 2_000)
    return desk


def bills(orders: list[Order]) -> dict[str, LegSettled]:
    return {order.leg_id: order for order in orders if isinstance(order, LegSettled)}


def refusals(orders: list[Order]) -> list[tuple[str, Refusal]]:
    return [(order.connection.leg_id, order.refusal) for order in orders if isinstance(order, LegRefused)]


def test_both_ways_are_held_before_the_target_is_called() -> None:
    desk = both(1_000)
    orders = desk.arrive()
    held = [(order.connection.leg_id, order.amount) for order in orders if isinstance(order, LegHeld)]
    assert held == [(WAY_IN, 400), (B, 169)]
    assert isinstance(orders[-1], PlaceLeg) and orders[-1].is_paid
    assert desk.account.available == 1_000 - 400 - 169


def test_the_way_in_is_priced_by_the_callers_region() -> None:
    desk = both(1_000)
    [held, *_] = [order for order in desk.arrive(caller="+7 495 111-22-33") if isinstance(order, LegHeld)]
    assert held.rate and (held.rate.side, held.rate.destination, held.rate.prefix) == (
        Side.INCOMING,
        "Moscow",
        "7495",
    )


def test_who_cannot_pay_the_way_in_is_not_called_through() -> None:
    desk = both(399)
    orders = desk.arrive()
    assert refusals(orders) == [(WAY_IN, Refusal.NOT_ENOUGH)]
    assert HangUp(A, Cause.REJECTED) in orders
    assert not any(isinstance(order, PlaceLeg) for order in orders)


def test_a_caller_whose_region_has_no_price_is_refused() -> None:
    assert refusals(both(9_999).arrive(caller="4930123456")) == [(WAY_IN, Refusal.NO_PRICE)]
    assert refusals(both(9_999).arrive(caller="anonymous")) == [(WAY_IN, Refusal.NO_PRICE)]


def test_money_for_the_way_in_alone_refuses_the_way_out_and_costs_nothing() -> None:
    desk = both(500)
    orders = desk.arrive()
    assert refusals(orders) == [(B, Refusal.NOT_ENOUGH)]
    assert bills(orders)[WAY_IN].charge.amount == 0
    assert (desk.account.balance, desk.account.held) == (500, 0), "also while the caller hears why"


def test_both_ways_begin_with_the_answer_and_the_caller_pays_from_his_own() -> None:
    desk = both(1_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    began = [order for order in desk.hear(LegAnswered(B), 2_000) if isinstance(order, LegBegan)]
    assert began == [LegBegan("ann", B, 2_000), LegBegan("ann", WAY_IN, 2_000)]
    assert desk.hear(LegAnswered(A), 2_030) == [LegBegan("ann", WAY_IN, 2_030)]
    assert desk.hear(LegAnswered(A), 2_010) == [], "told twice, the later one counts"


def test_both_ways_end_when_either_cannot_be_paid() -> None:
    desk = talking(both(400 + 169 + 168))
    orders = desk.wake(62_000)
    assert {order.leg_id for order in orders if isinstance(order, HangUp)} == {A, B}
    made = bills(orders)
    assert {leg_id: (bill.charge.amount, bill.ended_by) for leg_id, bill in made.items()} == {
        B: (169, EndedBy.BALANCE),
        WAY_IN: (400, EndedBy.BALANCE),
    }
    assert (desk.account.balance, desk.account.held) == (168, 0)


def test_both_ways_end_at_the_first_hang_up() -> None:
    desk = talking(both(10_000))
    desk.wake(62_000)
    desk.hear(LegEnded(B), 70_000)
    made = bills(desk.hear(LegGone(B, 16), 70_010))
    assert {leg_id: (bill.charge.seconds, bill.charge.amount) for leg_id, bill in made.items()} == {
        B: (68, 338),
        WAY_IN: (68, 800),
    }
    assert desk.account.held == 0


def test_a_caller_who_gives_up_pays_for_neither_way() -> None:
    desk = both(1_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegEnded(A), 4_000)
    made = bills(desk.hear(LegGone(A, 16), 4_010)) | bills(desk.hear(LegGone(B, 16), 4_020))
    assert {leg_id: bill.charge.amount for leg_id, bill in made.items()} == {B: 0, WAY_IN: 0}
    assert desk.account.held == 0


def test_a_caller_whose_answer_crossed_his_giving_up_pays_for_neither_way() -> None:
    desk = both(1_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    for leg_id in (B, A):
        desk.hear(LegAnswered(leg_id), 4_000)
    desk.hear(LegEnded(A), 4_002)
    made = bills(desk.hear(LegGone(A, 127, was_cancelled=True), 4_003))
    assert {leg_id: bill.charge.amount for leg_id, bill in made.items()} == {B: 0, WAY_IN: 0}
    assert desk.account.held == 0


def test_a_caller_who_gave_up_and_of_whose_answer_nobody_heard_pays_for_neither_way_however_late() -> None:
    desk = both(1_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 4_000)
    desk.hear(LegEnded(A), 5_500)
    made = bills(desk.hear(LegGone(A, 127, was_cancelled=True), 5_501))
    assert {leg_id: bill.charge.amount for leg_id, bill in made.items()} == {B: 0, WAY_IN: 0}
    assert desk.account.held == 0


def test_a_caller_whom_a_line_answers_as_he_gives_up_pays_for_no_way_in() -> None:
    desk = both(1_000, scheme=LINE)
    desk.arrive()
    desk.hear(LegAnswered(A), 5)
    desk.hear(LegEnded(A), 7)
    made = bills(desk.hear(LegGone(A, 127, was_cancelled=True), 8))
    assert {leg_id: bill.charge.amount for leg_id, bill in made.items()} == {B: 0, WAY_IN: 0}


def test_a_target_that_does_not_answer_leaves_the_way_in_free() -> None:
    desk = both(1_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    made = bills(desk.wake(30_000))
    assert made[WAY_IN].charge.amount == 0
    assert desk.account.held == 0, "others may have it in the same instant"


def test_a_call_that_met_a_fault_is_billed_both_ways() -> None:
    desk = talking(both(1_000))
    made = bills(desk.board.close(20_000))
    assert {leg_id: bill.charge.amount for leg_id, bill in made.items()} == {B: 169, WAY_IN: 400}


def test_a_hold_that_was_not_written_down_ends_both_ways_unpaid() -> None:
    desk = both(1_000)
    [place] = [order for order in desk.arrive() if isinstance(order, PlaceLeg)]
    desk.hear(OrderRefused(place, Why.NOT_RECORDED), 2_000)
    desk.hear(LegGone(A, 42), 2_010)
    assert (desk.account.balance, desk.account.held) == (1_000, 0)


def test_a_queue_answers_nobody_whose_hold_was_not_written_down() -> None:
    desk = both(1_000, scheme=LINE)
    [answer] = [order for order in desk.arrive() if isinstance(order, Answer)]
    assert answer.is_paid, "it waits for the record"
    orders = desk.hear(OrderRefused(answer, Why.NOT_RECORDED), 2_000)
    assert HangUp(A, Cause.CONGESTION) in orders
    desk.hear(LegGone(A, 42), 2_010)
    assert (desk.account.balance, desk.account.held) == (1_000, 0)


def test_who_is_answered_again_because_a_list_lacks_him_waits_for_his_hold_again() -> None:
    desk = both(1_000, scheme=LINE)
    [answer] = [order for order in desk.arrive() if isinstance(order, Answer)]
    not_up = LegsListed(frozenset({A}), frozenset(), 1_000, 900, is_after_gap=False)
    assert desk.hear(not_up, 1_000) == [answer]


def test_a_connection_ends_when_it_is_as_long_as_may_be() -> None:
    terms = Terms("test/long@1", longest_s=3_600)
    desk = talking(
        Desk(100_000, plan=Plan("long", "", Funds(), [Version("1", 0, None, terms, everywhere(100))]))
    )
    assert not bills(desk.wake(3_601_999))
    bill = bills(desk.wake(3_602_000))[B]
    assert (bill.ended_by, bill.charge.units, bill.charge.amount) == (EndedBy.LONGEST, 60, 6_000)


def test_a_free_connection_is_not_longer_than_may_be_either() -> None:
    terms = Terms("test/long@1", longest_s=3_600)
    desk = talking(Desk(0, plan=Plan("long", "", Funds(), [Version("1", 0, None, terms, everywhere(0))])))
    assert bills(desk.wake(3_602_000))[B].ended_by is EndedBy.LONGEST


def test_what_costs_nothing_waits_for_no_record() -> None:
    [place] = [order for order in Desk(0, plan=simple("free", 60, 0)).arrive() if isinstance(order, PlaceLeg)]
    assert not place.is_paid


DEARER_AT_30_S = Plan(
    "dearer",
    "",
    Funds(),
    [
        Version("1", 0, None, Terms("test/dearer@1"), everywhere(200)),
        Version("2", 30_000, None, Terms("test/dearer@2"), everywhere(260)),
    ],
)


def test_before_the_answer_the_dearest_terms_it_may_meet_are_held() -> None:
    assert refusals(Desk(259, plan=DEARER_AT_30_S).arrive(at_ms=10_000)) == [(B, Refusal.NOT_ENOUGH)]
    desk = Desk(260, plan=DEARER_AT_30_S)
    assert not refusals(desk.arrive(at_ms=10_000))
    assert desk.account.held == 260


def test_the_terms_of_the_moment_of_answer_rule_the_whole_connection() -> None:
    desk = Desk(10_000, plan=DEARER_AT_30_S)
    desk.arrive(at_ms=10_000)
    desk.hear(LegReady(B), 10_005)
    began = [order for order in desk.hear(LegAnswered(B), 29_999) if isinstance(order, LegBegan)]
    assert began[0].rate is None and desk.account.held == 200, "as it was admitted"
    desk.wake(29_999 + 60_000)
    assert desk.account.held == 400


def test_who_answers_after_the_change_has_the_new_price_and_the_record_says_so() -> None:
    desk = Desk(10_000, plan=DEARER_AT_30_S)
    desk.arrive(at_ms=10_000)
    desk.hear(LegReady(B), 10_005)
    [began] = [order for order in desk.hear(LegAnswered(B), 30_000) if isinstance(order, LegBegan)]
    assert began.rate and began.rate.terms.tariff == "test/dearer@2"
    assert desk.account.held == 260


def test_a_band_that_begins_while_it_rings_counts_as_a_change() -> None:
    night = Band("night", 1, 5, frozenset({Days.ALL}), 300, "test")  # 00:01 in Moscow is 21:01 UTC
    version = Version("1", 0, None, Terms("test/night@1"), everywhere(100), bands=(night,))
    desk = Desk(10_000, plan=Plan("night", "", Funds(), [version]))
    desk.arrive(at_ms=21 * 3_600_000 + 45_000)
    assert desk.account.held == 300


def test_a_tariff_loaded_while_a_call_runs_leaves_it_as_it_is() -> None:
    desk = talking(Desk(10_000))
    desk.tariffs.replace(replace(desk.tariffs.profiles["test"], plans={"six": simple("six", 6, 900)}))
    desk.wake(8_000)
    assert desk.account.held == 200


def test_a_tariff_loaded_while_it_rings_counts_for_the_answer() -> None:
    desk = Desk(10_000)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.tariffs.replace(replace(desk.tariffs.profiles["test"], plans={"six": simple("six", 6, 900)}))
    desk.hear(LegAnswered(B), 2_000)
    assert desk.account.held == 900


def test_new_terms_that_cannot_be_paid_end_the_call_at_once_for_nothing() -> None:
    desk = Desk(300)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.tariffs.replace(replace(desk.tariffs.profiles["test"], plans={"six": simple("six", 6, 900)}))
    desk.hear(LegAnswered(B), 2_000)
    orders = desk.wake(2_000)
    assert {order.leg_id for order in orders if isinstance(order, HangUp)} == {A, B}
    assert bills(orders)[B].charge.amount == 0
    assert (desk.account.balance, desk.account.held) == (300, 0)


def test_a_plan_that_is_sold_no_more_does_not_end_who_was_admitted() -> None:
    desk = Desk(300)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.tariffs.replace(replace(desk.tariffs.profiles["test"], plans={}))
    desk.hear(LegAnswered(B), 2_000)
    assert desk.account.held == 100


def test_where_everything_stops_the_caller_is_refused_without_an_answer() -> None:
    plan = Plan("stop", "", Funds(stops=Stop.EVERYTHING, stops_at_level=True), simple("stop", 60, 0).versions)
    orders = Desk(0, plan=plan).arrive()
    assert refusals(orders) == [(WAY_IN, Refusal.STOPPED)]
    assert orders[-1] == HangUp(A, Cause.REJECTED)
    assert not refusals(Desk(1, plan=plan).arrive())


def test_where_only_paid_service_stops_free_calls_go_on() -> None:
    desk = Desk(-1, plan=simple("free", 60, 0))
    assert not refusals(desk.arrive())


def test_a_barred_direction_is_refused() -> None:
    assert MOBILE.startswith("79")
    for bar in ("79", "everywhere"):
        desk = Desk(10_000)
        desk.account.barred = (bar,)
        assert refusals(desk.arrive()) == [(B, Refusal.BARRED)]
    desk.account.barred = ("78", "elsewhere")
    assert not refusals(desk.arrive(leg_id="again"))


def test_emergency_numbers_know_no_bar_no_stop_and_no_limit() -> None:
    plan = Plan("stop", "", Funds(stops=Stop.EVERYTHING, stops_at_level=True), BOTH.versions)
    desk = Desk(-5_000, plan=plan)
    desk.account.barred = ("1",)
    orders = desk.arrive(number="112")
    assert not refusals(orders)
    [place] = [order for order in orders if isinstance(order, PlaceLeg)]
    assert not place.is_paid


def test_a_call_that_meets_the_limit_of_its_number_says_so() -> None:
    desk = Desk(10_000)
    desk.ledger.set_limit("ann", NumberLimit(NUMBER, Money(299), LimitKind.LIMIT))
    bill = bills(talking(desk).wake(14_000))[B]
    assert (bill.ended_by, bill.charge.amount) == (EndedBy.LIMIT, 200)


def test_an_answer_told_again_moves_no_terms_and_gives_back_no_units() -> None:
    desk = talking(both(10_000))
    desk.wake(62_000)
    held = desk.account.held
    dear = replace(BOTH.versions[0], incoming=everywhere(4_000))
    plan = Plan("both", "Both", Funds(), [dear])
    desk.tariffs.replace(replace(desk.tariffs.profiles["test"], plans={"both": plan}))
    desk.hear(LegAnswered(A), 2_040)
    assert desk.account.held == held
    desk.wake(122_040)
    assert desk.account.held == 3 * (400 + 169)


def test_the_callers_later_answer_counts_once_for_each_way() -> None:
    desk = both(400 + 2 * 169 + 100)
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 2_000)
    desk.hear(LegAnswered(A), 2_500)
    assert not bills(desk.wake(62_499))
    made = bills(desk.wake(62_500))
    assert {leg_id: (bill.charge.seconds, bill.charge.amount) for leg_id, bill in made.items()} == {
        B: (60, 169),
        WAY_IN: (60, 400),
    }


def test_what_may_become_dear_while_it_rings_waits_for_its_record() -> None:
    free = Band("free", 0, 1, frozenset({Days.ALL}), 0, "test")  # 00:00 in Moscow is 21:00 UTC
    version = Version("1", 0, None, Terms("test/free@1"), everywhere(100), bands=(free,))
    desk = Desk(10_000, plan=Plan("free", "", Funds(), [version]))
    [place] = [order for order in desk.arrive(at_ms=21 * 3_600_000 + 45_000) if isinstance(order, PlaceLeg)]
    assert place.is_paid and place.until_ms
    assert desk.account.held == 100


def test_a_new_month_of_a_numbers_limit_is_not_held_by_calls_of_the_old_one() -> None:
    desk = Desk(100_000)
    desk.ledger.set_limit("ann", NumberLimit(NUMBER, Money(100), LimitKind.LIMIT))
    month_ms = (31 * 24 - 3) * 3_600_000  # Moscow's 1 February
    desk.arrive(at_ms=month_ms - 40_000)
    desk.hear(LegReady(B), month_ms - 39_000)
    desk.hear(LegAnswered(B), month_ms - 5_000)
    assert not refusals(desk.arrive(at_ms=month_ms, leg_id="next"))
