"""What holds for every test: the loop is the one of the service, and nobody leaves work behind.

Rule 1: a task that outlives its test is a fault of the test or of what it tests.
Rule 2: no drawn example fails because the machine is busy.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop
from hypothesis import settings

FAREWELL_S_MAX = 2.0

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


# pytest-asyncio's own fixture, put in the place of its hook `pytest_asyncio_loop_factories`: the hook makes a
# parameter of the loop for tests that wait and none for the others, so that every change from one kind to the
# other ends all fixtures of the session. test_tidy sees when this name stops to count.
@pytest.fixture(scope="session")
def _asyncio_loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    return uvloop.new_event_loop


@pytest.fixture(autouse=True)
def _frame(request: pytest.FixtureRequest) -> None:
    """Around tests that have a loop; the others cannot leave a task."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_task_left")


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:  # a task that was cancelled needs a moment to notice
        await asyncio.wait(left, timeout=FAREWELL_S_MAX)
    still = sorted(repr(task) for task in left if not task.done())
    assert not still, f"tasks outlive the test: {still}"
