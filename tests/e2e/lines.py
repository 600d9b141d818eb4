"""Callers in a queue: who waits, and that they do as the test goes on.

Rule 1: callers are told apart by their numbers: each is somebody else's.
"""

from tests.e2e.stacks import Json, Stack
from tests.e2e.words import Subscriber, until

ANNA, BORIS, VERA = "79031110001", "79031110002", "79031110003"


async def waiting(stack: Stack, who: Subscriber) -> list[str]:
    """The numbers of those who wait in the subscriber's lines, in their order."""
    lines = await stack.get(f"/accounts/{who.account_id}/queues")
    return [one["from"] for line in lines for one in line["waiting"]]


async def until_waiting(stack: Stack, who: Subscriber, *callers: str) -> None:
    async def is_so() -> bool:
        return await waiting(stack, who) == list(callers)

    await until(is_so, f"{callers} wait for {who.account_id}")


async def until_talks(stack: Stack, who: Subscriber, caller: str) -> Json:
    """The caller's call, as soon as he talks."""
    found: list[Json] = []

    async def is_so() -> bool:
        calls = await stack.get("/calls")
        found[:] = [
            call
            for call in calls
            if (call["account_id"], call["from"], call["state"]) == (who.account_id, caller, "talking")
        ]
        return bool(found)

    await until(is_so, f"{caller} talks on the number of {who.account_id}")
    return found[0]
