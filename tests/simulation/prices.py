"""Profiles drawn by a seed, as the files of a folder: all that a plan can say, in small numbers.

Rule 1: units and prices that do not divide each other, and prices that change in the minutes of a night.
"""

from datetime import datetime, timedelta
from functools import cache
from random import Random

from rating.profile import Tariffs
from rating.reading.profile_file import read_profile
from tests.oracle.comparison import Plans
from tests.oracle.naive import MOSCOW
from tests.oracle.reading import read_plans

Files = dict[str, bytes]

DRAWN = 80  # to build one costs more than a night on it
# The night of a month's change, some minutes before.
EVENING = datetime(2025, 8, 31, 23, 56, tzinfo=MOSCOW)
PLANS = ("one", "other")
DESTINATIONS = {"near": "7916", "far": "7999", "nothing": "7812"}
TARGETS = ("79160000001", "79990000002", "78120000003", "78000000004", "78090000005", "49000000006")
CALLERS = ("+79031112233", "+74951112233", "+78121112233", "+380441112233", "anonymous")


@cache
def tariffs_of(number: int) -> tuple[Tariffs, Plans]:
    """A drawn profile as the product reads it, and as the oracle does."""
    files = draw_profile(Random(number))
    profile = read_profile("test", files)
    assert not isinstance(profile, list), [str(fault) for fault in profile]
    return Tariffs({"test": profile}), read_plans(files)


def draw_profile(luck: Random) -> Files:
    """Two plans, of one to three versions each."""
    files = {
        "prefixes.csv": _csv("prefix,destination", [f"{p},{name}" for name, p in DESTINATIONS.items()]),
        "unsold.csv": b"prefix,kind\n7800,freephone\n7809,premium_rate\n",
        "callers.csv": _callers(luck),
    }
    vat = luck.choice(["", f"[vat]\npercent = {luck.choice([7, 20])}\nin_price = false\n"])
    text = f'title = "Drawn"\ninvented = true\n{vat}{_funds(luck)}[decks.callers]\nkey = "caller"\n'
    text += 'rates = "callers.csv"\n'
    for plan in PLANS:
        text += f'[plans.{plan}]\ntitle = "{plan}"\n'
        gift = luck.choice([0, 1, 3, 20])
        for place, begins in enumerate(_begins(luck)):
            deck = f"{plan}{place}"
            files[f"{deck}.csv"] = _prices(luck)
            text += f'[decks.{deck}]\nkey = "called"\nprefixes = "prefixes.csv"\nprices = "{deck}.csv"\n'
            text += f'unsold = "unsold.csv"\n[[plans.{plan}.versions]]\nversion = "v{place}"\n'
            text += f"from = {begins:%Y-%m-%dT%H:%M:%S}\npublished = 2024-12-01\n"
            text += f'outgoing = "{deck}"\nincoming = "callers"\nincoming_numbers = ["7800"]\n'
            text += _counting(luck) + _bundle(luck, gift) + _bands(luck)
    return files | {"profile.toml": text.encode()}


def _begins(luck: Random) -> list[datetime]:
    """Some of them in the night, also while it rings and while somebody talks."""
    later = luck.sample(range(1, 600), luck.choice([0, 0, 1, 2]))
    return [datetime(2025, 1, 1, tzinfo=MOSCOW), *(EVENING + timedelta(seconds=s) for s in sorted(later))]


def _funds(luck: Random) -> str:
    draws = luck.choice([["bundle", "pool", "money"]] * 3 + [luck.sample(["bundle", "pool", "money"], 3)])
    return (
        f"[funds]\nthreshold_kopecks = {luck.choice([0, 0, 200])}\n"
        f"credit_kopecks = {luck.choice([0, 0, 500])}\n"
        f'stops = "{luck.choice(["paid", "everything"])}"\n'
        f"stops_at_level = {luck.choice(['true', 'false'])}\n"
        f'draws = {draws}\nrule = "S-8"\n'.replace("'", '"')
    )


def _counting(luck: Random) -> str:
    first_s = luck.choice([1, 6, 7, 30, 60])
    longest = luck.choice(["", "", ", longest_s = 3600"])
    threshold_s = min(first_s, luck.choice([0, 0, 3, 6]))  # a longer one is refused
    return (
        f"counting = {{ first_s = {first_s}, next_s = {luck.choice([first_s, first_s, 1, 10, 60])}, "
        f"threshold_s = {threshold_s}, offset = {luck.choice(['false', 'false', 'true'])}, "
        f"setup_kopecks = {luck.choice([0, 0, 99])}{longest} }}\n"
    )


def _bundle(luck: Random, minutes: int) -> str:
    if not minutes:
        return ""
    names = luck.sample(sorted(DESTINATIONS), luck.randint(1, 3))
    listed = ", ".join(f'"{name}"' for name in names)
    return f'bundle = {{ name = "gift", minutes = {minutes}, destinations = [{listed}], rule = "CLV-P3" }}\n'


def _bands(luck: Random) -> str:
    begin, until = luck.choice([("23:58", "00:01"), ("00:00", "00:02"), ("00:01", "23:59")])
    days = luck.choice(["all", "off", "working", "sunday", "monday"])
    percent = luck.choice([0, 50, 150])
    band = f'begin = "{begin}", until = "{until}", days = ["{days}"], percent = {percent}'
    return luck.choice(["", f'bands = [ {{ name = "hours", {band}, rule = "S-6" }} ]\n'])


def _prices(luck: Random) -> bytes:
    rows = []
    for name in DESTINATIONS:
        price = 0 if name == "nothing" else luck.choice([1, 7, 100, 169, 250])
        first = luck.choice([price, price, 0, 300]) if price else luck.choice([0, 0, 120])
        rows.append(f"{name},{price / 100:.2f},{first / 100:.2f}")
    return _csv("destination,price_rub,first_price_rub", rows)


def _callers(luck: Random) -> bytes:
    rows = [
        f"{prefix},{name},{luck.choice([0, 50, 180, 250]) / 100:.2f}"
        for prefix, name in {"79": "mobile", "7495": "Moscow", "": "unknown"}.items()
        if prefix or luck.random() < 0.5
    ]
    return _csv("prefix,destination,price_rub", rows)


def _csv(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()
