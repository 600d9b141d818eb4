"""The price of one ended connection, with the lines that explain it.

Rule 1: duration is whole seconds, at least one, parts of a second dropped (S-3).
Rule 2: nobody pays for what was not secured: units billed never exceed units held.
"""

from dataclasses import dataclass

from rating.money import ZERO, Money
from rating.tariff import Rate


@dataclass(frozen=True, slots=True)
class ChargeLine:
    what: str  # threshold, setup, units, capped, free, unanswered
    rule: str  # the clause of the operators' rules that made the line
    quantity: int
    unit_price: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Charge:
    seconds: int
    units: int
    amount: Money
    lines: tuple[ChargeLine, ...]


def duration_s(answered_ms: int, ended_ms: int) -> int:
    return max(1, (ended_ms - answered_ms) // 1000)


def charge_connection(rate: Rate, seconds: int, units_secured: int) -> Charge:
    """Price `seconds` of talk, of which `units_secured` units were held."""
    assert seconds >= 1, seconds
    if seconds < rate.threshold_s:
        return Charge(seconds, 0, ZERO, (ChargeLine("threshold", "S-4", rate.threshold_s, ZERO, ZERO),))
    units_talked = -(-seconds // rate.unit_s)
    units = min(units_talked, units_secured)
    lines = [ChargeLine("units", "S-5", units, rate.unit_price, Money(units * rate.unit_price))]
    if rate.setup_fee:
        lines.append(ChargeLine("setup", "S-5", 1, rate.setup_fee, rate.setup_fee))
    if units < units_talked:
        lines.append(ChargeLine("capped", "S-8", units_talked - units, ZERO, ZERO))
    return Charge(seconds, units, Money(sum(line.amount for line in lines)), tuple(lines))


def charge_nothing(what: str, rule: str, seconds: int = 0) -> Charge:
    """A connection that costs nothing, and why: unanswered (S-3), emergency (S-13), refused (S-8)."""
    return Charge(seconds, 0, ZERO, (ChargeLine(what, rule, 0, ZERO, ZERO),))
