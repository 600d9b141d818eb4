"""Why a connection may not begin: values that the walk can go on from, never exceptions."""

from enum import Enum


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
    NOT_RECORDED = "not_recorded"  # the promise could not be written down, so nothing may be spent on it
