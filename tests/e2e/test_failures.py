"""What docs/failures.md promises of databases, Asterisk, disks that fail in mid-call, on the real thing."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from callctl.demo.phones import Answers
from tests.e2e.conftest import Bring, BringParts
from tests.e2e.hole import open_hole
from tests.e2e.leaks import assert_as_witnessed, assert_nothing_left, assert_written_before_the_end
from tests.e2e.moved_clock import MOVED_BY
from tests.e2e.parts import Parts, another_service, start_run
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    DATABASE_UP,
    UNIT_MS,
    account,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    dial,
    given_subscriber,
    ms,
    show,
    until,
    until_metric,
    until_rings,
    until_state,
)

pytestmark = pytest.mark.e2e


ARI_UP = 'callctl_connection_up{to="ari"}'
# A database that was killed is noticed at once, one that comes back within the longest pause between tries.
BACK_S_MAX = 15.0
# Between two proofs of life (callctl/asterisk/ari.py), on a machine that is busy.
UNPROVEN_S_MAX = 2


async def epoch(parts: Parts) -> int:
    value: int = await parts.stack.database.fetchval("SELECT epoch FROM owner")
    return value


async def test_talks_go_on_while_postgresql_is_killed_and_are_billed_when_it_is_back(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    talker, newcomer = [await given_subscriber(stack, 1_000) for _ in range(2)]
    before = await epoch(parts)
    call = dial(stack, talker.number, hang_up_after_ms=8_500)
    await until_state(stack, talker, "talking")
    await parts.kill_postgres()
    await until_metric(stack, DATABASE_UP, 0)

    refused = await dial(stack, newcomer.number)
    assert (refused.was_answered, refused.final_status) == (False, 503)
    emergency = await dial(stack, "112", hang_up_after_ms=300)
    assert emergency.was_answered
    mine = await call
    assert mine.ended_by == "here", "who talks notices nothing"
    assert (await stack.metrics())["callctl_ledger_records_waiting"] > 0

    await parts.start_postgres()
    await until_metric(stack, DATABASE_UP, 1, within_s=BACK_S_MAX)
    leg = await bill(stack, talker)
    (theirs,) = await stack.carrier.over(talker.target)
    assert_bill_is_what_was_talked(leg, talker, theirs)
    assert (leg["units"], leg["ended_by"]) == (2, "caller")
    for who, kopecks in ((talker, 800), (newcomer, 1_000)):
        await assert_money(stack, who, kopecks)
    assert await epoch(parts) == before, "it is the owner it was"
    again = await dial(stack, newcomer.number, hang_up_after_ms=300)
    assert again.was_answered
    await assert_nothing_left(parts.stack)


async def test_a_private_postgresql_that_is_killed_is_started_again_by_itself(bring: Bring) -> None:
    stack = await bring()
    os.kill(stack.pids["postgres"], signal.SIGKILL)
    up_log = stack.folder / "up.log"
    await until(lambda: "PostgreSQL is there again" in up_log.read_text(), "it is up", within_s=BACK_S_MAX)
    await until_metric(stack, DATABASE_UP, 1, within_s=BACK_S_MAX)
    who = await given_subscriber(stack, 1_000)
    seen = await dial(stack, who.number, hang_up_after_ms=300)
    assert seen.was_answered
    assert (await bill(stack, who))["charge_kopecks"] == 100
    await assert_money(stack, who, 900)


async def test_without_room_for_records_what_costs_money_is_refused_at_once_and_nothing_is_lost(
    bring_parts: BringParts,
) -> None:
    most = 20
    parts = await bring_parts(records_waiting_max=most)
    stack = parts.stack
    talker, newcomer = [await given_subscriber(stack, 1_000) for _ in range(2)]
    call = dial(stack, talker.number)
    await until_state(stack, talker, "talking")
    await parts.kill_postgres()
    await until_metric(stack, DATABASE_UP, 0)
    for _ in range(2):
        await asyncio.gather(*(dial(stack, newcomer.number) for _ in range(5)))
    waiting = (await stack.metrics())["callctl_ledger_records_waiting"]
    assert waiting >= most
    assert (await stack.health())["records_waiting"] == waiting
    for _ in range(5):
        refused = await dial(stack, newcomer.number)
        assert refused.final_status == 503
    metrics = await stack.metrics()
    assert metrics["callctl_ledger_records_waiting"] == waiting, "refused ones add nothing"
    assert metrics["callctl_ledger_records_left_out_total"] > 0
    emergency = await dial(stack, "112", hang_up_after_ms=300)
    assert emergency.was_answered
    assert not call.done()

    await parts.start_postgres()
    await until_metric(stack, DATABASE_UP, 1, within_s=BACK_S_MAX)
    await until_metric(stack, "callctl_ledger_records_waiting", 0)
    again = await dial(stack, newcomer.number, hang_up_after_ms=300)
    assert again.was_answered
    await assert_written_before_the_end(parts, talker)
    await call


async def test_calls_of_an_asterisk_that_is_killed_are_billed_to_the_last_proof_and_new_ones_pass(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    talker, next_one = [await given_subscriber(stack, 1_000) for _ in range(2)]
    call = dial(stack, talker.number, hang_up_after_ms=9_000)
    await until_state(stack, talker, "talking")
    await until(lambda: talks_ms(stack, talker.target) > UNIT_MS, "it is in its second unit")
    await parts.kill_asterisk()
    killed_after_ms = talks_ms(stack, talker.target)
    await until_metric(stack, ARI_UP, 0)
    assert (await account(stack, talker))["held_kopecks"] > 0, "unknown is not gone"
    await parts.start_asterisk()
    await until_metric(stack, ARI_UP, 1)
    leg = await bill(stack, talker)
    assert leg["ended_by"] == "lost"
    assert killed_after_ms / 1000 - UNPROVEN_S_MAX - 1 <= leg["seconds"] <= killed_after_ms / 1000
    await call
    seen = await dial(stack, next_one.number, hang_up_after_ms=300)
    assert seen.was_answered
    await assert_nothing_left(stack)
    await assert_as_witnessed(stack, worthless={"never_ended"})
    assert (await stack.metrics())["callctl_reconcile_difference_kopecks"] == 0


def talks_ms(stack: Any, target: str) -> float:
    """Since the answer of the call to `target`, up to now."""
    (seen,) = stack.carrier.calls_to(target)
    return time.time() * 1000 - seen.answered_at_us / 1000 if seen.answered_at_us else 0.0


async def test_when_postgresql_and_the_service_are_killed_together_the_witness_tells_what_was_talked(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    quitter, answered_late = [await given_subscriber(stack, 1_000) for _ in range(2)]
    call = dial(stack, quitter.number, hang_up_after_ms=2_500)
    await until_state(stack, quitter, "talking")
    await stack.carrier.behaves(Answers(ring_ms=1_500))
    late = dial(stack, answered_late.number, hang_up_after_ms=1_500)
    await until_rings(stack, answered_late)
    await asyncio.gather(parts.kill_postgres(), parts.kill_service())
    assert (await call).ended_by == "here"
    assert (await late).ended_by == "here"
    await parts.start_postgres()
    began = time.monotonic()
    await parts.start_service()
    show(f"from the start to calls under control {time.monotonic() - began:.1f} s")
    for who in (quitter, answered_late):
        leg = await bill(parts.stack, who)
        assert (leg["units"], leg["charge_kopecks"], leg["ended_by"]) == (1, 100, "lost")
        await assert_money(parts.stack, who, 900)
    await assert_nothing_left(parts.stack)


async def test_a_call_for_help_of_which_nothing_could_be_written_goes_on(bring_parts: BringParts) -> None:
    parts = await bring_parts()
    await parts.kill_postgres()
    call = dial(parts.stack, "112", hang_up_after_ms=25_000)
    await until(lambda: len(parts.stack.carrier.calls_to("112")) == 1, "help is called")
    await parts.kill_service()
    await parts.start_postgres()
    await parts.start_service()
    assert not call.done()
    assert (await call).ended_by == "here", "nobody cuts a call to 112"
    await assert_nothing_left(parts.stack)


# --- clocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moved_ms", [3_600_000, -3_600_000], ids=["an hour on", "an hour back"])
async def test_a_wall_clock_that_is_set_in_mid_call_changes_no_bill_and_cuts_nobody(
    bring_parts: BringParts, tmp_path: Path, moved_ms: int
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    await parts.service.stop()
    moved_by = tmp_path / "moved-by"
    moved_by.write_text("0")
    parts.service = await start_run(
        stack.settings_file,
        stack.state / "service.log",
        program="tests.e2e.moved_clock",
        env={MOVED_BY: str(moved_by)},
    )
    await until(parts.is_healthy, "it serves")
    rich, poor = await given_subscriber(stack, 1_000), await given_subscriber(stack, 100)
    calls = [dial(stack, rich.number, hang_up_after_ms=7_500), dial(stack, poor.number)]
    for who in (rich, poor):
        await until_state(stack, who, "talking")
    moved_by.write_text(str(moved_ms))
    leaver, cut = await asyncio.gather(*calls)
    assert (leaver.ended_by, cut.ended_by) == ("here", "there")
    assert UNIT_MS <= ms(cut.answered_at_us, cut.ended_at_us) < UNIT_MS + CUT_LATE_MS_MAX
    leg = await bill(stack, rich)
    assert (leg["seconds"], leg["units"], leg["ended_by"]) == (leaver.talked_ms // 1000, 2, "caller")
    leg = await bill(stack, poor)
    assert (leg["units"], leg["ended_by"]) == (1, "balance")
    await assert_money(stack, rich, 800)
    await assert_money(stack, poor, 0)
    await assert_nothing_left(stack)


# --- rows, and two services ------------------------------------------------------------------------------


async def test_an_open_connection_that_cannot_be_read_is_named_and_does_not_stop_the_others(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    damaged, sound, unread = [await given_subscriber(stack, 1_000) for _ in range(3)]
    calls = [dial(stack, who.number, hang_up_after_ms=1_500) for who in (damaged, sound)]
    for who in (damaged, sound):
        await until_state(stack, who, "talking")
    await parts.kill_service()
    await asyncio.gather(*calls)
    await stack.database.execute(
        "UPDATE leg SET rate = rate - 'terms' WHERE account_id = $1", damaged.account_id
    )
    await stack.database.execute(
        "UPDATE account SET standing = 'odd' WHERE account_id = $1", unread.account_id
    )
    await stack.database.execute("UPDATE call_at SET way = '[{}]' WHERE account_id = $1", sound.account_id)
    await parts.start_service()
    assert (await bill(stack, sound))["charge_kopecks"] == 100
    (leg,) = await stack.get(f"/accounts/{damaged.account_id}/legs")
    assert (leg["ended_at"], (await account(stack, damaged))["balance_kopecks"]) == (None, 1_000)
    log = stack.service_log()
    assert f"the open connection {leg['leg_id']!r} of account {damaged.account_id!r} cannot be read" in log
    assert f"account {unread.account_id!r} cannot be read" in log
    assert "the place of call " in log
    assert (await stack.metrics())["callctl_damaged_rows"] == 3
    assert not (await dial(stack, unread.number)).was_answered
    seen = await dial(stack, sound.number, hang_up_after_ms=300)
    assert seen.was_answered


async def test_a_scheme_that_cannot_be_read_puts_its_number_out_of_service_until_a_sound_one_is_loaded(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    damaged, sound = [await given_subscriber(stack, 1_000) for _ in range(2)]
    scheme = await stack.database.fetchval("SELECT text FROM scheme WHERE number = $1", damaged.number)
    await parts.kill_service()
    await stack.database.execute(
        "UPDATE scheme SET text = 'start: nowhere' WHERE number = $1", damaged.number
    )
    await parts.start_service()
    assert f"number {damaged.number} is out of service: its scheme has faults" in stack.service_log()
    assert (await dial(stack, damaged.number)).final_status == 404
    seen = await dial(stack, sound.number, hang_up_after_ms=300)
    assert seen.was_answered
    async with stack.api.put(f"/numbers/{damaged.number}/scheme", json={"scheme": scheme}) as answer:
        assert answer.status == 201, await answer.text()
    seen = await dial(stack, damaged.number, hang_up_after_ms=300)
    assert seen.was_answered
    await assert_nothing_left(stack)


async def test_a_paused_service_that_wakes_up_after_a_take_over_touches_no_call_and_no_line(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    who, rich = await given_subscriber(stack, 100), await given_subscriber(stack, 1_000)
    await parts.service.stop()
    ari = stack.settings.ari
    with open_hole(int(ari.url.rpartition(":")[2])) as hole:
        told = stack.settings.model_copy(update={"ari": ari.model_copy(update={"url": hole.url})})
        settings_file = stack.state / "holed.json"
        settings_file.write_text(told.model_dump_json())
        first = parts.service = await start_run(settings_file, stack.state / "first.log")
        await until(parts.is_healthy, "the first serves")
        call, long_call = dial(stack, who.number), dial(stack, rich.number, hang_up_after_ms=14_000)
        for one in (who, rich):
            await until_state(stack, one, "talking")
        os.kill(first.pid, signal.SIGSTOP)
        ordered = len(hole.orders)
        assert ordered > 0
        log = stack.state / "second.log"
        second = await start_run(another_service(parts), log, "--take-over")
        parts.service = second
        await until(lambda: "ari is up" in log.read_text(), "the second has Asterisk")
        await until(lambda: talks_ms(stack, who.target) > UNIT_MS + 500, "the money is gone")
        os.kill(first.pid, signal.SIGTERM)  # also who is told to end at this moment says no farewell
        os.kill(first.pid, signal.SIGCONT)
        assert await asyncio.wait_for(first.process.wait(), 15) == 2
        assert hole.orders[ordered:] == []
    last_line = (stack.state / "first.log").read_text().splitlines()[-1]
    assert last_line.endswith("this one has ended, and left all calls alone")
    await call
    told_money = """
        SELECT charge_kopecks, balance_kopecks FROM leg JOIN account USING (account_id) WHERE account_id = $1
    """

    async def is_billed() -> bool:
        return [tuple(row) for row in await stack.database.fetch(told_money, who.account_id)] == [(100, 0)]

    await until(is_billed, "the second bills it, once")
    assert (await long_call).ended_by == "here", "who has money notices nothing of all this"
    (theirs,) = await stack.carrier.over(rich.target)
    seconds = "SELECT seconds FROM leg WHERE account_id = $1 AND ended_at IS NOT NULL"

    async def is_settled() -> bool:
        return bool(await stack.database.fetch(seconds, rich.account_id))

    await until(is_settled, "the second bills the other one")
    talked_s = ms(theirs.answered_at_us, theirs.ended_at_us) / 1000
    assert abs(await stack.database.fetchval(seconds, rich.account_id) - talked_s) <= 1


async def test_a_second_service_with_other_accounts_on_the_same_asterisk_ends_the_first_in_order(
    bring_parts: BringParts,
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    await stack.database.execute("CREATE DATABASE other")
    first = parts.service
    elsewhere = another_service(parts, database=stack.settings.database.replace("/postgres?", "/other?"))
    parts.service = await start_run(elsewhere, stack.state / "second.log")
    assert await asyncio.wait_for(first.process.wait(), 20) == 2
    assert stack.service_log().splitlines()[-1].endswith("of this Asterisk: end one of the two")
    mine = await call
    assert mine.ended_by == "there"
    (theirs,) = await stack.carrier.over(who.target)
    told = "SELECT seconds, charge_kopecks FROM leg WHERE account_id = $1"
    ((seconds, charge),) = await stack.database.fetch(told, who.account_id)
    talked_s = ms(theirs.answered_at_us, theirs.ended_at_us) / 1000
    assert abs(seconds - talked_s) <= 1.5
    assert charge == 100
