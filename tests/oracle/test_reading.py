"""The oracle's reader by hand: prices with and without VAT, exceptions of a version, days off."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.oracle.book import NO_PRICE, NOT_SOLD, Terms
from tests.oracle.naive import MOSCOW
from tests.oracle.reading import kopecks, read_plans

PROFILE = """
[vat]
percent = 20
in_price = false
[funds]
stops = "paid"
credit_kopecks = 5
[counting]
first_s = 60
setup_kopecks = 51
[decks.out]
key = "called"
prefixes = "prefixes.csv"
prices = "prices.csv"
unsold = "unsold.csv"
[decks.in]
key = "caller"
rates = "rates.csv"
[plans.one.funds]
credit_kopecks = 7
[[plans.one.versions]]
version = "a"
from = 2025-01-01
outgoing = "out"
incoming = "in"
incoming_numbers = ["7800"]
bundle = { name = "gift", minutes = 2, destinations = ["Moscow"], rule = "x" }
days_off = "days.csv"
[[plans.one.versions.bands]]
name = "rest"
begin = "10:00"
until = "12:00"
days = ["off"]
percent = 50
rule = "x"
[[plans.one.versions]]
version = "b"
from = 2025-09-01T10:30:00
outgoing = "out"
counting = { next_s = 1, threshold_s = 3, offset = true, longest_s = 3600 }
"""
FILES = {
    "profile.toml": PROFILE.encode(),
    "prefixes.csv": b"\xef\xbb\xbf# of numbers\nprefix,destination\n7495,Moscow\n7,Russia\n",
    "prices.csv": b"destination,price_rub,first_price_rub\nMoscow,1.02,\nRussia,2,3.01\n",
    "unsold.csv": b"prefix,kind\n7800,freephone\n7809,premium_rate\n",
    "rates.csv": b'prefix,destination,price_rub\n,"Nobody, knows",4.20\n',
    "days.csv": b"day,off\n2025-08-04,yes\n2025-08-09,no\n",
}
PLAN = read_plans(FILES)["one"]
MONDAY_OFF, SATURDAY_WORKED, SUNDAY = (datetime(2025, 8, day, 11, tzinfo=MOSCOW) for day in (4, 9, 10))
COMMON = Terms(setup=61, tariff="one@a")


def outgoing(number: str, moment: datetime = SATURDAY_WORKED) -> Terms | str:
    return PLAN.edition(moment).outgoing.terms(number, moment)


def test_a_price_without_vat_gets_it_half_up() -> None:
    moscow = replace(COMMON, first_price=122, next_price=122, is_gift=True, name="Moscow")
    assert outgoing("74951112233") == moscow
    assert outgoing("79161112233") == replace(COMMON, first_price=361, next_price=240, name="Russia")


def test_what_is_not_sold_and_what_nobody_knows_are_two_things() -> None:
    assert outgoing("78091112233") == NOT_SOLD
    assert outgoing("4930123456") == NO_PRICE
    assert outgoing("78001112233") == replace(COMMON, setup=0, name="freephone")


@pytest.mark.parametrize(("moment", "price"), [(MONDAY_OFF, 61), (SATURDAY_WORKED, 122), (SUNDAY, 61)])
def test_days_off_are_weekends_and_the_exceptions_of_the_table(moment: datetime, price: int) -> None:
    found = outgoing("74951112233", moment)
    assert isinstance(found, Terms) and found.next_price == price
    assert found.band == ("rest" if price == 61 else "")


def test_a_version_begins_at_its_moment_in_moscow_with_its_own_counting() -> None:
    before, after = (datetime(2025, 9, 1, 10, minute, tzinfo=MOSCOW) for minute in (29, 30))
    assert [version.from_second for version in PLAN.versions(after)] == [-21_033_000, 0]
    assert PLAN.edition(before).gift_s == 120 and PLAN.edition(after).gift_s == 0
    found = outgoing("74951112233", after)
    assert isinstance(found, Terms)
    assert (found.next_s, found.not_rated_s, found.longest_s, found.is_gift) == (1, 2, 3600, False)


def test_a_plan_overrides_single_fields_and_a_caller_may_be_nobody() -> None:
    assert PLAN.funds == {"stops": "paid", "credit_kopecks": 7}
    incoming = PLAN.edition(SUNDAY).incoming
    assert incoming
    found = incoming.terms("", SATURDAY_WORKED)
    assert isinstance(found, Terms) and (found.name, found.first_price) == ("Nobody, knows", 504)


def test_roubles_are_read_as_they_stand() -> None:
    assert [kopecks(text) for text in ("12", "12.34", "0.05")] == [1200, 1234, 5]
