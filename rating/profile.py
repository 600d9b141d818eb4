"""An operator as data: the plans it sells, read from a TOML text.

Rule 1: unknown fields are complaints, not surprises.
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rating.money import MONEY_MAX, Money
from rating.tariff import Rate, Tariff

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,15}$")]
Kopecks = Annotated[int, Field(ge=0, le=MONEY_MAX, strict=True)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateTable(_Table):
    destination: str
    prefix: Prefix
    price_kopecks: Kopecks


class PlanTable(_Table):
    version: str
    unit_s: Annotated[int, Field(ge=1, le=3600)]
    threshold_s: Annotated[int, Field(ge=0, le=60)] = 0
    setup_fee_kopecks: Kopecks = 0
    rates: Annotated[list[RateTable], Field(min_length=1)]


class ProfileTable(_Table):
    title: str
    plans: dict[Name, PlanTable]


def read_profile(name: str, text: str) -> Mapping[str, Tariff] | list[str]:
    """The tariffs of the profile by plan, or all that is wrong with the text."""
    try:
        table = ProfileTable.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return [str(error)]
    except ValidationError as error:
        return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    doubled = [
        f"plans.{plan}: prefix {prefix!r} has two rates"
        for plan, terms in table.plans.items()
        for prefix in sorted(_doubled([rate.prefix for rate in terms.rates]))
    ]
    return doubled or {plan: _tariff(f"{name}/{plan}", terms) for plan, terms in table.plans.items()}


def _doubled(prefixes: list[str]) -> set[str]:
    return {prefix for prefix in prefixes if prefixes.count(prefix) > 1}


def _tariff(name: str, terms: PlanTable) -> Tariff:
    version = f"{name}@{terms.version}"
    return Tariff(
        version,
        [
            Rate(
                tariff=version,
                destination=rate.destination,
                prefix=rate.prefix,
                unit_s=terms.unit_s,
                unit_price=Money(rate.price_kopecks),
                setup_fee=Money(terms.setup_fee_kopecks),
                threshold_s=terms.threshold_s,
            )
            for rate in terms.rates
        ],
    )
