"""How we are told to end.

Rule 1: the first SIGTERM, SIGINT or SIGHUP unwinds what was started, whatever step it is at; further ones
    (an impatient Ctrl-C, a terminal that closes) do not interrupt the unwinding.
Rule 2: what the unwinding itself needs outlives the group that it unwinds.
"""

import asyncio
import signal

SIGNS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def end_on_signals() -> None:
    task = asyncio.current_task()
    assert task
    loop = asyncio.get_running_loop()
    is_told = False

    def told() -> None:
        nonlocal is_told
        if not is_told:
            is_told = True
            task.cancel()

    for sign in SIGNS:
        loop.add_signal_handler(sign, told)


async def as_long_as(task: asyncio.Task[None]) -> None:
    """Ends as `task` does, and leaves it alone when told to end before."""
    await asyncio.shield(task)
