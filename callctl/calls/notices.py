"""What should be told to the owner of an account, or to the operator. Pure.

Rule 1: of one cause and subject there is one notice a day; the others of the day say nothing new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from callctl.calls.legs import call_id_of
from callctl.calls.records import EndedBy, LegRefused, LegSettled, Record
from rating.refusal import GUARDED, Refusal


class NoticeCause(Enum):
    LOW_BALANCE = "low_balance"  # it fell below what is its owner's to say
    MONEY_OUT = "money_out"  # a call was refused, or ended, for want of money
    NUMBER_LIMIT = "number_limit"  # the same by the limit of a number
    GUARD = "guard"  # the subject says which
    LOGINS_FAILED = "logins_failed"  # somebody tries secrets of this phone
    SECRET_OLD = "secret_old"  # of this phone; it is to be changed each month (MANGO-22.4)


@dataclass(frozen=True, slots=True)
class Notice:
    account_id: str
    cause: NoticeCause
    subject: str
    at_ms: int
    call_id: str = ""


def notices_of(record: Record) -> Iterator[Notice]:
    """Those that a record brings with it; a balance that gets low is seen where it moves."""
    match record:
        case LegRefused(on, at_ms, refusal) if on.account_id:
            cause = NoticeCause.GUARD if refusal in GUARDED else _OF_REFUSALS.get(refusal)
            if cause:
                subject = refusal.value if cause is NoticeCause.GUARD else ""
                yield Notice(on.account_id, cause, subject, at_ms, on.call_id)
        case LegSettled() if cause := _OF_ENDS.get(record.ended_by):
            yield Notice(record.account_id, cause, "", record.ended_at_ms, call_id_of(record.leg_id))
        case _:
            pass


_OF_REFUSALS = {
    Refusal.NOT_ENOUGH: NoticeCause.MONEY_OUT,
    Refusal.STOPPED: NoticeCause.MONEY_OUT,
    Refusal.NUMBER_LIMIT: NoticeCause.NUMBER_LIMIT,
}
_OF_ENDS = {EndedBy.BALANCE: NoticeCause.MONEY_OUT, EndedBy.LIMIT: NoticeCause.NUMBER_LIMIT}
