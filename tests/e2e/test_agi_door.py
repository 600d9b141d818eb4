"""The door for dialplans that are not ours: it answers Asterisk, and nobody who knocks disturbs the calls."""

import asyncio
import json
import random
import socket
import struct

import pytest

from tests.e2e.stacks import Stack
from tests.e2e.words import (
    assert_bill_is_what_was_talked,
    bill,
    dial,
    given_subscriber,
    until,
    until_state,
)

pytestmark = pytest.mark.e2e

KNOCKS = 200
HALF_A_HEADER = b"agi_network: yes\nagi_network_script: num"
# Slower than this and units would be bought too late; an undisturbed service answers within milliseconds.
RESPONSIVE_S_MAX = 1.0
GRANTED, REFUSED = 16, 17  # how callctl-agi in extensions.conf hangs up
RST = struct.pack("ii", 1, 0)


async def test_a_port_scan_does_not_disturb_the_loop(stack: Stack) -> None:
    host, port = stack.settings.agi
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number, hang_up_after_ms=7_500)
    await until_state(stack, who, "talking")
    silent = []
    for knock in range(KNOCKS):
        with socket.create_connection((host, port)) as guest:
            if knock % 2:
                guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        _, half = await asyncio.open_connection(host, port)
        half.write(HALF_A_HEADER)
        silent.append(half)
        if knock % 10 == 0:
            await assert_responsive(stack)
    _, flood = await asyncio.open_connection(host, port)
    try:
        flood.write(random.randbytes(2_000_000).replace(b"\n\n", b"  "))
        await asyncio.wait_for(flood.drain(), RESPONSIVE_S_MAX * 5)
    except ConnectionError:
        pass  # the door was shut in its face, as it should be
    await assert_responsive(stack)
    for half in (*silent, flood):
        half.close()
    mine = await call
    (theirs,) = await stack.carrier.over(who.target)
    leg = await bill(stack, who)
    assert mine.ended_by == "here"
    assert_bill_is_what_was_talked(leg, who, theirs)
    assert leg["units"] == 2, "a unit was bought in the middle of it"


async def assert_responsive(stack: Stack) -> None:
    async with asyncio.timeout(RESPONSIVE_S_MAX):
        assert (await stack.get("/health"))["status"] == "ok"


async def test_asterisk_is_told_whether_a_number_may_call(stack: Stack) -> None:
    rich, poor = await given_subscriber(stack, 1_000), await given_subscriber(stack, 0)
    assert await hangup_cause(stack, rich.number) == GRANTED
    assert await hangup_cause(stack, poor.number) == REFUSED
    assert await hangup_cause(stack, "74959999999") == REFUSED


async def hangup_cause(stack: Stack, number: str) -> int:
    """How a call to `number` in the context callctl-agi ends, by the witness."""
    call_id = f"agi-{number}"
    where = {"endpoint": f"Local/{number}@callctl-agi/n", "extension": "nowhere", "context": "nowhere"}
    ids = {"channelId": call_id, "otherChannelId": f"{call_id}-in"}
    async with stack.ari.post("/ari/channels", params=where | ids) as answer:
        assert answer.status == 200, await answer.text()

    def extras() -> list[str]:
        return [
            happening["eventextra"]
            for happening in stack.witness()
            if (happening["uniqueid"], happening["eventtype"]) == (f"{call_id}-in", "HANGUP")
        ]

    await until(lambda: bool(extras()), f"the end of {call_id}")
    return int(json.loads(extras()[0])["hangupcause"])
