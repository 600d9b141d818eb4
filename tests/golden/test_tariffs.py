"""What tariffs say, and which of them are taken: prices of numbers, what plans fix, notice."""

from datetime import date

import pytest

from rating.calendar import earliest_effect
from rating.quote import Quote
from rating.reading.profile_file import read_profile
from rating.refusal import Refusal
from rating.tariff import Side
from tests.golden.rows import Row, check, rows_of
from tests.golden.subscriber import CALLER, LINE, Given, Subscriber, moment, shipped, told_rate, whole

PROFILE = """
title = "Test"
invented = true
[funds]
threshold_kopecks = 0
credit_kopecks = 0
stops = "paid"
stops_at_level = false
draws = ["bundle", "pool", "money"]
rule = "S-8"
[counting]
first_s = 60
next_s = 60
threshold_s = 0
offset = false
setup_kopecks = 0
{counting}
rules = {{ unit = "S-5" }}
{decks}
[plans.own]
title = "Own"
{versions}
"""


@pytest.mark.parametrize("row", rows_of("prices"))
def test_a_number_is_a_destination_with_a_price(row: Row) -> None:
    subscriber = Subscriber(row.given)
    quote = Quote(subscriber.tariffs, subscriber.account, Side.OUTGOING, CALLER, row.given["number"], LINE)
    rate = quote.rate_at(moment(row.given["at"]))
    if isinstance(rate, Refusal):
        check(row, {"destination": None, "price": None, "refusal": rate.value})
    else:
        check(row, {**told_rate(rate), "refusal": None})


@pytest.mark.parametrize("row", rows_of("notices"))
def test_full_days_lie_between_news_and_effect(row: Row) -> None:
    published = date.fromisoformat(row.given["published"])
    check(row, {"earliest": earliest_effect(published, whole(row.given, "full_days"))})


@pytest.mark.parametrize("row", rows_of("shipped_values"))
def test_a_shipped_plan_fixes_what_its_offer_says(row: Row) -> None:
    profile, _, name = row.given["plan"].partition("/")
    plan = shipped().plan(profile, name)
    assert plan
    version, funds = plan.versions[0], plan.funds
    terms, bundle = version.terms, version.bundle
    assert version.outgoing
    priced = [destination.next for destination in version.outgoing.destinations if not destination.kind]
    level = f"{'at' if funds.stops_at_level else 'below'} {funds.threshold}"
    values: dict[str, object] = {
        "threshold_s": terms.threshold_s,
        "mode": "offset" if terms.is_offset else "threshold",
        "unit_s": terms.next_s,
        "longest_s": terms.longest_s,
        "vat_percent": terms.vat_percent,
        "gift": bundle.seconds // 60 if bundle else None,
        "stops": f"{funds.stops.value} {level}",
        "credit": funds.credit,
        "destinations": len(priced),
        "prices": sum(priced),
    }
    check(row, {"value": values[row.given["setting"]]})


@pytest.mark.parametrize("row", rows_of("refused_profiles"))
def test_a_profile_is_taken_or_refused(row: Row) -> None:
    faults = read_profile("test", profile_of(row.given))
    check(row, {"outcome": "refused" if isinstance(faults, list) else "accepted"})


def profile_of(given: Given) -> dict[str, bytes]:
    """One plan; with `after` it has a second version."""
    prices = [given["before"] or "1.69", *([given["after"]] if given["after"] else [])]
    files, decks, versions = {}, "", ""
    for number, price in enumerate(prices, 1):
        files[f"rates-{number}.csv"] = f"prefix,destination,price_rub\n7495,Moscow,{price}\n".encode()
        decks += f'[decks.d{number}]\nkey = "called"\nrates = "rates-{number}.csv"\n'
        begin, published = "2025-01-01", ""
        if number > 1:
            begin, published = given["from"], f"published = {given['published']}"
        versions += f'[[plans.own.versions]]\nversion = "v{number}"\noutgoing = "d{number}"\n'
        versions += f"from = {begin}\n{published}\n"
    longest = f"longest_s = {given['longest']}" if given["longest"] else ""
    currency = f'currency = "{given["currency"]}"' if given["currency"] else ""
    text = PROFILE.format(counting=longest, decks=decks, versions=versions)
    return {**files, "profile.toml": (currency + text).encode()}
