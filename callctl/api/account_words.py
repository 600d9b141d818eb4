"""Accounts as they go over HTTP: bodies that come in, and how an account looks going out.

Rule 1: a field of an account's own that is null is as its plan has it.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from callctl.api.words import Amount, Body, Id, Json, Reference
from callctl.clock import milliseconds
from callctl.storage.postings import DiscountLine
from callctl.times import read_moment, read_month
from rating.calendar import month_of
from rating.funds import Stop
from rating.ledger import Account
from rating.limits import LimitKind, NumberLimit
from rating.money import MONEY_MAX
from rating.pots import gift_pot, is_gift, month_of_pot, number_of_pot
from rating.profile import Tariffs
from rating.standing import Standing

BARRED_MAX = 100
TEXT_CHARACTERS_MAX = 500


def _text(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("give some words in one line")
    return text


def _known(text: str) -> str:
    if not text.isprintable():
        raise ValueError("there is none such")
    return text


def _moment(value: object) -> datetime:
    return read_moment(value if isinstance(value, str) else "")


Limit = Annotated[int, Field(ge=0, le=MONEY_MAX)]
Month = Annotated[str, AfterValidator(read_month)]
Text = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX), AfterValidator(_text)]
Known = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX), AfterValidator(_known)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Barred = Annotated[list[str], Field(max_length=BARRED_MAX)]


class Terms(Body):
    threshold_kopecks: Limit | None = None
    credit_kopecks: Limit | None = None
    stops: Stop | None = None
    low_kopecks: Limit | None = None
    barred: Barred | None = None

    @property
    def own(self) -> dict[str, Any]:
        """The fields of OwnFunds that were given."""
        told = {
            "threshold": "threshold_kopecks",
            "credit": "credit_kopecks",
            "stops": "stops",
            "low": "low_kopecks",
        }
        given = self.model_fields_set
        return {name: getattr(self, field) for name, field in told.items() if field in given}


class AccountTerms(Terms):
    """What is left out stays as it is."""

    standing: Standing | None = None


class NewAccount(Terms):
    account_id: Id
    profile: str
    plan: str
    balance_kopecks: Limit = 0


class NewPayment(Body):
    amount_kopecks: Amount
    reference: Reference


class NewCorrection(Body):
    amount_kopecks: Annotated[int, Field(ge=-MONEY_MAX, le=MONEY_MAX)]
    reference: Reference
    why: Text
    about: Known = ""


class NewChargeback(Body):
    payment: Known
    reference: Reference | None = None


class Nothing(Body):
    pass


class NewGuarantee(Body):
    number: str
    month: Month
    amount_kopecks: Amount


class NewLimit(Body):
    most_kopecks: Limit
    kind: LimitKind = LimitKind.LIMIT


class NewLateRecord(Body):
    reference: Reference
    to: str
    caller: Annotated[str, Field(alias="from")] = ""
    line: str = ""
    answered_at: Moment
    seconds: int
    approved: bool = False

    @property
    def answered_ms(self) -> int:
        return milliseconds(self.answered_at)


def show_account(account: Account, tariffs: Tariffs, now_ms: int) -> Json:
    this_month = month_of(now_ms)
    funds, own = account.funds, account.own
    return {
        "account_id": account.account_id,
        "profile": account.profile,
        "plan": account.plan,
        "standing": account.standing.value,
        "balance_kopecks": account.balance,
        "held_kopecks": account.held,
        "available_kopecks": account.available_in(this_month),
        "threshold_kopecks": funds.threshold,
        "credit_kopecks": funds.credit,
        "stops": funds.stops.value,
        "own": {
            "threshold_kopecks": own.threshold,
            "credit_kopecks": own.credit,
            "stops": own.stops.value if own.stops else None,
            "low_kopecks": own.low,
        },
        "barred": list(account.barred),
        "gift": _show_gift(account, tariffs, now_ms),
        "paid": [
            {"number": number_of_pot(pot.name), "month": month_of_pot(pot.name), "left_kopecks": pot.left}
            for pot in sorted(account.pots.values(), key=lambda pot: pot.name)
            if not is_gift(pot.name) and month_of_pot(pot.name) >= this_month
        ],
        "limits": [_show_limit(limit, this_month) for _, limit in sorted(account.limits.items())],
    }


def _show_gift(account: Account, tariffs: Tariffs, now_ms: int) -> Json | None:
    plan = tariffs.plan(account.profile, account.plan)
    version = plan.version_at(now_ms) if plan else None
    if version is None or version.bundle is None:
        return None
    pot = account.pots.get(gift_pot(month_of(now_ms)))
    given_s = plan.gift_s(month_of(now_ms)) if plan else 0
    return {"name": version.bundle.name, "given_s": given_s, "left_s": given_s + (pot.moved if pot else 0)}


def _show_limit(limit: NumberLimit, month: str) -> Json:
    return {
        "number": limit.number,
        "kind": limit.kind.value,
        "most_kopecks": limit.most,
        "spent_kopecks": limit.spent.get(month, 0),
        "held_kopecks": limit.held.get(month, 0),
    }


def show_discount(line: DiscountLine) -> Json:
    entry = line.entry
    return {
        "reference": entry.reference,
        "amount_kopecks": entry.amount,
        "note": entry.note,
        "is_posted": line.is_posted,
    }
