"""The five operators that are shipped as data: complete, each value with its source, their examples come out.

Rule 1: what an offer fixes names the rule that says so; all else says that it is invented.
"""

import csv
import re
from collections import Counter
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest

from callctl.tariffs.folders import read_folder
from rating.calendar import DaysOff, earliest_effect, moment_of
from rating.charge import Secured, charge_connection
from rating.deck import Unsold
from rating.discount import Discount
from rating.funds import Stop
from rating.money import Money
from rating.profile import Profile
from rating.reading.profile_file import read_profile
from rating.tariff import Rate, Side, Version

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "rating" / "profiles"
SHIPPED = ("clovertel", "rostelecom-iss", "delofon", "mango", "gazprom")
NOTICE_DAYS = 10

VALUE = re.compile(r"\s*([A-Za-z_-]+) *=")
RULE = r"(?:S-\d+|(?:DELO|ISS|CLV|MANGO|GAZ)-[A-Z]?\d+(?:\.\d+)*)"
SOURCE = re.compile(rf" # (?:{RULE}|invented)(?![\w-])[^#]*$")
# What things are called, and which files and decks belong together: nobody's clause fixes that. `rule` and
# `rules` are sources themselves.
STRUCTURE = {
    *("title", "name", "version", "rule", "rules"),
    *("key", "prefixes", "prices", "rates", "unsold", "outgoing", "incoming", "days_off"),
}

# The table "Test numbers" of the page that maps Clovertel's destinations to numbers: in kopecks a minute.
CLOVERTEL_NUMBERS: dict[str, tuple[str, str, int] | str | None] = {
    "74951234567": ("7495", "Moscow fixed", 65),
    "74961234567": ("74", "Russia fixed", 169),
    "78121234567": ("7812", "Saint Petersburg fixed", 65),
    "78131234567": ("7813", "Russia fixed", 169),
    "79161234567": ("79", "Russia mobile", 169),
    "79541234567": ("7954", "Dedicated network GlobalTel", 5500),
    "79401234567": ("7940", "Abkhazia", 1900),
    "73362212345": ("7336", "Baikonur", 430),
    "77172123456": ("77", "Kazakhstan", 320),
    "77012345678": ("7701", "Kazakhstan mobile", 980),
    "78005553535": "free",
    "78091234567": "refused",
    "390669812345": ("3906698", "Vatican", 150),
    "393331234567": ("393", "Italy mobile", 1800),
    "4915112345678": ("491", "Germany mobile + premium services", 195),
    "442071234567": ("44", "United Kingdom", 100),
    "448701234567": ("4487", "United Kingdom NTS, PNS, special services", 2280),
    "33640001234": ("3364000", "France Globalstar", 2900),
    "5491123456789": ("5491", "Argentina mobile", 1215),
    "12125550123": ("1212", "USA", 55),
    "12425550123": ("1242", "Bahamas", 1500),
    "18095550123": ("1809", "Dominican Republic", 750),
    "972599123456": ("97259", "Israel Palestinian National Authority", 1700),
    "970599123456": ("970", "Palestine", 1800),
    "3584012345": ("35840", "Finland mobile Telia/Sonera", 1400),
    "881612345678": ("8816", "Dedicated network Iridium", 25000),
    "870773123456": ("870", "Satellite networks", 75000),
    "262639123456": ("26263", "Comoros and Mayotte", 2700),
    "38344123456": "refused",
    "19995550123": None,  # no catch-all for +1: a new area code never has the price of the USA
}


@cache
def profile_of(name: str) -> Profile:
    profile = read_profile(name, read_folder(PROFILES / name))
    assert isinstance(profile, Profile), profile
    return profile


def rows(name: str, file: str) -> list[dict[str, str]]:
    lines = (PROFILES / name / file).read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def version_of(name: str, plan: str, at: str = "2025-08-28") -> Version:
    version = profile_of(name).plans[plan].version_at(ms(at))
    assert version
    return version


def ms(at: str) -> int:
    return moment_of(datetime.fromisoformat(at))


def outgoing(name: str, plan: str, called: str, at: str = "2025-08-28T12:00") -> Rate:
    rate = version_of(name, plan, at).rate(Side.OUTGOING, "", called, ms(at))
    assert isinstance(rate, Rate), rate
    return rate


def cost(rate: Rate, seconds: int) -> int:
    return charge_connection(rate, seconds, [Secured(rate.terms.units(seconds), is_gift=False)]).amount


def fee(name: str, plan: str) -> tuple[int, str]:
    (only,) = profile_of(name).plans[plan].fees
    return only.kopecks, only.every.value


# ---------------------------------------------------------------- all five


@pytest.mark.parametrize("name", SHIPPED)
def test_it_reads_without_a_fault(name: str) -> None:
    profile = profile_of(name)
    assert profile.name == name
    assert profile.is_invented == (name != "clovertel")
    assert all(plan.versions for plan in profile.plans.values())


@pytest.mark.parametrize("name", SHIPPED)
def test_each_value_names_its_source(name: str) -> None:
    lines = (PROFILES / name / "profile.toml").read_text("utf-8").splitlines()
    values = [line for line in lines if (found := VALUE.match(line)) and found[1] not in STRUCTURE]
    assert len(values) > 10
    assert [line for line in values if not SOURCE.search(line)] == []
    # A value that is no `key = value` line of its own would escape the rule above.
    assert [line for line in lines if line.strip() and line[0] not in "#[" and not VALUE.match(line)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_rules_it_names_exist(name: str) -> None:
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    known = set(re.findall(rf"^\| ({RULE}) \|", page, re.MULTILINE))
    text = "".join(path.read_text("utf-8") for path in (PROFILES / name).iterdir())
    assert set(re.findall(rf"(?<![\w-]){RULE}(?![\w-])", text)) - known == set()


@pytest.mark.parametrize("name", SHIPPED[1:])
def test_invented_prices_say_so_in_their_first_line(name: str) -> None:
    paths = sorted((PROFILES / name).glob("*.csv"))
    priced = [path for path in paths if "price_rub" in path.read_text("utf-8")]
    assert priced
    assert [path.name for path in priced if not path.read_text("utf-8").startswith("# Invented prices")] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_each_file_is_used(name: str) -> None:
    text = (PROFILES / name / "profile.toml").read_text("utf-8")
    assert [path.name for path in (PROFILES / name).glob("*.csv") if f'"{path.name}"' not in text] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_later_version_was_announced_in_time(name: str) -> None:
    for plan in profile_of(name).plans.values():
        for version in plan.versions[1:]:
            assert version.published
            assert version.from_ms >= moment_of(earliest_effect(version.published, NOTICE_DAYS))


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        *(("clovertel", "go"), ("delofon", "start"), ("delofon", "office"), ("gazprom", "corporate")),
        *(("mango", "plain"), ("mango", "per-second"), ("mango", "office-hours")),
        ("mango", "per-minute"),
    ],
)
def test_8_800_costs_nothing(name: str, plan: str) -> None:
    assert outgoing(name, plan, "78005553535").is_free


@pytest.mark.parametrize(("name", "plan"), [("rostelecom-iss", "federal"), ("gazprom", "roaming")])
def test_8_800_is_no_target(name: str, plan: str) -> None:
    """ISS-1.9: forwarding goes to physical numbers; nobody visits 8-800."""
    rate = version_of(name, plan).rate(Side.OUTGOING, "", "78005553535", ms("2025-08-28"))
    assert not isinstance(rate, Rate)


# ---------------------------------------------------------------- Clovertel


def test_clovertel_is_complete() -> None:
    prices = rows("clovertel", "prices.csv")
    assert len(prices) == len({row["destination"] for row in prices}) == 316
    assert all(row["destination_ru"] for row in prices)
    assert all(re.fullmatch(r"\d+\.\d\d", row["price_rub"]) for row in prices)
    assert sum(int(row["price_rub"].replace(".", "")) for row in prices) == 789617


def test_clovertels_prefixes_are_complete() -> None:
    prefixes = rows("clovertel", "prefixes.csv")
    assert len({row["prefix"] for row in prefixes}) == len(prefixes) == 1358
    assert Counter(row["confidence"] for row in prefixes) == {"high": 1124, "medium": 145, "low": 89}
    priced = {row["destination"] for row in rows("clovertel", "prices.csv")}
    without = priced - {row["destination"] for row in prefixes}
    assert without == {"Dedicated networks (ASVT, ISKA, Gaztelecom)"}  # nobody knows its codes
    unsold = rows("clovertel", "unsold.csv")
    assert len({row["prefix"] for row in unsold} - {row["prefix"] for row in prefixes}) == len(unsold) == 364
    assert {row["prefix"] for row in unsold if row["kind"] == "freephone"} == {"7800", "7804"}


def test_clovertel_says_where_its_data_come_from() -> None:
    for file in ("prefixes.csv", "unsold.csv"):
        head = (PROFILES / "clovertel" / file).read_text("utf-8").partition("\nprefix,")[0]
        assert "libphonenumber" in head and "Apache License 2.0" in head
    assert "published price list" in (PROFILES / "clovertel" / "prices.csv").read_text("utf-8")[:200]


@pytest.mark.parametrize("plan", ["go", "go-100", "go-1000"])
@pytest.mark.parametrize("number", CLOVERTEL_NUMBERS)
def test_clovertels_test_numbers(plan: str, number: str) -> None:
    rate = version_of("clovertel", plan).rate(Side.OUTGOING, "74950000000", number, ms("2025-08-28"))
    match CLOVERTEL_NUMBERS[number]:
        case (prefix, destination, kopecks):
            assert isinstance(rate, Rate)
            assert (rate.prefix, rate.destination) == (prefix, destination)
            assert rate.first_price == rate.next_price == kopecks
        case "free":
            assert isinstance(rate, Rate) and rate.is_free
        case "refused":
            assert isinstance(rate, Unsold)
        case None:
            assert rate is None


@pytest.mark.parametrize(
    ("plan", "minutes", "kopecks"), [("go", 50, 47000), ("go-100", 100, 60000), ("go-1000", 1000, 194000)]
)
def test_clovertels_plans(plan: str, minutes: int, kopecks: int) -> None:
    version = version_of("clovertel", plan)
    assert len(profile_of("clovertel").plans[plan].versions) == 1
    assert version.bundle and version.bundle.seconds == minutes * 60
    assert version.bundle.destinations == {
        *("Moscow fixed", "Saint Petersburg fixed", "Russia fixed", "Russia mobile")
    }
    assert fee("clovertel", plan) == (kopecks, "month")
    assert outgoing("clovertel", plan, "79161110002").gift
    assert not outgoing("clovertel", plan, "79541110002").gift
    assert version.terms.vat_percent is None
    funds = profile_of("clovertel").plans[plan].funds
    assert (funds.stops, funds.stops_at_level, funds.threshold) == (Stop.PAID, False, 0)


@pytest.mark.parametrize(
    ("number", "seconds", "kopecks"),
    [
        ("79161110002", 2, 0),
        ("79161110002", 3, 169),
        ("79161110002", 60, 169),
        ("79161110002", 61, 338),
        ("79161110002", 181, 676),
        ("375291112233", 125, 8700),
        ("74951112233", 180, 195),
    ],
)
def test_clovertels_examples(number: str, seconds: int, kopecks: int) -> None:
    """CLV-P1, CLV-P2."""
    assert cost(outgoing("clovertel", "go", number), seconds) == kopecks


# ---------------------------------------------------------------- Rostelecom ISS+


def caller_rate(caller: str, at: str = "2025-08-28T12:00") -> Rate | Unsold | None:
    version = version_of("rostelecom-iss", "federal", at)
    assert version.is_paid_by_called("78001234567") and version.is_paid_by_called("78041234567")
    assert not version.is_paid_by_called("74951234567")
    return version.rate(Side.INCOMING, caller, "78001234567", ms(at))


@pytest.mark.parametrize(
    ("caller", "zone", "before", "after"),
    [
        ("74951234567", "Moscow", 250, 250),
        ("74991234567", "Moscow", 250, 250),
        ("78121234567", "Saint Petersburg", 250, 250),
        ("78131234567", "Zone 1", 280, 280),
        ("78431234567", "Zone 2", 310, 310),
        ("73431234567", "Zone 3", 350, 370),
        ("73831234567", "Zone 3", 350, 370),
        ("74231234567", "Zone 4", 420, 460),
        ("79161234567", "Mobile", 390, 360),
        ("73991234567", "Russia, other region", 420, 460),
        ("", "Unknown caller", 420, 460),
        ("anonymous", "Unknown caller", 420, 460),
    ],
)
def test_the_callers_region_has_a_price(caller: str, zone: str, before: int, after: int) -> None:
    for at, kopecks in (("2025-09-30T23:59:59", before), ("2025-10-01", after)):
        rate = caller_rate(caller, at)
        assert isinstance(rate, Rate)
        assert (rate.destination, rate.first_price, rate.next_price) == (zone, kopecks, kopecks)


@pytest.mark.parametrize("caller", ["4930123456", "77012345678", "79401234567", "12125550123"])
def test_callers_from_abroad_are_refused(caller: str) -> None:
    assert isinstance(caller_rate(caller), Unsold)


@pytest.mark.parametrize(
    ("seconds", "kopecks"), [(4, 0), (5, 0), (6, 250), (45, 250), (60, 250), (64, 500), (65, 500), (66, 500)]
)
def test_rostelecoms_example(seconds: int, kopecks: int) -> None:
    """ISS-5.12."""
    rate = caller_rate("74951234567")
    assert isinstance(rate, Rate) and cost(rate, seconds) == kopecks


def test_rostelecoms_money() -> None:
    plan = profile_of("rostelecom-iss").plans["federal"]
    assert (plan.funds.stops, plan.funds.stops_at_level) == (Stop.EVERYTHING, True)
    assert fee("rostelecom-iss", "federal") == (100000, "number-month")
    assert outgoing("rostelecom-iss", "federal", "79161234567").destination == "Russia mobile"
    assert len(rows("rostelecom-iss", "callers.csv")) >= 80


# ---------------------------------------------------------------- Delofon


def test_delofons_examples() -> None:
    """DELO-6.1.7, DELO-7.2, S-8: 169 a minute to a mobile."""
    assert cost(outgoing("delofon", "start", "79161234567"), 60) == 169
    assert cost(outgoing("delofon", "start", "79161234567"), 120) == 338
    assert cost(outgoing("delofon", "office", "79161234567"), 1) == 145
    for plan in profile_of("delofon").plans.values():
        assert (plan.funds.stops, plan.funds.stops_at_level) == (Stop.EVERYTHING, True)
        assert plan.funds.threshold == plan.funds.credit == 0


# ---------------------------------------------------------------- Mango


@pytest.mark.parametrize(
    ("plan", "seconds", "kopecks"),
    [
        ("per-minute", 61, 290),  # MANGO-2.1.19
        ("per-minute", 1, 170),
        ("plain", 1500, 3000),  # MANGO-2.1.21
        ("per-second", 60, 120),
        ("per-second", 61, 122),
        ("per-second", 119, 238),
    ],
)
def test_mangos_examples(plan: str, seconds: int, kopecks: int) -> None:
    assert cost(outgoing("mango", plan, "79161234567"), seconds) == kopecks


@pytest.mark.parametrize("plan", ["per-minute", "plain", "per-second", "office-hours"])
def test_mangos_threshold_is_its_daily_fee(plan: str) -> None:
    """MANGO-2.1.21, MANGO-13.2."""
    funds = profile_of("mango").plans[plan].funds
    assert fee("mango", plan) == (funds.threshold, "day")
    assert (funds.stops, funds.stops_at_level) == (Stop.EVERYTHING, True)


@pytest.mark.parametrize(
    ("at", "kopecks", "band"),
    [
        ("2025-10-31T12:00", 120, ""),
        ("2025-10-31T22:59:59", 120, ""),
        ("2025-10-31T23:00", 60, "night"),
        ("2025-11-01T06:59:59", 60, "night"),
        ("2025-11-01T07:00", 120, ""),  # a Saturday that is worked
        ("2025-11-02T12:00", 84, "day off"),
        ("2025-11-03T12:00", 84, "day off"),
        ("2025-11-03T23:30", 60, "night"),
        ("2025-11-05T12:00", 120, ""),
        ("2026-01-09T12:00", 84, "day off"),
    ],
)
def test_mangos_hours(at: str, kopecks: int, band: str) -> None:
    rate = outgoing("mango", "office-hours", "79161234567", at)
    assert (rate.first_price, rate.band) == (kopecks, band)


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_year_has_as_many_working_days_as_its_calendar(year: int) -> None:
    days = {date.fromisoformat(row["day"]): row["off"] == "yes" for row in rows("mango", "days-off.csv")}
    begin, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    worked = [day for day in range(begin, end + 1) if not DaysOff(days).is_off(date.fromordinal(day))]
    assert len(worked) == 247


def test_mangos_discounts() -> None:
    """MANGO-12.4: 7 percent of 123456 are 8642."""
    discounts: dict[str, Discount] = {discount.name: discount for discount in profile_of("mango").discounts}
    volume, summer = discounts["volume"], discounts["summer in the south"]
    assert volume.amount(Money(123456)) == 8642
    assert volume.amount(Money(99999)) == 0
    assert volume.takes("Belarus", ms("2025-09-10"))
    assert summer.takes("Armenia", ms("2025-08-31T23:59:59"))
    assert not summer.takes("Armenia", ms("2025-09-01")) and not summer.takes("Belarus", ms("2025-08-01"))
    assert summer.amount(Money(1000)) == 150


def test_vat_is_in_the_price() -> None:
    assert version_of("mango", "plain").terms.vat_percent == 22
    assert version_of("gazprom", "corporate").terms.vat_percent == 22


# ---------------------------------------------------------------- Gazprom


@pytest.mark.parametrize(
    ("answered", "seconds", "kopecks"),
    [
        ("2025-08-31T23:57:40", 330, 1200),  # GAZ-15.3: over midnight at the old price
        ("2025-09-01T00:00:05", 60, 260),
        ("2025-08-28T12:00", 3, 0),  # GAZ-2.14: 3 s have not gone beyond the threshold
        ("2025-08-28T12:00", 4, 200),
        ("2025-08-28T12:00", 181, 800),  # GAZ-5.3.1
        ("2025-08-28T12:00", 3600, 12000),  # GAZ-5.3.2
    ],
)
def test_gazproms_examples(answered: str, seconds: int, kopecks: int) -> None:
    assert cost(outgoing("gazprom", "corporate", "79161234567", answered), seconds) == kopecks


def test_gazproms_money() -> None:
    plan = profile_of("gazprom").plans["corporate"]
    assert plan.funds.credit == 100000
    assert (plan.funds.stops, plan.funds.stops_at_level) == (Stop.PAID, True)
    assert version_of("gazprom", "corporate").terms.longest_s == 3600


@pytest.mark.parametrize(
    ("visited", "at", "kopecks"),
    [
        ("491710760000", "2025-08-28T12:00", 6000),  # GAZ-13.5: 3 minutes at 2000
        ("491710760000", "2025-09-01", 7500),
        ("77012211234", "2025-08-28T12:00", 4500),
        ("971502211234", "2025-08-28T12:00", 10500),
    ],
)
def test_gazproms_roaming_costs_what_the_visited_country_costs(visited: str, at: str, kopecks: int) -> None:
    assert cost(outgoing("gazprom", "roaming", visited, at), 180) == kopecks


def test_gazproms_roaming_knows_no_home_and_no_satellites() -> None:
    version = version_of("gazprom", "roaming")
    assert version.rate(Side.OUTGOING, "", "79161234567", ms("2025-08-28")) is None
    assert isinstance(version.rate(Side.OUTGOING, "", "870773123456", ms("2025-08-28")), Unsold)
