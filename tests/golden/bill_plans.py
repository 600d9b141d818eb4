"""Plans in the manner of the five operators, small enough to be read beside the bills that they make."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from rating.bands import Band, Days
from rating.calendar import moment_of
from rating.deck import FREEPHONE, Deck, Destination, Key
from rating.funds import Funds, Stop
from rating.money import Money
from rating.tariff import Bundle, Plan, Terms, Version
from tests.plans import deck, tariffs

BEGIN_MS = moment_of(date(2025, 1, 1))


def destination(name: str, first: int, after: int | None = None, kind: str = "") -> Destination:
    return Destination(name, Money(first), Money(first if after is None else after), kind)


def version(name: str, terms: Terms, outgoing: Deck) -> Version:
    return Version(name, BEGIN_MS, None, terms, outgoing)


MOBILE = {"79": destination("Russia mobile", 169)}
RUSSIA: Mapping[str, Destination] = MOBILE | {
    "375": destination("Belarus", 2900),
    "7800": destination("toll-free", 0, kind=FREEPHONE),
    "7809": destination("premium", 0, kind="premium_rate"),
}
CLOVERTEL_RULES = {"unit": "CLV-P1", "threshold": "CLV-P1", "price": "CLV-P2", "gift": "CLV-P3"}
ISS_RULES = {"unit": "ISS-5.12", "threshold": "ISS-5.12", "price": "ISS-1.13"}
MANGO_RULES = {"unit": "MANGO-12.3", "price": "MANGO-12.3", "setup": "MANGO-2.1.19"}
GAZPROM_RULES = {"unit": "GAZ-2.14", "threshold": "GAZ-2.14", "price": "GAZ-15.3", "longest": "GAZ-5.3.2"}

GO = Plan(
    "go",
    "Minutes, the first two seconds free, gift minutes to mobiles",
    Funds(rule="CLV-U4.3.2"),
    [
        Version(
            "2025-01-01",
            BEGIN_MS,
            None,
            Terms("clovertel/go@2025-01-01", threshold_s=3, rules=CLOVERTEL_RULES),
            deck(RUSSIA),
            bundle=Bundle("gift", 3000, frozenset({"Russia mobile"}), "CLV-P3"),
        )
    ],
)
FEDERAL = Plan(
    "federal",
    "8-800: the called side pays, by the caller's region",
    Funds(stops=Stop.EVERYTHING, stops_at_level=True, rule="ISS-5.4"),
    [
        Version(
            "2025-01-01",
            BEGIN_MS,
            None,
            Terms("rostelecom-iss/federal@2025-01-01", threshold_s=6, rules=ISS_RULES),
            deck(MOBILE),
            incoming=deck(
                {"": destination("Unknown caller", 450), "7495": destination("Moscow", 250)}, Key.CALLER
            ),
            incoming_numbers=("7800",),
        )
    ],
)
OFFSET = Plan(
    "offset",
    "The first five seconds taken off",
    Funds(),
    [version("1", Terms("test/offset@1", threshold_s=6, is_offset=True), deck(MOBILE))],
)
PER_SECOND = Plan(
    "per-second",
    "A minute, then seconds; with VAT",
    Funds(),
    [
        version(
            "2025-01-01",
            Terms("mango/per-second@2025-01-01", 60, 1, vat_percent=22, rules=MANGO_RULES),
            deck({"79": destination("Russia mobile", 240, 4)}),
        )
    ],
)
GIFT_SECONDS = Plan(
    "gift-seconds",
    "The same with a gift minute a month",
    Funds(),
    [
        replace(
            PER_SECOND.versions[0],
            terms=replace(PER_SECOND.versions[0].terms, tariff="mango/gift-seconds@2025-01-01"),
            bundle=Bundle("gift", 60, frozenset({"Russia mobile"}), "CLV-P3"),
        )
    ],
)
PER_MINUTE = Plan(
    "per-minute",
    "A fee for each connection, cheaper nights; with VAT",
    Funds(threshold=Money(2000), stops=Stop.EVERYTHING, stops_at_level=True, rule="MANGO-2.1.21"),
    [
        Version(
            "2025-01-01",
            BEGIN_MS,
            None,
            Terms("mango/per-minute@2025-01-01", setup_fee=Money(50), vat_percent=22, rules=MANGO_RULES),
            deck({"79": destination("Russia mobile", 120)}),
            bands=(Band("night", 23 * 60, 7 * 60, frozenset({Days.ALL}), 50, "MANGO-12.3"),),
        )
    ],
)
CORPORATE = Plan(
    "corporate",
    "No connection over an hour; dearer from 1 September 2025 on; with VAT",
    Funds(credit=Money(100_000), stops_at_level=True, rule="GAZ-15.8"),
    [
        Version(
            begin.isoformat(),
            moment_of(begin),
            None,
            Terms(
                f"gazprom/corporate@{begin}",
                threshold_s=4,
                longest_s=3600,
                vat_percent=22,
                rules=GAZPROM_RULES,
            ),
            deck({"79": destination("Russia mobile", mobile), "90": destination("Turkey", abroad)}),
        )
        for begin, mobile, abroad in ((date(2025, 1, 1), 200, 2000), (date(2025, 9, 1), 260, 2500))
    ],
)
SIX = Plan(
    "six",
    "Six seconds",
    Funds(),
    [version("1", Terms("demo/six@1", 6, 6), deck({"": destination("everywhere", 100)}))],
)

TARIFFS = tariffs(GO, FEDERAL, OFFSET, PER_SECOND, GIFT_SECONDS, PER_MINUTE, CORPORATE, SIX)
