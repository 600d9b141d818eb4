"""The CSV files of decks into rows that stand: prefixes, prices, what is not sold.

Rule 1: a row costs a string and two small numbers; destinations are one object for all of their prefixes.
Rule 2: what is doubtful is refused, never mended: a price that was meant otherwise is somebody's money.
"""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from rating.deck import Destination
from rating.money import MONEY_MAX, ZERO, Money, parse_roubles, show_roubles
from rating.reading.csv_table import CsvTable
from rating.reading.fault import show

PREFIX_DIGITS_MAX: Final = 15
NAME_SIGNS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class PrefixFile:
    """Row by row: the prefix, its line, and which of `destinations` it leads to."""

    file: str
    prefixes: list[str]
    lines: "array[int]"
    destinations: list[Destination]
    destination_of: "array[int]"


@dataclass(frozen=True, slots=True)
class PricedName:
    first: Money
    next: Money
    line: int


@dataclass(frozen=True, slots=True)
class PriceFile:
    file: str
    prices: Mapping[str, PricedName]


def read_prefixes(table: CsvTable) -> PrefixFile:
    """The header has prefix and destination in this order."""

    def learn(cells: list[str]) -> Destination | None:
        name = read_name(table, cells, 1)
        return name and Destination(name, ZERO, ZERO)

    return _read_rows(table, (1,), learn)


def read_rates(table: CsvTable) -> PrefixFile:
    """prefix, destination, price_rub, first_price_rub."""

    # There may be as many pairs of a name and a price as there are rows.
    names: dict[str, str] = {}
    prices: dict[str, Money] = {}

    def learn(cells: list[str]) -> Destination | None:
        name = names.get(cells[table.columns[1] or 0]) or read_name(table, cells, 1)
        pair = _read_prices(table, cells, 2, 3, prices)
        if not name or pair is None:
            return None
        names[name] = name
        return Destination(name, *pair)

    return _read_rows(table, (1, 2, 3), learn)


def read_unsold(table: CsvTable) -> PrefixFile:
    """prefix, kind."""

    def learn(cells: list[str]) -> Destination | None:
        place = table.columns[1] or 0
        kind = cells[place]
        if kind and kind.isascii() and kind.isidentifier() and kind.islower():
            return Destination(kind, ZERO, ZERO, kind)
        table.complain(place, f"a kind is a small word such as premium_rate or freephone, not {show(kind)}")
        return None

    return _read_rows(table, (1,), learn)


def read_prices(table: CsvTable) -> PriceFile:
    """destination, price_rub, first_price_rub."""
    prices: dict[str, PricedName] = {}
    known: dict[str, Money] = {}
    for cells in table.rows():
        name, pair = read_name(table, cells, 0), _read_prices(table, cells, 1, 2, known)
        if name and name in prices:
            what = f"destination {show(name)} has its price in line {prices[name].line}: leave one"
            table.complain(table.columns[0], what)
        elif name and pair:
            prices[name] = PricedName(*pair, table.line)
    if table.is_readable and not prices and not table.faults:
        table.complain(None, "there is no price in the file: add rows below the header")
    return PriceFile(table.file, prices)


def read_name(table: CsvTable, cells: list[str], column: int) -> Any:
    """A destination's name, or None; typed loosely, as `name and …` is how it is used."""
    place = table.columns[column] or 0
    name = cells[place]
    if not name.strip():
        table.complain(place, "the destination is empty: name it")
    elif name != name.strip():
        table.complain(place, f"spaces around {show(name)}: take them away")
    elif not name.isprintable():
        table.complain(place, f"a control character in {show(name)}: take it away")
    elif len(name) > NAME_SIGNS_MAX:
        table.complain(place, f"a name of {len(name)} signs: the longest may have {NAME_SIGNS_MAX}")
    else:
        return name
    return None


def _read_rows(
    table: CsvTable, named: tuple[int, ...], learn: Callable[[list[str]], Destination | None]
) -> PrefixFile:
    """`named`: the columns that make a destination what it is."""
    prefixes: list[str] = []
    lines, destination_of = array("i"), array("i")
    destinations: dict[Any, int] = {}
    interned: dict[Destination, int] = {}
    if table.is_readable:
        at = table.columns[0] or 0
        key = itemgetter(*(place for column in named if (place := table.columns[column]) is not None))
        for cells in table.rows():
            prefix = cells[at]
            is_prefix = not prefix or (
                prefix.isascii() and prefix.isdigit() and len(prefix) <= PREFIX_DIGITS_MAX
            )
            if not is_prefix:
                table.complain(at, _prefix_complaint(prefix))
            words = key(cells)
            place = destinations.get(words)
            if place is None:
                destination = learn(cells)
                if destination is None:
                    continue
                place = destinations[words] = interned.setdefault(destination, len(interned))
            if is_prefix:
                prefixes.append(prefix)
                lines.append(table.line)
                destination_of.append(place)
        if not prefixes and not table.faults:
            table.complain(None, "there is no row in the file: add some below the header")
    found = PrefixFile(table.file, prefixes, lines, list(interned), destination_of)
    complain_doubled(table, found)
    return found


def complain_doubled(table: CsvTable, file: PrefixFile) -> None:
    """About each prefix that stands in an earlier row of the file too."""
    if len(set(file.prefixes)) == len(file.prefixes):
        return
    first: dict[str, int] = {}
    for prefix, line in zip(file.prefixes, file.lines, strict=True):
        known = first.setdefault(prefix, line)
        if known != line:
            what = f"prefix {show(prefix)} stands already in line {known}: leave one"
            table.complain(table.columns[0], what, line)


def complain_sold(table: CsvTable, unsold: PrefixFile, sold: PrefixFile) -> bool:
    """About each prefix that is to be refused and has a destination too; `table` is that of `unsold`."""
    both = set(unsold.prefixes).intersection(sold.prefixes)
    if not both:
        return False
    sold_lines = dict(zip(sold.prefixes, sold.lines, strict=True))
    for prefix, line in zip(unsold.prefixes, unsold.lines, strict=True):
        if prefix in both:
            where = f"{sold.file}:{sold_lines[prefix]}"
            what = f"prefix {show(prefix)} has a destination in {where}: leave one"
            table.complain(table.columns[0], what, line)
    return True


def _prefix_complaint(prefix: str) -> str:
    if len(prefix) > PREFIX_DIGITS_MAX and prefix.isascii() and prefix.isdigit():
        return f"a prefix of {len(prefix)} digits: a number has at most {PREFIX_DIGITS_MAX}"
    if prefix.startswith("+"):
        return f"write the prefix without its plus: {show(prefix[1:])}"
    if any(sign.isspace() for sign in prefix):
        return f"a space in the prefix {show(prefix)}: write its digits only"
    if prefix.isdigit():
        return f"the prefix {show(prefix)} has digits other than 0 to 9: type them anew"
    return f"a prefix has digits only, not {show(prefix)}"


def _read_prices(
    table: CsvTable, cells: list[str], column: int, first_column: int, known: dict[str, Money]
) -> tuple[Money, Money] | None:
    """Of the first unit and of each later one; an empty first one is as the later ones."""
    after = _read_price(table, cells, table.columns[column] or 0, known)
    first_place = table.columns[first_column]
    if first_place is None or not cells[first_place]:
        return None if after is None else (after, after)
    first = _read_price(table, cells, first_place, known)
    return None if after is None or first is None else (first, after)


def _read_price(table: CsvTable, cells: list[str], place: int, known: dict[str, Money]) -> Money | None:
    """`known`: what texts were read before."""
    text = cells[place]
    if text in known:
        return known[text]
    price = parse_roubles(text) if text.isascii() and text == text.strip() and "," not in text else None
    if price is None:
        table.complain(place, _price_complaint(text))
    else:
        known[text] = price
    return price


def _price_complaint(text: str) -> str:
    if not text.strip():
        return "the price is empty: write 0 if it costs nothing"
    if any(sign.isspace() for sign in text):
        return f"a space in the price {show(text)}: write 1234.50"
    whole, _, part = text.replace(",", ".").partition(".")
    if not (whole.removeprefix("-").isdecimal() and text.isascii() and (part.isdecimal() or not part)):
        return f"{show(text)} is no price: write roubles, 12 or 12.34"
    if whole.startswith("-"):
        return f"the price {show(text)} is negative: nobody is paid for calling"
    if "," in text:
        return f"the price {show(text)} has a comma: write 12.34"
    if len(part) != 2 and ("." in text or "," in text):
        return f"kopecks are two digits, not {show(text)}: write 12.34; nothing is rounded here"
    return f"the price {show(text)} is absurd: the highest is {show_roubles(MONEY_MAX)}"
