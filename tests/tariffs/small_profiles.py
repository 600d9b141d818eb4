"""Small profiles to read, and to break."""

from collections.abc import Mapping

from rating.profile import Profile
from rating.reading.check import check_profile
from rating.reading.profile_file import read_profile

TOML = """\
title = "Test"
invented = true

[decks.out]
key = "called"
rates = "rates.csv"

[plans.go]
title = "Go"

[[plans.go.versions]]
version = "1"
from = 2026-01-01
outgoing = "out"
"""
RATES = "prefix,destination,price_rub\n7,Russia,1.50\n44,United Kingdom,2.00\n"
SPLIT = TOML.replace('rates = "rates.csv"', 'prefixes = "prefixes.csv"\nprices = "prices.csv"')
PREFIXES = "prefix,destination\n7,Russia\n44,United Kingdom\n"
PRICES = "destination,price_rub\nRussia,1.50\nUnited Kingdom,2.00\n"
UNSOLD_TOML = TOML.replace('rates = "rates.csv"', 'rates = "rates.csv"\nunsold = "unsold.csv"')

Content = str | bytes


def folder(toml: Content = TOML, rates: Content | None = RATES, /, **others: Content) -> dict[str, bytes]:
    """`others`: CSV files by their name without its end."""
    contents: dict[str, Content | None] = {"profile.toml": toml, "rates.csv": rates}
    contents |= {f"{name}.csv": content for name, content in others.items()}
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in contents.items()
        if content is not None
    }


def split(prefixes: Content = PREFIXES, prices: Content = PRICES, **others: Content) -> dict[str, bytes]:
    return folder(SPLIT, None, prefixes=prefixes, prices=prices, **others)


def sound(files: Mapping[str, bytes]) -> Profile:
    profile = read_profile("op", files)
    assert isinstance(profile, Profile), [str(fault) for fault in profile]
    return profile


def errors(files: Mapping[str, bytes]) -> list[str]:
    """The same whoever asks."""
    told = read_profile("op", files)
    found = [str(fault) for fault in told if fault.is_error] if isinstance(told, list) else []
    assert found == [str(fault) for fault in check_profile("op", files) if fault.is_error]
    return found


def warnings(files: Mapping[str, bytes]) -> list[str]:
    """Of a profile that is loaded all the same."""
    sound(files)
    return [str(fault) for fault in check_profile("op", files)]
