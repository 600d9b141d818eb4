"""`callctl …` in a real Asterisk's own command line: what is found, what is not, a service that is away."""

import re

import pytest

from callctl.demo.phones import Answers
from tests.e2e.conftest import Bring
from tests.e2e.lines import ANNA, BORIS, until_talks, until_waiting
from tests.e2e.schemes import given_scheme
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.terminal import terminal, typed
from tests.e2e.words import CALLER, account, bill, dial, given_subscriber, until, until_state

pytestmark = pytest.mark.e2e

ACTING = 'asterisk_may = ["operate", "money"]'
WORDS = (
    *("help", "calls", "call x", "balance x", "account x", "number 1", "queues", "queue x", "trunks"),
    *("explain x", "health", "hangup x", "topup x 1 r", "block x", "unblock x", "no-such-word"),
)
OFF = "is off here"
LINE = """
start: support
nodes:
  support:
    kind: queue
    members: [FIRST]
    otherwise: over
  over: {kind: forward, to: [THIRD]}
"""


async def test_help_lists_what_can_be_typed(stack: Stack) -> None:
    shown = await typed(stack, "callctl help")
    assert shown["balance NUMBER|ACCOUNT"] == "balance, held and available money"
    assert await typed(stack, "callctl") == shown
    assert {usage.split()[0] for usage in shown} >= {word.split()[0] for word in WORDS[:-1]}


async def test_what_is_not_there_says_so_by_its_name(stack: Stack) -> None:
    for asked, error in {
        "call x-1": "call 'x-1' is not known",
        "balance 74959999999": "no account '74959999999'",
        "account nobody": "no account 'nobody'",
        "number 74959999999": "number '74959999999' is nobody's here",
        "queue nothing": "nobody waits in a queue 'nothing'",
        "explain leg1-x": "no connection 'leg1-x'",
        "calls 2": "no page 2: the last is 1",
        "calls first": "'first' is no page",
        "balance": "type it as `callctl balance NUMBER|ACCOUNT`",
        "health now": "type it as `callctl health`",
        "dance": "there is no `callctl dance`",
    }.items():
        shown = await typed(stack, f"callctl {asked}")
        assert list(shown) == ["error"], shown
        assert error in shown["error"]


async def test_a_call_is_seen_while_it_runs_and_when_it_is_over(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    mine = dial(stack, who.number, hang_up_after_ms=3_000)
    live = await until_state(stack, who, "talking")
    listed = (await typed(stack, f"callctl calls 1 {who.account_id}"))["calls"].splitlines()
    assert listed[0] == "1 running, RUB, Moscow time"
    assert listed[1].split()[:6] == ["CALL", "FROM", "NUMBER", "TARGET", "STATE", "NODE"]
    assert listed[2].split()[:6] == [live["call_id"], CALLER, who.number, who.target, "talking", "ring"]
    assert listed[2].split()[-2:] == [who.account_id, "9.00"]
    one = await typed(stack, f"callctl call {live['leg_id']}")
    assert (one["call"], one["state"], one["node"]) == (live["call_id"], "talking", "ring")
    assert (one["held"], one["available"]) == ("1.00", "9.00")
    assert "ring" in one["way"]
    assert (await typed(stack, f"callctl account {who.account_id}"))["calls now"] == "1"
    assert (await typed(stack, f"callctl number {who.number}"))["calls now"] == "1"
    await mine
    leg = await bill(stack, who)
    past = await typed(stack, f"callctl call {live['call_id']}")
    assert past["state"].startswith("over")
    assert past["connections"].splitlines()[2].split()[:4] == [
        leg["leg_id"],
        who.target,
        str(leg["seconds"]),
        "1.00",
    ]
    told = (await typed(stack, f"callctl explain {leg['leg_id']}"))["explain"]
    assert who.target in told and "1.00 RUB" in told


async def test_accounts_numbers_trunks_and_the_service_are_seen(stack: Stack) -> None:
    who = await given_subscriber(stack, 12_345)
    shown = await typed(stack, f"callctl account {who.account_id}")
    assert (shown["plan"], shown["standing"], shown["balance"]) == ("demo/six", "active", "123.45")
    assert (shown["numbers"], shown["calls now"]) == (who.number, "0")
    shown = await typed(stack, f"callctl number +{who.number}")
    assert (shown["account"], shown["starts at"], shown["scheme version"]) == (who.account_id, "ring", "1")
    trunks = (await typed(stack, "callctl trunks"))["trunks"].splitlines()
    assert [line.split()[:3] for line in trunks[2:]] == [
        ["carrier", "up", f"sip:127.0.0.1:{stack.carrier.port}"],
        ["spare", "up", f"sip:127.0.0.1:{stack.spare.port}"],
    ]
    health = await typed(stack, "callctl health")
    assert (health["status"], health["ari"], health["database"]) == ("ok", "yes", "yes")
    assert re.fullmatch(r"\d+", health["calls"])


async def test_who_waits_in_a_line_is_seen_in_its_queue(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200, rtp=True))
    who = await given_scheme(stack, 1_000, LINE)
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=5_000)
    await until_talks(stack, who, ANNA)
    second = dial(stack, who.number, caller=BORIS, give_up_after_ms=3_000)
    await until_waiting(stack, who, BORIS)
    (line,) = [
        line
        for line in (await typed(stack, "callctl queues"))["queues"].splitlines()
        if who.account_id in line
    ]
    assert line.split()[:3] == ["support", who.account_id, "1"]
    shown = await typed(stack, f"callctl queue support {who.account_id}")
    assert BORIS in shown["waiting"] and "talking" in shown["members"]
    await second
    await first
    shown = await typed(stack, f"callctl queue support {who.account_id}")
    assert shown["waiting"] == "0"


async def test_nobody_acts_without_a_token_in_the_settings(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    for act in (f"topup {who.account_id} 5 r-1", f"block {who.account_id}", "unblock x", "hangup x"):
        assert OFF in (await typed(stack, f"callctl {act}"))["error"]
    shown = await account(stack, who)
    assert (shown["balance_kopecks"], shown["standing"]) == (1_000, "active")


async def test_with_the_token_calls_are_ended_payments_taken_accounts_blocked(bring: Bring) -> None:
    stack = await bring("acting", ACTING)
    who = await given_subscriber(stack, 1_000)
    mine = dial(stack, who.number)
    live = await until_state(stack, who, "talking")
    assert (await typed(stack, f"callctl hangup {live['call_id']}"))["done"] == "it is being released"
    assert (await mine).is_over
    assert (await bill(stack, who))["ended_by"] == "service"
    for done in ("5.00 RUB taken", "was there already, nothing changed"):
        shown = await typed(stack, f"callctl topup {who.account_id} 5 bank-1")
        assert (shown["done"], shown["balance"]) == (f"payment bank-1: {done}", "14.00")
    assert "is known already" in (await typed(stack, f"callctl topup {who.account_id} 6 bank-1"))["error"]
    for wrong in ("0", "-5", "5,001", "x"):
        assert "no payment" in (await typed(stack, f"callctl topup {who.account_id} {wrong} bank-2"))["error"]
    assert (await typed(stack, f"callctl block {who.account_id}"))["standing"] == "suspended_full"
    await dial(stack, who.number)
    assert (await account(stack, who))["balance_kopecks"] == 1_400
    assert (await typed(stack, f"callctl unblock {who.account_id}"))["standing"] == "active"
    assert "no call" in (await typed(stack, f"callctl hangup {live['call_id']}"))["error"]
    emergency = dial(stack, "112", hang_up_after_ms=3_000)
    calls: list[Json] = []

    async def is_talking() -> bool:
        calls[:] = [call for call in await stack.get("/calls") if call["state"] == "talking"]
        return bool(calls)

    await until(is_talking, "somebody talks to 112")
    assert "it is nobody's to end" in (await typed(stack, f"callctl hangup {calls[0]['call_id']}"))["error"]
    assert (await emergency).ended_by == "here"


async def test_a_service_that_is_away_does_not_look_like_something_that_is_missing(bring: Bring) -> None:
    stack = await bring()
    who = await given_subscriber(stack, 100)
    await stop_service(stack)
    for word in (*WORDS, f"balance {who.number}"):
        shown = await typed(stack, f"callctl {word}")
        assert list(shown) == ["error"], (word, shown)
        assert f"the callctl service at {stack.note['api']} does not answer" in shown["error"]
    async with serve_again(stack, stack.settings_file):
        assert (await typed(stack, f"callctl balance {who.number}"))["balance"] == "1.00"


async def test_a_person_at_a_terminal_has_words_completed(stack: Stack) -> None:
    who = await given_subscriber(stack, 777)
    async with terminal(stack) as screen:
        screen.press("callctl \t\t")
        listed = await screen.until("unblock")
        assert {word.split()[0] for word in WORDS[:-1]} <= set(listed.split())
        screen.press(f"b\t\x15callctl bal\t{who.number}\n")
        assert "7.77" in await screen.until("RUB")


async def test_what_is_typed_and_what_is_shown_breaks_no_row(stack: Stack) -> None:
    for typed_in in (
        'account a"b "c',
        "account ) ${ENV(PATH)} (",
        "account a&error=b%00%0A",
        "account x\nerror",
        "account \x1b[31mred",
        "account x,y;z\\",
        "account имя",
        "balance 1 2 3",
        "account " + "x" * 400,
    ):
        printed = await stack.asterisk_cli(f"callctl {typed_in}")
        assert "\x1b" not in printed and printed.count("\n") <= 4, printed
        assert "  error  " in printed, printed


async def test_a_balance_is_asked_by_number_or_account(stack: Stack) -> None:
    who = await given_subscriber(stack, 12_345)
    for asked in (who.number, who.account_id):
        assert await typed(stack, f"callctl balance {asked}") == {
            "number": asked,
            "account": who.account_id,
            "plan": "demo/six",
            "balance": "123.45",
            "held": "0.00",
            "available": "123.45",
            "currency": "RUB",
        }
