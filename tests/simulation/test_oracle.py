"""Without faults, the switchboard and a brute-force oracle agree on every charge, cut and balance."""

import pytest

from callctl.calls.records import EndedBy, LegSettled
from callctl.clock import milliseconds
from callctl.simulate.night import Night
from tests.simulation.nights import PLANS, draw_night, plans
from tests.simulation.oracle import Oracle, OracleCall, Terms

NIGHTS = 400
SECONDS = 500


@pytest.mark.parametrize("first_seed", range(0, NIGHTS, 50))
def test_charges_cuts_and_balances_are_those_of_the_oracle(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 50):
        _compare(seed)


def _compare(seed: int) -> None:
    scenario = draw_night(seed, faulty=False)
    night = Night(scenario, plans())
    night.run()
    plan_of = {account.id: account.plan for account in scenario.accounts}
    account_of = {number.number: number.account for number in scenario.numbers}
    oracle = Oracle(
        terms={account: Terms(*PLANS[plan]) for account, plan in plan_of.items()},
        balances={account.id: account.balance for account in scenario.accounts},
        calls=[
            OracleCall(
                number=number,
                account=account_of[call.to],
                at=call.at // 1000,
                answer=call.answer // 1000 if isinstance(call.answer, int) else None,
                busy=call.answer in ("busy", "unreachable"),
                hang_up=call.hang_up // 1000 if isinstance(call.hang_up, int) else SECONDS,
            )
            for number, call in enumerate(scenario.calls, 1)
            if call.to in account_of
        ],
        payments=[(payment.at // 1000, payment.account, payment.amount) for payment in scenario.payments],
    )
    oracle.calls.sort(key=lambda call: (call.at, call.number))  # older calls first
    oracle.run(SECONDS)
    start_ms = milliseconds(scenario.start)
    settled = {record.leg_id: record for record in night.records if isinstance(record, LegSettled)}
    for call in oracle.calls:
        record = settled.get(f"leg1-sim-{call.number}")
        told = f"seed {seed}, call {call.number}: {call}\n{record}"
        assert (record is None) == (call.state == "refused"), told
        if record is None:
            continue
        assert record.charge.amount == call.charge, told
        if call.state == "settled":
            assert record.charge.seconds == call.seconds, told
            assert (record.ended_by is EndedBy.BALANCE) == call.cut, told
            assert record.ended_at_ms == start_ms + call.ended_at * 1000, told
    balances = {account.account_id: account.balance for account in night.ledger.accounts()}
    assert balances == oracle.balances, f"seed {seed}"
