"""Notices: written with what caused them, one of a cause a day, told newest first and to who listens."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from callctl.calls.legs import leg_id_of
from callctl.calls.notices import NoticeCause
from callctl.calls.records import Connection, EndedBy, LegHeld, LegRefused, LegSettled, Record
from callctl.clock import moment
from callctl.storage.entries import LOW_KOPECKS
from callctl.storage.notices import Notices
from callctl.wrong_secrets import TRIES_A_DAY, WrongSecrets
from dialplan.causes import Cause
from rating.calendar import DAY_MS
from rating.charge import charge_nothing
from rating.entries import Entry, EntryKind
from rating.money import Money
from rating.refusal import Refusal
from tests.plans import rate
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import JSON, Office, open_office, until
from tests.shell.relay import Relay
from tests.shell.shop import LINE, MOBILE, NOW_MS, Shop
from tests.shell.test_account_commands import new_account
from tests.shell.test_journal import journal_to

Told = tuple[str, str, str]  # cause, subject, call


async def told(shop: Shop, account_id: str = "ann") -> list[Told]:
    rows = await Notices(shop.till).page(2**62, account_id, 100)
    return [(row.cause, row.subject, row.call_id) for row in reversed(rows)]


def on(call_id: str, number: int = 1) -> Connection:
    return Connection("ann", leg_id_of(call_id, number), call_id, "", MOBILE, LINE)


def refused(call_id: str, refusal: Refusal, at_ms: int = NOW_MS) -> LegRefused:
    return LegRefused(on(call_id), at_ms, refusal, Cause.REJECTED)


def cut(call_id: str, *entries: Entry, by: EndedBy = EndedBy.BALANCE) -> list[Record]:
    ended = LegSettled("ann", on(call_id).leg_id, NOW_MS, charge_nothing("offset", "S-4"), entries, by, 16)
    return [LegHeld(on(call_id), NOW_MS, rate(), Money(0)), ended]


@pytest.mark.parametrize(
    ("record", "notice"),
    [
        (refused("c1", Refusal.CALLS_AT_ONCE), ("guard", "calls_at_once", "c1")),
        (refused("c1", Refusal.NOT_ENOUGH), ("money_out", "", "c1")),
        (refused("c1", Refusal.STOPPED), ("money_out", "", "c1")),
        (refused("c1", Refusal.NUMBER_LIMIT), ("number_limit", "", "c1")),
        (refused("c1", Refusal.BARRED), None),
    ],
)
async def test_a_refusal_brings_its_notice(
    shop: Shop, database: str, record: Record, notice: Told | None
) -> None:
    async with journal_to(database) as (journal, _):
        await journal.write(record)
    assert await told(shop) == ([notice] if notice else [])


@pytest.mark.parametrize(
    ("by", "cause"), [(EndedBy.BALANCE, "money_out"), (EndedBy.LIMIT, "number_limit"), (EndedBy.CALLER, "")]
)
async def test_a_call_that_the_money_ends_brings_its_notice(
    shop: Shop, database: str, by: EndedBy, cause: str
) -> None:
    async with journal_to(database) as (journal, _):
        for record in cut("c1", by=by):
            await journal.write(record)
    assert await told(shop) == ([(cause, "", "c1")] if cause else [])


async def test_of_a_cause_there_is_one_a_day(shop: Shop, database: str) -> None:
    async with journal_to(database) as (journal, _):
        for call_id, at_ms in (("c1", NOW_MS), ("c2", NOW_MS + 1), ("c3", NOW_MS + DAY_MS)):
            await journal.write(refused(call_id, Refusal.NOT_ENOUGH, at_ms))
        await journal.write(refused("c4", Refusal.NEW_CALLS))
    assert await told(shop) == [
        ("money_out", "", "c1"),
        ("money_out", "", "c3"),
        ("guard", "new_calls", "c4"),
    ]


async def test_a_balance_that_falls_below_the_mark_is_told_whoever_moved_it(
    shop: Shop, database: str
) -> None:
    await shop.postings.pay("ann", Money(LOW_KOPECKS + 10), "p1")
    await shop.postings.correct("ann", -10, "c1", "to the mark", "")
    assert await told(shop) == []
    line = Entry("ann", on("c1").leg_id, EntryKind.CONNECTION, -1, NOW_MS)
    async with journal_to(database) as (journal, _):
        for record in cut("c1", line, by=EndedBy.CALLER):
            await journal.write(record)
    assert await told(shop) == [("low_balance", "", "")]


async def test_who_wants_another_mark_is_told_at_that(shop: Shop) -> None:
    await shop.postings.pay("ann", Money(LOW_KOPECKS), "p1")
    await shop.books.set_terms("ann", {"low": Money(0)})
    await shop.postings.correct("ann", -LOW_KOPECKS, "c1", "all of it", "")
    assert await told(shop) == []
    await shop.postings.correct("ann", -1, "c2", "and one more", "")
    assert await told(shop) == [("low_balance", "", "")]


async def test_a_refused_line_brings_no_notice(shop: Shop) -> None:
    await shop.postings.pay("ann", Money(LOW_KOPECKS), "p1")
    await shop.postings.correct("ann", -1, "c1", "below", "")
    await shop.postings.pay("ann", Money(1), "p2")
    async with shop.till.reading() as connection:
        await connection.execute("DELETE FROM notice")
    assert not await shop.postings.correct("ann", -1, "c1", "below", "")
    assert await told(shop) == []


async def test_a_secret_is_reminded_of_once_a_month(shop: Shop) -> None:
    async with shop.till.reading() as connection:
        for device, days in (("new", 29), ("old", 31), ("older", 95)):
            at = moment(NOW_MS) - timedelta(days=days)
            await connection.execute(
                "INSERT INTO device VALUES ($1, 'ann', 'anna', 'callctl', 'x', $2)", device, at
            )
    notices = Notices(shop.till)
    await notices.remind()
    await notices.remind()
    reminded = sorted(await told(shop))
    assert reminded == [("secret_old", "old", ""), ("secret_old", "older", "")]


def test_many_wrong_secrets_of_a_phone_of_ours_are_told_once_a_day() -> None:
    now = [NOW_MS]
    wrong = WrongSecrets({"ann-201-1": ("ann", "201")}.get, lambda: now[0])
    for _ in range(TRIES_A_DAY - 1):
        wrong.heard("ann-201-1")
        wrong.heard("nobody")
    assert wrong.notices == []
    for _ in range(TRIES_A_DAY):
        wrong.heard("ann-201-1")
    now[0] += DAY_MS
    for _ in range(TRIES_A_DAY):
        wrong.heard("ann-201-1")
    assert [(one.cause, one.subject) for one in wrong.notices] == [
        (NoticeCause.LOGINS_FAILED, "ann-201-1")
    ] * 2


async def test_notices_are_listed_page_by_page_newest_first(office: Office, callctl: Callctl) -> None:
    account_ids = [(await new_account(office, balance=200_00))[0] for _ in range(3)]
    for account_id in account_ids:
        callctl("account", "correct", account_id, "-150", "--ref", "c", "--why", "below the mark")
    seen: list[str] = []
    after: str | None = ""
    while after is not None and len(seen) < 3:
        status, page = await office.ask("GET", f"/notices?limit=1&after={after}")
        assert status == 200
        seen += [one["account_id"] for one in page["items"]]
        after = page["next"]
    assert seen == account_ids[::-1]
    (mine,) = callctl("notices", account_ids[0], "--json").json
    assert (mine["account_id"], mine["cause"]) == (account_ids[0], "low_balance")
    assert "the balance fell below what its owner wants to hear of" in callctl("notices", account_ids[0]).out
    assert is_complaint(callctl("notices", "nobody"), 2, "there is no account 'nobody'")


async def test_who_listens_hears_a_notice(
    relay: Relay, tmp_path: Path, database_name: str, database: str
) -> None:
    """An office of its own: while somebody listens it asks the database by itself."""
    async with open_office(tmp_path, relay, database_name, database) as office:
        await hear_a_notice(office)


async def hear_a_notice(office: Office) -> None:
    account_id, _ = await new_account(office, balance=200_00)
    reader, writer = await asyncio.open_connection(*office.api.split(":"))
    writer.write(f"GET /events HTTP/1.1\r\nHost: {office.api}\r\nAccept: {JSON}\r\n\r\n".encode())
    heard = bytearray()

    async def has(text: str) -> bool:
        with contextlib.suppress(TimeoutError):
            heard.extend(await asyncio.wait_for(reader.read(65_536), 0.05))
        return text.encode() in heard

    await until(lambda: has("event: snapshot"), "the stream")
    # The herald looks once a second; what came about before it first looked is old.
    serial = 0

    async def hears() -> bool:
        nonlocal serial
        serial += 1
        await office.ask(
            "POST",
            f"/accounts/{account_id}/corrections",
            {"amount_kopecks": -150_00 if serial % 2 else 150_00, "reference": f"r{serial}", "why": "x"},
        )
        await office.sql.execute(
            "DELETE FROM notice WHERE account_id = $1 AND $2", account_id, serial % 2 == 0
        )
        return await has("event: notice")

    await until(hears, "a notice")
    assert f'"account_id": "{account_id}", "cause": "low_balance"'.encode() in heard
    writer.close()
