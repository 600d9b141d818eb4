"""What a load would do too soon to the plans that are in force.

Rule 1: the day of the load is the day of publication: nothing is worse before ten full days have passed
    (S-12, DELO-6.1.1).
Rule 2: what a version has charged stays as it is: late records are charged by it. A number that it did not
    sell may get a price.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from rating.calendar import begin_of, day_of, earliest_effect
from rating.comparison import met, prefixes_of
from rating.deck import Deck
from rating.profile import Profile
from rating.reading.fault import Fault, show
from rating.reading.notice import NOTICE_DAYS, worse
from rating.reading.profile_source import Source
from rating.tariff import Plan, Version


def too_soon(source: Source, in_force: Profile, at_ms: int) -> Iterator[Fault]:
    for name, old in in_force.plans.items():
        if new := source.profile.plans.get(name):
            yield from _of_plan(source, old, new, at_ms)


def _of_plan(source: Source, old: Plan, new: Plan, at_ms: int) -> Iterator[Fault]:
    earliest = earliest_effect(day_of(at_ms), NOTICE_DAYS)
    begins = {version.from_ms for plan in (old, new) for version in plan.versions}
    seen: set[tuple[str, str | None]] = set()
    for moment in sorted({at_ms, *(begin for begin in begins if begin < begin_of(earliest))}):
        before, after = old.version_at(moment), new.version_at(moment)
        if before is None:
            continue
        pair = before.name, after.name if after else None
        if pair in seen:
            continue
        seen.add(pair)
        before = _until(earliest, before)
        after = _until(earliest, after) if after else None
        why = worse(before, after) if after else "nothing can be called any more"
        what = ""
        if moment <= at_ms and not (after and _charges_the_same(before, after)):
            what = (
                f"version {show(before.name)} of plan {new.name} is in force since {day_of(before.from_ms)} "
                "and would change: write a new version instead"
            )
        elif why:
            what = f"plan {new.name} would be worse from {day_of(moment)} on: begin later"
        if what:
            notice = f", not before {earliest} (S-12); {why}" if why else ""
            yield replace(_fault(source, new, after, what + notice), is_notice=True)


def _until(end: date, version: Version) -> Version:
    return replace(version, days_off=version.days_off.before(end))


def _fault(source: Source, plan: Plan, version: Version | None, what: str) -> Fault:
    paths = [one.path for one in source.versions[plan.name] if version and one.version.name == version.name]
    return source.text.fault(paths[0] if paths else ("plans", plan.name), what)


def _charges_the_same(old: Version, new: Version) -> bool:
    return (
        _plain(old) == _plain(new)
        and _deck_charges_the_same(old.outgoing, new.outgoing)
        and _deck_charges_the_same(old.incoming, new.incoming)
    )


def _plain(version: Version) -> Version:
    """Without what decks say, and without what charges nothing."""
    bundle = version.bundle
    return replace(
        version,
        published=None,
        outgoing=None,
        incoming=None,
        terms=replace(version.terms, rules={}),
        incoming_numbers=tuple(sorted(version.incoming_numbers)),
        bundle=replace(bundle, rule="") if bundle else None,
        bands=tuple(replace(band, rule="") for band in version.bands),
    )


def _deck_charges_the_same(old: Deck | None, new: Deck | None) -> bool:
    if old is None:
        return True
    if new is None or old.key is not new.key:
        return False
    for prefix in prefixes_of(old) | prefixes_of(new):
        charged = met(old, prefix)
        if charged.next is not None and charged != met(new, prefix):
            return False
    return True
