"""The live page beside real calls: they come, go from node to node, and their money runs down."""

import json
from collections.abc import AsyncIterator

import pytest

from callctl.demo.phones import Answers, ByNumber, NeverAnswers
from tests.browser import Tab, open_tab
from tests.e2e.lines import ANNA, BORIS, until_talks, until_waiting
from tests.e2e.schemes import FIRST, SECOND, given_scheme
from tests.e2e.stacks import Stack
from tests.e2e.words import bill, bills, dial

pytestmark = pytest.mark.e2e

HOSTILE = "<img src=x onerror=alert(1)>"
IN_TURN = f"""
start: first
nodes:
  first: {{kind: forward, to: [FIRST], patience_s: 3, otherwise: '{HOSTILE}'}}
  '{HOSTILE}': {{kind: forward, to: [SECOND]}}
"""
LINE = """
start: line
nodes:
  line: {kind: queue, name: sales, members: [FIRST], otherwise: over}
  over: {kind: hang_up}
"""


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with open_tab() as tab:
        yield tab
        assert tab.complaints == []


def there(node: str) -> str:
    """Whether the picture's node has a caller in it."""
    marks = "[...document.querySelectorAll('#picture .is-there')].map(node => node.dataset.node)"
    return f"{marks}.join() === {json.dumps(node)}"


async def test_a_call_comes_goes_on_to_another_node_spends_its_money_and_is_gone(
    stack: Stack, tab: Tab
) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: NeverAnswers(), SECOND: Answers(ring_ms=200)}))
    who = await given_scheme(stack, 300, IN_TURN)
    await tab.go(f"{stack.api_url}/live#{who.number}")
    await tab.until_says("#no-calls", "No calls now")
    await tab.until("document.querySelector('#picture svg')", "the scheme is drawn before anybody calls")
    call = dial(stack, who.number, caller=ANNA)
    await tab.until_says("#rows .from", ANNA)
    await tab.until_says("#rows .in-state", "ringing")
    await tab.until(there("first"), "the caller stands in the first node")
    place = await tab.see("document.querySelector('#picture .caller').style.transform")
    await tab.until_says("#rows .in-state", "talking")
    await tab.until_says("#rows .node", HOSTILE)
    await tab.until(there(HOSTILE), "the caller went on to the other node")
    assert await tab.see("document.querySelector('#picture .caller').style.transform") != place
    assert await tab.see("document.querySelectorAll('img').length") == 0
    mine = f"#accounts [data-account={who.account_id}]"
    seconds = f"Number(document.querySelector('{mine} .lasts').innerText.replace('lasts 0:', ''))"
    await tab.until(f"{seconds} > 12 && {seconds} < 19", "three units are left, in seconds")
    left_s = await tab.see(seconds)
    await tab.until(f"{seconds} === {left_s - 1} || {seconds} === {left_s - 2}", "they go by one by one")
    for left in ("2.00", "1.00", "0.00"):
        await tab.until_says(f"{mine} .left", left)
    await tab.until(f"document.querySelector('{mine} .lasts.now')", "it is said that the end is near")
    await tab.until("!document.querySelector('#rows tr')", "the call is gone")
    assert (await call).ended_by == "there"
    assert not await tab.see(f"document.querySelector('{mine}') || document.querySelector('.caller')")
    assert [leg["charge_kopecks"] for leg in await bills(stack, who, 2)] == [0, 300]


async def test_who_waits_is_seen_until_it_is_his_turn(stack: Stack, tab: Tab) -> None:
    who = await given_scheme(stack, 2_000, LINE)
    await tab.is_sized(360, 740, is_phone=True)
    await tab.go(f"{stack.api_url}/live#{who.number}")
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=6_000)
    await until_talks(stack, who, ANNA)
    second = dial(stack, who.number, caller=BORIS, hang_up_after_ms=9_000)
    await until_waiting(stack, who, BORIS)
    await tab.until_says("#queues", f"1. {BORIS}")
    await tab.until_says("#queues .members", "talking")
    await tab.until("document.documentElement.scrollWidth === 360", "a phone is wide enough")
    await tab.until("!document.querySelector('.queue')", "nobody waits any more")
    await tab.until_says("#rows", BORIS)
    assert (await first).is_over and (await second).is_over
    await bills(stack, who, 2)


async def test_a_page_that_was_opened_in_the_middle_shows_the_call_as_it_is(stack: Stack, tab: Tab) -> None:
    who = await given_scheme(stack, 1_000, IN_TURN)
    call = dial(stack, who.number, caller=ANNA, hang_up_after_ms=8_000)
    await until_talks(stack, who, ANNA)
    await tab.go(f"{stack.api_url}/live")
    await tab.until_says("#rows .in-state", "talking")
    await tab.until(there("first"), "the scheme of the call is drawn by itself")
    assert (await call).is_over
    await bill(stack, who)
