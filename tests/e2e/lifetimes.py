"""A service that is killed under running calls, and the next one."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.leaks import assert_as_witnessed, assert_nothing_left
from tests.e2e.stacks import Stack, serve_again, stop_service

# Calls outlive the service for so long that no test sees a cut.
LONG = "[calls]\nsecond_cut_s = 20\nwarning_s = 0\n"


@asynccontextmanager
async def another_life(stack: Stack) -> AsyncIterator[None]:
    """The service is killed, and another one serves; what it bills is what Asterisk's own record says."""
    await stop_service(stack, signal.SIGKILL)
    async with serve_again(stack, stack.settings_file):
        yield
        await assert_nothing_left(stack)
        await assert_as_witnessed(stack)
