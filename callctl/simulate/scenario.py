"""A scenario file: a stretch of virtual time with its accounts, calls and lines of the ledger.

Rule 1: what names something names something that is there; all mistakes are told at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import AwareDatetime, Field, model_validator

from callctl.clock import milliseconds
from callctl.complaint import Complaint
from callctl.settings import CallSettings, Table, check_settings
from callctl.simulate.told import (
    AccountTold,
    CallTold,
    ChargebackTold,
    CorrectionTold,
    Faults,
    GuaranteeTold,
    JumpTold,
    LateTold,
    LoadTold,
    NumberTold,
    PaymentTold,
    PhoneTold,
    RefundTold,
    SeatTold,
    SeenTold,
    SoundLength,
)
from callctl.tariffs.folders import load_profiles, read_folder
from rating.profile import Profile, Tariffs
from rating.reading.profile_file import read_profile

LedgerLine = PaymentTold | CorrectionTold | RefundTold | ChargebackTold


@dataclass(frozen=True, slots=True)
class Load:
    """A tariff that is there from a moment of the night on."""

    at_ms: int
    profile: Profile


class Scenario(Table):
    start: AwareDatetime = datetime.fromisoformat("2026-01-01T00:00:00+03:00")
    seed: int = 0
    profiles: dict[str, str] = Field(default_factory=dict)  # folders beside this file
    loads: list[LoadTold] = Field(default_factory=list)
    accounts: list[AccountTold]
    numbers: list[NumberTold] = Field(default_factory=list)
    calls: list[CallTold] = Field(default_factory=list)
    phones: dict[str, PhoneTold] = Field(default_factory=dict)  # by number, or by the name of a device
    seats: list[SeatTold] = Field(default_factory=list)
    seen: list[SeenTold] = Field(default_factory=list)
    sounds: dict[str, SoundLength] = Field(default_factory=dict)
    payments: list[PaymentTold] = Field(default_factory=list)
    corrections: list[CorrectionTold] = Field(default_factory=list)
    refunds: list[RefundTold] = Field(default_factory=list)
    chargebacks: list[ChargebackTold] = Field(default_factory=list)
    guarantees: list[GuaranteeTold] = Field(default_factory=list)
    late: list[LateTold] = Field(default_factory=list)
    clock_jumps: list[JumpTold] = Field(default_factory=list)
    settings: CallSettings = CallSettings()
    faults: Faults = Faults()

    @property
    def start_ms(self) -> int:
        return milliseconds(self.start)

    @property
    def lines(self) -> Sequence[LedgerLine]:
        """Of the ledger, whatever their kind: at one instant payments come first."""
        return [*self.payments, *self.corrections, *self.refunds, *self.chargebacks]

    @model_validator(mode="after")
    def _names_known(self) -> "Scenario":
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        accounts = [account.id for account in self.accounts]
        numbers = [number.number for number in self.numbers]
        for what, names in (("account", accounts), ("number", numbers)):
            twice = sorted({name for name in names if names.count(name) > 1})
            yield from (f"{what} {name!r} stands twice" for name in twice)
        owners = [(f"number {number.number}", number.account) for number in self.numbers]
        owners += [(f"{_word(line)} {line.ref!r}", line.account) for line in [*self.lines, *self.late]]
        owners += [(f"guarantee of {one.number}", one.account) for one in self.guarantees]
        owners += [(f"seat {seat.name!r}", seat.account) for seat in self.seats]
        for what, account in owners:
            if account not in accounts:
                yield f"{what} names no account here: {account!r}"
        told = [(f"account {account.id!r}", name) for account in self.accounts for name in account.numbers]
        told += [(f"guarantee at {one.at / 1000:g}", one.number) for one in self.guarantees]
        told += [(f"late record {one.ref!r}", one.caller) for one in self.late]
        for what, number in told:
            if number not in numbers:
                yield f"{what} names no number here: {number!r}"
        devices = {device for seat in self.seats for device in seat.devices}
        for one in self.seen:
            if one.device not in devices:
                yield f"seen at {one.at / 1000:g} names no device of a seat here: {one.device!r}"


def _word(line: object) -> str:
    """`payment` of a PaymentTold."""
    return type(line).__name__.removesuffix("Told").lower()


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


def read_tariffs(scenario: Scenario, beside: Path) -> tuple[Tariffs, list[Load]]:
    """The shipped profiles with those of the scenario's folders; and what it loads later."""
    tariffs = load_profiles()
    for name, folder in scenario.profiles.items():
        tariffs.replace(_read_profile(name, beside / folder))
    plans_known(scenario, tariffs)
    return tariffs, [Load(one.at, _read_profile(one.profile, beside / one.dir)) for one in scenario.loads]


def _read_profile(name: str, folder: Path) -> Profile:
    profile = read_profile(name, read_folder(folder))
    if isinstance(profile, list):
        raise Complaint(*(f"{folder}/{fault}" for fault in profile if fault.is_error))
    return profile


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
