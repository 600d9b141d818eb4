"""The words of a profile.toml: which tables and fields there are, and what may stand in each.

Rule 1: unknown words are errors: a misspelled price must not be no price.
Rule 2: every number has bounds; what is outside them is a slip of the keyboard.
"""

from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from rating.bands import Days
from rating.deck import Key
from rating.funds import Source, Stop
from rating.money import MONEY_MAX
from rating.reading.fault import show
from rating.reading.guard_words import (
    ALWAYS_NIGHT,
    CallsAMinute,
    CallsAtOnce,
    NewAfterDays,
    NewCalls,
    Zone,
)
from rating.tariff import Every

LONGEST_S_MIN: Final = 3600  # GAZ-5.3.2
DAY_S: Final = 86_400
KEPT_DAYS_MAX: Final = 3 * 365
YEARS: Final = range(2000, 2200)

One = TypeVar("One")


def wrong(what: str) -> PydanticCustomError:
    return PydanticCustomError("profile", "{what}", {"what": what})


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise wrong(f"control characters or outer spaces in {show(text)}: take them away")
    return text


def _year_known(at: date) -> date:
    if at.year not in YEARS:
        raise wrong(f"the year {at.year} is absurd: write one from {YEARS[0]} to {YEARS[-1]}")
    return at


def _long_enough(seconds: int) -> int:
    if seconds < LONGEST_S_MIN:
        raise wrong(
            f"a connection may not be cut before {LONGEST_S_MIN} s (GAZ-5.3.2): write more, or nothing"
        )
    return seconds


def _each_once(found: list[One]) -> list[One]:
    doubled = [one for place, one in enumerate(found) if one in found[:place]]
    if doubled:
        raise wrong(f"{show(getattr(doubled[0], 'value', doubled[0]))} stands twice: leave one")
    return found


def _of_clock(text: str) -> str:
    hours, _, minutes = text.partition(":")
    if len(hours) == len(minutes) == 2 and text.isascii() and (hours + minutes).isdigit():
        minute = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and minute <= 1440:
            return text
    raise wrong(f"{show(text)} is no time of a day: write 23:00")


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
PlanName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
VersionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
CsvName = Annotated[str, StringConstraints(pattern=r"^[^/\\]{1,200}\.csv$"), AfterValidator(_printable)]
NumberPrefix = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
Kopecks = Annotated[int, Field(ge=0, le=MONEY_MAX)]
UnitSeconds = Annotated[int, Field(ge=1, le=DAY_S)]
Clock = Annotated[str, AfterValidator(_of_clock)]
Day = Annotated[date, AfterValidator(_year_known)]
Moment = Annotated[datetime | date, AfterValidator(_year_known)]
RuleOf = Literal["unit", "threshold", "price", "gift", "setup", "longest"]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VatTable(Table):
    percent: Annotated[int, Field(ge=0, le=100)]
    in_price: bool

    @property
    def added(self) -> int:
        """The percentage that prices are still without."""
        return 0 if self.in_price else self.percent


class FundsTable(Table):
    """Of a profile, or what a plan has otherwise."""

    threshold_kopecks: Kopecks | None = None
    credit_kopecks: Kopecks | None = None
    stops: Annotated[Stop, Field(strict=False)] | None = None
    stops_at_level: bool | None = None
    draws: (
        Annotated[
            list[Annotated[Source, Field(strict=False)]], Field(min_length=1), AfterValidator(_each_once)
        ]
        | None
    ) = None
    rule: Text | None = None


class CountingTable(Table):
    """Of a profile, or what a version has otherwise."""

    first_s: UnitSeconds | None = None
    next_s: UnitSeconds | None = None
    threshold_s: Annotated[int, Field(ge=0, le=3600)] | None = None
    offset: bool | None = None
    setup_kopecks: Kopecks | None = None
    longest_s: Annotated[int, Field(le=30 * DAY_S), AfterValidator(_long_enough)] | None = None
    rules: dict[RuleOf, Text] | None = None


class GuardsTable(Table):
    """What is not said is off; hours, zone and days are as Guards has them."""

    calls_at_once: CallsAtOnce | None = None
    calls_a_minute: CallsAMinute | None = None
    money_an_hour_kopecks: Kopecks | None = None
    night_price_kopecks: Kopecks | None = None
    night_begin: Clock | None = None
    night_until: Clock | None = None
    zone: Zone | None = None
    new_after_days: NewAfterDays | None = None
    new_price_kopecks: Kopecks | None = None
    new_calls_a_day: NewCalls | None = None
    new_money_a_day_kopecks: Kopecks | None = None

    @model_validator(mode="after")
    def _some_day(self) -> "GuardsTable":
        if self.night_begin is not None and self.night_begin == self.night_until:
            raise wrong(ALWAYS_NIGHT)
        return self


class DeckTable(Table):
    key: Annotated[Key, Field(strict=False)]
    prefixes: CsvName | None = None
    prices: CsvName | None = None
    rates: CsvName | None = None
    unsold: CsvName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "DeckTable":
        is_pair = bool(self.prefixes) and bool(self.prices) and not self.rates
        is_one = bool(self.rates) and not self.prefixes and not self.prices
        if not is_pair and not is_one:
            raise wrong("a deck has either `rates`, or `prefixes` and `prices`")
        return self

    @property
    def files(self) -> dict[str, str]:
        """By field."""
        fields = {
            "prefixes": self.prefixes,
            "prices": self.prices,
            "rates": self.rates,
            "unsold": self.unsold,
        }
        return {field: file for field, file in fields.items() if file}


class FeeTable(Table):
    name: Text
    kopecks: Kopecks
    every: Annotated[Every, Field(strict=False)]
    rule: Text


class BundleTable(Table):
    name: Text
    minutes: Annotated[int, Field(ge=1, le=1_000_000)]
    destinations: Annotated[list[Text], Field(min_length=1), AfterValidator(_each_once)]
    rule: Text


class BandTable(Table):
    name: Text
    begin: Clock
    until: Clock
    days: Annotated[
        list[Annotated[Days, Field(strict=False)]], Field(min_length=1), AfterValidator(_each_once)
    ]
    percent: Annotated[int, Field(ge=0, le=1000)]
    rule: Text

    @model_validator(mode="after")
    def _some_time(self) -> "BandTable":
        if self.begin == self.until:
            raise wrong(f"the band begins and ends at {self.begin}: for a whole day write 00:00 until 24:00")
        if self.begin == "24:00":
            raise wrong("a band cannot begin at 24:00: write 00:00")
        return self


class VersionTable(Table):
    version: VersionName
    start: Annotated[Moment, Field(alias="from")]
    published: Day | None = None
    outgoing: Text | None = None
    incoming: Text | None = None
    incoming_numbers: Annotated[list[NumberPrefix], AfterValidator(_each_once)] = []
    bundle: BundleTable | None = None
    bands: list[BandTable] = []
    counting: CountingTable = CountingTable()
    days_off: CsvName | None = None
    vat: VatTable | None = None  # otherwise the profile's


class PlanTable(Table):
    title: Text
    funds: FundsTable = FundsTable()
    fees: list[FeeTable] = []
    versions: Annotated[list[VersionTable], Field(min_length=1)]


class StepTable(Table):
    from_kopecks: Kopecks
    percent: Annotated[int, Field(ge=1, le=100)]


class DiscountTable(Table):
    name: Text
    start: Annotated[Moment, Field(alias="from")]
    until: Moment | None = None
    destinations: Annotated[list[Text], AfterValidator(_each_once)] = []
    steps: Annotated[list[StepTable], Field(min_length=1)]
    rule: Text


class ProfileTable(Table):
    title: Text
    invented: bool
    recordings_kept_days: Annotated[int, Field(ge=1, le=KEPT_DAYS_MAX)] | None = None
    vat: VatTable | None = None
    funds: FundsTable = FundsTable()
    guards: GuardsTable = GuardsTable()
    counting: CountingTable = CountingTable()
    decks: dict[Text, DeckTable] = {}
    plans: Annotated[dict[PlanName, PlanTable], Field(min_length=1)]
    discounts: list[DiscountTable] = []
