"""What is wrong with a profile that is sound in its form: mistakes refuse it, doubts do not.

Rule 1: mistakes are looked for whenever a profile is loaded; doubts, which take longer, when somebody asks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rating.calendar import day_of, earliest_effect
from rating.reading.check_decks import deck_doubts
from rating.reading.csv_table import Told
from rating.reading.fault import Fault, listed, show
from rating.reading.notice import NOTICE_DAYS, worse
from rating.reading.profile_source import Source, VersionSource, read_source
from rating.reading.toml_places import Path
from rating.reading.week import bands_never


def check_profile(name: str, files: Mapping[str, bytes], told: Told | None = None) -> list[Fault]:
    """Errors and warnings, by file and line."""
    source = read_source(name, files, told)
    if isinstance(source, list):
        return sorted(source, key=lambda fault: fault.place)
    return sorted([*source.warnings, *mistakes(source), *doubts(source)], key=lambda fault: fault.place)


def mistakes(source: Source) -> list[Fault]:
    """Errors only."""
    found = [fault for plan in source.versions for fault in _plan_mistakes(source, plan)]
    return found + list(_discount_mistakes(source))


def doubts(source: Source) -> list[Fault]:
    """Warnings only."""
    found = [fault for versions in source.versions.values() for fault in _version_doubts(source, versions)]
    return found + list(deck_doubts(source))


def _plan_mistakes(source: Source, plan: str) -> Iterator[Fault]:
    versions = source.versions[plan]
    names: set[str] = set()
    for place, one in enumerate(versions):
        if one.version.name in names:
            what = f"version {show(one.version.name)} of plan {plan} stands twice: give one another name"
            yield source.text.fault((*one.path, "version"), what)
        names.add(one.version.name)
        yield from _threshold_mistakes(source, one)
        yield from _incoming_mistakes(source, one)
        yield from _bundle_mistakes(source, one)
        if place == 0:
            continue
        before = versions[place - 1]
        if one.version.from_ms == before.version.from_ms:
            what = f"version {show(before.version.name)} of plan {plan} begins at the same moment: change one"
            yield source.text.fault((*one.path, "from"), what)
        else:
            yield from _notice_mistakes(source, before, one)


def _threshold_mistakes(source: Source, one: VersionSource) -> Iterator[Fault]:
    terms = one.version.terms
    if not terms.is_offset and terms.threshold_s > terms.first_s:
        what = (
            f"the threshold of {terms.threshold_s} s is longer than the first unit of {terms.first_s} s: who "
            "cannot pay the second unit would be cut while the call is free; make first_s longer"
        )
        yield source.text.fault(one.path, what)


def _incoming_mistakes(source: Source, one: VersionSource) -> Iterator[Fault]:
    if one.table.incoming and not one.table.incoming_numbers:
        what = "`incoming` without `incoming_numbers`: add the prefixes of the numbers whose owner pays"
        yield source.text.fault((*one.path, "incoming"), what)
    elif one.table.incoming_numbers and not one.table.incoming:
        what = "`incoming_numbers` without `incoming`: name the deck that their calls are paid by"
        yield source.text.fault((*one.path, "incoming_numbers"), what)


def _bundle_mistakes(source: Source, one: VersionSource) -> Iterator[Fault]:
    gift = one.table.bundle
    if gift is None:
        return
    path = (*one.path, "bundle")
    if one.outgoing is None:
        yield source.text.fault(path, "gift minutes without an `outgoing` deck: nobody can use them")
        return
    sold = {destination.name for destination in one.outgoing.rows.destinations}
    for place, name in enumerate(gift.destinations):
        if name not in sold:
            what = f"the deck {show(one.table.outgoing)} has no destination {show(name)}: write it as there"
            yield source.text.fault((*path, "destinations", place), what)


def _notice_mistakes(source: Source, before: VersionSource, after: VersionSource) -> Iterator[Fault]:
    published = after.version.published
    earliest = earliest_effect(published, NOTICE_DAYS) if published else None
    if earliest and earliest <= day_of(after.version.from_ms):
        return
    why = worse(before.version, after.version)
    if why is None:
        return
    if earliest:
        path: Path = (*after.path, "from")
        what = (
            f"published on {published}, so it may begin on {earliest} at the earliest (S-12): begin later, "
            f"or make nothing worse; {why}"
        )
    else:
        path = after.path
        what = f"no `published`: say when it was, {NOTICE_DAYS} full days before it begins (S-12); {why}"
    yield replace(source.text.fault(path, what), is_notice=True)


def _discount_mistakes(source: Source) -> Iterator[Fault]:
    sold = {one.name for deck in source.decks.values() for one in deck.rows.destinations}
    for place, words in enumerate(source.table.discounts):
        path = ("discounts", place)
        for at, name in enumerate(words.destinations):
            if name not in sold:
                what = f"no deck has a destination {show(name)}: write it as there"
                yield source.text.fault((*path, "destinations", at), what)
        discount = source.profile.discounts[place]
        if discount.until_ms is not None and discount.until_ms <= discount.from_ms:
            yield source.text.fault((*path, "until"), "it ends before it begins: write a later `until`")
        levels = [step.from_kopecks for step in words.steps]
        if doubled := sorted(level for level in set(levels) if levels.count(level) > 1):
            what = f"two steps from the same sum ({listed(str(level) for level in doubled)}): leave one"
            yield source.text.fault((*path, "steps"), what)


def _version_doubts(source: Source, versions: list[VersionSource]) -> Iterator[Fault]:
    for one in versions:
        if one.outgoing is None and one.incoming is None:
            what = "neither `outgoing` nor `incoming`: nobody can call"
            yield source.text.fault(one.path, what, is_error=False)
        for band in bands_never(one.version.bands):
            name = one.version.bands[band].name
            what = f"band {show(name)} never applies: the bands before it take all of its time"
            yield source.text.fault((*one.path, "bands", band), what, is_error=False)
