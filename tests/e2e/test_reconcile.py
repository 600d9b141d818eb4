"""Ledger and witness of real calls: they agree; what is taken from the ledger by hand is named and mended."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest

from callctl.demo.phones import Answers
from tests.e2e.conftest import Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.words import (
    Subscriber,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    until,
    until_metric,
)

pytestmark = pytest.mark.e2e

REOPEN = """
UPDATE leg SET ended_at = NULL, seconds = NULL, units = NULL, charge_kopecks = NULL, lines = NULL,
               draws = NULL
WHERE leg_id = $1
"""
COMPARED_S = 20.0
DIFFERENCE = "callctl_reconcile_difference_kopecks"


async def reconcile(stack: Stack, *words: str, expect: int) -> Json:
    """As a person asks for the last hour."""
    now = datetime.now(UTC)
    begin, end = (
        f"{at:%Y-%m-%dT%H:%M:%S}+00:00" for at in (now - timedelta(hours=1), now + timedelta(hours=1))
    )
    period = ("--from", begin, "--to", end)
    return json.loads(
        await stack.callctl("reconcile", *period, *words, "--json", "--api", stack.note["api"], expect=expect)
    )


def told(answer: Json) -> dict[str, tuple[str, int]]:
    return {one["leg_id"]: (one["kind"], one["difference_kopecks"]) for one in answer["differences"]}


async def take_away(stack: Stack, leg_id: str, who: Subscriber, kopecks: int) -> None:
    """Of its line, and give it back, as if so much had never been written."""
    line = "UPDATE entry SET amount_kopecks = amount_kopecks + $2 WHERE reference = $1"
    await stack.database.execute(line, leg_id, kopecks)
    await stack.database.execute("DELETE FROM entry WHERE reference = $1 AND amount_kopecks = 0", leg_id)
    balance = "UPDATE account SET balance_kopecks = balance_kopecks + $2 WHERE account_id = $1"
    await stack.database.execute(balance, who.account_id, kopecks)


async def talked(stack: Stack, who: Subscriber, ms: int) -> Json:
    seen = await dial(stack, who.number, hang_up_after_ms=ms)
    assert seen.was_answered
    return await bill(stack, who)


async def test_real_calls_are_billed_as_asterisk_saw_them_and_what_is_taken_away_is_named_and_mended(
    bring: Bring,
) -> None:
    stack = await bring()
    plain, poor, gone, reopened, cheaper = [
        await given_subscriber(stack, kopecks) for kopecks in (1_000, 100, 1_000, 1_000, 1_000)
    ]
    free = await given_subscriber(stack, 1_000, plan="demo/toll-free", code="7800")
    await talked(stack, plain, 2_500)
    await dial(stack, poor.number)
    await dial(stack, free.number, hang_up_after_ms=1_500)
    way_in, _ = sorted(leg["leg_id"] for leg in await bills(stack, free, 2))
    legs = {who.account_id: await talked(stack, who, 7_000) for who in (gone, reopened, cheaper)}
    await stack.carrier.behaves(Answers(ring_ms=200, hang_up_after_ms=1_200))
    await dial(stack, plain.number)

    async def all_compared() -> bool:
        return (await stack.metrics())["callctl_reconciled_legs_total"] >= 7

    await until(all_compared, "the calls are compared by themselves", within_s=COMPARED_S)
    assert (await stack.metrics())[DIFFERENCE] == 0
    answer = await reconcile(stack, expect=0)
    assert (answer["differences"], answer["unwitnessed"], answer["damaged_lines"]) == ([], 0, 0)
    assert answer["legs"] >= 7

    await stop_service(stack, signal.SIGTERM)
    names = {who: legs[who.account_id]["leg_id"] for who in (gone, reopened, cheaper)}
    for leg_id, who, kopecks in ((names[gone], gone, 200), (way_in, free, 150)):
        await take_away(stack, leg_id, who, kopecks)
        await stack.database.execute("DELETE FROM leg WHERE leg_id = $1", leg_id)
    await take_away(stack, names[reopened], reopened, 200)
    await stack.database.execute(REOPEN, names[reopened])
    await take_away(stack, names[cheaper], cheaper, 100)
    async with serve_again(stack, stack.settings_file):
        await until_metric(stack, DIFFERENCE, 450, within_s=COMPARED_S)
        assert told(await reconcile(stack, expect=1)) == {
            names[gone]: ("missing", 200),
            way_in: ("missing", 150),
            names[cheaper]: ("shorter", 100),
        }, "what was open has been settled by the start"
        mended = await reconcile(stack, "--fix", expect=0)
        assert [one["mended"] for one in mended["differences"]] == [True, True, True]
        for who in (gone, reopened, cheaper):
            await assert_money(stack, who, 800)
        await assert_money(stack, free, 1_000 - 150 - 100)
        assert (await bill(stack, gone))["charge_kopecks"] == 200
        assert (await reconcile(stack, "--fix", expect=0))["differences"] == []
        await until_metric(stack, DIFFERENCE, 0, within_s=COMPARED_S)
        await assert_nothing_left(stack)
