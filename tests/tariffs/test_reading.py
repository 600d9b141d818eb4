"""A profile's files become the values that they say."""

import random
from datetime import date

from rating.bands import Days
from rating.calendar import begin_of, moment_of
from rating.deck import Key, Price, Unsold
from rating.funds import Funds, Source, Stop
from rating.money import Money
from rating.reading.profile_file import read_profile
from rating.tariff import Every, Fee, Side
from tests.tariffs.small_profiles import (
    PREFIXES,
    PRICES,
    RATES,
    SPLIT,
    TOML,
    UNSOLD_TOML,
    folder,
    sound,
    split,
)

FULL = """\
title = "Full"
invented = false
[vat]
percent = 20
in_price = false
[funds]
threshold_kopecks = 100
stops = "everything"
draws = ["money", "bundle"]
rule = "X-1"
[counting]
first_s = 60
threshold_s = 3
setup_kopecks = 50
rules = { unit = "X-2", price = "X-3" }
[decks.out]
key = "called"
rates = "rates.csv"
unsold = "unsold.csv"
[decks.in]
key = "caller"
prefixes = "prefixes.csv"
prices = "prices.csv"
[plans.go]
title = "Go"
[plans.go.funds]
credit_kopecks = 700
[[plans.go.fees]]
name = "subscription"
kopecks = 1000
every = "number-month"
rule = "X-4"
[[plans.go.versions]]
version = "b"
from = 2026-03-01T12:00:00
published = 2026-01-01
outgoing = "out"
[[plans.go.versions]]
version = "a"
from = 2026-01-01
outgoing = "out"
incoming = "in"
incoming_numbers = ["7800"]
bundle = { name = "gift", minutes = 50, destinations = ["Russia"], rule = "X-5" }
bands = [ { name = "night", begin = "23:00", until = "24:00", days = ["all"], percent = 50, rule = "X-6" } ]
counting = { next_s = 1, longest_s = 3600, rules = { price = "X-7" } }
days_off = "days.csv"
[[discounts]]
name = "volume"
from = 2026-01-01
until = 2027-01-01
destinations = ["Russia"]
steps = [ { from_kopecks = 100000, percent = 7 } ]
rule = "X-8"
"""
UNSOLD = "prefix,kind,reason\n7809,premium_rate,x\n7800,freephone,\n"
FULL_FOLDER = folder(
    FULL, RATES, unsold=UNSOLD, prefixes=PREFIXES, prices=PRICES, days="day,off\n2026-01-09,yes\n"
)


def test_every_field_arrives() -> None:
    profile = sound(FULL_FOLDER)
    assert (profile.name, profile.title, profile.is_invented) == ("op", "Full", False)
    plan = profile.plans["go"]
    assert plan.funds == Funds(
        Money(100), Money(700), Stop.EVERYTHING, draws=(Source.MONEY, Source.BUNDLE), rule="X-1"
    )
    assert plan.fees == (Fee("subscription", Money(1200), Every.NUMBER_MONTH, "X-4"),)
    first, second = plan.versions
    assert (first.name, second.name) == ("a", "b")
    assert first.from_ms == begin_of(date(2026, 1, 1)) and second.from_ms == first.from_ms + 59.5 * 86_400_000
    terms = first.terms
    assert (terms.tariff, terms.first_s, terms.next_s, terms.threshold_s) == ("op/go@a", 60, 1, 3)
    assert (terms.setup_fee, terms.longest_s, terms.vat_percent, terms.is_offset) == (60, 3600, 20, False)
    assert terms.rules == {"unit": "X-2", "price": "X-7"} and second.terms.rules["price"] == "X-3"
    assert first.incoming and first.incoming.key is Key.CALLER and first.incoming_numbers == ("7800",)
    assert first.bundle and (first.bundle.seconds, first.bundle.destinations) == (3000, frozenset({"Russia"}))
    [band] = first.bands
    assert (band.begin_minute, band.until_minute, band.days) == (1380, 1440, frozenset({Days.ALL}))
    assert first.days_off.is_off(date(2026, 1, 9)) and not second.days_off.is_off(date(2026, 1, 9))
    assert second.published == date(2026, 1, 1)
    [discount] = profile.discounts
    assert (discount.steps[0].volume, discount.steps[0].percent) == (100000, 7)
    assert discount.until_ms == moment_of(date(2027, 1, 1))


def test_vat_that_is_not_in_the_price_is_added_half_up() -> None:
    files = folder(FULL, RATES.replace("2.00", "0.03"), **_others())
    deck = sound(files).plans["go"].versions[0].outgoing
    assert deck and deck.find("79161234567") == Price("Russia", "7", Money(180), Money(180))
    assert deck.find("4420") == Price("United Kingdom", "44", Money(4), Money(4))  # 3.6


def test_a_version_may_have_a_vat_of_its_own() -> None:
    own = """\
[vat]
percent = 20
in_price = false
[[plans.go.versions]]
version = "2"
from = 2026-02-01
outgoing = "out"
counting = { setup_kopecks = 0 }
vat = { percent = 10, in_price = false }
[[plans.go.versions]]
version = "3"
from = 2026-03-01
outgoing = "out"
vat = { percent = 22, in_price = true }
"""
    versions = sound(folder(TOML + own)).plans["go"].versions
    assert [version.terms.vat_percent for version in versions] == [20, 10, 22]
    decks = [version.outgoing for version in versions]
    prices = [deck.find("7") for deck in decks if deck]
    assert prices == [Price("Russia", "7", Money(price), Money(price)) for price in (180, 165, 150)]
    assert len({id(deck.table) for deck in decks if deck}) == 1


def _others() -> dict[str, bytes]:
    return {
        name.removesuffix(".csv"): content
        for name, content in FULL_FOLDER.items()
        if name not in ("profile.toml", "rates.csv")
    }


def test_unsold_prefixes_are_refused_and_freephone_is_free() -> None:
    deck = sound(folder(UNSOLD_TOML, RATES, unsold=UNSOLD)).plans["go"].versions[0].outgoing
    assert deck
    assert deck.find("78091234567") == Unsold("premium_rate", "7809")
    assert deck.find("78001234567") == Price("freephone", "7800", Money(0), Money(0))
    assert deck.find("33123456789") is None


def test_the_first_unit_may_have_a_price_of_its_own() -> None:
    rates = "prefix,destination,first_price_rub,price_rub,note\n7,R,5,0.02,\n8,S,,0.30,as ever\n"
    deck = sound(folder(TOML, rates)).plans["go"].versions[0].outgoing
    assert deck and deck.find("7") == Price("R", "7", Money(500), Money(2))
    assert deck.find("8") == Price("S", "8", Money(30), Money(30))


def test_one_destination_may_cost_differently_by_prefix() -> None:
    deck = sound(folder(TOML, RATES + "79,Russia,3.00\n")).plans["go"].versions[0].outgoing
    assert deck and [one.next for number in ("74", "79") if isinstance(one := deck.find(number), Price)] == [
        150,
        300,
    ]
    assert len(deck.destinations) == 3


def test_the_empty_prefix_fits_every_number() -> None:
    plan = sound(folder(TOML, "prefix,destination,price_rub\n,everywhere,1\n")).plans["go"]
    rate = plan.versions[0].rate(Side.OUTGOING, "", "79161110002", 0)
    assert rate and not isinstance(rate, Unsold) and (rate.destination, rate.prefix) == ("everywhere", "")


def test_decks_of_the_same_prefixes_share_one_table() -> None:
    other = '[decks.other]\nkey = "called"\nprefixes = "prefixes.csv"\nprices = "dear.csv"\n'
    dates = "from = 2027-01-01\npublished = 2026-11-01\n"
    version = f'[[plans.go.versions]]\nversion = "2"\n{dates}outgoing = "other"\n'
    files = folder(
        SPLIT + other + version, None,
        prefixes=PREFIXES, prices=PRICES, dear=PRICES.replace("2.00", "9.00"),
    )  # fmt: skip
    old, new = (version.outgoing for version in sound(files).plans["go"].versions)
    assert old and new and old.table is new.table
    assert old.find("44") == Price("United Kingdom", "44", Money(200), Money(200))
    assert new.find("44") == Price("United Kingdom", "44", Money(900), Money(900))


def test_comments_marks_line_ends_quotes_and_empty_lines_change_nothing() -> None:
    plain = sound(folder()).plans["go"].versions[0].outgoing
    quoted = '\ufeff# from the site\r\n\r\n#\r\nprefix,destination,price_rub\r\n"7",Russia,1.50\r\n\r\n'
    rates = quoted + '44,"United Kingdom",2.00'
    strange = sound(folder("\ufeff" + TOML.replace("\n", "\r\n"), rates)).plans["go"].versions[0].outgoing
    assert plain and strange
    for number in ("79", "441", "3", ""):
        assert plain.find(number) == strange.find(number)


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [f"{prefix},D{prefix % 7},{prefix % 7}.00" for prefix in range(1, 400)]
    numbers = [str(number) for number in range(1, 5000, 7)]
    header = "prefix,destination,price_rub\n"
    first = sound(folder(TOML, header + "\n".join(rows))).plans["go"].versions[0].outgoing
    random.Random(7).shuffle(rows)
    second = sound(folder(TOML, header + "\n".join(rows))).plans["go"].versions[0].outgoing
    assert first and second
    assert [first.find(number) for number in numbers] == [second.find(number) for number in numbers]


def test_progress_is_told_while_a_deck_is_read() -> None:
    rows = "".join(f"{prefix},D,1\n" for prefix in range(100_000, 220_000))
    news: list[tuple[str, int, int]] = []
    read_profile("op", folder(TOML, "prefix,destination,price_rub\n" + rows), lambda *one: news.append(one))
    assert news == [("rates.csv", done, 120_000) for done in (50_000, 100_000, 120_000)]


def test_both_ways_of_a_deck_say_the_same() -> None:
    one = sound(folder()).plans["go"].versions[0].outgoing
    other = sound(split()).plans["go"].versions[0].outgoing
    assert one and other and all(one.find(number) == other.find(number) for number in ("7", "441", "9"))
