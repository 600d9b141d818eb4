"""The decks of a profile's folder, each built of the files that the profile names for it.

Rule 1: a file is read once, whoever names it; decks of the same prefixes share one table.
Rule 2: no deck is built of files with faults.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from rating.calendar import DaysOff
from rating.deck import Deck, Destination, Key
from rating.money import Money, share
from rating.prefixes import PrefixTable
from rating.reading.csv_table import CsvTable, Told
from rating.reading.deck_file import (
    PrefixFile,
    PriceFile,
    complain_sold,
    read_prefixes,
    read_prices,
    read_rates,
    read_unsold,
)
from rating.reading.fault import Fault, show

PREFIXES: Final = (("prefix", "destination"), ("confidence", "source", "note"))
PRICES: Final = (("destination", "price_rub"), ("first_price_rub", "destination_ru", "note"))
RATES: Final = (("prefix", "destination", "price_rub"), ("first_price_rub", "note"))
UNSOLD: Final = (("prefix", "kind"), ("reason",))
DAYS_OFF: Final = (("day", "off"), ("note",))
Columns = tuple[Sequence[str], Sequence[str]]
Shared = tuple[PrefixTable, "array[int]"]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class DeckSource:
    """A deck with the rows it was built of, for whoever looks for mistakes."""

    deck: Deck
    destination_of: "array[int]"  # of each row of the deck's table
    rows: PrefixFile
    unsold: PrefixFile | None
    prices: PriceFile | None  # None: the rows have prices of their own

    @property
    def prefixes(self) -> list[str]:
        """In the order of the rows of the deck's table."""
        return self.rows.prefixes + (self.unsold.prefixes if self.unsold else [])

    def place(self, row: int) -> tuple[str, int]:
        """File and line of a row of the deck's table."""
        count = len(self.rows.prefixes)
        if self.unsold and row >= count:
            return self.unsold.file, self.unsold.lines[row - count]
        return self.rows.file, self.rows.lines[row]

    def destination(self, row: int) -> Destination:
        return self.deck.destinations[self.destination_of[row]]

    def price_place(self, row: int) -> tuple[str, int]:
        """Where the price of a row stands."""
        name = self.destination(row).name
        if self.prices and name in self.prices.prices:
            return self.prices.file, self.prices.prices[name].line
        return self.place(row)


class DeckFolder:
    """Reads files when they are asked for; `faults` has what was wrong in them."""

    def __init__(self, files: Mapping[str, bytes], vat_added: int, told: Told | None) -> None:
        """`vat_added`: the percentage that prices are still without."""
        self._files = files
        self.vat_added = vat_added
        self._told = told
        self._tables: dict[tuple[str, Columns], CsvTable] = {}
        self._read: dict[tuple[str, Columns], object] = {}
        self._shared: dict[tuple[str, str | None], Shared | None] = {}

    def adding(self, vat: int) -> "DeckFolder":
        """The same files, with another percentage added to their prices."""
        other = copy(self)
        other.vat_added = vat
        return other

    @property
    def faults(self) -> list[Fault]:
        return list(dict.fromkeys(fault for table in self._tables.values() for fault in table.faults))

    def rated(self, name: str, key: Key, rates: str, unsold: str | None) -> DeckSource | None:
        """The deck of a file of prefixes with prices; None when a file has faults."""
        rows = self._once(rates, RATES, read_rates)
        return self._deck(name, key, rows, (rates, RATES), unsold, None)

    def priced(
        self, name: str, key: Key, prefixes: str, prices: str, unsold: str | None
    ) -> DeckSource | None:
        """The deck of a file of prefixes and one of prices; None when a file has faults."""
        rows = self._once(prefixes, PREFIXES, read_prefixes)
        priced = self._once(prices, PRICES, read_prices)
        if self._tables[prices, PRICES].is_readable:
            self._complain_unpriced(rows, priced)
        return self._deck(name, key, rows, (prefixes, PREFIXES), unsold, priced)

    def days_off(self, file: str) -> DaysOff:
        return self._once(file, DAYS_OFF, _read_days_off)

    def _once(self, file: str, columns: Columns, read: Callable[[CsvTable], Read]) -> Read:
        place = file, columns
        if place not in self._read:
            table = self._tables[place] = CsvTable(file, self._files[file], *columns, self._told)
            self._read[place] = read(table)
        return self._read[place]  # type: ignore[return-value]  # what `read` gave for these columns

    def _deck(
        self,
        name: str,
        key: Key,
        rows: PrefixFile,
        place: tuple[str, Columns],
        unsold: str | None,
        prices: PriceFile | None,
    ) -> DeckSource | None:
        refused = self._once(unsold, UNSOLD, read_unsold) if unsold else None
        shared = self._table(rows, refused)
        used = [place, *([(unsold, UNSOLD)] if unsold else []), *([(prices.file, PRICES)] if prices else [])]
        if shared is None or any(self._tables[one].faults for one in used):
            return None
        table, destination_of = shared
        is_ready = prices is None and self.vat_added == 0
        sold = rows.destinations if is_ready else [self._price(one, prices) for one in rows.destinations]
        destinations = [*sold, *(refused.destinations if refused else [])]
        deck = Deck(name, key, destinations, table, destination_of)
        return DeckSource(deck, destination_of, rows, refused, prices)

    def _table(self, rows: PrefixFile, refused: PrefixFile | None) -> Shared | None:
        files = rows.file, refused.file if refused else None
        if files not in self._shared:
            self._shared[files] = self._build(rows, refused)
        return self._shared[files]

    def _build(self, rows: PrefixFile, refused: PrefixFile | None) -> Shared | None:
        """None when a prefix stands twice."""
        if refused and complain_sold(self._tables[refused.file, UNSOLD], refused, rows):
            return None
        files = [rows, refused] if refused else [rows]
        if any(
            table.faults for place, table in self._tables.items() if place[0] in {one.file for one in files}
        ):
            return None
        if refused is None:
            return PrefixTable(rows.prefixes), rows.destination_of
        later = array("i", [len(rows.destinations) + place for place in refused.destination_of])
        return PrefixTable(rows.prefixes + refused.prefixes), rows.destination_of + later

    def _price(self, destination: Destination, prices: PriceFile | None) -> Destination:
        priced = prices.prices[destination.name] if prices else destination
        return Destination(destination.name, self.with_vat(priced.first), self.with_vat(priced.next))

    def with_vat(self, amount: Money) -> Money:
        return share(amount, 100 + self.vat_added, 100)

    def _complain_unpriced(self, rows: PrefixFile, prices: PriceFile) -> None:
        """At the first prefix of each destination that has no price."""
        table = self._tables[rows.file, PREFIXES]
        unpriced = {place for place, one in enumerate(rows.destinations) if one.name not in prices.prices}
        for place, line in zip(rows.destination_of, rows.lines, strict=True) if unpriced else ():
            if place in unpriced:
                unpriced.remove(place)
                destination = rows.destinations[place]
                what = f"destination {show(destination.name)} has no price in {prices.file}: add it there"
                table.complain(table.columns[1], what, line)


def _read_days_off(table: CsvTable) -> DaysOff:
    """day, off."""
    days: dict[date, bool] = {}
    lines: dict[date, int] = {}
    for cells in table.rows():
        day_at, off_at = table.columns[0] or 0, table.columns[1] or 0
        day = _read_day(cells[day_at])
        if day is None:
            table.complain(day_at, f"{show(cells[day_at])} is no day: write 2026-01-31")
        elif day in days:
            table.complain(day_at, f"the day {day} stands already in line {lines[day]}: leave one")
        if cells[off_at] not in ("yes", "no"):
            table.complain(off_at, f"write yes (not worked) or no (worked), not {show(cells[off_at])}")
        elif day and day not in days:
            days[day], lines[day] = cells[off_at] == "yes", table.line
    return DaysOff(days)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else None
    except ValueError:
        return None
