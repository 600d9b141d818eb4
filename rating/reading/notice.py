"""What a new version of a plan makes worse for anybody, so that it has to be announced ten days before.

Rule 1: a connection of any length, to any number, at any time counts (DELO-6.1.1, CLV-D2.6); what is not
    clearly harmless is worse.
Rule 2: a sum rises only when a unit begins, so only such moments are compared, over one common period of the
    two units; later ones repeat them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import lcm
from typing import Final

from rating.comparison import prefixes_of
from rating.deck import Deck, Price, Unsold
from rating.money import Money, share, show_roubles
from rating.reading.fault import show
from rating.reading.week import DAY_KINDS, percents
from rating.tariff import Terms, Version

NOTICE_DAYS: Final = 10
MOMENTS_MAX: Final = 10_000  # of units that hardly ever begin together
Prices = tuple[Money, Money]  # of the first unit, and of each later one


def worse(old: Version, new: Version) -> str | None:
    """The first thing that is worse, in words."""
    return next(_all_worse(old, new), None)


def _all_worse(old: Version, new: Version) -> Iterator[str]:
    if new.terms.longest_s and (old.terms.longest_s is None or new.terms.longest_s < old.terms.longest_s):
        yield f"connections are cut after {new.terms.longest_s} s"
    if old.bundle:
        gift = new.bundle
        if gift is None or gift.seconds < old.bundle.seconds:
            yield f"there are fewer gift minutes than the {old.bundle.seconds // 60} of before"
        elif missing := sorted(old.bundle.destinations - gift.destinations):
            yield f"gift minutes are no longer for {show(missing[0])}"
    paid = old.incoming_numbers if old.incoming else ()
    for number in new.incoming_numbers:
        if not number.startswith(paid):
            yield f"incoming calls to {number} are paid for"
    seconds = begins_of_units(old.terms, new.terms)
    compared = _Compared(old.terms, new.terms, tuple(sorted(_percents(old, new))), seconds)
    yield from _worse_deck(old.outgoing, new.outgoing, compared)
    if old.incoming and new.incoming:
        yield from _worse_deck(old.incoming, new.incoming, compared)


def _percents(old: Version, new: Version) -> set[tuple[int, int]]:
    """Which percentages stand against each other at some time."""
    if not old.bands and not new.bands:
        return {(100, 100)}
    is_one_table = old.days_off == new.days_off
    found: set[tuple[int, int]] = set()
    for day, is_off in DAY_KINDS:
        before = percents(old.bands, (day, is_off))
        for was_off in (is_off,) if is_one_table else (False, True):
            after = percents(new.bands, (day, was_off))
            found.update(zip(before, after, strict=True))
    return found


def _worse_deck(before: Deck | None, after: Deck | None, compared: "_Compared") -> Iterator[str]:
    if before is None:
        return
    if after is None:
        yield "nothing can be called any more"
        return
    if before.key is not after.key:
        yield "another number decides on the price"
        return
    prefixes = prefixes_of(before) | prefixes_of(after)
    seen: set[tuple[object, object]] = set()
    for prefix in sorted(prefixes):
        if all(prefix + digit in prefixes for digit in "0123456789"):
            continue  # nobody's longest
        old, new = _found(before, prefix), _found(after, prefix)
        if (old, new) in seen:
            continue
        seen.add((old, new))
        if (why := _worse_find(old, new, compared)) is not None:
            yield f"{show(prefix)} {why}"


def _found(deck: Deck, prefix: str) -> Prices | str:
    """Prices, or why there is none."""
    found = deck.find(prefix)
    if isinstance(found, Price):
        return found.first, found.next
    return found.kind if isinstance(found, Unsold) else ""


def _worse_find(old: Prices | str, new: Prices | str, compared: "_Compared") -> str | None:
    if isinstance(old, str):
        return None
    if isinstance(new, str):
        return "is not sold any more"
    return compared.dearer(old, new)


@dataclass(frozen=True, slots=True)
class _Compared:
    old: Terms
    new: Terms
    percents: tuple[tuple[int, int], ...]
    seconds: tuple[int, ...]

    def dearer(self, old: Prices, new: Prices) -> str | None:
        for was, becomes in self.percents:
            before, after = _part(old, was), _part(new, becomes)
            if why := dearer(self.old, before, self.new, after, self.seconds):
                return why
        return None


def dearer(old: Terms, before: Prices, new: Terms, after: Prices, seconds: Iterable[int]) -> str | None:
    """`seconds`: how long the connections are that are compared."""
    if after[1] * old.next_s > before[1] * new.next_s:
        was_so = f"{show_roubles(before[1])} for {old.next_s} s"
        return f"is dearer in the long run: {show_roubles(after[1])} for {new.next_s} s after {was_so}"
    for length in seconds:
        paid, pays = _cost(old, before, length), _cost(new, after, length)
        if pays > paid:
            return f"is dearer: {length} s cost {show_roubles(pays)} after {show_roubles(paid)}"
    return None


def _part(prices: Prices, percent: int) -> Prices:
    return share(prices[0], percent, 100), share(prices[1], percent, 100)


def _cost(terms: Terms, price: Prices, seconds: int) -> int:
    units = terms.units(seconds)
    return terms.setup_fee + price[0] + (units - 1) * price[1] if units else 0


def begins_of_units(old: Terms, new: Terms) -> tuple[int, ...]:
    """The seconds with which a unit of the new version begins."""
    steady = max(max(terms.threshold_s, terms.free_s + terms.first_s) for terms in (old, new))
    until = steady + 1 + lcm(old.next_s, new.next_s) + new.next_s
    first = max(1, new.threshold_s)
    begins = range(new.free_s + new.first_s + 1, until, new.next_s)
    return (first, *islice((seconds for seconds in begins if seconds > first), MOMENTS_MAX))
