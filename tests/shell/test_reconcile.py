"""Ledger and witness of a period on a real PostgreSQL: what differs is named with its money, mended once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from callctl.asterisk.evidence import Channel, Evidence
from callctl.asterisk.witness import read_line
from callctl.calls.legs import leg_id_of
from callctl.calls.records import CallOver
from callctl.mending import Mender
from callctl.reconcile import talk_of
from callctl.storage.database import DatabaseAway
from tests.shell.notebook import CALLER, Desk, began_ms, call_id_of, desk_at, kinds
from tests.shell.shop import LINE

MINUTE = 2_500
ENTRIES = "SELECT reference, amount_kopecks FROM entry ORDER BY line"
REOPEN = """
UPDATE leg SET ended_at = NULL, seconds = NULL, units = NULL, charge_kopecks = NULL, lines = NULL,
               draws = NULL
"""
TALKS = ((1, 130), (9, 10))
LEG = leg_id_of(call_id_of(1), 1)

OpenDesk = Callable[[], AbstractAsyncContextManager[Desk]]


@pytest.fixture
async def open_desk(database: str, tmp_path: Path) -> OpenDesk:
    """With 100.00, and talks of 130 s and 10 s: 75.00 and 25.00."""
    opened = partial(desk_at, database, tmp_path / "cel.jsonl")
    async with opened() as desk:
        await desk.shop.open(20_000)
        for number, seconds in TALKS:
            await desk.talk(number, seconds)
    return opened


async def edited(desk: Desk, *statements: str) -> None:
    for statement in statements:
        await desk.sql.execute(statement)


async def without_bill(desk: Desk) -> None:
    await desk.forget_line(LEG, 3 * MINUTE)
    await edited(desk, f"DELETE FROM leg WHERE leg_id = '{LEG}'")


async def without_bill_but_charged(desk: Desk) -> None:
    await edited(desk, f"DELETE FROM leg WHERE leg_id = '{LEG}'")


async def never_settled(desk: Desk) -> None:
    await desk.forget_line(LEG, 3 * MINUTE)
    await edited(desk, f"{REOPEN} WHERE leg_id = '{LEG}'")


async def never_settled_but_charged(desk: Desk) -> None:
    await edited(desk, f"{REOPEN} WHERE leg_id = '{LEG}'")


async def charged_by(desk: Desk, leg_id: str, kopecks: int) -> None:
    """So much more."""
    more = "UPDATE entry SET amount_kopecks = amount_kopecks - $2 WHERE reference = $1"
    await desk.sql.execute(more, leg_id, kopecks)
    await desk.move_balance(-kopecks)


async def charged_twice(desk: Desk) -> None:
    again = "SELECT account_id, reference || ':again', kind, amount_kopecks, at FROM entry"
    columns = "(account_id, reference, kind, amount_kopecks, at)"
    await edited(desk, f"INSERT INTO entry {columns} {again} WHERE reference = '{LEG}'")
    await desk.move_balance(-3 * MINUTE)


async def richer_by_hand(desk: Desk) -> None:
    await desk.move_balance(1_234)


async def another_sum_on_the_bill(desk: Desk) -> None:
    await edited(desk, f"UPDATE leg SET charge_kopecks = 1 WHERE leg_id = '{LEG}'")


async def never_hung_up(desk: Desk) -> None:
    """By the witness, which goes on."""
    path = desk.notebook.path
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not ("HANGUP" in line and call_id_of(1) in line)))


async def without_answer(desk: Desk) -> None:
    path = desk.notebook.path
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if call_id_of(1) not in line or "CHAN_START" in line))


Edit = Callable[[Desk], Awaitable[None]]
TABLE: dict[str, tuple[Edit, str, int, bool]] = {
    "neither bill nor line": (without_bill, "missing", 3 * MINUTE, True),
    "a line without its bill": (without_bill_but_charged, "missing", 0, True),
    "never settled": (never_settled, "never_ended", 3 * MINUTE, True),
    "never settled, with its line": (never_settled_but_charged, "never_ended", 0, True),
    "too little": (partial(charged_by, leg_id=LEG, kopecks=-MINUTE), "shorter", MINUTE, True),
    "too much": (partial(charged_by, leg_id=LEG, kopecks=MINUTE), "longer", -MINUTE, True),
    "nobody answered": (without_answer, "longer", -3 * MINUTE, True),
    "charged twice": (charged_twice, "doubled", -3 * MINUTE, False),
    "a balance edited by hand": (richer_by_hand, "balance", -1_234, False),
    "a bill edited by hand": (another_sum_on_the_bill, "balance", 3 * MINUTE - 1, False),
    "no hang-up": (never_hung_up, "never_ended", 0, False),
}


@pytest.mark.parametrize(("edit", "kind", "kopecks", "is_mended"), TABLE.values(), ids=TABLE)
async def test_what_differs_is_named_with_its_money_and_mended_once(
    open_desk: OpenDesk, edit: Edit, kind: str, kopecks: int, is_mended: bool
) -> None:
    async with open_desk() as desk:
        assert await desk.named() == []
        await edit(desk)
    async with open_desk() as desk:
        assert await desk.named() == [(kind, kopecks)]
        assert await desk.named() == [(kind, kopecks)], "looking changes nothing"
        reported, _ = await desk.compare(fix=True)
        assert [(one.mended, bool(one.why_not)) for one in reported] == [(is_mended, not is_mended)]
        lines = await desk.sql.fetch(ENTRIES)
        again, _ = await desk.compare(fix=True)
        assert kinds(again) == ([] if is_mended else [kind])
        assert await desk.sql.fetch(ENTRIES) == lines, "twice is as once"
        if is_mended:
            charged = 4 * MINUTE if edit is not without_answer else MINUTE
            assert desk.account.balance == 20_000 - charged
            assert await desk.sql.fetchval("SELECT balance_kopecks FROM account") == 20_000 - charged
            assert desk.shop.ledger.holds_open == 0
    async with open_desk() as desk:
        assert await desk.named() == ([] if is_mended else [(kind, kopecks)]), "after a restart too"


async def test_what_the_ledger_lacks_is_billed_as_the_call_would_have_been(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        (before,) = await desk.sql.fetch("SELECT * FROM leg WHERE leg_id = $1", LEG)
        await without_bill(desk)
    async with open_desk() as desk:
        await desk.compare(fix=True)
        (after,) = await desk.sql.fetch("SELECT * FROM leg WHERE leg_id = $1", LEG)
    changed = {name for name in dict(before) if before[name] != after[name]}
    assert changed == {"held_at", "held_kopecks", "ended_by"}
    assert after["ended_by"] == "lost"


async def test_nobody_is_charged_below_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await without_bill(desk)
        await desk.sql.execute(
            "INSERT INTO entry (account_id, reference, kind, amount_kopecks, at)"
            " VALUES ('ann', 'gone', 'refund', -14000, now())"
        )
        await desk.move_balance(-14_000)
    async with open_desk() as desk:
        reported, _ = await desk.compare(fix=True)
        assert kinds(reported) == ["missing"]
        assert desk.account.balance == 20_000 - MINUTE - 14_000 - MINUTE, "one minute was there, and is paid"
        assert await desk.named() == [], "what was not there was not secured"


async def test_a_correction_that_the_account_does_not_hold_is_not_made(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await charged_by(desk, LEG, -MINUTE)
        await desk.sql.execute(
            "INSERT INTO entry (account_id, reference, kind, amount_kopecks, at)"
            " VALUES ('ann', 'gone', 'refund', -12000, now())"
        )
        await desk.move_balance(-12_000)
    async with open_desk() as desk:
        reported, _ = await desk.compare(fix=True)
        assert [(one.mended, one.why_not) for one in reported] == [
            (False, "the account does not hold so much")
        ]
        assert await desk.named() == [("shorter", MINUTE)]


async def test_an_account_whose_balance_was_edited_is_left_to_a_person(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await charged_by(desk, LEG, -MINUTE)
        await desk.move_balance(1)
    async with open_desk() as desk:
        reported, _ = await desk.compare(fix=True)
        assert sorted(kinds(reported)) == ["balance", "shorter"]
        assert not any(one.mended for one in reported)


async def test_gift_seconds_go_back_to_their_month(database: str, tmp_path: Path) -> None:
    async with desk_at(database, tmp_path / "cel.jsonl") as desk:
        await desk.shop.open(20_000)
        await desk.shop.open(10_000, plan="gifted", account_id="bob")
        desk.notebook.talk(1, 60)
        await desk.bill(1, 180, "bob")
        ledger = desk.shop.ledger.account("bob")
        assert ledger and (ledger.pot("gift/2025-09").left, ledger.balance) == (420, 10_000)
        (one,), _ = await desk.compare()
        assert (one.difference.kind.value, one.difference.kopecks, one.difference.gift_s) == (
            "longer",
            0,
            -120,
        )
        (mended,), _ = await desk.compare(fix=True)
        assert mended.mended
        assert (ledger.pot("gift/2025-09").left, ledger.balance) == (540, 10_000)
        assert await desk.named() == []


async def test_a_call_that_runs_is_not_compared(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await without_bill(desk)
    async with open_desk() as desk:
        desk.running.add(call_id_of(1))
        assert await desk.named() == []


async def test_only_the_period_that_was_asked_for_is_compared(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await without_bill(desk)
        await desk.talk(5, 10)
    async with open_desk() as desk:
        for period, legs, found in (((0, 1), 0, 0), ((1, 2), 0, 1), ((5, 6), 1, 0), ((0, 10), 2, 1)):
            reported, total = await desk.compare(of=period)
            assert (total.legs, len(reported)) == (legs, found), period


async def test_what_is_said_after_the_period_proves_that_a_call_of_it_was_not_ended(
    open_desk: OpenDesk,
) -> None:
    async with open_desk() as desk:
        await never_hung_up(desk)
        reported, total = await desk.compare(of=(1, 2))
        assert (kinds(reported), total.unwitnessed) == (["never_ended"], 0)


async def test_the_log_of_another_host_proves_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        path = desk.notebook.path
        path.write_text(path.read_text().replace("callctl-", "other-"))
        reported, total = await desk.compare()
        assert (reported, total.unwitnessed, total.strangers) == ([], 2, 2)


async def test_without_a_witness_nothing_is_guessed(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        desk.notebook.path.unlink()
        reported, total = await desk.compare()
        assert (reported, total.unwitnessed) == ([], 2)


async def test_a_clock_that_is_off_moves_no_bill(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        desk.notebook.path.unlink()
        desk.notebook.apart_ms = 45_000
        for number, seconds in TALKS:
            desk.notebook.talk(number, seconds)
        assert await desk.named() == []


async def test_at_the_border_of_a_period_a_clock_that_is_off_makes_no_difference(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        desk.notebook.path.unlink()
        desk.notebook.apart_ms = 90_000
        for number, seconds in ((0, 1), *TALKS):
            desk.notebook.talk(number, seconds)
        await desk.bill(0, 1)
        for number in range(10):
            assert (await desk.compare(of=(number, number + 1)))[0] == [], number


async def test_where_a_line_is_damaged_silence_proves_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        path = desk.notebook.path
        lines = path.read_text().splitlines()
        for place, line in enumerate(lines):
            if call_id_of(1) in line and ("ANSWER" in line or "HANGUP" in line):
                lines[place] = line[:-9]
        path.write_text("\n".join(lines) + "\n")
        reported, total = await desk.compare()
        assert (reported, total.unwitnessed, total.damaged_lines) == ([], 1, 4)


async def test_of_a_call_whose_beginning_was_not_heard_silence_proves_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        path = desk.notebook.path
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "HANGUP" in line or call_id_of(1) not in line))
        desk.notebook.write("CHAN_START", call_id_of(50), began_ms(50))
        earlier = {"eventtype": "CHAN_START", "uniqueid": call_id_of(0), "eventtime": began_ms(0) / 1000}
        path.write_text(json.dumps(earlier) + "\n" + path.read_text())
        reported, total = await desk.compare()
        assert (reported, total.unwitnessed) == ([], 1)


async def test_a_database_that_is_away_ends_the_comparison(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.shop.till._pool.close()
        with pytest.raises(DatabaseAway):
            await desk.compare()


@pytest.mark.parametrize(
    "edit", [without_bill, never_settled, partial(charged_by, leg_id=LEG, kopecks=-MINUTE)]
)
async def test_two_who_mend_at_once_mend_once(open_desk: OpenDesk, edit: Edit) -> None:
    async with open_desk() as desk:
        await edit(desk)
    async with open_desk() as desk:
        evidence = evidence_of(desk)
        inspected = await desk.inspector.inspect(evidence, [LEG])
        assert inspected
        (found,) = inspected.found
        mender = Mender(desk.shop.till, desk.journal.write)
        told = await asyncio.gather(mender.mend(found), mender.mend(found))
        assert list(told) == [None, "it has changed meanwhile"]
        assert desk.account.balance == 20_000 - 4 * MINUTE
        assert await desk.named() == []


def evidence_of(desk: Desk) -> Evidence:
    evidence = Evidence()
    for line in desk.notebook.path.read_bytes().splitlines():
        if happening := read_line(line):
            evidence.hear(happening)
    return evidence


async def test_the_way_to_somebody_who_was_called_back_is_found_and_charged(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        call_id, at_ms = f"back1-{call_id_of(3)}", began_ms(3)
        over = CallOver(
            *("ann", call_id, CALLER, LINE, 1, at_ms - 5_000, at_ms + 70_000, at_ms),
            way=(),
            ending="talking",
        )
        await desk.journal.write(over)
        desk.notebook.write("CHAN_START", call_id, at_ms - 5_000, num="", exten="s", userfield=CALLER)
        desk.notebook.write("ANSWER", call_id, at_ms)
        desk.notebook.write("HANGUP", call_id, at_ms + 70_000)
        reported, _ = await desk.compare(fix=True)
        assert [(one.difference.leg_id, one.difference.kopecks) for one in reported] == [
            (f"leg0-{call_id}", 2 * MINUTE)
        ]
        query = "SELECT caller, number, line, charge_kopecks FROM leg WHERE call_id = $1"
        row = await desk.sql.fetchrow(query, call_id)
        assert row and tuple(row) == (LINE, CALLER, LINE, 2 * MINUTE)
        assert await desk.named() == []


def test_who_answered_and_was_never_joined_met_nobody() -> None:
    caller = Channel(0, 10, 9_000)
    for joined_ms in (21, None):
        leg = Channel(5, 20, 9_001, joined_ms=joined_ms)
        talk = talk_of("leg1-c", {"c": caller, "leg1-c": leg})
        assert talk and talk.was_met is (joined_ms is not None)
