"""The ledger put back from an older backup: what came after is named, and billed again from the witness."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from callctl.settings import ServiceSettings, read_settings
from callctl.stack.postgres import find_programs
from tests.e2e.conftest import Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.test_reconcile import DIFFERENCE, reconcile, talked, told
from tests.e2e.words import (
    Subscriber,
    account,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    until,
    until_metric,
    until_state,
)

pytestmark = pytest.mark.e2e

COMPARED_S = 20.0


async def postgres(stack: Stack, program: str, *words: str | Path) -> None:
    """One of PostgreSQL's own programs, at the stack's server."""
    where = stack.note["database"].partition("host=")[2].partition("&")[0]
    at = ("-h", where, "-p", "5432", "-U", "callctl")
    process = await asyncio.create_subprocess_exec(
        find_programs() / program, *at, *words, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def restored(stack: Stack, dump: Path) -> Path:
    """The dump in a database of its own, and settings that name it: as if the other were lost."""
    await postgres(stack, "createdb", "restored")
    await postgres(stack, "pg_restore", "--exit-on-error", "--no-owner", "-d", "restored", dump)
    settings = read_settings(ServiceSettings, stack.settings_file)
    told = settings.model_copy(update={"database": settings.database.replace("/postgres?", "/restored?")})
    file = stack.folder / "restored.json"
    file.write_text(told.model_dump_json())
    return file


def of(leg: Json) -> dict[str, object]:
    """What must be the same again, whoever wrote it."""
    return {key: leg[key] for key in ("leg_id", "account_id", "to", "seconds", "units", "charge_kopecks")}


async def compared_after_another_call(stack: Stack, who: Subscriber) -> None:
    """Whatever was to be compared before it has been."""
    count = (await stack.metrics())["callctl_reconciled_legs_total"]
    await dial(stack, who.number, hang_up_after_ms=1_200)

    async def is_compared() -> bool:
        return (await stack.metrics())["callctl_reconciled_legs_total"] > count

    await until(is_compared, "a further call is compared", within_s=COMPARED_S)


async def test_what_came_after_the_backup_is_named_and_billed_again_from_the_witness(bring: Bring) -> None:
    stack = await bring()
    before, after, beside = [await given_subscriber(stack, 1_000) for _ in range(3)]
    await talked(stack, before, 1_500)
    calls = dial(stack, beside.number, hang_up_after_ms=7_000)
    await until_state(stack, beside, "talking")
    dump = stack.folder / "backup.dump"
    await postgres(stack, "pg_dump", "-Fc", "-f", dump, "postgres")

    await calls
    lost = [await talked(stack, after, 7_000), await bill(stack, beside)]
    paid = {"amount_kopecks": 500, "reference": "bank-1"}
    await stack.post(f"/accounts/{after.account_id}/payments", paid)
    was = {who.account_id: (await account(stack, who))["balance_kopecks"] for who in (before, after, beside)}
    await stop_service(stack, signal.SIGTERM)

    async with serve_again(stack, await restored(stack, dump)):
        await until_metric(stack, DIFFERENCE, lost[0]["charge_kopecks"], within_s=COMPARED_S)
        assert told(await reconcile(stack, expect=1)) == {
            lost[0]["leg_id"]: ("missing", lost[0]["charge_kopecks"])
        }, "what was open in the backup has been settled by the start"
        mended = await reconcile(stack, "--fix", expect=0)
        assert [one["mended"] for one in mended["differences"]] == [True]
        assert [of(await bill(stack, who)) for who in (after, beside)] == [of(leg) for leg in lost]
        for expect in (201, 200):  # booked again, and by mistake once more
            await stack.post(f"/accounts/{after.account_id}/payments", paid, expect=expect)
        for who in (before, after, beside):
            await assert_money(stack, who, was[who.account_id])
        assert (await reconcile(stack, "--fix", expect=0))["differences"] == []
        assert len(await bills(stack, before)) == 1
        await compared_after_another_call(stack, before)
        assert (await stack.metrics())[DIFFERENCE] == 0, (
            "what was mended is not compared with a witness forgotten"
        )
        database = await asyncpg.connect(stack.note["database"].replace("/postgres?", "/restored?"))
        assert await database.fetchval("SELECT count(*) FROM leg WHERE ended_at IS NULL") == 0
        await assert_nothing_left(replace(stack, database=database))
        await database.close()
