"""A profile's files into its values, together with what they were read from.

Rule 1: a source is what the files say, sound in its form; whether it makes sense is asked in `check`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from rating.bands import Band
from rating.calendar import DaysOff, moment_of
from rating.discount import Discount, Step
from rating.funds import Funds
from rating.money import Money
from rating.profile import Profile
from rating.reading.csv_table import Told
from rating.reading.deck_folder import DeckFolder, DeckSource
from rating.reading.fault import Fault, listed, show
from rating.reading.guard_words import guards_of
from rating.reading.profile_text import PROFILE_TOML, ProfileText, read_text
from rating.reading.profile_words import (
    BandTable,
    CountingTable,
    DeckTable,
    FundsTable,
    PlanTable,
    ProfileTable,
    VatTable,
    VersionTable,
)
from rating.reading.toml_places import Path
from rating.tariff import Bundle, Fee, Plan, Terms, Version

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class VersionSource:
    path: Path
    table: VersionTable
    version: Version
    outgoing: DeckSource | None
    incoming: DeckSource | None


@dataclass(frozen=True, slots=True)
class Source:
    text: ProfileText
    table: ProfileTable
    profile: Profile
    decks: Mapping[str, DeckSource]
    versions: Mapping[str, list[VersionSource]]  # of each plan, oldest first
    warnings: list[Fault]


def read_source(name: str, files: Mapping[str, bytes], told: Told | None = None) -> Source | list[Fault]:
    """All faults when there is an error among them."""
    if not NAME.fullmatch(name):
        what = f"{show(name)} is no name: a profile's has small letters, digits, - and _, a letter first"
        return [Fault(PROFILE_TOML, None, None, what)]
    if PROFILE_TOML not in files:
        return [Fault(PROFILE_TOML, None, None, "is missing: a profile is a folder with this file in it")]
    text = read_text(files[PROFILE_TOML])
    if isinstance(text, Fault):
        return [text]
    faults = [*text.faults, *_missing(text, files)]
    vat = text.table.vat if text.table else None
    folder = DeckFolder(files, vat.added if vat else 0, told)
    decks = {}
    for deck_name, words in _sound_decks(text.content):
        if all(file in files for file in words.files.values()):
            deck = _read_deck(folder, deck_name, words)
            decks[deck_name] = deck
    if text.table is None:
        return faults + folder.faults
    days_off = {
        file: folder.days_off(file)
        for plan in text.table.plans.values()
        for version in plan.versions
        if (file := version.days_off) and file in files
    }
    faults += [*folder.faults, *_unknown_decks(text, text.table), *_unused(text, files)]
    if any(fault.is_error for fault in faults):
        return faults
    return _build(
        name,
        text,
        text.table,
        _Made(folder, {n: deck for n, deck in decks.items() if deck}, days_off),
        faults,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """Of the CSV files."""

    folder: DeckFolder
    decks: Mapping[str, DeckSource]
    days_off: Mapping[str, DaysOff]

    def adding(self, vat: VatTable | None, table: ProfileTable) -> "_Made":
        """The same decks with the VAT of a version."""
        added = vat.added if vat else 0
        if added == self.folder.vat_added:
            return self
        folder = self.folder.adding(added)
        decks = {name: _read_deck(folder, name, words) for name, words in table.decks.items()}
        return _Made(folder, {name: deck for name, deck in decks.items() if deck}, self.days_off)


def _sound_decks(content: Mapping[str, Any]) -> Iterator[tuple[str, DeckTable]]:
    """Those whose files can be read, even if the profile is wrong elsewhere."""
    decks = content.get("decks")
    for name, table in decks.items() if isinstance(decks, dict) else ():
        try:
            yield name, DeckTable.model_validate(table)
        except ValidationError:
            continue


def _read_deck(folder: DeckFolder, name: str, words: DeckTable) -> DeckSource | None:
    if words.rates:
        return folder.rated(name, words.key, words.rates, words.unsold)
    assert words.prefixes and words.prices
    return folder.priced(name, words.key, words.prefixes, words.prices, words.unsold)


def _named(text: ProfileText) -> Iterator[tuple[Path, str]]:
    """Each file that the profile names, and where."""
    for name, words in _sound_decks(text.content):
        for field, file in words.files.items():
            yield ("decks", name, field), file
    for plan, table in text.table.plans.items() if text.table else ():
        for place, version in enumerate(table.versions):
            if version.days_off:
                yield ("plans", plan, "versions", place, "days_off"), version.days_off


def _missing(text: ProfileText, files: Mapping[str, bytes]) -> Iterator[Fault]:
    there_are = listed(sorted(file for file in files if file != PROFILE_TOML)) or "none"
    for path, file in _named(text):
        if file not in files:
            what = f"there is no file {show(file)} beside profile.toml (there are: {there_are})"
            yield text.fault(path, what)


def _unused(text: ProfileText, files: Mapping[str, bytes]) -> Iterator[Fault]:
    named = {PROFILE_TOML, *(file for _, file in _named(text))}
    for file in sorted(set(files) - named):
        yield Fault(
            file, None, None, "nobody names this file: name it in profile.toml, or take it away", False
        )


def _unknown_decks(text: ProfileText, table: ProfileTable) -> Iterator[Fault]:
    for plan, words in table.plans.items():
        for place, version in enumerate(words.versions):
            for field, deck in (("outgoing", version.outgoing), ("incoming", version.incoming)):
                if deck and deck not in table.decks:
                    what = f"there is no deck {show(deck)} (decks: {listed(table.decks) or 'none'})"
                    yield text.fault(("plans", plan, "versions", place, field), what)


def _build(name: str, text: ProfileText, table: ProfileTable, made: _Made, warnings: list[Fault]) -> Source:
    plans, versions = {}, {}
    for plan_name, words in table.plans.items():
        make = partial(_version, f"{name}/{plan_name}@", table, made)
        found = [make(("plans", plan_name, "versions", at), one) for at, one in enumerate(words.versions)]
        versions[plan_name] = sorted(found, key=lambda one: one.version.from_ms)
        plans[plan_name] = _plan(plan_name, table, words, made.folder, [one.version for one in found])
    discounts = tuple(
        Discount(
            one.name,
            tuple(Step(Money(step.from_kopecks), step.percent) for step in one.steps),
            frozenset(one.destinations),
            moment_of(one.start),
            moment_of(one.until) if one.until else None,
            one.rule,
        )
        for one in table.discounts
    )
    profile = Profile(
        name,
        table.title,
        plans,
        table.invented,
        discounts,
        recordings_kept_days=table.recordings_kept_days,
        guards=guards_of(table.guards.model_dump(exclude_none=True)),
    )
    return Source(text, table, profile, made.decks, versions, warnings)


def _plan(
    name: str, table: ProfileTable, words: PlanTable, folder: DeckFolder, versions: list[Version]
) -> Plan:
    fees = tuple(
        Fee(fee.name, folder.with_vat(Money(fee.kopecks)), fee.every, fee.rule) for fee in words.fees
    )
    return Plan(name, words.title, _funds(table.funds, words.funds), versions, fees)


def _version(prefix: str, table: ProfileTable, made: _Made, path: Path, words: VersionTable) -> VersionSource:
    vat = words.vat or table.vat
    made = made.adding(vat, table)
    outgoing = made.decks[words.outgoing] if words.outgoing else None
    incoming = made.decks[words.incoming] if words.incoming else None
    gift = words.bundle
    seconds = gift.minutes * 60 if gift else 0
    version = Version(
        name=words.version,
        from_ms=moment_of(words.start),
        published=words.published,
        terms=_terms(prefix + words.version, table.counting, words.counting, vat, made.folder),
        outgoing=outgoing.deck if outgoing else None,
        incoming=incoming.deck if incoming else None,
        incoming_numbers=tuple(words.incoming_numbers),
        bundle=Bundle(gift.name, seconds, frozenset(gift.destinations), gift.rule) if gift else None,
        bands=tuple(_band(band) for band in words.bands),
        days_off=made.days_off[words.days_off] if words.days_off else DaysOff({}),
    )
    return VersionSource(path, words, version, outgoing, incoming)


def _terms(
    tariff: str, base: CountingTable, own: CountingTable, vat: VatTable | None, folder: DeckFolder
) -> Terms:
    said = {**base.model_dump(exclude_none=True), **own.model_dump(exclude_none=True)}
    said["rules"] = {**(base.rules or {}), **(own.rules or {})}
    said["is_offset"] = said.pop("offset", False)
    said["setup_fee"] = folder.with_vat(Money(said.pop("setup_kopecks", 0)))
    return Terms(tariff, vat_percent=vat.percent if vat else None, **said)


def _funds(base: FundsTable, own: FundsTable) -> Funds:
    said = {**base.model_dump(exclude_none=True), **own.model_dump(exclude_none=True)}
    known = {"threshold_kopecks": "threshold", "credit_kopecks": "credit"}
    if "draws" in said:
        said["draws"] = tuple(said["draws"])
    return Funds(**{known.get(field, field): value for field, value in said.items()})


def _band(words: BandTable) -> Band:
    begin, until = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (words.begin, words.until))
    return Band(words.name, begin, until, frozenset(words.days), words.percent, words.rule)
