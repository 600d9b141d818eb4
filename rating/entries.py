"""The lines of the ledger: everything that ever changed a balance or a pot.

Rule 1: a line is added, never changed; what was wrong is put right by a line of its own (DELO-7.4).
Rule 2: the same reference with the same content is the same line; with other content it is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rating.money import Money
from rating.pots import BALANCE, Draw


class EntryKind(Enum):
    OPENING = "opening"
    PAYMENT = "payment"
    CONNECTION = "connection"
    LATE = "late"  # a connection whose record came days afterwards (GAZ-13.5)
    CORRECTION = "correction"
    REFUND = "refund"  # money that the subscriber gets back
    CHARGEBACK = "chargeback"  # a payment that the payment organisation took back (DELO-7.4)
    DISCOUNT = "discount"
    GUARANTEED = "guaranteed"  # money moved to a number's pot for a month (ISS-5.8)
    FEE = "fee"


@dataclass(slots=True)
class Entry:
    """One line; `amount` is what it adds to the balance, or to its pot."""

    account_id: str
    reference: str
    kind: EntryKind
    amount: int
    at_ms: int
    pot: str = BALANCE
    refers_to: str = ""  # the line that this one is about
    note: str = ""


class ReferenceClash(Exception):
    """The same reference came again with other content."""

    def __init__(self, known: Entry, offered: Entry) -> None:
        super().__init__(
            f"reference {known.reference!r} of account {known.account_id} is known already: "
            f"{_told(known)}, not {_told(offered)}"
        )
        self.known = known


def _told(entry: Entry) -> str:
    about = f" about {entry.refers_to!r}" if entry.refers_to else ""
    where = f"{entry.amount} of pot {entry.pot!r}" if entry.pot else f"{entry.amount} kopecks"
    return f"{entry.kind.value} of {where}{about}"


def same_entry(known: Entry, offered: Entry) -> bool:
    """True for a repeat (whenever it comes, and whatever its note says); a clash raises."""
    if _content(known) != _content(offered):
        raise ReferenceClash(known, offered)
    return True


def _content(entry: Entry) -> tuple[object, ...]:
    return (entry.account_id, entry.kind, entry.amount, entry.pot, entry.refers_to)


def connection_entries(
    account_id: str, reference: str, kind: EntryKind, draws: Sequence[Draw], at_ms: int
) -> tuple[Entry, ...]:
    """A connection's lines: one for the balance, one for each pot it drew on."""
    entries = []
    for draw in draws:
        if draw.amount:
            line = f"{reference}:{draw.pot}" if draw.pot else reference
            entries.append(Entry(account_id, line, kind, -draw.amount, at_ms, draw.pot))
    return tuple(entries)


def grant_entries(account_id: str, pot: str, amount: Money, at_ms: int) -> tuple[Entry, Entry]:
    """Money from the balance to a number's pot, also when the balance does not hold it (ISS-5.8 e)."""
    kind = EntryKind.GUARANTEED
    return (
        Entry(account_id, pot, kind, -amount, at_ms),
        Entry(account_id, f"{pot}:{pot}", kind, amount, at_ms, pot),
    )
