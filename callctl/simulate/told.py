"""What a scenario file tells, part by part.

Rule 1: every moment is in seconds from the start, with at most milliseconds.
"""

from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator

from callctl.calls import seats
from callctl.complaint import Complaint
from callctl.settings import Table
from dialplan.check import read_scheme
from dialplan.nodes.forward import Forward, Wave
from dialplan.numbers import normal_number
from dialplan.scheme import Scheme
from rating.funds import Stop
from rating.limits import LimitKind
from rating.money import Money, parse_roubles

HORIZON_S_MAX = 400 * 24 * 3600
ANONYMOUS = "anonymous"


def _roubles(value: object) -> Money:
    amount = parse_roubles(value) if isinstance(value, str) else None
    if amount is None:
        raise ValueError('give an amount in roubles between quotes, such as "12.34"')
    return amount


def _signed_roubles(value: object) -> Money:
    if isinstance(value, str) and value.startswith("-"):
        return Money(-_roubles(value[1:]))
    return _roubles(value)


def _milliseconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= HORIZON_S_MAX:
        raise ValueError("give seconds, not negative")
    return round(value * 1000)


def _number(text: str) -> str:
    number = normal_number(text)
    if number is None:
        raise ValueError("not a telephone number")
    return number


def _caller(text: str) -> str:
    """As a switch would show it: who reads it makes it a number."""
    return text if text == ANONYMOUS or _number(text) else ""


def _pressed(value: object) -> object:
    """A bare text stands for what is pressed."""
    return {"press": value} if isinstance(value, str) else value


Roubles = Annotated[Money, BeforeValidator(_roubles)]
SignedRoubles = Annotated[Money, BeforeValidator(_signed_roubles)]
Moment = Annotated[int, BeforeValidator(_milliseconds)]  # milliseconds once it is read
Number = Annotated[str, AfterValidator(_number)]
Caller = Annotated[str, AfterValidator(_caller)]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Name = Annotated[str, StringConstraints(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,20}$")]
Answer = Moment | Literal["never", "busy", "unreachable"]  # seconds after it begins to ring
SoundLength = Moment | Literal["missing"]


class LimitTold(Table):
    """Of what a number's connections may cost in a month."""

    number: Number
    most: Roubles
    kind: LimitKind = LimitKind.LIMIT
    spent: Roubles = Money(0)  # in the month of the start


class PaidTold(Table):
    """Money that was paid beforehand for a number and a month."""

    number: Number
    amount: Roubles
    month: Month | None = None  # that of the start


class AccountTold(Table):
    id: Name
    profile: str
    plan: str
    balance: SignedRoubles = Money(0)
    credit: Roubles | None = None  # None: as the plan has it
    threshold: Roubles | None = None
    stops: Stop | None = None
    barred: list[str] = Field(default_factory=list)
    gift_used: Annotated[int, Field(ge=0)] = 0  # minutes of the month of the start
    limits: list[LimitTold] = Field(default_factory=list)
    paid: list[PaidTold] = Field(default_factory=list)

    @property
    def numbers(self) -> list[str]:
        """Those it says something of."""
        return [limit.number for limit in self.limits] + [paid.number for paid in self.paid]


class NumberTold(Table):
    number: Number
    account: str
    forward_to: Number | None = None
    scheme: dict[str, object] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "NumberTold":
        if (self.forward_to is None) == (self.scheme is None):
            raise ValueError("give forward_to or scheme")
        return self

    def read_scheme(self) -> Scheme:
        if self.forward_to:
            return Scheme(
                start="ring", nodes={"ring": Forward(kind="forward", to=[Wave(number=f"+{self.forward_to}")])}
            )
        scheme = read_scheme(yaml.safe_dump(self.scheme))
        if isinstance(scheme, list):
            raise Complaint(f"the scheme of {self.number}: {'; '.join(map(str, scheme))}")
        return scheme


class PhoneTold(Table):
    """What becomes of a phone that is rung, and what whoever answers does."""

    answer: Answer = 0
    press: Digits = ""  # when it hears a prompt
    press_after: Moment = 1000  # seconds from its beginning
    patience: Moment | None = None  # seconds after the answer until it hangs up unless somebody talks to it


class DigitsTold(Table):
    """What a caller presses: at the next prompt that he hears, or at a moment of his call."""

    press: Digits
    after: Moment = 1000  # seconds from the beginning of the prompt
    at: Moment | None = None  # seconds from the arrival


class CallTold(Table):
    at: Moment
    caller: Annotated[Caller, Field(alias="from")]
    to: Number
    answer: Answer = 0  # of a phone that `phones` does not name
    hang_up: Moment | Literal["never"] = (
        "never"  # seconds after the answer, or after the arrival if there is none
    )
    hung_up_by: Literal["caller", "callee"] = "caller"
    patience: Moment | Literal["never"] = "never"  # seconds from the arrival to a talk
    digits: list[Annotated[DigitsTold, BeforeValidator(_pressed)]] = Field(default_factory=list)
    speaks: Moment = 10_000  # seconds, to a mailbox
    phones: dict[str, PhoneTold] = Field(default_factory=dict)  # before those of the scenario


class SeatTold(Table):
    """A seat; its devices can be reached from the start, unless `seen` says otherwise."""

    account: str
    name: Name
    devices: Annotated[list[Name], Field(min_length=1)]
    busy_on_busy: bool = True
    undisturbed: bool = False

    @property
    def seat(self) -> seats.SeatTold:
        return seats.SeatTold(
            self.account, self.name, tuple(self.devices), self.busy_on_busy, self.undisturbed
        )


class SeenTold(Table):
    """A device registers, or can be reached no more."""

    at: Moment
    device: Name
    reachable: bool


class LineTold(Table):
    """Of the ledger; the same `ref` again changes nothing."""

    at: Moment
    account: str
    ref: Name


class PaymentTold(LineTold):
    amount: Roubles


class CorrectionTold(LineTold):
    amount: SignedRoubles
    about: str = ""  # the reference of the line it corrects


class RefundTold(LineTold):
    amount: Roubles


class ChargebackTold(LineTold):
    payment: Name  # the reference of the payment that is taken back


class GuaranteeTold(Table):
    """Money moved from the balance to a number's, for a month (ISS-5.8)."""

    at: Moment
    account: str
    number: Number
    amount: Roubles
    month: Month | None = None  # that of the moment


class LateTold(LineTold):
    """A connection whose record comes afterwards (GAZ-13.5)."""

    caller: Annotated[Number, Field(alias="from")]
    to: Number
    answered: AwareDatetime
    seconds: Annotated[int, Field(ge=1)]


class LoadTold(Table):
    """A tariff that is loaded while the service runs."""

    at: Moment
    profile: str
    dir: Name


class JumpTold(Table):
    at: Moment
    by_s: Annotated[float, Field(ge=-86_400 * 366, le=86_400 * 366)]


class Faults(Table):
    """What the simulated switch does wrong, drawn by the seed."""

    delay_ms_max: Annotated[int, Field(ge=0, le=60_000)] = 0  # news come late, each by its own delay
    wake_late_ms_max: Annotated[int, Field(ge=0, le=60_000)] = 0
    double: Share = 0  # news that come twice
    reject: Share = 0  # orders that are refused
    unknown: Share = 0  # orders that get no answer, done or not
    silence_every_s: Annotated[int, Field(ge=0)] = 0  # the stream is lost now and then: its news are dropped
    silence_ms_max: Annotated[int, Field(ge=0, le=60_000)] = 5_000
    silence_swallows: bool = False  # orders are lost in it, too
    witness: bool = True  # it can say afterwards when legs were answered and when they ended
