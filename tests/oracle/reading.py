"""The oracle's own reader of a profile's folder: plain loops over TOML and CSV, no word about mistakes."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

from tests.oracle.book import FREEPHONE, Band, Deck, Terms, Version, share
from tests.oracle.naive import MOSCOW

Files = Mapping[str, bytes]
KEYS = {"outgoing": "called", "incoming": "caller"}
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True)
class Edition:
    """A plan from a moment on."""

    begins: datetime
    outgoing: Deck
    incoming: Deck | None
    incoming_numbers: tuple[str, ...]
    gift_s: int


@dataclass(frozen=True)
class Plan:
    funds: dict[str, Any]
    editions: list[Edition]

    def versions(self, start: datetime) -> list[Version]:
        """As a world that begins then counts its seconds."""
        return [
            Version(int((one.begins - start) / timedelta(seconds=1)), one.outgoing, one.incoming)
            for one in self.editions
        ]

    def edition(self, moment: datetime) -> Edition:
        return max((one for one in self.editions if one.begins <= moment), key=lambda one: one.begins)


def read_plans(files: Files) -> dict[str, Plan]:
    told = tomllib.loads(files["profile.toml"].decode("utf-8-sig"))
    plans = {}
    for name, plan in told["plans"].items():
        funds = told.get("funds", {}) | plan.get("funds", {})
        editions = []
        for version in plan["versions"]:
            editions.append(_edition(files, told, f"{name}@{version['version']}", version))
        plans[name] = Plan(funds, editions)
    return plans


def _edition(files: Files, told: dict[str, Any], name: str, version: dict[str, Any]) -> Edition:
    counting = told.get("counting", {}) | version.get("counting", {})
    bundle = version.get("bundle", {})
    decks = {}
    for way in ("outgoing", "incoming"):
        gifts = bundle.get("destinations", []) if way == "outgoing" else []
        bands = _bands(files, version)
        if way in version:
            decks[way] = _deck(files, told, version[way], counting, gifts, bands, name)
            assert told["decks"][version[way]]["key"] == KEYS[way], "the oracle knows no other"
    return Edition(
        _moment(version["from"]),
        decks.get("outgoing", Deck({}, {})),
        decks.get("incoming"),
        tuple(version.get("incoming_numbers", ())),
        bundle.get("minutes", 0) * 60,
    )


def _deck(
    files: Files,
    told: dict[str, Any],
    deck: str,
    counting: dict[str, Any],
    gifts: list[str],
    bands: tuple[Band, ...],
    tariff: str,
) -> Deck:
    where = told["decks"][deck]
    vat = told.get("vat", {"percent": 0, "in_price": True})
    added = 0 if vat["in_price"] else vat["percent"]
    rows = table(files[where["rates"] if "rates" in where else where["prefixes"]])
    priced = rows if "rates" in where else table(files[where["prices"]])
    setup = counting.get("setup_kopecks", 0)
    common = Terms(
        first_s=counting.get("first_s", 60),
        next_s=counting.get("next_s", 60),
        setup=setup + share(setup, added),
        threshold_s=counting.get("threshold_s", 0),
        offset=counting.get("offset", False),
        longest_s=counting.get("longest_s"),
        tariff=tariff,
    )
    prefixes = {row["prefix"]: row["destination"] for row in rows}
    prices = {}
    for row in priced:
        after = kopecks(row["price_rub"])
        first = kopecks(row.get("first_price_rub") or row["price_rub"])
        changed = {"first_price": first + share(first, added), "next_price": after + share(after, added)}
        name = row["destination"]
        prices[name] = Terms(**(vars(common) | changed | {"name": name, "is_gift": name in gifts}))
    for row in table(files[where["unsold"]]) if "unsold" in where else []:
        kind = row["kind"]
        prefixes[row["prefix"]] = kind if kind == FREEPHONE else f"not sold: {kind}"
    freephone = Terms(**(vars(common) | {"name": FREEPHONE, "setup": 0}))
    return Deck(prefixes, prices, bands, freephone)


def _bands(files: Files, version: dict[str, Any]) -> tuple[Band, ...]:
    days = table(files[version["days_off"]]) if "days_off" in version else []
    off = frozenset(date.fromisoformat(row["day"]) for row in days if row["off"] == "yes")
    worked = frozenset(date.fromisoformat(row["day"]) for row in days if row["off"] == "no")
    bands = []
    for told in version.get("bands", []):
        hours = (_minute(told["begin"]), _minute(told["until"]), told["percent"])
        for word in told["days"]:
            if word == "all":
                bands.append(Band(*hours, name=told["name"]))
            elif word == "working":
                bands.append(Band(*hours, frozenset(range(5)), worked, off, told["name"]))
            elif word == "off":
                bands.append(Band(*hours, frozenset({5, 6}), off, worked, told["name"]))
            else:
                bands.append(Band(*hours, frozenset({WEEK.index(word)}), name=told["name"]))
    return tuple(bands)


def table(content: bytes) -> list[dict[str, str]]:
    lines = content.decode("utf-8-sig").splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    return list(csv.DictReader(StringIO("".join(lines))))


def kopecks(roubles: str) -> int:
    whole, _, part = roubles.partition(".")
    return int(whole) * 100 + int(part or 0)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _moment(told: date | datetime) -> datetime:
    if not isinstance(told, datetime):
        told = datetime.combine(told, time())
    return told if told.tzinfo else told.replace(tzinfo=MOSCOW)
