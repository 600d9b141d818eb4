"""All shapes of terms and prices that a plan can have."""

from hypothesis import strategies as st

from rating.charge import Secured
from rating.money import Money
from rating.tariff import Rate, Side, Terms

PRICES = st.integers(0, 10_000).map(Money)
UNITS_S = st.sampled_from((1, 6, 10, 30, 60, 61, 180, 3600))

TERMS = st.builds(
    Terms,
    tariff=st.just("t@1"),
    first_s=UNITS_S,
    next_s=UNITS_S,
    setup_fee=st.just(Money(0)) | PRICES,
    threshold_s=st.integers(0, 90),
    is_offset=st.booleans(),
    vat_percent=st.none() | st.integers(1, 99),
)
RATES = st.builds(
    Rate,
    terms=TERMS,
    side=st.just(Side.OUTGOING),
    destination=st.just("everywhere"),
    prefix=st.just(""),
    first_price=PRICES,
    next_price=PRICES,
)
SECURED = st.lists(st.builds(Secured, units=st.integers(0, 40), is_gift=st.booleans()), max_size=4)
SECONDS = st.integers(1, 400) | st.integers(1, 30 * 24 * 3600)
