"""What holds of the books and the bills of any night, whatever happened in it."""

from collections import Counter

from callctl.calls.legs import ANSWER_LAG_MS_MAX, call_id_of
from callctl.calls.records import EndedBy, LegBegan, LegHeld, LegSettled
from callctl.reconcile import NEWS_MS_MAX
from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from callctl.storage.bills import Bill
from rating.pots import BALANCE
from rating.tariff import Rate
from tests.oracle.book import Terms
from tests.oracle.naive import rated_units
from tests.simulation.witnessed import bills_of, differences, seen_in


def check_end(night: Night, scenario: Scenario, seed: int) -> None:
    """Everything came to rest, one bill a hold, and nobody paid for more than was talked."""
    rest = night.lines[-1]
    assert (rest["calls_left"], rest["legs_left"], rest["holds_left"]) == (0, 0, 0), f"seed {seed}: {rest}"
    _check_books(night, seed)
    board = night.switchboard
    assert not board.lines.waiting, f"seed {seed}: a place for nobody"
    assert not board.call_backs.waiting, f"seed {seed}: a promise that nobody keeps"
    held = [record.connection.leg_id for record in night.records if isinstance(record, LegHeld)]
    settled = [record for record in night.records if isinstance(record, LegSettled)]
    assert Counter(held) == Counter(record.leg_id for record in settled), f"seed {seed}: one bill a hold"
    rates = _rates(night)
    for record in settled:
        if record.ended_by is not EndedBy.REPORTED:
            _check_bill(record, rates[record.leg_id], night, scenario, seed)


def check_witnessed(night: Night, scenario: Scenario, seed: int) -> None:
    """Whatever news got lost, the ledger is what the switch's own log says. News that take longer than they
    may overtake each other, and a clock that jumps takes a stamp its age."""
    if scenario.faults.delay_ms_max > NEWS_MS_MAX or scenario.clock_jumps:
        return
    bills = bills_of(night)
    told = {leg_id: [bill] for leg_id, bill in bills.items()}
    found = [one for one in differences(told, seen_in(night)) if not _was_given_up(bills.get(one.leg_id))]
    assert not found, f"seed {seed}: {found}"


def _was_given_up(bill: Bill | None) -> bool:
    """The order to ring was lost, or so it seemed, and the one to hang up was lost indeed."""
    return bill is not None and bill.row.answered_at is None and bill.row.ended_by == EndedBy.SERVICE.value


def _check_books(night: Night, seed: int) -> None:
    """A balance is the sum of its lines, and so is a pot."""
    for account in night.ledger.accounts():
        assert account.balance == night.books.left(account.account_id, BALANCE), f"seed {seed}: {account}"
        assert account.held == 0, f"seed {seed}: {account}"
        for pot in account.pots.values():
            moved = night.books.left(account.account_id, pot.name)
            assert (pot.moved, pot.held) == (moved, 0), f"seed {seed}: {pot} of {account}"


def _rates(night: Night) -> dict[str, Rate | None]:
    """By which each connection was charged: that of its answer, if it was another."""
    rates: dict[str, Rate | None] = {}
    for record in night.records:
        if isinstance(record, LegHeld):
            rates[record.connection.leg_id] = record.rate
        elif isinstance(record, LegBegan) and record.rate:
            rates[record.leg_id] = record.rate
    return rates


def _check_bill(record: LegSettled, rate: Rate | None, night: Night, scenario: Scenario, seed: int) -> None:
    """Against what really happened on the leg, which the switch knows and the switchboard was told late."""
    told = f"seed {seed}: {record}"
    call_id = call_id_of(record.leg_id)
    caller = night.exchange.legs.get(call_id)
    is_way_in = record.leg_id.startswith("leg0-")
    leg = caller if is_way_in else night.exchange.legs.get(record.leg_id)
    faults = scenario.faults
    if leg is None or leg.answered_ms is None or rate is None:
        # That a caller could not be answered may be told when he has been gone for long.
        is_told_late = is_way_in and faults.reject and faults.delay_ms_max > ANSWER_LAG_MS_MAX
        assert record.charge.amount == 0 or is_told_late, told
        return
    if scenario.clock_jumps:
        return  # a stamp from before a jump loses its age: the night's own checks must do
    if record.ended_by is EndedBy.LOST:
        return  # found out by an order or a list, after its news were lost
    # Whichever end was heard first: with news that overtake each other it may be the later one. The way in
    # begins with the target's answer, which is earlier than the caller's own.
    sides = [one for one in night.exchange.legs.values() if call_id_of(one.leg_id) == call_id]
    ended_ms = max(one.ended_ms or 0 for one in sides)
    if record.ended_by not in (EndedBy.CALLER, EndedBy.CALLEE):
        # Somebody may have hung up before: the news of it were on their way, or lost.
        ended_ms += faults.delay_ms_max + (faults.silence_ms_max if faults.silence_every_s else 0)
    answered_ms = min(one.answered_ms for one in sides if one.answered_ms is not None)
    assert record.charge.amount <= _most(rate, max(1, (ended_ms - answered_ms) // 1000)), told


def _most(rate: Rate, seconds: int) -> int:
    terms = rate.terms
    counting = Terms(terms.first_s, 0, terms.next_s, 0, threshold_s=terms.threshold_s, offset=terms.is_offset)
    units = rated_units(counting, seconds)
    return terms.setup_fee + rate.first_price + (units - 1) * rate.next_price if units else 0
