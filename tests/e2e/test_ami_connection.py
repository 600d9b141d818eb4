"""AMI hangs: time limits go over ARI, and no caller meets the fallback for it."""

import pytest

from tests.e2e.conftest import Bring
from tests.e2e.hole import open_hole
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.stacks import serve_again, stop_service
from tests.e2e.words import bill, dial, given_subscriber, until_metric

pytestmark = pytest.mark.e2e

UP = 'callctl_connection_up{to="ami"}'


async def test_a_hanging_ami_costs_callers_nothing(bring: Bring) -> None:
    stack = await bring()
    who = await given_subscriber(stack, 1_000)
    await stop_service(stack)
    ami = stack.settings.ami
    with open_hole(ami.address.port) as hole:
        address = ami.address._replace(port=int(hole.url.rpartition(":")[2]))
        told = stack.settings.model_copy(update={"ami": ami.model_copy(update={"address": address})})
        settings_file = stack.folder / "hanging.json"
        settings_file.write_text(told.model_dump_json())
        async with serve_again(stack, settings_file):
            await until_metric(stack, UP, 1)
            hole.swallow()
            mine = await dial(stack, who.number, hang_up_after_ms=7_000)
            assert mine.was_answered and mine.early_media_at_us is None, "the target, not the fallback"
            assert mine.ended_by == "here", "nor did a time limit that was never moved cut him"
            assert (await bill(stack, who))["charge_kopecks"] == 200
            await until_metric(stack, UP, 0)
            hole.heal()
            await until_metric(stack, UP, 1)
            await assert_nothing_left(stack)
