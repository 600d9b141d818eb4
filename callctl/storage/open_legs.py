"""Connections that an earlier life left open, as far as they can be read.

Rule 1: nothing is guessed: without its terms or its account a connection is neither billed nor closed; it
    stays open, and is named at every start.
"""

from collections.abc import Iterable

from callctl.storage.damage import damaged
from callctl.storage.rows import RATE, LegRow
from rating.ledger import Ledger

REMEDY = "mend it and start again, or write it off (docs/failures.md)"


def readable(legs: Iterable[LegRow], ledger: Ledger) -> list[LegRow]:
    return [leg for leg in legs if _is_readable(leg, ledger)]


def _is_readable(leg: LegRow, ledger: Ledger) -> bool:
    """Emergency calls have neither terms nor, perhaps, an account."""
    if leg.rate is None:
        return True
    try:
        RATE.validate_python(leg.rate)
        if ledger.account(leg.account_id) is None:
            raise ValueError("no account of this id could be read")
    except ValueError as error:
        damaged(f"the open connection {leg.leg_id!r} of account {leg.account_id!r}", error, REMEDY)
        return False
    return True
