"""A night as its switch saw it and as its ledger has it, in the words of the comparison."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from callctl.asterisk.evidence import Channel, Evidence
from callctl.calls.legs import call_id_of
from callctl.calls.records import EndedBy, LegBegan, LegHeld, LegSettled
from callctl.clock import moment
from callctl.inspection import legs_of
from callctl.reconcile import Difference, compare
from callctl.simulate.exchange import Exchange
from callctl.simulate.night import Night
from callctl.storage.bills import Bill
from callctl.storage.rows import RATE, opened_row

NOTHING: Mapping[str, Bill] = {}


def seen_in(night: Night) -> Evidence:
    return seen_by(night.exchange)


def seen_by(exchange: Exchange) -> Evidence:
    evidence = Evidence()
    for leg in exchange.legs.values():
        channels = evidence.calls.setdefault(call_id_of(leg.leg_id), {})
        told = leg.since_ms, leg.answered_ms, leg.ended_ms, leg.call.caller, leg.joined_ms
        channels[leg.leg_id] = Channel(*told, leg.number)
    return evidence


def bills_of(night: Night) -> dict[str, Bill]:
    """By leg; those that were talked on the switch, not reported by others."""
    bills: dict[str, Bill] = {}
    for record in night.records:
        match record:
            case LegHeld():
                bills[record.connection.leg_id] = Bill(opened_row(record))
            case LegBegan():
                row = bills[record.leg_id].row
                rate = RATE.dump_python(record.rate, mode="json") if record.rate else row.rate
                bills[record.leg_id] = Bill(replace(row, answered_at=moment(record.at_ms), rate=rate))
            case LegSettled() if record.ended_by is EndedBy.REPORTED:
                bills.pop(record.leg_id)
            case LegSettled():
                bills[record.leg_id] = settled(bills[record.leg_id], record)
            case _:
                pass
    return bills


def settled(bill: Bill, record: LegSettled) -> Bill:
    charge = record.charge
    row = replace(
        bill.row,
        ended_at=moment(record.ended_at_ms),
        seconds=charge.seconds,
        units=charge.units,
        charge_kopecks=charge.amount,
        vat_kopecks=charge.vat,
        lines=tuple(asdict(line) for line in charge.lines),
        draws=tuple(asdict(draw) for draw in charge.draws),
        ended_by=record.ended_by.value,
        cause=record.cause,
    )
    return Bill(row, record.entries)


def differences(
    bills: dict[str, list[Bill]], evidence: Evidence, lacking: Mapping[str, Bill] = NOTHING
) -> Iterator[Difference]:
    """Of the whole night."""
    calls = evidence.calls
    spoken = {leg_id for call_id, channels in calls.items() for leg_id in legs_of(call_id, channels)}
    for leg_id in sorted(spoken | set(bills)):
        channels = calls.get(call_id_of(leg_id), {})
        opened = lacking.get(leg_id)
        if found := compare(leg_id, bills.get(leg_id, []), channels, lacking=opened, is_whole=True):
            yield found
