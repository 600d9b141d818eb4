"""How late it is in Russia's time zones.

Rule 1: Russia's clocks are not changed in summer: a zone is so many whole hours ahead of Greenwich, as it has
    been since the end of 2020. A zone with a summer time is not offered.
"""

from datetime import date
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator

DAY_MINUTES: Final = 1_440
_MINUTE_MS: Final = 60_000
_EPOCH: Final = date(1970, 1, 1).toordinal()

_NAMES_BY_HOURS = {
    2: "Europe/Kaliningrad",
    3: "Europe/Moscow Europe/Kirov Europe/Volgograd",
    4: "Europe/Samara Europe/Astrakhan Europe/Saratov Europe/Ulyanovsk",
    5: "Asia/Yekaterinburg",
    6: "Asia/Omsk",
    7: "Asia/Krasnoyarsk Asia/Novosibirsk Asia/Barnaul Asia/Tomsk Asia/Novokuznetsk",
    8: "Asia/Irkutsk",
    9: "Asia/Yakutsk Asia/Chita Asia/Khandyga",
    10: "Asia/Vladivostok Asia/Ust-Nera",
    11: "Asia/Magadan Asia/Sakhalin Asia/Srednekolymsk",
    12: "Asia/Kamchatka Asia/Anadyr",
}

HOURS_BY_ZONE: Final = MappingProxyType(
    {name: hours for hours, names in _NAMES_BY_HOURS.items() for name in names.split()}
)


def _known(name: str) -> str:
    if name not in HOURS_BY_ZONE:
        raise ValueError(f"not one of Russia's time zones ({', '.join(HOURS_BY_ZONE)})")
    return name


ZoneName = Annotated[str, AfterValidator(_known)]


def local_time(at_ms: int, zone: str) -> tuple[date, int]:
    """The day there, and the minute of the day."""
    minutes = at_ms // _MINUTE_MS + HOURS_BY_ZONE[zone] * 60
    return date.fromordinal(_EPOCH + minutes // DAY_MINUTES), minutes % DAY_MINUTES
