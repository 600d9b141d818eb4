"""The price of one ended connection, with the lines that explain it.

Rule 1: duration is whole seconds, at least one, parts of a second dropped (S-3).
Rule 2: nobody pays for what was not secured: units billed never exceed units held.
Rule 3: the lines add up to the amount, and each names the rule that made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal

from rating.money import ZERO, Money, share
from rating.pots import Draw, is_gift
from rating.tariff import Rate

LineKind = Literal[
    "threshold",  # shorter than what is paid for
    "offset",  # seconds taken off every connection
    "setup",
    "first_unit",  # when it is another than the next ones
    "units",
    "gift",
    "capped",  # talked, but not secured
    "unanswered",
    "not_connected",
    "emergency",
    "inside",
    "unsecured",
]


@dataclass(slots=True)
class ChargeLine:
    what: LineKind
    rule: str  # the clause of the operators' rules that made the line
    quantity: int
    unit_price: Money
    amount: Money


@dataclass(slots=True)
class Charge:
    """`amount` is the price; `draws` say what of it, and which gift seconds, came from where."""

    seconds: int
    units: int
    amount: Money
    lines: tuple[ChargeLine, ...]
    vat: Money = ZERO  # contained in the amount
    draws: tuple[Draw, ...] = ()

    @property
    def gift_s(self) -> int:
        return sum(draw.amount for draw in self.draws if is_gift(draw.pot))


@dataclass(slots=True)
class Secured:
    """So many units, one after another, paid by gift seconds or by money."""

    units: int
    is_gift: bool


def duration_s(answered_ms: int, ended_ms: int) -> int:
    return max(1, (ended_ms - answered_ms) // 1000)


def charge_connection(
    rate: Rate, seconds: int, secured: Sequence[Secured], draws: tuple[Draw, ...] = ()
) -> Charge:
    """Price `seconds` of talk, of which the units in `secured` were held."""
    assert seconds >= 1, seconds
    terms = rate.terms
    units_talked = terms.units(seconds)
    if units_talked == 0:
        rule = terms.rule("threshold", "S-4")
        if terms.is_offset:
            return charge_nothing("offset", rule, seconds, terms.free_s)
        return charge_nothing("threshold", rule, seconds, terms.threshold_s)
    lines = []
    if terms.free_s:
        lines.append(ChargeLine("offset", terms.rule("threshold", "S-4"), terms.free_s, ZERO, ZERO))
    units = 0
    for run in _joined(secured):
        count = min(run.units, units_talked - units)
        lines += _unit_lines(rate, units, count, run.is_gift)
        units += count
    if terms.setup_fee and units:
        lines.append(ChargeLine("setup", terms.rule("setup", "S-5"), 1, terms.setup_fee, terms.setup_fee))
    if units < units_talked:
        lines.append(ChargeLine("capped", "S-8", units_talked - units, ZERO, ZERO))
    amount = Money(sum([line.amount for line in lines]))
    vat = share(amount, terms.vat_percent, 100 + terms.vat_percent) if terms.vat_percent else ZERO
    return Charge(seconds, units, amount, tuple(lines), vat, draws)


def charge_nothing(what: LineKind, rule: str, seconds: int = 0, quantity: int = 0) -> Charge:
    """A connection that costs nothing, and why: unanswered (S-3), emergency (S-13), refused (S-8)."""
    return Charge(seconds, 0, ZERO, (ChargeLine(what, rule, quantity, ZERO, ZERO),))


def _joined(secured: Sequence[Secured]) -> Sequence[Secured]:
    """Neighbours that are paid alike as one."""
    if len(secured) == 1:
        return secured
    runs = groupby(secured, attrgetter("is_gift"))
    return [Secured(sum(run.units for run in alike), is_gift) for is_gift, alike in runs]


def _unit_lines(rate: Rate, begin: int, count: int, by_gift: bool) -> list[ChargeLine]:
    """For `count` units after the first `begin`; the first unit of all may be another than the next."""
    terms = rate.terms
    if count == 0:
        return []
    if by_gift:
        return [ChargeLine("gift", terms.rule("gift", "CLV-P3"), count, ZERO, ZERO)]
    rule = terms.rule("unit", "S-5")
    lines = []
    is_first_other = (terms.first_s, rate.first_price) != (terms.next_s, rate.next_price)
    if begin == 0 and is_first_other:
        lines.append(ChargeLine("first_unit", rule, 1, rate.first_price, rate.first_price))
        count -= 1
    if count:
        amount = Money(count * rate.next_price)
        lines.append(ChargeLine("units", rule, count, rate.next_price, amount))
    return lines
