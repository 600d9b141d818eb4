"""`callctl reconcile`, asked of a real office that has no Asterisk: what people and programs get."""

from collections.abc import AsyncIterator

import pytest

from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office

LONG_AGO = ("--from", "2001-01-01T00:00:00Z", "--to", "2001-02-01T00:00:00Z")


@pytest.fixture
async def edited(office: Office, account: str) -> AsyncIterator[str]:
    """An account that somebody made richer by hand."""
    move = "UPDATE account SET balance_kopecks = balance_kopecks + $2 WHERE account_id = $1"
    await office.sql.execute(move, account, 1_234)
    yield account
    await office.sql.execute(move, account, -1_234)


def test_nothing_that_differs_is_said_so_and_code_0(callctl: Callctl) -> None:
    said = callctl("reconcile", *LONG_AGO)
    assert (said.code, said.out, said.err) == (0, "0 connections compared: no difference\n", "")
    said = callctl("reconcile", *LONG_AGO, "--json")
    assert (said.code, said.json) == (
        0,
        {
            "differences": [],
            "by_kind": {},
            "difference_kopecks": 0,
            "legs": 0,
            "unwitnessed": 0,
            "strangers": 0,
            "damaged_lines": 0,
        },
    )


@pytest.mark.parametrize("fix", [(), ("--fix",)])
def test_what_differs_is_named_with_its_money_and_is_code_1(
    callctl: Callctl, edited: str, fix: tuple[str, ...]
) -> None:
    said = callctl("reconcile", *LONG_AGO, *fix)
    assert said.code == 1
    assert "1 balance" in said.out and "12.34 RUB differ" in said.out and edited in said.out
    said = callctl("reconcile", *LONG_AGO, *fix, "--json")
    assert said.code == 1
    (one,) = said.json["differences"]
    assert (one["kind"], one["account_id"], one["leg_id"]) == ("balance", edited, "")
    assert (one["difference_kopecks"], one["mended"]) == (-1_234, False)
    assert "edited by hand: the balance is 112.34, its lines make 100.00" in one["what"]


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "turned round": (("--from", LONG_AGO[3], "--to", LONG_AGO[1]), "--from is not before --to"),
    "no time": (("--from", "yesterday", "--to", LONG_AGO[3]), "'yesterday' is no time"),
    "no end": (("--from", LONG_AGO[1]), "--to"),
}


@pytest.mark.parametrize(("words", "told"), BAD.values(), ids=BAD)
def test_a_mistake_is_one_line_and_code_2(callctl: Callctl, words: tuple[str, ...], told: str) -> None:
    assert is_complaint(callctl("reconcile", *words), 2, told)


def test_no_database_is_one_line_and_code_1(callctl: Callctl, office: Office) -> None:
    office.relay.cut()
    try:
        said = callctl("reconcile", *LONG_AGO)
    finally:
        office.relay.mend()
    assert is_complaint(said, 1, "the service cannot do it now: the database is away")


NO_PERIODS: dict[str, object] = {
    "no time": {"begin": "x", "end": LONG_AGO[3]},
    "turned round": {"begin": LONG_AGO[3], "end": LONG_AGO[1]},
    "something more": {"begin": LONG_AGO[1], "end": LONG_AGO[3], "mend": True},
    "nothing": {},
}


@pytest.mark.parametrize("body", NO_PERIODS.values(), ids=NO_PERIODS)
async def test_over_http_a_period_that_is_none_is_refused(office: Office, body: object) -> None:
    assert (await office.ask("POST", "/reconcile", body))[0] == 400


async def test_nobody_else_may_name_a_line_as_a_correction_of_ours(office: Office, account: str) -> None:
    body = {"amount_kopecks": 5, "reference": "reconcile:leg1-a-1.0"}
    status, answer = await office.ask("POST", f"/accounts/{account}/payments", body)
    assert (status, "lines that we make are named so" in answer["detail"]) == (400, True)
