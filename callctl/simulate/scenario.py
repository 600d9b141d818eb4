"""A scenario file: accounts, calls, payments and clock jumps of a stretch of virtual time.

Rule 1: every moment is in seconds from the start, with at most milliseconds.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator

from callctl.clock import milliseconds
from callctl.complaint import Complaint
from callctl.settings import CallSettings, Table, check_settings
from dialplan.check import read_scheme
from dialplan.numbers import normal_number
from dialplan.scheme import Scheme
from rating.money import Money, parse_roubles
from rating.profile import Tariffs

HORIZON_S_MAX = 400 * 24 * 3600


def _roubles(value: object) -> Money:
    amount = parse_roubles(value) if isinstance(value, str) else None
    if amount is None:
        raise ValueError('give an amount in roubles between quotes, such as "12.34"')
    return amount


def _milliseconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= HORIZON_S_MAX:
        raise ValueError("give seconds, not negative")
    return round(value * 1000)


def _number(text: str) -> str:
    number = normal_number(text)
    if number is None:
        raise ValueError("not a telephone number")
    return number


Roubles = Annotated[Money, BeforeValidator(_roubles)]
Moment = Annotated[int, BeforeValidator(_milliseconds)]  # milliseconds once it is read
Number = Annotated[str, AfterValidator(_number)]
Share = Annotated[float, Field(ge=0, le=1)]


class AccountTold(Table):
    id: Annotated[str, StringConstraints(min_length=1)]
    profile: str
    plan: str
    balance: Roubles = Money(0)


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
        content = self.scheme or {
            "start": "ring",
            "nodes": {"ring": {"kind": "forward", "to": [self.forward_to]}},
        }
        scheme = read_scheme(yaml.safe_dump(content))
        if isinstance(scheme, list):
            raise Complaint(f"the scheme of {self.number}: {'; '.join(map(str, scheme))}")
        return scheme


class CallTold(Table):
    at: Moment
    caller: Annotated[Number, Field(alias="from")]
    to: Number
    answer: Moment | Literal["never", "busy", "unreachable"] = 0  # seconds after it begins to ring
    hang_up: Moment | Literal["never"] = (
        "never"  # seconds after the answer, or after the arrival if there is none
    )
    hung_up_by: Literal["caller", "callee"] = "caller"


class PaymentTold(Table):
    at: Moment
    account: str
    amount: Roubles
    ref: Annotated[str, StringConstraints(min_length=1)]


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


class Scenario(Table):
    start: AwareDatetime = datetime.fromisoformat("2026-01-01T00:00:00+03:00")
    seed: int = 0
    accounts: list[AccountTold]
    numbers: list[NumberTold] = Field(default_factory=list)
    calls: list[CallTold] = Field(default_factory=list)
    payments: list[PaymentTold] = Field(default_factory=list)
    clock_jumps: list[JumpTold] = Field(default_factory=list)
    settings: CallSettings = CallSettings()
    faults: Faults = Faults()

    @property
    def start_ms(self) -> int:
        return milliseconds(self.start)

    @model_validator(mode="after")
    def _names_known(self) -> "Scenario":
        accounts = [account.id for account in self.accounts]
        numbers = [number.number for number in self.numbers]
        faults = [
            f"{what} {name!r} stands twice"
            for what, names in (("account", accounts), ("number", numbers))
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
        faults += [
            f"number {n.number} names no account here: {n.account!r}"
            for n in self.numbers
            if n.account not in accounts
        ]
        faults += [
            f"payment {p.ref!r} names no account here: {p.account!r}"
            for p in self.payments
            if p.account not in accounts
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def read_scenario(path: Path) -> Scenario:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}: name a scenario file that can be read") from error
    except UnicodeDecodeError as error:
        raise Complaint(f"{path}: not UTF-8 text (byte {error.start}): save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise Complaint(f"{path}: {line}{getattr(error, 'problem', None) or 'not YAML'}") from error
    return check_settings(Scenario, content, str(path))


def plans_known(scenario: Scenario, tariffs: Tariffs) -> None:
    for account in scenario.accounts:
        if tariffs.plan(account.profile, account.plan) is None:
            profiles = tariffs.profiles
            known = ", ".join(
                f"{profile}/{plan}" for profile in sorted(profiles) for plan in profiles[profile].plans
            )
            raise Complaint(
                f"account {account.id!r}: no plan {account.profile}/{account.plan} (there are: {known})"
            )
