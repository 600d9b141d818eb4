"""Who changed what is written down, on a real service and a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callctl.storage.tokens import Right
from tests.shell.guarded import guarded_office
from tests.shell.office import Office
from tests.shell.relay import Relay
from tests.shell.test_tokens import token_of

SERIAL = count(1)


@pytest.fixture
async def guarded(relay: Relay, tmp_path: Path, database_name: str, database: str) -> AsyncIterator[Office]:
    async with guarded_office(tmp_path, relay, database_name, database) as office:
        yield office


async def lines(office: Office, **asked: object) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    status, page = await office.ask("GET", f"/audit?{query}")
    assert status == 200, page
    return list(page["items"])


def told(line: dict[str, Any]) -> tuple[str, str, str, int]:
    return line["who"], line["method"], line["subject"], line["status"]


async def test_every_change_has_a_line_and_no_question_has_one(guarded: Office) -> None:
    await guarded.open("ann", 100)
    await guarded.ask("GET", "/accounts/ann")
    await guarded.ask("POST", "/accounts/ann/payments", {"amount_kopecks": 5, "reference": "r"})
    await guarded.ask("POST", "/accounts/ann/payments", {"amount_kopecks": 0, "reference": "r"})
    await guarded.ask("DELETE", "/accounts/nobody/seats/a%0Ab%00")
    written = await lines(guarded)
    assert [told(line) for line in written] == [
        ("(token file)", "DELETE", "/accounts/nobody/seats/a%0Ab%00", 404),
        ("(token file)", "POST", "/accounts/ann/payments", 400),
        ("(token file)", "POST", "/accounts/ann/payments", 201),
        ("(token file)", "POST", "/accounts", 201),
    ]
    assert written[0]["route"] == "/accounts/{account_id}/seats/{name}"
    assert written[1]["detail"] == "amount_kopecks: Input should be greater than 0"
    assert not guarded.log.count("a\nb")


async def test_an_attempt_without_the_right_has_a_line_and_one_without_a_token_has_none(
    guarded: Office,
) -> None:
    name, reader = await token_of(guarded, Right.READ)
    owner, guarded.token = guarded.token, reader
    assert (await guarded.ask("POST", "/tokens", {"name": "me", "rights": ["admin"]}))[0] == 403
    guarded.token = ""
    assert (await guarded.ask("POST", "/tokens", {"name": "me", "rights": ["admin"]}))[0] == 401
    guarded.token = owner
    assert [told(line) for line in await lines(guarded, who=name)] == [(name, "POST", "/tokens", 403)]
    assert len(await lines(guarded)) == 2


async def test_no_secret_is_in_a_line(guarded: Office) -> None:
    await guarded.open("ann")
    _, token = await token_of(guarded, Right.MONEY)
    _, seat = await guarded.ask("POST", "/accounts/ann/seats", {"name": "desk"})
    rows = str(await guarded.sql.fetch("SELECT audit::text FROM audit"))
    log = guarded.log
    for secret in (token, guarded.token, *seat["secrets"].values()):
        assert secret not in rows and secret not in log


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_a_line_is_never_changed(guarded: Office, change: str) -> None:
    await guarded.open("ann")
    with pytest.raises(asyncpg.RaiseError, match="added, never changed"):
        await guarded.sql.execute(change)
    assert len(await lines(guarded)) == 1


async def test_what_is_done_while_the_database_is_away_gets_its_line_later(guarded: Office) -> None:
    await guarded.open("ann")
    guarded.relay.cut()
    try:
        assert (await guarded.ask("POST", "/accounts/ann/payments", {}))[0] == 400
        payment = {"amount_kopecks": 5, "reference": "r"}
        assert (await guarded.ask("POST", "/accounts/ann/payments", payment))[0] == 503
    finally:
        guarded.relay.mend()
    assert [line["status"] for line in await lines(guarded)] == [503, 400, 201]
    assert "2 lines of the audit wait" in guarded.log or "1 lines of the audit wait" in guarded.log


async def test_pages_join_without_a_gap_while_lines_are_added(guarded: Office) -> None:
    for serial in range(7):
        await guarded.ask("DELETE", f"/accounts/a{serial}/seats/x")
    seen, after = [], ""
    while after is not None:
        _, page = await guarded.ask("GET", f"/audit?limit=3&after={after}")
        seen += [line["subject"] for line in page["items"]]
        after = page["next"]
        await guarded.ask("DELETE", "/accounts/later/seats/x")
    assert seen == [f"/accounts/a{serial}/seats/x" for serial in reversed(range(7))]


@pytest.mark.parametrize(
    "after", ["x", "W10=", "WyJhIl0=", "WzFdWzFd", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OV0=", "W3RydWVd", "é"]
)
async def test_a_place_that_is_made_up_is_refused(guarded: Office, after: str) -> None:
    status, problem = await guarded.ask("GET", f"/audit?after={after}")
    assert (status, [error["field"] for error in problem["errors"]]) == (400, ["after"])


async def test_many_at_once_have_a_line_each(guarded: Office) -> None:
    await asyncio.gather(*(guarded.ask("DELETE", f"/accounts/a{n}/seats/x") for n in range(40)))
    assert len({line["subject"] for line in await lines(guarded)}) == 40


async def test_the_command_shows_them(guarded: Office, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.shell.command_line import run_main

    await guarded.open("ann")
    await guarded.ask("DELETE", "/accounts/ann/seats/x")
    by = ("--api", guarded.api, "--token-file", str(guarded.folder / "token"))
    assert await asyncio.to_thread(run_main, "audit", *by) == 0
    shown = capsys.readouterr().out
    assert "/accounts/ann/seats/x" in shown and "404" in shown and "(token file)" in shown
    assert await asyncio.to_thread(run_main, "audit", "--limit", "1", "--json", *by) == 0
    assert capsys.readouterr().out.count('"subject"') == 1
