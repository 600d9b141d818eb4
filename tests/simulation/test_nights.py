"""Nights on a switch that delays, doubles, drops, refuses and wakes late: the promises hold all the same.

`Night` itself checks after every step that nobody is overdrawn and that no call met a fault of ours.
"""

from collections import Counter

import pytest

from callctl.calls.legs import call_id_of
from callctl.calls.records import EndedBy, LegHeld, LegSettled
from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from tests.simulation.nights import PLANS, draw_night, plans

NIGHTS = 400


@pytest.mark.parametrize("first_seed", range(0, NIGHTS, 50))
def test_everything_comes_to_rest_and_nobody_pays_for_more_than_was_talked(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 50):
        check_night(seed)


def check_night(seed: int) -> None:
    scenario = draw_night(seed, faulty=True)
    night = Night(scenario, plans())
    rest = night.run()[-1]
    assert (rest["calls_left"], rest["legs_left"], rest["holds_left"]) == (0, 0, 0), f"seed {seed}: {rest}"
    _check_books(night, seed)
    held = [record.connection.leg_id for record in night.records if isinstance(record, LegHeld)]
    settled = [record for record in night.records if isinstance(record, LegSettled)]
    assert Counter(held) == Counter(record.leg_id for record in settled), f"seed {seed}: one bill a hold"
    for record in settled:
        _check_bill(record, night, scenario, seed)


def _check_books(night: Night, seed: int) -> None:
    for account in night.ledger.accounts():
        lines = [entry.amount for entry in night.entries.values() if entry.account_id == account.account_id]
        assert account.balance == sum(lines) >= 0, f"seed {seed}: {account}"
        assert account.held == 0, f"seed {seed}: {account}"


def _check_bill(record: LegSettled, night: Night, scenario: Scenario, seed: int) -> None:
    """Against what really happened on the leg, which the switch knows and the switchboard was told late."""
    told = f"seed {seed}: {record}"
    leg = night.exchange.legs.get(record.leg_id)
    if leg is None or leg.answered_ms is None or record.account_id == "":
        assert record.charge.amount == 0, told
        return
    assert leg.ended_ms is not None, told
    if scenario.clock_jumps:
        return  # a stamp from before a jump loses its age: the night's own checks must do
    if record.ended_by is EndedBy.LOST:
        return  # found out by an order or a list, after its news were lost
    caller = night.exchange.legs[call_id_of(record.leg_id)]
    # Whichever side's end was heard first: with news that overtake each other it may be the later one.
    talked_ms = max(leg.ended_ms, caller.ended_ms or 0) - leg.answered_ms
    plan = next(account.plan for account in scenario.accounts if account.id == record.account_id)
    unit_s, price, setup, _ = PLANS[plan]
    most = -(-max(1, talked_ms // 1000) // unit_s) * price + setup
    assert record.charge.amount <= most, f"{told}\nreally talked {talked_ms} ms"
