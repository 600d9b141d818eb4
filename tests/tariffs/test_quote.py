"""What one connection would cost, asked on the command line without a service."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callctl.__main__ import main
from tests.tariffs.folders import profile_files, write_folder

KEYS = {
    *("charge_kopecks", "vat_kopecks", "seconds", "units", "destination", "prefix", "band", "tariff"),
    *("price_kopecks", "first_price_kopecks", "setup_kopecks", "bundle_minutes_used", "is_cut", "lines"),
}
MOBILE, MOSCOW = "79161110002", "84951234567"


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert (self.code, self.err) == (0, ""), self
        return json.loads(self.out)


Quote = Callable[..., Said]


@pytest.fixture
def quote(capsys: pytest.CaptureFixture[str]) -> Quote:
    def ask(profile: str, plan: str, to: str, seconds: object, *words: str) -> Said:
        line = ["tariff", "quote", "--profile", profile, "--plan", plan, "--to", to]
        try:
            code = main([*line, "--seconds", str(seconds), *words])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ask


@pytest.mark.parametrize(
    ("seconds", "units", "kopecks", "what"),
    [(2, 0, 0, "threshold"), (3, 1, 169, "units"), (60, 1, 169, "units"), (61, 2, 338, "units")],
)
def test_a_connection_costs_what_it_would_be_billed(
    quote: Quote, seconds: int, units: int, kopecks: int, what: str
) -> None:
    told = quote("clovertel", "go", "8 916 111-00-02", seconds, "--json").json
    assert told.keys() == KEYS
    assert (told["seconds"], told["units"], told["charge_kopecks"]) == (seconds, units, kopecks)
    assert [line["what"] for line in told["lines"]] == [what]
    assert (told["destination"], told["prefix"], told["price_kopecks"]) == ("Russia mobile", "79", 169)
    assert told["tariff"].startswith("clovertel/go@")


@pytest.mark.parametrize(
    ("minutes", "used", "kopecks"), [("0", 0, 338), ("1", 1, 169), ("2", 2, 0), ("9", 2, 0)]
)
def test_gift_minutes_that_are_left_are_spent_first(
    quote: Quote, minutes: str, used: int, kopecks: int
) -> None:
    told = quote("clovertel", "go", MOBILE, 61, "--bundle", minutes, "--json").json
    assert (told["bundle_minutes_used"], told["charge_kopecks"], told["units"]) == (used, kopecks, 2)


def test_gift_minutes_do_not_pay_where_the_plan_does_not_give_them(quote: Quote) -> None:
    told = quote("clovertel", "go", "442071234567", 60, "--bundle", "50", "--json").json
    assert (told["bundle_minutes_used"], told["charge_kopecks"]) == (0, 100)


@pytest.mark.parametrize(
    ("profile", "plan", "to", "at", "kind"),
    [
        ("clovertel", "go", "78091234567", "2026-01-01", "premium_rate"),
        ("delofon", "start", "442071234567", "2026-01-01", "no_price"),
        ("clovertel", "go", MOBILE, "2024-12-31T23:59:59", "no_plan"),
    ],
)
def test_a_number_that_is_not_sold_is_an_answer(
    quote: Quote, profile: str, plan: str, to: str, at: str, kind: str
) -> None:
    assert quote(profile, plan, to, 60, "--at", at, "--json").json == {"refused": kind}
    told = quote(profile, plan, to, 60, "--at", at, "--lang", "en")
    assert (told.code, told.err, f"refused: {kind}" in told.out) == (0, "", True)


@pytest.mark.parametrize("to", ["112", "01", "103"])
def test_an_emergency_call_is_free(quote: Quote, to: str) -> None:
    told = quote("mango", "per-minute", to, 600, "--json").json
    assert (told["charge_kopecks"], told["destination"], told["units"]) == (0, "emergency", 0)
    assert [(line["what"], line["rule"]) for line in told["lines"]] == [("emergency", "S-13")]


def test_the_way_in_to_an_own_number_is_rated_by_the_caller(quote: Quote) -> None:
    told = quote("rostelecom-iss", "federal", "88001234567", 61, "--from", MOSCOW, "--json").json
    assert (told["destination"], told["charge_kopecks"]) == ("Moscow", 500)
    hidden = quote("rostelecom-iss", "federal", "88001234567", 61, "--json").json
    assert (hidden["destination"], hidden["prefix"]) == ("Unknown caller", "")
    assert quote("clovertel", "go", "88001234567", 61, "--json").json["charge_kopecks"] == 0


@pytest.mark.parametrize(
    ("at", "price"), [("2025-08-31T23:59:59", 200), ("2025-09-01", 260), ("2025-08-31T21:00:00+00:00", 260)]
)
def test_the_version_is_that_of_the_moment_of_answer_in_moscow(quote: Quote, at: str, price: int) -> None:
    assert quote("gazprom", "corporate", MOBILE, 60, "--at", at, "--json").json["price_kopecks"] == price


def test_a_longer_connection_than_may_be_is_priced_up_to_its_end(quote: Quote) -> None:
    told = quote("gazprom", "corporate", MOBILE, 4000, "--at", "2026-01-01", "--json").json
    assert (told["seconds"], told["units"], told["charge_kopecks"], told["is_cut"]) == (3600, 60, 15600, True)


def test_set_up_hours_and_vat_are_told(quote: Quote) -> None:
    told = quote("mango", "per-minute", MOBILE, 61, "--json").json
    assert (told["setup_kopecks"], told["charge_kopecks"], told["vat_kopecks"]) == (50, 290, 52)
    night = quote("mango", "office-hours", MOBILE, 60, "--at", "2026-11-02T23:30", "--json").json
    assert (night["band"], night["price_kopecks"], night["charge_kopecks"]) == ("night", 60, 60)


def test_without_json_it_is_explained_like_a_bill(quote: Quote) -> None:
    said = quote("clovertel", "go", MOBILE, 61, "--lang", "en", "--at", "2026-11-02")
    assert "2 minutes × 1.69 RUB = 3.38 RUB (CLV-P1)" in said.out and "Charged: 3.38 RUB" in said.out
    assert "Итого: 3,38 руб." in quote("clovertel", "go", MOBILE, 61, "--lang", "ru").out


@pytest.mark.parametrize("inside", [True, False], ids=["the profile", "a folder of profiles"])
def test_a_folder_that_is_not_shipped_is_asked_by_its_place(
    quote: Quote, tmp_path: Path, inside: bool
) -> None:
    place = write_folder(tmp_path / "mine", profile_files("0.50"))
    told = quote("mine", "wide", MOSCOW, 60, "--dir", str(place if inside else tmp_path), "--json").json
    assert (told["charge_kopecks"], told["tariff"]) == (50, "mine/wide@1")


MISTAKES: dict[str, tuple[tuple[str, str, str, object], tuple[str, ...], str]] = {
    "profile": (("nope", "go", MOBILE, 60), (), "there is no profile 'nope' (profiles: clovertel,"),
    "plan": (("clovertel", "six", MOBILE, 60), (), "no plan 'six' (plans: go, go-100, go-1000)"),
    "number": (("clovertel", "go", "12x", 60), (), "'12x' is no telephone number"),
    "short": (("clovertel", "go", "123", 60), (), "'123' is no telephone number"),
    "from": (("clovertel", "go", MOBILE, 60), ("--from", "me"), "'me' is no telephone number"),
    "no seconds": (("clovertel", "go", MOBILE, 0), (), "'0': give whole seconds, 1 to 604800"),
    "parts": (("clovertel", "go", MOBILE, "1.5"), (), "'1.5': give whole seconds"),
    "negative": (("clovertel", "go", MOBILE, "-1"), (), "give whole seconds"),
    "odd digits": (("clovertel", "go", MOBILE, "٣"), (), "give whole seconds"),
    "huge": (("clovertel", "go", MOBILE, 10**30), (), "give whole seconds"),
    "bundle": (("clovertel", "go", MOBILE, 60), ("--bundle", "x"), "give whole minutes, 0 to 1000000"),
    "time": (("clovertel", "go", MOBILE, 60), ("--at", "noon"), "'noon' is no time"),
    "old": (("clovertel", "go", MOBILE, 60), ("--at", "1969-01-01"), "give a time of the years 2000 to 2199"),
    "last": (
        ("clovertel", "go", MOBILE, 60),
        ("--at", "9999-12-31T23:59:59"),
        "'9999-12-31T23:59:59': give a time of the years 2000 to 2199",
    ),
    "folder": (
        ("clovertel", "go", MOBILE, 60),
        ("--dir", "/nowhere"),
        "no profile.toml in /nowhere",
    ),
}


@pytest.mark.parametrize(("asked", "words", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(
    quote: Quote, asked: tuple[str, str, str, object], words: tuple[str, ...], told: str
) -> None:
    said = quote(*asked, *words, "--json")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said
    assert told in said.err, said


def test_a_folder_with_errors_names_them(quote: Quote, tmp_path: Path) -> None:
    place = write_folder(tmp_path / "mine", profile_files("1,00", rows='7495,"Moscow",x\n'))
    said = quote("mine", "wide", MOBILE, 60, "--dir", str(place))
    assert (said.code, said.out) == (2, "")
    assert f"{place}/rates.csv:2" in said.err and f"{place}/rates.csv:4" in said.err
    assert "Traceback" not in said.err
