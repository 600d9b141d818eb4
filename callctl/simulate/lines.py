"""The lines that a night prints.

Rule 1: a line has only what can be known of it: no price when nothing was looked up, no pot for the balance.
"""

from typing import Any

from callctl.calls.orders import HangUp, PlayToBridge
from callctl.calls.records import LegRefused, LegSettled
from callctl.clock import moment, rfc3339
from rating.entries import Entry
from rating.ledger import Account
from rating.pots import BALANCE, is_gift
from rating.tariff import Rate

Line = dict[str, Any]


def entry_line(entry: Entry, left: int) -> Line:
    """`left`: of the balance, or of its pot, after it."""
    line: Line = {
        "at": rfc3339(moment(entry.at_ms)),
        "entry": entry.reference,
        "account_id": entry.account_id,
        "kind": entry.kind.value,
    }
    if entry.refers_to:
        line["refers_to"] = entry.refers_to
    if entry.pot == BALANCE:
        return line | {"amount_kopecks": entry.amount, "balance_kopecks": left}
    unit = "s" if is_gift(entry.pot) else "kopecks"
    return line | {"pot": entry.pot, f"amount_{unit}": entry.amount, f"left_{unit}": left}


def settled_line(record: LegSettled, rate: Rate | None) -> Line:
    charge = record.charge
    drawn = {draw.pot: draw.amount for draw in charge.draws}
    line: Line = {
        "at": rfc3339(moment(record.ended_at_ms)),
        "settled": record.leg_id,
        "account_id": record.account_id,
    }
    if rate:
        tariff = rate.terms.tariff + (f" {rate.band}" if rate.band else "")
        line |= {"destination": rate.destination, "prefix": rate.prefix, "tariff": tariff}
    line |= {"seconds": charge.seconds, "units": charge.units, "charge_kopecks": charge.amount}
    if charge.draws:
        line |= {
            "gift_s": charge.gift_s,
            "pool_kopecks": sum(part for pot, part in drawn.items() if pot != BALANCE and not is_gift(pot)),
            "money_kopecks": drawn.get(BALANCE, 0),
        }
    return line | {"ended_by": record.ended_by.value, "cause": int(record.cause)}


def refused_line(record: LegRefused) -> Line:
    return {
        "at": rfc3339(moment(record.at_ms)),
        "refused": record.connection.leg_id,
        "account_id": record.connection.account_id,
        "to": record.connection.number,
        "refusal": record.refusal.value,
    }


def release_line(order: HangUp | PlayToBridge, at_ms: int) -> Line:
    at = rfc3339(moment(at_ms))
    if isinstance(order, HangUp):
        return {"at": at, "release": order.leg_id, "cause": int(order.cause)}
    return {"at": at, "warning": order.bridge_id}


def pots_left(account: Account) -> dict[str, int]:
    return {pot.name: pot.left for pot in account.pots.values()}
