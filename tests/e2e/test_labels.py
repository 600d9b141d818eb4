"""What Asterisk itself says of a call of ours, for who looks without us: its channels, its CDRs."""

import pytest

from tests.e2e.conftest import Bring
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import Subscriber, bill, dial, given_subscriber, until, until_state

pytestmark = pytest.mark.e2e

CDRS = """
[general]
enable = yes
"""
FIELDS = """
[mappings]
Master.csv => ${CDR(accountcode)},${CDR(userfield)}
"""


async def channel(stack: Stack, leg_id: str) -> Json:
    return await stack.ask_ari(f"/channels/{leg_id}")


async def variable(stack: Stack, leg_id: str, name: str) -> str:
    """Empty: it has none."""
    async with stack.ari.get(f"/ari/channels/{leg_id}/variable", params={"variable": name}) as answer:
        return (await answer.json())["value"] if answer.status == 200 else ""


async def until_labelled(stack: Stack, call_id: str, who: Subscriber, node: str) -> None:
    async def is_so() -> bool:
        account = (await channel(stack, call_id))["accountcode"]
        return (account, await variable(stack, call_id, "CALLCTL_NODE")) == (who.account_id, node)

    await until(is_so, f"{call_id} is labelled {who.account_id}, {node}")


async def test_both_channels_say_whose_call_it_is_and_where_in_the_scheme(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    mine = dial(stack, who.number, hang_up_after_ms=3_000)
    live = await until_state(stack, who, "talking")
    await until_labelled(stack, live["call_id"], who, "ring")
    placed = await channel(stack, live["leg_id"])
    assert placed["accountcode"] == who.account_id
    assert await variable(stack, live["leg_id"], "CALLCTL_NODE") == "ring"
    shown = await stack.asterisk_cli("core show channels concise")
    mine_shown = [line for line in shown.splitlines() if live["call_id"] in line]
    assert len(mine_shown) == 2 and all(who.account_id in line for line in mine_shown), shown
    await mine
    await bill(stack, who)
    assert (
        "CDR" not in (stack.state / "asterisk" / "log" / "messages.log").read_text().partition("PBX UUID")[2]
    )


async def test_asterisks_cdrs_tell_the_story_where_it_keeps_them(bring: Bring) -> None:
    stack = await bring()
    etc, log = stack.state / "asterisk" / "etc", stack.state / "asterisk" / "log"
    (etc / "cdr.conf").write_text(CDRS)
    (etc / "cdr_custom.conf").write_text(FIELDS)
    (log / "cdr-custom").mkdir()
    for command in ("module reload cdr", "module load func_cdr.so", "module load cdr_custom.so"):
        await stack.asterisk_cli(command)
    who = await given_subscriber(stack, 1_000)
    mine = dial(stack, who.number, hang_up_after_ms=2_000)
    live = await until_state(stack, who, "talking")
    await mine
    await bill(stack, who)
    file = log / "cdr-custom" / "Master.csv"

    def has_them() -> bool:
        text = file.read_text() if file.exists() else ""
        return who.account_id in text and f"call={live['call_id']} node=ring" in text

    await until(has_them, f"the CDR tells account and node: {file.exists() and file.read_text()}")
