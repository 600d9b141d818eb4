"""What operators look at: the commands, Prometheus."""

import json

import pytest

from tests.e2e.stacks import Stack
from tests.e2e.words import bill, dial, given_subscriber, until_state

pytestmark = pytest.mark.e2e

# The contract of `callctl cdr --json`.
LEG_FIELDS = {"call_id", "leg_id", "from", "to", "answered_at", "ended_at", "seconds", "units"}
LEG_FIELDS |= {"charge_kopecks", "ended_by", "cause"}
PROMETHEUS_NAMES = {
    "callctl_calls",
    "callctl_calls_arrived_total",
    "callctl_calls_unknown_number_total",
    "callctl_connections_ended_total",
    "callctl_connections_refused_total",
    "callctl_second_cuts_total",
    "callctl_charged_kopecks_total",
    "callctl_held_kopecks",
    "callctl_holds",
    "callctl_added_delay_seconds_bucket",
    "callctl_cut_lateness_seconds_bucket",
    "callctl_ledger_records_total",
    "callctl_ledger_transactions_total",
    "callctl_ledger_records_waiting",
    "callctl_connection_up",
    "callctl_connection_lost_total",
    "callctl_orders_refused_total",
    "callctl_faults_total",
    "callctl_event_lag_seconds_bucket",
}


async def test_a_call_is_seen_live_and_afterwards_by_the_commands(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    where = ("--state", str(stack.state))
    call = dial(stack, who.number, hang_up_after_ms=15_000)
    await until_state(stack, who, "talking")
    (live,) = json.loads(await stack.callctl("calls", "--json", *where))
    assert (live["account_id"], live["target"], live["state"]) == (who.account_id, who.target, "talking")
    assert live["held_kopecks"] >= 100
    assert live["held_kopecks"] + live["available_kopecks"] == 1_000
    await call
    await bill(stack, who)
    (leg,) = json.loads(await stack.callctl("cdr", "--account", who.account_id, "--json", *where))
    assert leg.keys() >= LEG_FIELDS
    assert leg["charge_kopecks"] == 300
    assert "3.00" in await stack.callctl("explain", leg["leg_id"], "--lang", "en", *where)


async def test_who_watches_sees_the_balance_run_down_until_the_call_is_ended_by_hand(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    where = ("--state", str(stack.state))
    mine = dial(stack, who.number)
    live = await until_state(stack, who, "talking")
    watch = ("calls", "--watch", "--every", "0.5", "--times", "16", "--json")
    seen = [json.loads(line) for line in (await stack.callctl(*watch, *where)).splitlines()]
    mine_seen = [call for calls in seen for call in calls if call["call_id"] == live["call_id"]]
    assert len(mine_seen) == 16
    left = [call["available_kopecks"] for call in mine_seen]
    assert left == sorted(left, reverse=True) and (left[0], left[-1]) == (900, 800)
    assert who.number in await stack.callctl("top", *where)
    assert who.target in await stack.callctl("call", live["leg_id"], *where)
    assert "is being released" in await stack.callctl("hangup", live["call_id"], *where)
    assert (await mine).is_over
    assert (await bill(stack, who))["ended_by"] == "service"


async def test_trunks_and_health_are_told(stack: Stack) -> None:
    where = ("--state", str(stack.state))
    trunks = json.loads(await stack.callctl("trunks", "--json", *where))
    assert [(trunk["name"], trunk["state"], trunk["is_emergency"]) for trunk in trunks] == [
        ("carrier", "up", True),
        ("spare", "up", False),
    ]
    assert "status: ok" in await stack.callctl("health", *where)


async def test_prometheus_counts_what_happens(stack: Stack) -> None:
    who, poor = await given_subscriber(stack, 1_000), await given_subscriber(stack, 0)
    before = await stack.metrics()
    assert {name.partition("{")[0] for name in before} >= PROMETHEUS_NAMES
    await dial(stack, who.number, hang_up_after_ms=500)
    await bill(stack, who)
    await dial(stack, poor.number)
    await bill(stack, poor)
    await dial(stack, "74959999999")
    after = await stack.metrics()
    moved = {name: after[name] - before[name] for name in after if after[name] != before.get(name)}
    for name, by in {
        "callctl_calls_arrived_total": 3,
        "callctl_calls_unknown_number_total": 1,
        'callctl_connections_ended_total{by="caller"}': 1,
        'callctl_connections_ended_total{by="refused"}': 1,
        'callctl_connections_refused_total{reason="not_enough"}': 1,
        "callctl_charged_kopecks_total": 100,
        "callctl_added_delay_seconds_count": 1,
        "callctl_ledger_records_total": 7,
    }.items():
        assert moved.get(name) == by, name
