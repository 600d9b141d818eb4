"""Why a connection may not begin: values that the walk can go on from, never exceptions."""

from enum import Enum


class Refusal(Enum):
    NO_ACCOUNT = "no_account"  # the number belongs to an account that we do not have
    NO_PLAN = "no_plan"  # the account's plan is none that is sold here
    NO_PRICE = "no_price"  # the plan does not sell this destination
    NOT_ENOUGH = "not_enough"  # the first unit is not covered (S-8)
    NOT_RECORDED = "not_recorded"  # the promise could not be written down, so nothing may be spent on it
