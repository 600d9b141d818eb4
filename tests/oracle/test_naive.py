"""The oracle is right by hand: the worked examples of the operators' rules, in both of its gaits."""

import random
from copy import deepcopy
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.book import Band, Deck, Terms, Version, share
from tests.oracle.naive import MOSCOW, Account, Call, Line, World, run

A, B = "74950000001", "74950000002"
MOBILE = "79160000000"
AUGUST, SEPTEMBER = (2025, 8), (2025, 9)
MORNING = datetime(2025, 8, 4, 10, 0, tzinfo=MOSCOW)  # a Monday
LATE = datetime(2025, 8, 31, 23, 57, 0, tzinfo=MOSCOW)


def terms(price: int, **more: Any) -> Terms:
    return Terms(first_price=price, next_price=price, **more)


def deck(forwarded: Terms, *bands: Band) -> Deck:
    return Deck({"7": "Russia"}, {"Russia": forwarded}, bands)


def account(price: Terms | int, balance: int = 1_000_000, **more: Any) -> Account:
    paid = price if isinstance(price, Terms) else terms(price)
    given: dict[str, Any] = {"versions": [Version(0, deck(paid))], "lines": {A: Line(), B: Line()}}
    return Account(balance, **(given | more))


def call(hang_up_s: int | None = None, **more: Any) -> Call:
    given: dict[str, Any] = {"at": 0, "line": A, "caller": "74990000000", "target": MOBILE, "ring_s": 0}
    return Call("acc", hang_up_s=hang_up_s, **(given | more))


def play(
    of: Account, *calls: Call, start: datetime = MORNING, payments: tuple[tuple[int, int], ...] = ()
) -> World:
    fast = World(start, {"acc": of}, list(calls), [(at, "acc", kopecks) for at, kopecks in payments])
    slow = deepcopy(fast)
    run(fast, 8000)
    run(slow, 8000, step_every_second=True)
    assert fast == slow
    return fast


def charge(price: Terms | int, seconds: int, **more: Any) -> int:
    (played,) = play(account(price, **more), call(seconds)).calls
    assert played.state == "settled" and not played.cut
    return played.charge


@pytest.mark.parametrize(("seconds", "paid"), [(0, 100), (1, 100), (60, 100), (61, 200)])
def test_s3_an_incomplete_minute_is_paid_in_full_and_no_connection_is_shorter_than_a_second(
    seconds: int, paid: int
) -> None:
    played = play(account(100), call(seconds)).calls[0]
    assert (played.charge, played.legs[0].seconds) == (paid, max(1, seconds))


def test_s4_below_the_threshold_there_is_no_setup_fee_and_no_gift() -> None:
    of = account(terms(169, threshold_s=3, setup=50, is_gift=True), gifts={AUGUST: 600})
    world = play(of, call(2))
    assert (world.calls[0].charge, of.balance, of.gifts) == (0, 1_000_000, {AUGUST: 600})
    of = account(terms(169, threshold_s=3, setup=50, is_gift=True), gifts={AUGUST: 600})
    world = play(of, call(3))
    assert (world.calls[0].charge, of.gifts) == (50, {AUGUST: 540})


@pytest.mark.parametrize(("seconds", "paid"), [(1, 100), (60, 100), (61, 102), (90, 160)])
def test_s5_the_first_unit_can_be_a_minute_and_the_next_ones_seconds(seconds: int, paid: int) -> None:
    assert charge(Terms(60, 100, 1, 2), seconds) == paid


def test_s6_the_gift_pool_is_that_of_the_month_of_the_answer() -> None:
    of = account(terms(169, is_gift=True), gifts={AUGUST: 600, SEPTEMBER: 120})
    late = call(200, at=170, ring_s=15)  # dialled 23:59:50, answered 00:00:05, 4 minutes
    world = play(of, late, start=LATE)
    assert (world.calls[0].charge, of.gifts) == (338, {AUGUST: 600, SEPTEMBER: 0})


def test_s6_what_cannot_be_held_anew_at_the_answer_is_cut_at_once_and_costs_nothing() -> None:
    of = account(terms(169, is_gift=True), 100, gifts={AUGUST: 600})
    (late,) = play(of, call(200, at=170, ring_s=15), start=LATE).calls
    assert (late.state, late.cut_by, late.ended_by, late.ended_at) == ("settled", "forwarded", "money", 185)
    assert (late.charge, late.legs[0].units, of.balance, of.gifts) == (0, 0, 100, {AUGUST: 600})


def test_s6_neither_leg_costs_anything_when_one_cannot_be_held_anew() -> None:
    of = freephone(300, gifts={AUGUST: 60})
    (late,) = play(of, call(200, at=170, ring_s=15), start=LATE).calls
    assert (late.cut_by, [leg.charge for leg in late.legs], of.balance) == ("forwarded", [0, 0], 300)


def test_s6_a_gift_second_held_in_august_is_not_missing_in_september() -> None:
    of = account(terms(169, is_gift=True), 0, stops_at="below", gifts={AUGUST: 60, SEPTEMBER: 60})
    world = play(of, call(60, at=170), call(60, at=190), start=LATE)
    assert [(played.state, played.charge) for played in world.calls] == [("settled", 0), ("settled", 0)]


def freephone(balance: int, **more: Any) -> Account:
    by_caller = Deck({"7": "Russia", "4": "world"}, {"Russia": terms(250)})
    version = Version(0, deck(terms(169, is_gift=True)), incoming=by_caller)
    return account(0, balance, versions=[version], lines={A: Line(incoming=True)}, **more)


def test_s7_the_customer_of_an_8800_number_pays_for_both_legs() -> None:
    world = play(freephone(2000), call(61, ring_s=5))
    assert [leg.charge for leg in world.calls[0].legs] == [500, 338]
    assert world.accounts["acc"].balance == 2000 - 838


def test_s7_both_legs_end_when_the_next_unit_of_one_cannot_be_secured() -> None:
    """419 for the first minute; at 60 s 250 more can be held, 169 more cannot; the 250 is given back."""
    (cut,) = play(freephone(419 + 250 + 168), call(200)).calls
    assert (cut.ended_at, cut.cut_by, [leg.charge for leg in cut.legs]) == (60, "forwarded", [250, 169])


def test_s7_a_refused_incoming_leg_refuses_the_call_a_refused_forward_leaves_it_unanswered() -> None:
    (poor,) = play(freephone(249), call(60)).calls
    assert (poor.state, poor.why, len(poor.legs)) == ("refused", "money", 1)
    (poor,) = play(of := freephone(418), call(60)).calls
    assert (poor.state, poor.why, [leg.state for leg in poor.legs]) == (
        "unanswered",
        "money",
        ["unanswered", "refused"],
    )
    assert of.balance == 418
    (foreign,) = play(freephone(2000), call(60, caller="4930")).calls
    assert (foreign.state, foreign.why) == ("refused", "not sold")


def test_s8_a_call_is_released_at_the_end_of_the_last_paid_minute() -> None:
    (cut,) = play(of := account(169, 400), call()).calls
    assert (cut.cut, cut.ended_at, cut.charge, of.balance) == (True, 120, 338, 62)


def test_s8_of_three_parallel_calls_the_third_is_refused() -> None:
    world = play(of := account(169, 500), call(50), call(50), call(50))
    assert [played.state for played in world.calls] == ["settled", "settled", "refused"]
    assert of.balance == 500 - 338


def test_s8_parallel_calls_draw_on_one_sum_in_the_order_of_their_reservations() -> None:
    """500: 100 at 0 s and at 10 s, 100 at 60, 70 and 120 s; at 130 s nothing is left for the second."""
    world = play(of := account(100, 500), call(), call(at=10))
    assert [(played.ended_at, played.charge) for played in world.calls] == [(180, 300), (130, 200)]
    assert of.balance == 0


def test_s8_what_was_reserved_for_ringing_comes_back() -> None:
    world = play(of := account(100, 100), call(ring_s=None), call(60, at=29), call(60, at=30))
    assert [(played.state, played.ended_at) for played in world.calls] == [
        ("unanswered", 30),
        ("refused", 29),
        ("settled", 90),
    ]
    assert of.balance == 0


def test_s9_at_one_instant_money_comes_before_ends_before_boundaries_before_admissions() -> None:
    (talk,) = play(account(169, 338), call(150), payments=((120, 169),)).calls
    assert (talk.cut, talk.ended_at, talk.charge) == (False, 150, 507)
    free, talk = play(account(terms(169, threshold_s=61), 338), call(60), call()).calls
    assert (free.charge, talk.ended_at, talk.charge) == (0, 120, 338)
    of = account(terms(169, threshold_s=6, is_gift=True), 169, gifts={AUGUST: 60})
    answered, ended = play(of, call(60, at=170, ring_s=15), call(5, at=180), start=LATE).calls
    assert (ended.charge, answered.charge, answered.cut) == (0, 169, False)
    first, second = play(account(169, 338), call(), call(60, at=60)).calls
    assert (first.ended_at, second.state) == (120, "refused")


def test_delo_the_balance_of_one_minute_serves_one_minute() -> None:
    world = play(of := account(169, 169), call(), call(at=60))
    assert [(played.state, played.why) for played in world.calls] == [("settled", ""), ("refused", "stopped")]
    assert (world.calls[0].ended_at, of.balance) == (60, 0)
    assert play(account(169, 150), call()).calls[0].why == "money"


ISS_5_12 = [(4, 0, 0), (5, 0, 0), (6, 250, 250), (45, 250, 250), (60, 250, 250)]
ISS_5_12 += [(64, 500, 250), (65, 500, 250), (66, 500, 500)]


@pytest.mark.parametrize(("seconds", "by_threshold", "by_offset"), ISS_5_12)
def test_iss_5_12_both_readings(seconds: int, by_threshold: int, by_offset: int) -> None:
    assert charge(terms(250, threshold_s=6), seconds) == by_threshold
    assert charge(terms(250, threshold_s=6, offset=True), seconds) == by_offset


def test_iss_5_12_by_offset_the_paid_minute_ends_five_seconds_later() -> None:
    (cut,) = play(account(terms(250, threshold_s=6, offset=True), 499), call()).calls
    assert (cut.ended_at, cut.charge) == (65, 250)


@pytest.mark.parametrize(
    ("minutes", "pool", "balance"), [(64, 36_000, 50_000), (100, 0, 50_000), (118, 0, 32_000)]
)
def test_iss_5_8_the_guaranteed_payment_is_spent_before_the_balance(
    minutes: int, pool: int, balance: int
) -> None:
    of = account(1000, 50_000, pools={(A, AUGUST): 100_000})
    play(of, call(minutes * 60))
    assert (of.pools, of.balance) == ({(A, AUGUST): pool}, balance)


def test_iss_5_8_each_number_has_its_own_pool_and_august_is_not_september() -> None:
    of = account(100, 0, pools={(A, AUGUST): 500, (A, SEPTEMBER): 500})
    world = play(of, call(60), call(60, line=B), call(60, at=200), start=LATE)
    assert [(played.state, played.why) for played in world.calls] == [
        ("settled", ""),
        ("refused", "money"),
        ("settled", ""),
    ]
    assert of.pools == {(A, AUGUST): 400, (A, SEPTEMBER): 400}


def test_iss_5_4_a_negative_balance_leaves_of_the_pool_what_is_real_money() -> None:
    of = account(1000, -70_000, pools={(A, SEPTEMBER): 100_000})
    start = datetime(2025, 9, 1, tzinfo=MOSCOW)
    cut, later = play(of, call(), call(at=1900), start=start).calls
    assert (cut.ended_at, cut.charge, of.pools) == (1800, 30_000, {(A, SEPTEMBER): 70_000})
    assert (later.state, later.why) == ("refused", "stopped")


def test_iss_5_4_two_pools_share_the_real_money() -> None:
    """-170 000 and two pools of 100 000: 30 000 together, whichever number calls."""
    of = account(10_000, -170_000, pools={(A, AUGUST): 100_000, (B, AUGUST): 100_000})
    world = play(of, call(60), call(60, line=B), call(60), call(60, line=B))
    assert [played.state for played in world.calls] == ["settled", "settled", "settled", "refused"]


@pytest.mark.parametrize(("seconds", "paid"), [(2, 0), (3, 169), (60, 169), (61, 338), (181, 676)])
def test_clv_p1_shorter_than_three_seconds_is_free(seconds: int, paid: int) -> None:
    assert charge(terms(169, threshold_s=3), seconds) == paid


def clovertel(*bands: Band) -> Account:
    prefixes = {"7495": "Moscow", "7": "Russia", "375": "Belarus", "7800": "freephone", "7809": "premium"}
    prices = {"Russia": terms(169), "Moscow": terms(65), "Belarus": terms(2900)}
    return account(0, versions=[Version(0, Deck(prefixes, prices, bands))])


@pytest.mark.parametrize(
    ("target", "seconds", "paid"),
    [("375291112233", 125, 8700), ("74951112233", 180, 195), (MOBILE, 60, 169), ("78001112233", 600, 0)],
)
def test_clv_p2_the_longest_prefix_has_the_price(target: str, seconds: int, paid: int) -> None:
    (talk,) = play(clovertel(), call(seconds, target=target)).calls
    assert (talk.state, talk.ended_by, talk.charge) == ("settled", "hang-up", paid)


@pytest.mark.parametrize(
    ("target", "why"), [("78091112233", "not sold"), ("4930123456", "no price"), ("", "no price")]
)
def test_clv_p2_a_number_without_a_price_is_refused(target: str, why: str) -> None:
    (refused,) = play(clovertel(), call(60, target=target)).calls
    assert (refused.state, refused.why) == ("refused", why)


def go_100(balance: int, gift_minutes: int, **more: Any) -> Account:
    more = {"stops_at": "below", "stops": "paid"} | more
    return account(
        terms(169, threshold_s=3, is_gift=True), balance, gifts={AUGUST: gift_minutes * 60}, **more
    )


def test_clv_p3_five_gift_minutes_and_three_paid_ones() -> None:
    (talk,) = play(of := go_100(10_000, 5), call(430)).calls
    assert (talk.legs[0].units, talk.legs[0].gift_s, talk.charge) == (8, 300, 507)
    assert (of.gifts, of.balance) == ({AUGUST: 0}, 9493)


def test_clv_p3_the_longest_call_is_five_gift_minutes_and_two_paid_ones() -> None:
    (cut,) = play(of := go_100(400, 5), call()).calls
    assert (cut.cut, cut.ended_at, cut.charge, of.balance) == (True, 420, 338, 62)


def test_clv_p3_gift_minutes_work_with_nothing_and_not_below_it() -> None:
    (talk,) = play(go_100(0, 5), call(61)).calls
    assert (talk.state, talk.charge, talk.legs[0].gift_s) == ("settled", 0, 120)
    (refused,) = play(go_100(-1, 5), call(61)).calls
    assert (refused.state, refused.why) == ("refused", "stopped")


def test_clv_p3_gift_seconds_that_are_not_a_whole_unit_stay() -> None:
    of = account(terms(169, is_gift=True), gifts={AUGUST: 119})
    (talk,) = play(of, call(61)).calls
    assert (talk.charge, of.gifts) == (169, {AUGUST: 59})


def test_clv_p3_a_unit_that_costs_nothing_uses_no_gift() -> None:
    of = account(Terms(60, 0, 60, 100, is_gift=True), gifts={AUGUST: 60})
    (talk,) = play(of, call(180)).calls
    assert (talk.charge, talk.legs[0].gift_s) == (100, 60)
    assert talk.legs[0].units == 3


def test_clv_p3_gift_minutes_are_first_come_first_served() -> None:
    world = play(go_100(169, 1), call(60), call(60), call(60))
    assert [played.charge for played in world.calls] == [0, 169, 0]
    assert [played.state for played in world.calls] == ["settled", "settled", "refused"]


@pytest.mark.parametrize(("stops", "state"), [("paid", "settled"), ("everything", "refused")])
def test_clv_u4_3_2_a_stopped_account_keeps_free_calls_where_only_the_paid_stop(
    stops: str, state: str
) -> None:
    of = account(0, -27_000, stops_at="below", stops=stops)
    assert play(of, call(200)).calls[0].state == state


def test_mango_2_1_19_the_setup_fee_is_reserved_and_charged_once() -> None:
    assert charge(terms(120, setup=50), 61) == 290
    (refused,) = play(account(terms(120, setup=50), 169), call(61)).calls
    assert (refused.state, refused.why) == ("refused", "money")
    assert charge(terms(120, setup=50), 60, balance=170) == 170


def test_mango_2_1_19_a_gift_does_not_pay_the_setup_fee() -> None:
    price = terms(120, setup=50, is_gift=True)
    assert charge(price, 60, balance=50, gifts={AUGUST: 60}) == 50
    assert play(account(price, 49, gifts={AUGUST: 60}), call(60)).calls[0].why == "money"


def test_mango_2_1_21_above_the_threshold_there_are_25_minutes() -> None:
    cut, later = play(of := account(120, 5000, threshold=2000), call(), call(at=1501)).calls
    assert (cut.ended_at, cut.charge, of.balance) == (1500, 3000, 2000)
    assert (later.state, later.why) == ("refused", "stopped")


@pytest.mark.parametrize(("seconds", "paid"), [(3, 0), (4, 200)])
def test_gaz_2_14_a_connection_as_long_as_the_threshold_is_free(seconds: int, paid: int) -> None:
    assert charge(terms(200, threshold_s=4), seconds) == paid


def test_gaz_5_3_2_the_longest_connection_is_released_with_sixty_minutes_charged() -> None:
    first, again = play(account(terms(200, longest_s=3600)), call(), call(60, at=3600)).calls
    assert (first.cut, first.ended_at, first.ended_by, first.charge) == (True, 3600, "longest", 12_000)
    assert again.state == "settled"


def gaz_tariffs(change_s: int) -> list[Version]:
    return [Version(0, deck(terms(200))), Version(change_s, deck(terms(260)))]


@pytest.mark.parametrize(
    ("at", "ring_s", "talk_s", "paid"),
    [(30, 10, 330, 1200), (170, 15, 60, 260)],  # answered 23:57:40; dialled 23:59:50, answered 00:00:05
)
def test_gaz_15_3_the_tariff_is_that_of_the_answer(at: int, ring_s: int, talk_s: int, paid: int) -> None:
    of = account(0, 10_000, versions=gaz_tariffs(180))
    assert play(of, call(talk_s, at=at, ring_s=ring_s), start=LATE).calls[0].charge == paid


@pytest.mark.parametrize(("balance", "at", "state"), [(259, 149, "settled"), (259, 150, "refused")])
def test_gaz_15_3_the_first_hold_covers_a_price_that_rises_while_it_rings(
    balance: int, at: int, state: str
) -> None:
    of = account(0, balance, versions=gaz_tariffs(180))
    (played,) = play(of, call(10, at=at, ring_s=5), start=LATE).calls
    assert played.state == state
    of = account(0, 260, versions=gaz_tariffs(180))
    (played,) = play(of, call(10, at=at, ring_s=5), start=LATE).calls
    assert (played.charge, of.balance) == (200, 60)


def gazprom(price: int) -> Account:
    lines = {A: Line(limit=20_000, used={AUGUST: 8000}), B: Line(limit=20_000, used={AUGUST: 19_900})}
    return account(price, -99_300, credit=100_000, lines=lines)


def test_gaz_15_8_the_account_limit_leaves_three_minutes() -> None:
    (cut,) = play(of := gazprom(200), call()).calls
    assert (cut.ended_at, cut.ended_by, cut.charge) == (180, "money", 600)
    assert (of.balance, of.lines[A].used) == (-99_900, {AUGUST: 8600})


def test_gaz_15_8_number_b_is_refused_and_number_a_goes_on() -> None:
    on_a, on_b = play(gazprom(200), call(120), call(60, line=B, at=30)).calls
    assert (on_a.state, on_a.charge) == ("settled", 400)
    assert (on_b.state, on_b.why) == ("refused", "number")


@pytest.mark.parametrize(("action", "state"), [("limit", "settled"), ("stop", "refused")])
def test_gaz_15_8_a_number_used_up_keeps_free_calls_unless_it_is_stopped(action: str, state: str) -> None:
    of = account(0, lines={A: Line(limit=100, used={AUGUST: 100}, action=action)})
    assert play(of, call(60)).calls[0].state == state


def test_gaz_15_8_the_limit_of_a_number_cuts_its_call() -> None:
    for limit in (400, 599):
        (cut,) = play(account(200, lines={A: Line(limit=limit)}), call()).calls
        assert (cut.ended_at, cut.ended_by, cut.charge) == (120, "number", 400)


def test_gaz_15_8_what_one_number_holds_is_not_held_on_another() -> None:
    of = account(200, lines={A: Line(limit=200), B: Line(limit=200)})
    world = play(of, call(60), call(60, line=B), call(60))
    assert [(played.state, played.why) for played in world.calls] == [
        ("settled", ""),
        ("settled", ""),
        ("refused", "number"),
    ]


@pytest.mark.parametrize(
    ("order", "pool", "money"),
    [(("bundle", "pool", "money"), 0, 20), (("bundle", "money", "pool"), 70, -50)],
)
def test_the_draw_order_says_which_kopecks_go_first(order: tuple[str, ...], pool: int, money: int) -> None:
    """A credit of 50 makes 70 free in money; 120 are to pay."""
    of = account(120, 20, credit=50, pools={(A, AUGUST): 120}, order=order)
    play(of, call(60))
    assert (of.pools[A, AUGUST], of.balance) == (pool, money)


def test_a_bundle_drawn_last_pays_when_the_money_is_gone() -> None:
    of = account(terms(100, is_gift=True), 150, gifts={AUGUST: 120}, order=("pool", "money", "bundle"))
    (cut,) = play(deepcopy(of), call()).calls
    assert (cut.ended_at, cut.charge, cut.legs[0].gift_s) == (180, 100, 120)
    play(of, call(60))
    assert (of.balance, of.gifts) == (50, {AUGUST: 120})


def test_a_bundle_drawn_between_pays_when_the_pool_alone_does_not_suffice() -> None:
    of = account(
        terms(100, is_gift=True),
        gifts={AUGUST: 60},
        pools={(A, AUGUST): 150},
        order=("pool", "bundle", "money"),
    )
    (talk,) = play(of, call(180)).calls
    assert (talk.legs[0].pool, talk.legs[0].gift_s, talk.legs[0].money) == (150, 60, 50)


def test_a_share_of_a_price_is_rounded_half_up() -> None:
    assert [share(169, 50), share(1, 49), share(3, Fraction(50, 3))] == [85, 0, 1]


NIGHT = Band(22 * 60, 6 * 60, 50, weekdays=frozenset({0, 1, 2, 3, 4}))
NOON = Band(12 * 60, 13 * 60, 10)
HOLIDAY = Band(0, 0, 200, weekdays=frozenset(), holidays=frozenset({date(2025, 8, 5)}))


@pytest.mark.parametrize(
    ("day", "hour", "minute", "paid"),
    [
        (4, 21, 59, 169),
        (4, 22, 0, 85),
        (6, 5, 59, 85),
        (6, 6, 0, 169),
        (9, 23, 0, 169),  # a Saturday
        (4, 11, 59, 169),
        (4, 12, 0, 17),
        (4, 13, 0, 169),
        (5, 12, 0, 338),
        (5, 23, 0, 338),  # the first band that covers it
    ],
)
def test_a_band_has_its_hours_and_days(day: int, hour: int, minute: int, paid: int) -> None:
    start = datetime(2025, 8, day, hour, minute, tzinfo=MOSCOW)
    assert play(clovertel(HOLIDAY, NIGHT, NOON), call(60), start=start).calls[0].charge == paid


def test_the_seconds_and_the_leaps_agree_on_any_scenario() -> None:
    seen = set()
    for seed in range(600):
        fast = scenario(random.Random(seed))
        slow = deepcopy(fast)
        before = deepcopy(fast)
        run(fast, 500)
        run(slow, 500, step_every_second=True)
        assert fast == slow, seed
        _assert_kept(before, fast)
        seen |= {(played.state, played.ended_by) for played in fast.calls}
    ends = {"hang-up", "money", "number", "longest"}
    assert {ended_by for state, ended_by in seen if state == "settled"} >= ends
    assert {ended_by for state, ended_by in seen if state == "unanswered"} >= {"no answer", "money"}
    assert {ended_by for state, ended_by in seen if state == "refused"} >= {"money", "number", "stopped"}


def _assert_kept(before: World, after: World) -> None:
    """Every kopeck and gift second that went is on a bill, and none is on two."""
    then, now = before.accounts["acc"], after.accounts["acc"]
    legs = [leg for played in after.calls for leg in played.legs if leg.state == "settled"]
    paid_in = sum(kopecks for _, _, kopecks in after.payments)
    assert now.balance == then.balance + paid_in - sum(leg.money for leg in legs)
    assert sum(now.pools.values()) == sum(then.pools.values()) - sum(leg.pool for leg in legs)
    assert sum(now.gifts.values()) == sum(then.gifts.values()) - sum(leg.gift_s for leg in legs)
    assert min([0, *now.pools.values(), *now.gifts.values()]) == 0
    assert now.balance >= min(then.balance, now.floor)
    for line in now.lines:
        was, limit = then.lines[line].used, now.lines[line].limit
        for month, used in now.lines[line].used.items():
            assert limit is None or used <= max(was.get(month, 0), limit)


def scenario(luck: random.Random) -> World:
    versions = [Version(-1, drawn_deck(luck), drawn_deck(luck))]
    versions += [Version(luck.randrange(0, 300), drawn_deck(luck), drawn_deck(luck))]
    months = (AUGUST, SEPTEMBER)
    of = Account(
        luck.choice([-200, 0, 100, 400, 1000, 3000]),
        versions,
        {line: drawn_line(luck) for line in (A, B)},
        credit=luck.choice([0, 0, 300]),
        threshold=luck.choice([0, 0, 200]),
        gifts={month: luck.choice([0, 60, 200]) for month in months},
        pools={(line, month): luck.choice([0, 150, 500]) for line in (A, B) for month in months},
        order=tuple(luck.sample(["bundle", "pool", "money"], 3)),
        stops_at=luck.choice(["at", "below"]),
        stops=luck.choice(["everything", "paid"]),
    )
    calls = [
        call(
            luck.choice([0, 1, 60, 61, 200, None]),
            at=luck.randrange(0, 120, 10),
            line=luck.choice([A, B]),
            ring_s=luck.choice([0, 5, 10, 29, 30, None]),
        )
        for _ in range(luck.randint(1, 4))
    ]
    payments = [
        (luck.randrange(0, 300, 10), "acc", luck.choice([100, 500])) for _ in range(luck.randint(0, 2))
    ]
    start = LATE + timedelta(seconds=luck.randrange(0, 240))
    return World(start, {"acc": of}, calls, payments)


def drawn_line(luck: random.Random) -> Line:
    limit = luck.choice([None, None, 300, 1000])
    used = {month: luck.choice([0, 200, 300]) for month in (AUGUST, SEPTEMBER)}
    return Line(luck.random() < 0.4, limit, used, luck.choice(["limit", "stop"]))


def drawn_deck(luck: random.Random) -> Deck:
    drawn = Terms(
        luck.choice([1, 30, 60]),
        luck.choice([0, 7, 100]),
        luck.choice([1, 10, 60]),
        luck.choice([0, 1, 50]),
        setup=luck.choice([0, 0, 50]),
        threshold_s=luck.choice([0, 3, 6]),
        offset=luck.random() < 0.3,
        longest_s=luck.choice([None, None, 90, 180]),
        is_gift=luck.random() < 0.5,
    )
    return deck(drawn, Band(0, 1, luck.choice([0, 50, 150])), Band(23 * 60 + 58, 0, 120))


def test_who_waits_for_nobody_gives_up_when_he_likes_or_after_the_patience_of_the_service() -> None:
    world = play(account(100), call(12, ring_s=None), call(50, ring_s=None), call(None, ring_s=None))
    assert [(played.state, played.ended_at) for played in world.calls] == [
        ("unanswered", 12),
        ("unanswered", 30),
        ("unanswered", 30),
    ]


@pytest.mark.parametrize(("bar", "why"), [("Russia", "barred"), ("7916", "barred"), ("7917", "")])
def test_gaz_9_4_a_barred_direction_is_a_destination_or_a_prefix(bar: str, why: str) -> None:
    of = account(Terms(first_price=100, next_price=100, name="Russia"), barred=(bar,))
    assert play(of, call(60)).calls[0].why == why


def test_iss_5_8_what_is_granted_in_mid_call_pays_its_next_minutes() -> None:
    of = account(1000, 2500)
    world = World(MORNING, {"acc": of}, [call()], grants=[(30, "acc", A, 2500)])
    run(world, 8000)
    (cut,) = world.calls
    assert (cut.ended_at, cut.charge, cut.legs[0].pool) == (120, 2000, 1000)
    assert (of.balance, of.pools) == (-1000, {(A, AUGUST): 1500})


def test_what_is_sold_no_more_at_the_answer_keeps_its_price() -> None:
    versions = [Version(0, deck(terms(100))), Version(20, Deck({}, {}))]
    (talk,) = play(account(0, versions=versions), call(60, at=10, ring_s=15)).calls
    assert (talk.state, talk.charge) == ("settled", 100)


def test_a_hold_is_made_anew_only_by_other_terms() -> None:
    """30 are held of the pool and the rest of the balance; a grant of the same month changes the sources."""
    of = account(100, 1000, pools={(A, AUGUST): 30})
    world = World(MORNING, {"acc": of}, [call(60, ring_s=10)], grants=[(5, "acc", A, 500)])
    run(world, 100)
    assert (world.calls[0].legs[0].pool, of.pools[A, AUGUST]) == (30, 500)


def test_a_price_of_nothing_has_no_end_and_is_not_cut_when_service_stops() -> None:
    of = account(Terms(60, 100, 60, 0), 100)
    (talk,) = play(of, call(500), payments=((30, -1000),)).calls
    assert (talk.cut, talk.charge, talk.legs[0].units) == (False, 100, 9)
