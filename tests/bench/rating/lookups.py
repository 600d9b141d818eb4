"""Prefix look-up beside the plain way, a dictionary for each length; what it weighs and how long it loads."""

import gc
from collections.abc import Callable, Sequence

from rating.deck import Key
from rating.prefixes import NONE, PrefixTable
from rating.reading.deck_folder import DeckFolder
from tests.bench.rating import decks
from tests.bench.rating.yardstick import Figure, figure, no_collection, one_core, repeated, timed

NUMBERS = 200_000
SHORT = {5_000: "5k", 50_000: "50k", 500_000: "500k"}
LOADED = 500_000


class ByLength:
    """The plain way: one dictionary for each length, the longest asked first."""

    def __init__(self, prefixes: Sequence[str]) -> None:
        lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)
        self._tables: list[tuple[int, dict[str, int]]] = [(length, {}) for length in lengths]
        by_length = dict(self._tables)
        for row, prefix in enumerate(prefixes):
            by_length[len(prefix)][prefix] = row

    def find(self, number: str) -> int:
        for length, table in self._tables:
            row = table.get(number[:length])
            if row is not None:
                return row
        return NONE


def lookup_figures(*, is_quick: bool) -> list[Figure]:
    figures = []
    repeats = 3 if is_quick else 9
    for count, short in SHORT.items():
        prefixes = decks.prefixes(count)
        numbers = decks.numbers(prefixes, NUMBERS)
        with one_core(), no_collection():
            table, plain = PrefixTable(prefixes), ByLength(prefixes)
            assert [table.find(number) for number in numbers] == [plain.find(number) for number in numbers]
            for name, finder in (("look-up", table), ("dictionary for each length", plain)):
                figures.append(repeated(f"{name}, {short}", _finding(finder, numbers), NUMBERS, repeats))
        weight = table.bytes_used / count
        figures.append(Figure(f"bytes a prefix, {short}", weight, weight, "bytes"))
    return figures


def load_figures(*, is_quick: bool) -> list[Figure]:
    repeats = 1 if is_quick else 3
    prefixes = decks.prefixes(LOADED)
    rows = [f"{prefix},destination {row % 5_000},{row % 5_000}.50" for row, prefix in enumerate(prefixes)]
    files = {"rates.csv": "\n".join(["prefix,destination,price_rub", *rows]).encode()}
    del rows

    def read() -> None:
        folder = DeckFolder(files, 0, None)
        assert folder.rated("deck", Key.CALLED, "rates.csv", None), folder.faults[:3]

    figures = []
    with one_core():
        for name, load in (("table of 500k", lambda: PrefixTable(prefixes)), ("CSV deck of 500k rows", read)):
            samples = []
            for _ in range(repeats):
                gc.collect()
                samples.append(timed(load, 10**9))
            figures.append(figure(f"load: {name}", samples, "s"))
    return figures


def _finding(finder: PrefixTable | ByLength, numbers: Sequence[str]) -> Callable[[], None]:
    find = finder.find

    def find_all() -> None:
        for number in numbers:
            find(number)

    return find_all
