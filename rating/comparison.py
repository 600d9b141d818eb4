"""What another price list changes: of decks number by number, of plans term by term.

Rule 1: decks are compared by what a number meets. A prefix that goes is told as what its numbers cost now.
Rule 2: plans are compared by their newest versions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from rating.bands import Band
from rating.deck import Deck, Unsold
from rating.money import Money
from rating.profile import Profile
from rating.tariff import Plan, Side, Version

Term = int | str | bool | None


class Kind(Enum):
    ADDED = "added"  # had no price
    REMOVED = "removed"  # has none any more
    DEARER = "dearer"
    CHEAPER = "cheaper"
    OTHER = "other"  # another destination at the same price, a first unit that moves against the others


@dataclass(frozen=True, slots=True)
class Met:
    """What numbers meet in a deck: a price, or a kind that is not sold."""

    destination: str = ""
    first: Money | None = None
    next: Money | None = None
    unsold: str = ""


NOTHING = Met()


@dataclass(frozen=True, slots=True)
class Change:
    kind: Kind
    old: Met
    new: Met
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeckComparison:
    used_by: tuple[str, ...]  # `go outgoing`
    destinations_added: tuple[str, ...]
    destinations_removed: tuple[str, ...]
    prefixes_added: int
    prefixes_removed: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class TermChange:
    plan: str
    what: str
    old: Term
    new: Term


@dataclass(frozen=True, slots=True)
class Comparison:
    plans_added: tuple[str, ...]
    plans_removed: tuple[str, ...]
    terms: tuple[TermChange, ...]
    decks: tuple[DeckComparison, ...]


@dataclass(slots=True)
class _Pair:
    """Two decks, and the plans that change from one to the other."""

    old: Deck | None
    new: Deck | None
    used_by: list[str] = field(default_factory=list)


def compare(old: Profile, new: Profile) -> Comparison:
    terms: list[TermChange] = []
    pairs: dict[tuple[int, int], _Pair] = {}
    for name in sorted(old.plans.keys() & new.plans.keys()):
        before, after = old.plans[name], new.plans[name]
        terms += _term_changes(before, after)
        for side in Side:
            decks = _deck(before, side), _deck(after, side)
            if any(decks):
                pair = pairs.setdefault((id(decks[0]), id(decks[1])), _Pair(*decks))
                pair.used_by.append(f"{name} {side.value}")
    compared = [_compare_decks(pair) for pair in pairs.values()]
    return Comparison(
        tuple(sorted(new.plans.keys() - old.plans.keys())),
        tuple(sorted(old.plans.keys() - new.plans.keys())),
        tuple(terms),
        tuple(deck for deck in compared if deck.changes or deck.prefixes_added or deck.prefixes_removed),
    )


def newest(plan: Plan) -> Version | None:
    return plan.versions[-1] if plan.versions else None


def as_if_always(profile: Profile) -> Profile:
    """Its plans' newest versions as if they had been in force all the time."""
    plans = {}
    for name, plan in profile.plans.items():
        versions = [replace(plan.versions[-1], from_ms=0)] if plan.versions else []
        plans[name] = Plan(name, plan.title, plan.funds, versions, plan.fees)
    return replace(profile, plans=plans)


def _deck(plan: Plan, side: Side) -> Deck | None:
    version = newest(plan)
    if version is None:
        return None
    return version.outgoing if side is Side.OUTGOING else version.incoming


def _compare_decks(pair: _Pair) -> DeckComparison:
    old, new = prefixes_of(pair.old), prefixes_of(pair.new)
    found: dict[tuple[Met, Met], list[str]] = {}
    names: tuple[set[str], set[str]] = set(), set()
    for prefix in sorted(old | new):
        before, after = met(pair.old, prefix), met(pair.new, prefix)
        names[0].add(before.destination)
        names[1].add(after.destination)
        if before != after:
            found.setdefault((before, after), []).append(prefix)
    changes = [Change(_kind(*mets), *mets, tuple(prefixes)) for mets, prefixes in found.items()]
    return DeckComparison(
        tuple(pair.used_by),
        tuple(sorted(names[1] - names[0] - {""})),
        tuple(sorted(names[0] - names[1] - {""})),
        len(new - old),
        len(old - new),
        tuple(sorted(changes, key=lambda change: (change.kind.value, change.prefixes))),
    )


def prefixes_of(deck: Deck | None) -> set[str]:
    return set(deck.table.prefixes()) if deck else set()


def met(deck: Deck | None, prefix: str) -> Met:
    found = deck.find(prefix) if deck else None
    if found is None:
        return NOTHING
    if isinstance(found, Unsold):
        return Met(unsold=found.kind)
    return Met(found.destination, found.first, found.next)


def _kind(old: Met, new: Met) -> Kind:
    if old.next is None or old.first is None:
        return Kind.OTHER if new.next is None else Kind.ADDED
    if new.next is None or new.first is None:
        return Kind.REMOVED
    steps = {new.first - old.first, new.next - old.next}
    if max(steps) > 0 and min(steps) >= 0:
        return Kind.DEARER
    return Kind.CHEAPER if min(steps) < 0 and max(steps) <= 0 else Kind.OTHER


def _term_changes(old: Plan, new: Plan) -> Iterable[TermChange]:
    before, after = _terms(old), _terms(new)
    for what in {**before, **after}:
        if before.get(what) != after.get(what):
            yield TermChange(new.name, what, before.get(what), after.get(what))


def _terms(plan: Plan) -> dict[str, Term]:
    """All of a plan's newest version that is not in its decks, and how its money is treated."""
    funds, version = plan.funds, newest(plan)
    treated: dict[str, Term] = {
        "funds.threshold_kopecks": funds.threshold,
        "funds.credit_kopecks": funds.credit,
        "funds.stops": funds.stops.value,
        "funds.stops_at_level": funds.stops_at_level,
        "funds.draws": ", ".join(source.value for source in funds.draws),
    }
    treated |= {f"fee.{fee.name}": f"{fee.kopecks} kopecks every {fee.every.value}" for fee in plan.fees}
    if version is None:
        return treated
    terms, bundle = version.terms, version.bundle
    return treated | {
        "first_s": terms.first_s,
        "next_s": terms.next_s,
        "setup_kopecks": terms.setup_fee,
        "threshold_s": terms.threshold_s,
        "offset": terms.is_offset,
        "longest_s": terms.longest_s,
        "vat_percent": terms.vat_percent,
        "incoming_numbers": ", ".join(version.incoming_numbers),
        "bundle_minutes": bundle.seconds // 60 if bundle else 0,
        "bundle_destinations": ", ".join(sorted(bundle.destinations)) if bundle else "",
        "bands": ", ".join(map(_band, version.bands)),
    }


def _band(band: Band) -> str:
    begin, until = (
        f"{minute // 60:02}:{minute % 60:02}" for minute in (band.begin_minute, band.until_minute)
    )
    days = "+".join(sorted(day.value for day in band.days))
    return f"{band.name} {begin}-{until} {days} {band.percent} %"
