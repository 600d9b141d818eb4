"""What a load would do too soon to who has the profile in force (S-12)."""

from collections.abc import Mapping
from datetime import date

import pytest

from rating.calendar import begin_of
from rating.reading.profile_source import Source, read_source
from rating.reading.too_soon import too_soon
from tests.tariffs.small_profiles import RATES, TOML, folder

NOW = begin_of(date(2026, 3, 2)) + 40_000_000  # ten full days later: 13 March
DEARER = RATES.replace("1.50", "1.51")
CHEAPER = RATES.replace("1.50", "1.49")
NIGHT = (
    'days_off = "off.csv"\n'
    'bands = [{ name = "n", begin = "00:00", until = "24:00", days = ["off"], percent = 50, rule = "X" }]\n'
)
Files = Mapping[str, bytes]


def later(begin: str, rates: str = DEARER, published: str = "published = 2026-01-02\n") -> Files:
    """A second version; what the file says of its publication is not the load's."""
    version = f'[[plans.go.versions]]\nversion = "2"\nfrom = {begin}\n{published}outgoing = "new"\n'
    return folder(f'{TOML}[decks.new]\nkey = "called"\nrates = "new.csv"\n{version}', RATES, new=rates)


def nights(*days: str) -> Files:
    return folder(TOML + NIGHT, off="day,off\n" + "".join(f"{day},yes\n" for day in days))


def found(old: Files, new: Files) -> list[str]:
    before, after = read_source("op", old), read_source("op", new)
    assert isinstance(before, Source) and isinstance(after, Source), (before, after)
    faults = list(too_soon(after, before.profile, NOW))
    assert all(fault.is_error and fault.is_notice for fault in faults)
    return [str(fault) for fault in faults]


TOO_SOON: dict[str, tuple[Files, Files, str]] = {
    "dearer": (folder(), folder(TOML, DEARER), "not before 2026-03-13 (S-12); '7' is dearer"),
    "cheaper": (folder(), folder(TOML, CHEAPER), "version '1' of plan go is in force since 2026-01-01"),
    "re-dated": (later("2026-04-01"), later("2026-03-12"), "go would be worse from 2026-03-12 on"),
    "back-dated": (folder(), later("2026-02-01", CHEAPER), "version '1' of plan go is in force since"),
    "announced by the file only": (folder(), later("2026-03-12"), "go would be worse from 2026-03-12"),
    "without published": (folder(), later("2026-03-12", published=""), "go would be worse from 2026-03-12"),
    "cheaper no more": (
        later("2026-03-05", CHEAPER),
        later("2026-03-20", CHEAPER),
        "go would be worse from 2026-03-05 on",
    ),
    "without its past": (
        later("2026-02-01"),
        folder(TOML.replace('"1"', '"2"').replace("2026-01-01", "2026-02-01"), DEARER),
        "version '1' of plan go is in force since 2026-01-01 and would change",
    ),
    "not yet": (folder(), folder(TOML.replace("2026-01-01", "2026-05-01")), "nothing can be called any more"),
    "another VAT": (
        folder(),
        folder(TOML + "vat = { percent = 20, in_price = true }\n"),
        "version '1' of plan go is in force since",
    ),
    "a day off less this week": (nights("2026-03-04"), nights(), "version '1' of plan go is in force"),
}


@pytest.mark.parametrize(("old", "new", "what"), TOO_SOON.values(), ids=TOO_SOON)
def test_what_is_in_force_changes_after_ten_full_days(old: Files, new: Files, what: str) -> None:
    [fault] = found(old, new)
    assert what in fault and fault.startswith("profile.toml:")


IN_TIME: dict[str, tuple[Files, Files]] = {
    "the same": (folder(), folder()),
    "dearer in time": (folder(), later("2026-03-13")),
    "cheaper tomorrow": (folder(), later("2026-03-03", CHEAPER)),
    "as announced": (later("2026-03-03"), later("2026-03-03")),
    "a later rise": (later("2026-03-03"), later("2026-03-20")),
    "a country more": (folder(), folder(TOML, RATES + "33,France,9.00\n")),
    "written otherwise": (folder(), folder(TOML, RATES + "74,Russia,1.50\n")),
    "another rule": (folder(), folder(TOML + 'counting.rules = { price = "X" }\n')),
    "next year's days off": (nights("2026-03-04"), nights("2026-03-04", "2027-01-05")),
    "another plan": (folder(), folder(TOML.replace("plans.go", "plans.gone"), DEARER)),
    "a plan that was not in force": (
        folder(TOML.replace("2026-01-01", "2026-03-10")),
        folder(TOML.replace("2026-01-01", "2026-03-05"), RATES),
    ),
}


@pytest.mark.parametrize(("old", "new"), IN_TIME.values(), ids=IN_TIME)
def test_what_harms_nobody_may_come_at_once(old: Files, new: Files) -> None:
    assert found(old, new) == []
