"""Decks and numbers as the world has them: most prefixes in few countries, of very different lengths."""

from array import array
from random import Random

from rating.deck import Deck, Destination, Key
from rating.money import Money
from rating.prefixes import PrefixTable

HEAVY_COUNTRIES = 15
HEAVY_SHARE = 0.7
COUNTRIES = 200
FITTING_SHARE = 0.99
NUMBER_DIGITS = 12
LENGTHS = {5_000: (1, 7), 50_000: (2, 9), 500_000: (2, 11)}


def prefixes(count: int) -> list[str]:
    """Different ones, in no order."""
    luck = Random(count)
    shortest, longest = LENGTHS[count]
    countries = [str(luck.randrange(1, 10 ** luck.randint(1, 3))) for _ in range(COUNTRIES)]
    heavy = countries[:HEAVY_COUNTRIES]
    # A prefix is longer than its country's code: the long ones are most of a deck.
    lengths = range(shortest, longest + 1)
    weights = [2.5**length for length in lengths]
    found: set[str] = set()
    while len(found) < count:
        country = luck.choice(heavy if luck.random() < HEAVY_SHARE else countries)
        length = max(len(country), luck.choices(lengths, weights)[0])
        tail = length - len(country)
        found.add(country + (str(luck.randrange(10**tail)).zfill(tail) if tail else ""))
    shuffled = sorted(found)
    luck.shuffle(shuffled)
    return shuffled


def numbers(of: list[str], count: int, fitting_share: float = FITTING_SHARE) -> list[str]:
    """Different ones; nearly all begin with a prefix."""
    luck = Random(len(of) + count)
    found: set[str] = set()
    while len(found) < count:
        begin = luck.choice(of) if luck.random() < fitting_share else "0"
        tail = NUMBER_DIGITS - len(begin)
        found.add(begin + str(luck.randrange(10**tail)).zfill(tail))
    shuffled = sorted(found)
    luck.shuffle(shuffled)
    return shuffled


def deck(of: list[str]) -> Deck:
    """Some thousand destinations with prices of their own."""
    luck = Random(len(of))
    destinations = [
        Destination(f"destination {place}", Money(price := luck.randrange(50, 5_000)), Money(price))
        for place in range(max(1, len(of) // 20))
    ]
    leads_to = array("i", [luck.randrange(len(destinations)) for _ in of])
    return Deck("synthetic", Key.CALLED, destinations, PrefixTable(of), leads_to)
