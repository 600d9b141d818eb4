"""What holds after a night with deaths, whoever died and when: the ledger against what the switch saw.

Rule 1: a connection is proven when both of its sides were answered. It has one bill, for what was talked, or
    for what could be secured of it.
Rule 2: whoever was never answered has nothing to pay.
"""

from collections.abc import Iterator

from callctl.calls.connections import CALLERS_OWN
from callctl.calls.legs import call_id_of, is_leg_id, leg_id_of
from callctl.reconcile import CUT_BY_US, Kind
from callctl.simulate.legs import SimulatedLeg
from callctl.storage.bills import Bill
from callctl.storage.rows import RATE, LegRow
from rating.charge import duration_s
from rating.entries import Entry
from rating.pots import BALANCE
from tests.simulation.lives import Lives
from tests.simulation.witnessed import differences, seen_by


def check(night: Lives) -> None:
    _tell(night, faults_of(night))


def check_rest(night: Lives) -> None:
    """What holds even when the switch errs, and tells what it did too late."""
    _tell(night, [*_unrest(night), *_wrong_books(night)])


def _tell(night: Lives, faults: list[str]) -> None:
    assert not faults, "\n".join([f"deaths at {night.deaths}", *faults])


def faults_of(night: Lives) -> list[str]:
    return [
        *_unrest(night),
        *_wrong_books(night),
        *_wrong_bills(night),
        *_unbilled(night),
        *_differences(night),
    ]


def _unrest(night: Lives) -> Iterator[str]:
    life, store = night.life, night.store
    if alive := night.exchange.legs_alive:
        yield f"legs left: {alive}"
    if life.switchboard.calls_running:
        yield f"calls left: {life.switchboard.live()}"
    if life.ledger.holds_open:
        yield f"holds left: {list(life.ledger.holds())}"
    if life.switchboard.lines.waiting:
        yield "a place for nobody"
    if open_legs := store.open_legs():
        yield f"never settled: {[leg.leg_id for leg in open_legs]}"


def _wrong_books(night: Lives) -> Iterator[str]:
    store, charged = night.store, dict[tuple[str, str], int]()
    yield from store.clashes
    yield from store.overdrawn
    for account in night.life.ledger.accounts():
        left = store.books.left(account.account_id, BALANCE)
        if (account.balance, account.held) != (left, 0):
            yield f"{account} beside {left} in the store"
        for pot in account.pots.values():
            if (pot.moved, pot.held) != (store.books.left(account.account_id, pot.name), 0):
                yield f"{pot} of {account}"
    for leg in store.settled():
        for draw in leg.draws:
            reference = f"{leg.leg_id}:{draw['pot']}" if draw["pot"] else leg.leg_id
            charged[leg.account_id, reference] = -draw["amount"]
    stands = {
        key: entry.amount for key, entry in store.books.entries.items() if entry.kind.value == "connection"
    }
    if stands != {key: amount for key, amount in charged.items() if amount}:
        yield f"lines {stands} beside bills {charged}"


def _wrong_bills(night: Lives) -> Iterator[str]:
    for row in night.store.settled():
        leg, _ = _sides(night, row.leg_id)
        told = f"{row.leg_id}: {row.seconds} s, {row.units} units, {row.charge_kopecks}, {row.ended_by}"
        if not row.charge_kopecks:
            continue
        if leg is None or leg.answered_ms is None:
            yield f"{told}; never answered"
            continue
        assert row.seconds is not None and row.units is not None and row.rate
        rate = RATE.validate_python(row.rate)
        most = max(1, duration_s(leg.answered_ms, leg.ended_ms or night.now_ms))
        if row.seconds > most or row.units > rate.terms.units(most):
            yield f"{told}; it was up for {most} s"


def _unbilled(night: Lives) -> Iterator[str]:
    """Where the switch saw two people talk, or a caller of a toll-free number who was answered."""
    rows = {row.leg_id: row for row in night.store.settled()}
    for leg_id in [
        *night.exchange.talked,
        *(leg_id_of(call_id, CALLERS_OWN) for call_id in night.exchange.legs),
    ]:
        leg, caller = _sides(night, leg_id)
        if not is_leg_id(leg_id) or leg is None or caller is None or leg.answered_ms is None:
            continue
        if leg is caller and leg_id not in night.world.paid:
            continue
        least_ms, most_ms = [ended_ms - leg.answered_ms for ended_ms in _ends(night, leg, caller)]
        if least_ms == 0:
            continue
        row = rows.get(leg_id)
        if row is None:
            if leg_id in night.world.paid:
                yield f"{leg_id}: {least_ms} ms talked, no bill"
            continue
        assert row.seconds is not None
        talked_s = max(row.seconds, duration_s(0, least_ms))
        told = f"{leg_id}: {least_ms} ms talked, billed {row.seconds} s, {row.units} units, {row.ended_by}"
        if row.ended_by in CUT_BY_US:
            least_ms = min(least_ms, row.seconds * 1000)  # found out late: what was not secured is not owed
        if not duration_s(0, least_ms) <= row.seconds <= duration_s(0, most_ms):
            yield told
        elif _is_short(night, row, talked_s):
            yield f"{told}, though there was money"


def _ends(night: Lives, leg: SimulatedLeg, caller: SimulatedLeg) -> tuple[int, int]:
    """Between which the connection ended. Who is alone after the last talk has no way in to pay."""
    ended_ms = min(leg.ended_ms or night.now_ms, caller.ended_ms or night.now_ms)
    if leg is not caller:
        return ended_ms, ended_ms
    talks = [one for one in night.exchange.legs.values() if one.leg_id in night.exchange.talked]
    mine = [one for one in talks if one is not caller and call_id_of(one.leg_id) == caller.leg_id]
    last = max(mine, key=lambda one: one.answered_ms or 0, default=caller)
    return min(ended_ms, last.ended_ms or ended_ms), ended_ms


def _differences(night: Lives) -> Iterator[str]:
    """What the service itself would name. Of what costs nothing the record may be lost: it waits for none."""
    bills: dict[str, list[Bill]] = {}
    for row in night.store.all_legs():
        entries = night.store.books.entries.values()
        bills[row.leg_id] = [Bill(row, tuple(one for one in entries if _is_about(one, row)))]
    for found in differences(bills, seen_by(night.exchange)):
        if found.kind is not Kind.MISSING or found.leg_id in night.world.paid:
            yield str(found)


def _is_about(entry: Entry, row: LegRow) -> bool:
    return entry.account_id == row.account_id and entry.reference.partition(":")[0] == row.leg_id


def _is_short(night: Lives, row: LegRow, seconds: int) -> bool:
    """Of what the account could have paid."""
    rate = RATE.validate_python(row.rate) if row.rate else None
    others = [one for one in night.store.settled() if one.leg_id != row.leg_id and one.charge_kopecks]
    if rate is None or row.units == rate.terms.units(seconds):
        return False
    if any((one.call_id, one.ended_at) == (row.call_id, row.ended_at) for one in others):
        return False  # what is paid twice ends as soon as either way cannot be paid
    return night.world.left[row.leg_id] >= (rate.next_price if row.units else rate.first_price)


def _sides(night: Lives, leg_id: str) -> tuple[SimulatedLeg | None, SimulatedLeg | None]:
    """The leg of a connection and the caller's; of the way in both are the same."""
    legs = night.exchange.legs
    caller = legs.get(call_id_of(leg_id))
    return (caller if leg_id.startswith("leg0-") else legs.get(leg_id)), caller
