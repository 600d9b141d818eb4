"""What is true of every price of every connection."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rating.charge import Charge, Secured, charge_connection
from rating.tariff import Rate
from tests.laws.words import RATES, SECONDS, SECURED

MANY = [Secured(10**9, is_gift=False)]


def units_of(charge: Charge) -> int:
    return sum(line.quantity for line in charge.lines if line.what in ("gift", "first_unit", "units"))


@given(RATES, SECONDS, st.integers(0, 5000), SECURED | st.just(MANY))
@settings(deadline=None)
def test_talking_longer_never_costs_less(rate: Rate, seconds: int, more: int, secured: list[Secured]) -> None:
    charge = charge_connection(rate, seconds, secured)
    assert charge_connection(rate, seconds + more, secured).amount >= charge.amount


@given(RATES, SECONDS, SECURED)
@settings(deadline=None)
def test_nobody_is_charged_more_than_was_secured(rate: Rate, seconds: int, secured: list[Secured]) -> None:
    charge = charge_connection(rate, seconds, secured)
    by_money = [run.units for run in secured if not run.is_gift]
    dearest = max(rate.first_price, rate.next_price)
    assert charge.units <= sum(run.units for run in secured)
    assert 0 <= charge.amount <= rate.terms.setup_fee + sum(by_money) * dearest


@given(RATES, SECONDS, SECURED | st.just(MANY))
@settings(deadline=None)
def test_the_lines_of_a_bill_add_up_to_it(rate: Rate, seconds: int, secured: list[Secured]) -> None:
    charge = charge_connection(rate, seconds, secured)
    assert sum(line.amount for line in charge.lines) == charge.amount
    assert all(line.quantity * line.unit_price == line.amount for line in charge.lines)
    assert units_of(charge) == charge.units
    assert all(line.rule for line in charge.lines)


@given(RATES, SECONDS)
@settings(deadline=None)
def test_billed_time_covers_what_was_talked_and_not_a_whole_unit_more(rate: Rate, seconds: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    terms = rate.terms
    is_short = seconds <= terms.free_s if terms.is_offset else seconds < terms.threshold_s
    assert (charge.units == 0) == is_short
    if charge.units:
        assert terms.covered_ms(charge.units) >= seconds * 1000
        assert terms.covered_ms(charge.units - 1) < seconds * 1000


@given(RATES, SECONDS)
@settings(deadline=None)
def test_the_first_unit_has_its_own_price_and_the_set_up_is_paid_once(rate: Rate, seconds: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    further = max(0, charge.units - 1) * rate.next_price
    begin = rate.terms.setup_fee + rate.first_price if charge.units else 0
    assert charge.amount == begin + further
    assert charge.units < 1 or rate.first_need == begin


@given(RATES, SECONDS)
@settings(deadline=None)
def test_vat_is_its_share_of_the_amount_half_up(rate: Rate, seconds: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    percent = rate.terms.vat_percent or 0
    twice_off = 2 * (charge.vat * (100 + percent) - charge.amount * percent)
    assert -(100 + percent) < twice_off <= 100 + percent


@given(RATES, st.integers(1, 5000), st.integers(0, 30))
@settings(deadline=None)
def test_a_gift_saves_exactly_the_units_that_it_pays(rate: Rate, seconds: int, gift: int) -> None:
    charge = charge_connection(rate, seconds, [Secured(gift, is_gift=True), *MANY])
    paid = charge_connection(rate, seconds, MANY)
    saved = sum(rate.price(unit) for unit in range(min(gift, paid.units)))
    assert (charge.units, charge.amount) == (paid.units, paid.amount - saved)
