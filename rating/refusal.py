"""Why a connection may not begin: values that the walk can go on from, never exceptions."""

from enum import Enum
from typing import Final


class Refusal(Enum):
    NO_ACCOUNT = "no_account"  # the number belongs to an account that we do not have
    NO_PLAN = "no_plan"  # the account's plan is none that is sold here, or none yet
    NO_PRICE = "no_price"  # the plan has no price for this destination
    NOT_SOLD = "not_sold"  # a destination that is known and not sold, such as premium numbers
    BARRED = "barred"  # the subscriber has barred this direction
    SUSPENDED = "suspended"  # the state of the account forbids it (S-14)
    STOPPED = "stopped"  # the money is at the level at which service stops
    NUMBER_LIMIT = "number_limit"  # the limit of this number is used up
    NOT_ENOUGH = "not_enough"  # the first unit is not covered (S-8)
    CALLS_AT_ONCE = "calls_at_once"  # this and the following: a guard of the account is against it
    CALLS_A_MINUTE = "calls_a_minute"
    MONEY_AN_HOUR = "money_an_hour"
    NIGHT_PRICE = "night_price"
    NEW_CALLS = "new_calls"  # to destinations that the account has not called for long
    NEW_MONEY = "new_money"
    NOT_RECORDED = "not_recorded"  # the promise could not be written down, so nothing may be spent on it


GUARDED: Final = frozenset(
    {
        Refusal.CALLS_AT_ONCE,
        Refusal.CALLS_A_MINUTE,
        Refusal.MONEY_AN_HOUR,
        Refusal.NIGHT_PRICE,
        Refusal.NEW_CALLS,
        Refusal.NEW_MONEY,
    }
)
