"""What is true of every tariff."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rating.charge import charge_connection
from rating.money import Money
from rating.tariff import Rate, Tariff

RATES = st.builds(
    Rate,
    tariff=st.just("t"),
    destination=st.just("d"),
    prefix=st.just(""),
    unit_s=st.integers(1, 3600),
    unit_price=st.integers(0, 10_000).map(Money),
    setup_fee=st.integers(0, 10_000).map(Money),
    threshold_s=st.integers(0, 60),
)
SECONDS = st.integers(1, 30 * 24 * 3600)
MANY = 10**9


@given(RATES, SECONDS, st.integers(0, 5000))
@settings(deadline=None)
def test_talking_longer_never_costs_less(rate: Rate, seconds: int, more: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    assert charge_connection(rate, seconds + more, MANY).amount >= charge.amount


@given(RATES, SECONDS, st.integers(1, 1000))
@settings(deadline=None)
def test_nobody_is_charged_more_than_was_secured(rate: Rate, seconds: int, secured: int) -> None:
    charge = charge_connection(rate, seconds, secured)
    assert 0 <= charge.amount <= rate.setup_fee + secured * rate.unit_price


@given(RATES, SECONDS)
@settings(deadline=None)
def test_the_lines_of_a_bill_add_up_to_it(rate: Rate, seconds: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    assert sum(line.amount for line in charge.lines) == charge.amount
    assert all(line.quantity * line.unit_price == line.amount for line in charge.lines if line.amount)


@given(RATES, SECONDS)
@settings(deadline=None)
def test_billed_time_covers_what_was_talked_and_not_a_whole_unit_more(rate: Rate, seconds: int) -> None:
    charge = charge_connection(rate, seconds, MANY)
    if seconds >= rate.threshold_s:
        assert 0 <= charge.units * rate.unit_s - seconds < rate.unit_s


@given(
    st.lists(st.text("123", max_size=4), unique=True), st.text("123", min_size=4, max_size=8), st.randoms()
)
@settings(deadline=None)
def test_longest_prefix_wins_whatever_the_order(prefixes: list[str], number: str, luck: object) -> None:
    rates = [Rate("t", p, p, 60, Money(1), Money(0), 0) for p in prefixes]
    luck.shuffle(rates)  # type: ignore[attr-defined]
    found = Tariff("t", rates).rate_for(number)
    fitting = [prefix for prefix in prefixes if number.startswith(prefix)]
    assert (found.prefix if found else None) == max(fitting, key=len, default=None)
