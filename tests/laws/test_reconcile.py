"""One bill against what the witness saw of its connection: when it is right, and when not, by how much."""

from dataclasses import asdict, replace

import pytest

from callctl.asterisk.evidence import Channel
from callctl.calls.records import EndedBy
from callctl.clock import moment
from callctl.reconcile import Difference, compare
from callctl.storage.bills import Bill
from callctl.storage.rows import RATE, LegRow
from rating.charge import Charge, Secured, charge_connection, charge_nothing
from rating.entries import Entry, EntryKind
from rating.pots import Draw, gift_pot
from tests.plans import rate

NOON_MS = 1_790_000_000_000
CALL, LEG = "host-1.1", "leg1-host-1.1"
SIX = rate(100, unit_s=6)
BALANCE, CALLER, LOST = EndedBy.BALANCE, EndedBy.CALLER, EndedBy.LOST


def a_bill(charge: Charge, talked_ms: int, ended_by: EndedBy = CALLER, leg_id: str = LEG) -> Bill:
    lines = [
        Entry(
            "ann",
            f"{leg_id}:{draw.pot}" if draw.pot else leg_id,
            EntryKind.CONNECTION,
            -draw.amount,
            0,
            draw.pot,
        )
        for draw in charge.draws
    ]
    row = LegRow(
        account_id="ann",
        leg_id=leg_id,
        call_id=CALL,
        caller="74951110000",
        number="79161110002",
        line="74951234567",
        held_at=moment(NOON_MS - 5_000),
        held_kopecks=100,
        rate=RATE.dump_python(SIX, mode="json"),
        answered_at=moment(NOON_MS),
        ended_at=moment(NOON_MS + talked_ms),
        seconds=charge.seconds,
        units=charge.units,
        charge_kopecks=charge.amount,
        vat_kopecks=0,
        lines=tuple(asdict(line) for line in charge.lines),
        draws=tuple(asdict(draw) for draw in charge.draws),
        ended_by=ended_by.value,
        cause=16,
        refusal=None,
    )
    return Bill(row, tuple(lines))


def charged(seconds: int, units: int = 1_000, gifts: int = 0) -> Charge:
    """Of so many units that were secured, the first of them gifts."""
    secured = [Secured(gifts, True), Secured(units - gifts, False)]
    charge = charge_connection(SIX, seconds, secured)
    gift_s = min(gifts, charge.units) * 6
    draws = [Draw(gift_pot("2026-09"), gift_s), Draw("", charge.amount)]
    charge.draws = tuple(draw for draw in draws if draw.amount)
    return charge


def seen(answered_ms: int, leg_ms: int | None, caller_ms: int | None, met_ms: int = 2) -> dict[str, Channel]:
    """Moments of the witness's own clock."""
    leg = Channel(0, answered_ms, None if leg_ms is None else answered_ms + leg_ms, joined_ms=0)
    caller = Channel(0, answered_ms + met_ms, None if caller_ms is None else answered_ms + caller_ms)
    return {LEG: leg, CALL: caller}


def judged(bill: Bill, channels: dict[str, Channel]) -> tuple[str, int | None, int] | None:
    found: Difference | None = compare(bill.row.leg_id, [bill], channels, lacking=None, is_whole=True)
    return (found.kind.value, found.kopecks, found.gift_s) if found else None


# The bill; when leg and caller hung up by the witness, in ms from the answer | kind, kopecks, gift seconds
TABLE: dict[str, tuple[Bill, tuple[int | None, int | None], tuple[str, int, int] | None]] = {
    "the same": (a_bill(charged(18), 18_400), (18_400, 18_400), None),
    "the first of two ends counts": (a_bill(charged(18), 18_400), (60_000, 18_400), None),
    "stamps a little apart, and a second between": (a_bill(charged(18), 18_990), (19_010, 19_300), None),
    "stamps a little apart the other way": (a_bill(charged(19), 19_010), (18_990, 19_300), None),
    "other seconds, the same units": (a_bill(charged(14), 14_000), (17_000, 17_000), None),
    "a unit too few": (a_bill(charged(18), 18_400), (23_000, 23_000), ("shorter", 100, 0)),
    "a unit too many": (a_bill(charged(24), 24_000), (18_400, 18_500), ("longer", -100, 0)),
    "as the witness has it, against its own stamps": (a_bill(charged(24), 3_000), (24_000, 24_000), None),
    "released late when the money ended": (a_bill(charged(18), 18_002, BALANCE), (25_000, 25_100), None),
    "cut by money, and longer than talked": (
        a_bill(charged(18), 18_002, BALANCE),
        (11_000, 11_000),
        ("longer", -100, 0),
    ),
    "talked on without money": (a_bill(charged(60, units=3), 60_000, LOST), (60_000, 60_000), None),
    "not secured, and shorter": (
        a_bill(charged(60, units=3), 60_000, LOST),
        (11_000, 11_000),
        ("longer", -100, 0),
    ),
    "nothing was secured": (
        a_bill(charge_nothing("unsecured", "S-8", 60), 60_000, LOST),
        (60_000, 60_000),
        None,
    ),
    "a gift for too long": (a_bill(charged(18, gifts=3), 18_000), (11_000, 11_000), ("longer", 0, -6)),
    "a gift and then money, too long": (
        a_bill(charged(24, gifts=2), 24_000),
        (5_000, 5_000),
        ("longer", -200, -6),
    ),
    "a gift, and then too short": (
        a_bill(charged(12, gifts=2), 12_000),
        (18_000, 18_000),
        ("shorter", 100, 0),
    ),
    "for nothing, and they met": (
        a_bill(charge_nothing("not_connected", "S-15"), 0),
        (7_000, 7_000),
        ("shorter", 200, 0),
    ),
    "for nothing, answer and hang-up crossed": (
        a_bill(charge_nothing("not_connected", "S-15"), 0),
        (900, 900),
        None,
    ),
    "no end": (a_bill(charged(18), 18_000), (None, None), ("never_ended", 0, 0)),
}


@pytest.mark.parametrize(("bill", "ends", "difference"), TABLE.values(), ids=TABLE)
def test_a_bill_against_what_the_witness_saw(
    bill: Bill, ends: tuple[int | None, int | None], difference: tuple[str, int, int] | None
) -> None:
    assert judged(bill, seen(NOON_MS, *ends)) == difference
    assert judged(bill, seen(NOON_MS - 7_200_000, *ends)) == difference, "whatever its clock shows"


def test_a_way_in_may_end_with_whoever_was_talked_to() -> None:
    way_in = a_bill(charged(18), 18_000, leg_id="leg0-host-1.1")
    assert judged(way_in, seen(NOON_MS, 18_000, 25_000)) is None
    assert judged(way_in, seen(NOON_MS, 11_000, 26_000)) == ("shorter", 200, 0)
    assert judged(way_in, seen(NOON_MS, 11_000, 12_000)) == ("longer", -100, 0)


def test_a_row_that_cannot_be_read_is_named_and_stops_nothing() -> None:
    bill = a_bill(charged(18), 18_000)
    broken = Bill(replace(bill.row, rate={"terms": 5}), bill.lines)
    found = compare(LEG, [broken], seen(NOON_MS, 18_000, 18_000), lacking=None, is_whole=True)
    assert found and found.kopecks is None and "its terms cannot be read: terms: " in found.what


@pytest.mark.parametrize(
    ("own_ms", "is_right"), [(30_000, True), (17_000, True), (12_000, True), (9_000, False), (36_500, False)]
)
def test_who_was_called_alone_may_be_billed_from_whenever_he_was_spoken_to(
    own_ms: int, is_right: bool
) -> None:
    """Answered, spoken to 13 s later, joined 5 s after that, and 12 s to talk."""
    bill = a_bill(charged(own_ms // 1000), own_ms)
    channels = {LEG: Channel(0, 5, 30_005, joined_ms=18_005), CALL: Channel(0, 5, 30_005)}
    assert (judged(bill, channels) is None) is is_right


def test_a_caller_is_never_alone() -> None:
    bill = a_bill(charged(17), 17_000)
    row = replace(bill.row, leg_id=f"leg0-{CALL}")
    channels = {CALL: Channel(0, 5, 30_005, joined_ms=18_005)}
    assert judged(Bill(row, bill.lines), channels) == ("shorter", 200, 0)


LACKED: dict[str, tuple[dict[str, Channel], tuple[str, int | None] | None]] = {
    "both answered": (seen(NOON_MS, 7_000, 7_000), ("missing", 200)),
    "the caller was gone before": (seen(NOON_MS, 7_000, 0), None),
    "still talking": (seen(NOON_MS, None, None), None),
    "nobody was joined": ({LEG: Channel(0, 5, 7_005), CALL: Channel(0, 5, 7_005)}, None),
    "the caller was never answered": (
        {LEG: Channel(0, 5, 7_005, joined_ms=0), CALL: Channel(0, None, 7_005)},
        None,
    ),
    "the target was never answered": ({LEG: Channel(0, None, 7_005), CALL: Channel(0, 5, 7_005)}, None),
}


@pytest.mark.parametrize(("channels", "difference"), LACKED.values(), ids=LACKED)
def test_the_ledger_lacks_what_both_sides_answered(
    channels: dict[str, Channel], difference: tuple[str, int | None] | None
) -> None:
    row = replace(a_bill(charged(7), 7_000).row, lines=(), draws=(), ended_at=None, answered_at=None)
    for lacking, kopecks in ((Bill(row), difference and difference[1]), (None, None)):
        found = compare(LEG, [], channels, lacking=lacking, is_whole=True)
        assert (found and (found.kind.value, found.kopecks)) == (difference and (difference[0], kopecks))
