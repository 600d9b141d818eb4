"""What looks wrong in decks, though it may be meant: warnings.

Rule 1: a list of prefixes is looked at once, however many decks share it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from rating.deck import Destination
from rating.money import show_roubles
from rating.prefixes import NONE
from rating.reading.deck_folder import DeckSource
from rating.reading.fault import Fault, at_most, listed, show, warning
from rating.reading.profile_source import Source, VersionSource

WARNINGS_MAX: Final = 20  # of a kind and list
JUMP: Final = 100
SIBLINGS_MIN: Final = 5
DIGITS: Final = "0123456789"


def deck_doubts(source: Source) -> Iterator[Fault]:
    seen: set[object] = set()
    for deck in source.decks.values():
        files = deck.rows.file, deck.unsold and deck.unsold.file
        if files not in seen:
            seen.add(files)
            yield from _shape(deck)
        if (priced := (*files, deck.prices and deck.prices.file)) not in seen:
            seen.add(priced)
            yield from at_most(WARNINGS_MAX, _jumps_above(deck), "prices that jump")
            yield from at_most(WARNINGS_MAX, _unreached(deck), "destinations without a prefix")
    for versions in source.versions.values():
        for before, after in pairwise(versions):
            for old, new in ((before.outgoing, after.outgoing), (before.incoming, after.incoming)):
                if old and new and old.deck.key is new.deck.key:
                    jumps = _jumps_since(before, old, after, new)
                    yield from at_most(WARNINGS_MAX, jumps, "prices that jump")


def _shape(deck: DeckSource) -> Iterator[Fault]:
    """Of the tree of prefixes."""
    prefixes = deck.prefixes
    rows = set(prefixes)
    children = Counter(prefix[:-1] for prefix in prefixes if prefix)
    full = _full(children, rows)
    hidden = [row for row, prefix in enumerate(prefixes) if prefix in full]
    yield from at_most(
        WARNINGS_MAX,
        (
            warning(
                *deck.place(row), f"prefix {show(prefixes[row])} never applies: all that follow it are listed"
            )
            for row in hidden
        ),
        "prefixes that never apply",
    )
    yield from at_most(WARNINGS_MAX, _gaps(deck, rows, children, full), "gaps among prefixes")


def _full(children: Counter[str], rows: set[str]) -> set[str]:
    """The stems all of whose continuations are listed, be it digit by digit further down."""
    full: set[str] = set()
    waiting = [stem for stem, count in children.items() if count == len(DIGITS)]
    while waiting:
        stem = waiting.pop()
        full.add(stem)
        if stem and stem not in rows:
            children[stem[:-1]] += 1
            if children[stem[:-1]] == len(DIGITS):
                waiting.append(stem[:-1])
    return full


def _gaps(deck: DeckSource, rows: set[str], children: Counter[str], full: set[str]) -> Iterator[Fault]:
    """Where at least five of ten siblings are listed and nothing shorter takes the rest."""
    wanting = {
        stem
        for stem, count in children.items()
        if SIBLINGS_MIN <= count < len(DIGITS) and not any(stem[:end] in rows for end in range(len(stem) + 1))
    }
    if not wanting:
        return
    begun = _begun(children)
    for row, prefix in enumerate(deck.prefixes):
        stem = prefix[:-1]
        if prefix and stem in wanting:
            wanting.remove(stem)
            missing = [
                stem + digit
                for digit in DIGITS
                if stem + digit not in rows and stem + digit not in full and stem + digit not in begun
            ]
            if missing:
                names = listed(missing)
                what = f"no prefix fits {names}, only their siblings: add them if they are sold"
                yield warning(*deck.place(row), what)


def _begun(stems: Iterable[str]) -> set[str]:
    """All that some prefix begins with and goes on."""
    begun: set[str] = set()
    for stem in stems:
        while stem not in begun:
            begun.add(stem)
            stem = stem[:-1]
    return begun


def _jumps_above(deck: DeckSource) -> Iterator[Fault]:
    """Against the next shorter prefix, once for two destinations."""
    table, places = deck.deck.table, deck.destination_of
    destinations, prefixes = deck.deck.destinations, deck.prefixes
    seen: set[tuple[int, int]] = set()
    for row, place in enumerate(places):
        above = table.shorter(row)
        if above == NONE or (place, places[above]) in seen:
            continue
        seen.add((place, places[above]))
        own, other = destinations[place], destinations[places[above]]
        if not own.kind and not other.kind and _is_jump(own.next, other.next):
            below, shorter = show(prefixes[row]), show(prefixes[above])
            what = f"{_shown(own)} for prefix {below}, {_shown(other)} for {shorter} above it: is it a slip?"
            yield warning(*deck.price_place(row), what)


def _jumps_since(
    before: VersionSource, old: DeckSource, after: VersionSource, new: DeckSource
) -> Iterator[Fault]:
    """Against the version before, by the second, once for two prices."""
    old_s, new_s = before.version.terms.next_s, after.version.terms.next_s
    is_one_table = old.deck.table is new.deck.table
    seen: set[tuple[int, int]] = set()
    for row, prefix in enumerate(new.prefixes):
        was = row if is_one_table else old.deck.table.find(prefix)
        if was == NONE or (pair := (new.destination_of[row], old.destination_of[was])) in seen:
            continue
        seen.add(pair)
        own, other = new.deck.destinations[pair[0]], old.deck.destinations[pair[1]]
        if not own.kind and not other.kind and _is_jump(own.next * old_s, other.next * new_s):
            was_so = f"{_shown(other)} in version {before.version.name}"
            what = f"{_shown(own)} for prefix {show(prefix)}, {was_so}: is it a slip?"
            yield warning(*new.price_place(row), what)


def _unreached(deck: DeckSource) -> Iterator[Fault]:
    if deck.prices is None:
        return
    reached = {destination.name for destination in deck.rows.destinations}
    for name, price in deck.prices.prices.items():
        if name not in reached:
            what = f"destination {show(name)} has no prefix in {deck.rows.file}: nobody can call it"
            yield warning(deck.prices.file, price.line, what)


def _is_jump(one: int, other: int) -> bool:
    low, high = sorted((one, other))
    return low > 0 and high >= JUMP * low


def _shown(destination: Destination) -> str:
    return f"{show(destination.name)} costs {show_roubles(destination.next)}"
