"""The stacks of the end-to-end tests, and the leak frame around every one of them.

Rule 1: a test that uses a stack ends in the frame, whether it asked for it or not.
Rule 2: a stack that many tests share is ended as an operator ends it, and must leave nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from callctl.demo.phones import Answers
from callctl.settings import CallSettings
from tests.e2e import leaks
from tests.e2e.hole import Hole, open_hole
from tests.e2e.parts import Parts, parts_up
from tests.e2e.stacks import Stack, serve_again, stack_up, stop_service

SECOND_CUT_S = 3
WARNING_S = 3
PROMPT = "sound:all-circuits-busy-now"
GUARDED = f"""
[calls]
second_cut_s = {SECOND_CUT_S}
warning_s = 0
refusals.not_enough.prompt = "{PROMPT}"
"""

ORDINARY = f"""
[calls]
warning_s = {WARNING_S}
"""

Bring = Callable[..., Awaitable[Stack]]
BringParts = Callable[..., Awaitable[Parts]]


@pytest.fixture(scope="session")
def living() -> list[Stack]:
    """Every stack that is up now."""
    return []


@pytest.fixture(scope="session")
async def shared_stack(living: list[Stack], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with stack_up(tmp_path_factory.mktemp("shared"), ORDINARY) as stack:
        living.append(stack)
        yield stack
        living.remove(stack)
        await leaks.assert_as_witnessed(stack)
        await leaks.end(stack)


@pytest.fixture(scope="session")
async def shared_guarded(
    living: list[Stack], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    async with stack_up(tmp_path_factory.mktemp("guarded"), GUARDED) as stack:
        living.append(stack)
        yield stack
        living.remove(stack)
        await leaks.assert_as_witnessed(stack)
        await leaks.end(stack)


@pytest.fixture(scope="session")
async def shared_holed(
    living: list[Stack], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stack, Hole]]:
    """A stack whose service reaches ARI through something that can fail."""
    async with stack_up(tmp_path_factory.mktemp("holed")) as stack:
        await stop_service(stack)
        ari = stack.settings.ari
        with open_hole(int(ari.url.rpartition(":")[2])) as hole:
            told = stack.settings.model_copy(update={"ari": ari.model_copy(update={"url": hole.url})})
            settings_file = stack.folder / "holed.json"
            settings_file.write_text(told.model_dump_json())
            async with serve_again(stack, settings_file):
                living.append(stack)
                yield stack, hole
                living.remove(stack)
                await leaks.assert_as_witnessed(stack)
        await leaks.end(stack)


@pytest.fixture(autouse=True)
async def leak_frame(living: list[Stack]) -> AsyncIterator[None]:
    yield
    for stack in living:
        await leaks.assert_nothing_left(stack)


@pytest.fixture
async def stack(shared_stack: Stack) -> Stack:
    """An ordinary stack; both carriers answer after a moment and wait to be hung up on."""
    await _answered_soon(shared_stack)
    return shared_stack


@pytest.fixture
async def guarded(shared_guarded: Stack) -> Stack:
    """The second cut comes soon, and who has no money hears a prompt."""
    await _answered_soon(shared_guarded)
    return shared_guarded


@pytest.fixture
async def bring(tmp_path: Path) -> AsyncIterator[Bring]:
    """A stack of the test's own, to be broken; the test looks after its calls, we after its end."""
    brought: list[Stack] = []
    async with AsyncExitStack() as ending:

        async def bring_one(name: str = "own", config: str = GUARDED) -> Stack:
            stack = await ending.enter_async_context(stack_up(tmp_path / name, config))
            brought.append(stack)
            await _answered_soon(stack)
            return stack

        yield bring_one
        for stack in brought:
            if stack.process.returncode is None:
                await leaks.end(stack)


@pytest.fixture
async def bring_parts(tmp_path: Path) -> AsyncIterator[BringParts]:
    """A stack of the test's own whose parts are killed one by one; talks go on for long without a service."""
    calls = CallSettings(second_cut_s=20, warning_s=0)
    async with AsyncExitStack() as ending:

        async def bring(**changes: Any) -> Parts:
            return await ending.enter_async_context(parts_up(tmp_path / "parts", calls, **changes))

        yield bring


@pytest.fixture
async def holed(shared_holed: tuple[Stack, Hole]) -> AsyncIterator[tuple[Stack, Hole]]:
    stack, hole = shared_holed
    await _answered_soon(stack)
    yield stack, hole
    hole.heal()


async def _answered_soon(stack: Stack) -> None:
    for far_end in (stack.carrier, stack.spare):
        await far_end.behaves(Answers(ring_ms=200))
