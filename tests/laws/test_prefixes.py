"""The flat table of prefixes against a plain search for the longest."""

from array import array
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rating.deck import Deck, Destination, Key, Price, Unsold
from rating.money import Money
from rating.prefixes import NONE, PrefixTable

DIGITS = st.text("0179", max_size=15) | st.text("0123456789", max_size=15)
PREFIXES = st.lists(st.text("0179", max_size=7) | DIGITS, unique=True, max_size=30)


def longest(prefixes: list[str], number: str) -> str | None:
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


@given(PREFIXES, st.lists(DIGITS, min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_longest_prefix_wins_whatever_the_order(
    prefixes: list[str], numbers: list[str], luck: Random
) -> None:
    luck.shuffle(prefixes)
    table = PrefixTable(prefixes)
    for number in [*numbers, *prefixes, *(prefix[:-1] for prefix in prefixes)]:
        row = table.find(number)
        assert (None if row == NONE else prefixes[row]) == longest(prefixes, number)
    assert table.prefixes() == prefixes


@given(PREFIXES)
@settings(deadline=None, max_examples=60)
def test_each_prefix_knows_the_next_shorter_one(prefixes: list[str]) -> None:
    table = PrefixTable(prefixes)
    for row, prefix in enumerate(prefixes):
        shorter = table.shorter(row)
        others = [other for other in prefixes if other != prefix]
        assert table.length(row) == len(prefix)
        assert (None if shorter == NONE else prefixes[shorter]) == longest(others, prefix)


@given(st.dictionaries(DIGITS, st.sampled_from(("", "premium_rate", "freephone")), max_size=15), DIGITS)
@settings(deadline=None, max_examples=60)
def test_a_deck_sells_refuses_or_does_not_know(kinds: dict[str, str], number: str) -> None:
    destinations = [Destination(f"to {p}", Money(1), Money(2), kind) for p, kind in kinds.items()]
    places = array("i", range(len(kinds)))
    found = Deck("d", Key.CALLED, destinations, PrefixTable(list(kinds)), places).find(number)
    prefix = longest(list(kinds), number)
    if prefix is None:
        assert found is None
    elif kinds[prefix] == "premium_rate":
        assert found == Unsold("premium_rate", prefix)
    else:
        assert isinstance(found, Price)
        assert (found.prefix, found.destination) == (prefix, f"to {prefix}")
