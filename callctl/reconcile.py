"""Ledger against witness, connection by connection: every difference has a name and its money. Pure.

Rule 1: the witness counts by its own clock alone, so one that is off moves nothing; its answer and its end
    of a connection make whole seconds by the rule of every bill (S-3).
Rule 2: a bill is right when its money is what the witness's seconds cost, or the seconds of its own stamps,
    where these are no further from the witness's than news may be on their way.
    Who answered and waits to be joined may be billed from his answer, or from when he was first spoken to:
    while nobody served he was not.
Rule 3: what was not secured is not owed (S-8): where the money ended, or we let somebody go for another
    reason, what was heard until it was done is no difference.
Rule 4: what was charged is what the lines of the ledger say. The bill is a copy that must say the same.
Rule 5: silence of the witness proves something only where its record is whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import ValidationError

from callctl.asterisk.evidence import Channel, Channels
from callctl.calls.connections import CALLERS_OWN
from callctl.calls.legs import call_id_of, leg_id_of
from callctl.calls.records import EndedBy
from callctl.clock import milliseconds
from callctl.storage.bills import Bill, Unsound
from callctl.storage.rows import RATE, LegRow
from rating.charge import Charge, Secured, charge_connection, duration_s
from rating.entries import Entry
from rating.money import show_roubles
from rating.pots import is_gift
from rating.tariff import Rate

# An order or a piece of news on its way to or from Asterisk, on a machine that is busy.
NEWS_MS_MAX = 1_000

NO_END = 10**9  # units

# Their last second is the last that was paid, whatever was heard until they were released.
CUT_BY_US = {end.value for end in (EndedBy.BALANCE, EndedBy.LIMIT, EndedBy.LONGEST)}
# Nobody owes what he heard because an order of ours to hang up was lost, or came late.
LET_GO_BY_US = CUT_BY_US | {EndedBy.SERVICE.value}
UNITS = {"first_unit", "units", "gift"}


class Kind(Enum):
    MISSING = "missing"  # the witness has it, the ledger does not
    DOUBLED = "doubled"  # more than one line for one connection
    LONGER = "longer"  # billed for more than the witness proves
    SHORTER = "shorter"
    NEVER_ENDED = "never_ended"  # one of the two knows no end
    BALANCE = "balance"  # a sum is not that of its lines: edited by hand


@dataclass(frozen=True, slots=True)
class Difference:
    """`kopecks`: what it is worth less what was charged; None: nobody can tell."""

    kind: Kind
    account_id: str
    leg_id: str  # empty: it is the account's
    kopecks: int | None
    what: str
    gift_s: int = 0  # the same of gift seconds


@dataclass(frozen=True, slots=True)
class Talk:
    """What the witness proves of a connection. `ends`: of all channels with which it could end."""

    begin_ms: int
    end_ms: int | None
    ends: tuple[int, ...]
    met_ms: int | None  # since when caller and called were both answered, if they ever were joined
    alone_until_ms: int | None  # before that the one who was called talked to nobody; None: all the time

    @property
    def seconds(self) -> int:
        assert self.end_ms is not None
        return duration_s(self.begin_ms, self.end_ms)

    @property
    def was_met(self) -> bool:
        return self.met_ms is not None and (self.end_ms is None or self.end_ms > self.met_ms)


def is_way_in(leg_id: str) -> bool:
    return leg_id == leg_id_of(call_id_of(leg_id), CALLERS_OWN)


def talk_of(leg_id: str, channels: Mapping[str, Channel]) -> Talk | None:
    """None: it was never answered."""
    caller = channels.get(call_id_of(leg_id), Channel())
    leg = caller if is_way_in(leg_id) else channels.get(leg_id, Channel())
    if leg.answered_ms is None:
        return None
    is_met = caller.answered_ms is not None and (leg is caller or leg.joined_ms is not None)
    met_ms = max(leg.answered_ms, caller.answered_ms or 0) if is_met else None
    sides = channels.values() if is_way_in(leg_id) else (leg, caller)
    ends = tuple(sorted(side.ended_ms for side in sides if side.ended_ms is not None))
    end_ms = caller.ended_ms if is_way_in(leg_id) else min(ends, default=None)
    joined_ms = leg.answered_ms if leg is caller else leg.joined_ms
    alone_until_ms = None if joined_ms is None else max(leg.answered_ms, joined_ms)
    return Talk(leg.answered_ms, end_ms, ends, met_ms, alone_until_ms)


def compare(
    leg_id: str, bills: Sequence[Bill], channels: Channels, *, lacking: Bill | None, is_whole: bool
) -> Difference | None:
    """`lacking`: the bill as it would have been opened, if the ledger has none and somebody can tell.
    `is_whole`: the witness has said all that there was to say.
    """
    talk = talk_of(leg_id, channels)
    if not bills:
        return _missing(leg_id, talk, lacking)
    if len(bills) > 1:
        return _doubled(bills)
    (bill,) = bills
    if bill.row.refusal or bill.row.ended_by == EndedBy.REPORTED.value:
        return None  # never placed; counted by somebody else
    try:
        rate = rate_of(bill.row)
    except ValidationError as error:
        fault = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:2])
        return _difference(Kind.BALANCE, bill, None, f"its terms cannot be read: {fault}")
    if bill.row.ended_at is None:
        return _open(bill, rate, talk, channels)
    if rate is None:
        return None  # inside, or an emergency: nobody pays
    return _settled(bill, rate, talk, is_whole) or _contradicts_itself(bill, rate)


def is_known(leg_id: str, channels: Channels) -> bool:
    """The witness has heard of it."""
    return (call_id_of(leg_id) if is_way_in(leg_id) else leg_id) in channels


def is_proven(bill: Bill, channels: Channels) -> bool:
    """The witness can say what it should have cost; else only silence could, if its record is whole."""
    talk = talk_of(bill.row.leg_id, channels)
    is_free = bill.row.rate is None or not (bill.kopecks or bill.gift_s)
    return is_free or (talk is not None and talk.end_ms is not None)


def compare_balance(unsound: Unsound) -> Difference:
    what = (
        f"edited by hand: the balance is {show_roubles(unsound.balance)}, "
        f"its lines make {show_roubles(unsound.lines)}"
    )
    return Difference(Kind.BALANCE, unsound.account_id, "", unsound.lines - unsound.balance, what)


def compare_stray(line: Entry) -> Difference:
    leg_id = line.reference.partition(":")[0]
    kopecks = 0 if is_gift(line.pot) else line.amount
    what = f"line {line.reference!r} charges a connection that is charged elsewhere, or is none"
    return Difference(Kind.DOUBLED, line.account_id, leg_id, kopecks, what, _gift_s(line))


def total_kopecks(differences: Iterable[Difference]) -> int:
    """Whichever way: what is charged too much here does not make good what is missing there."""
    return sum(abs(one.kopecks or 0) for one in differences)


def rate_of(row: LegRow) -> Rate | None:
    return RATE.validate_python(row.rate) if row.rate else None


def worth(row: LegRow, rate: Rate, seconds: int) -> Charge:
    """What so many seconds cost: as far as the bill goes by its own lines, which say what gifts paid; if
    nothing was left to be secured, no further.
    """
    secured = [
        Secured(line["quantity"], line["what"] == "gift") for line in row.lines if line["what"] in UNITS
    ]
    if not _words(row) & {"capped", "unsecured"}:
        secured.append(Secured(NO_END, False))
    return charge_connection(rate, seconds, secured)


def gift_seconds(rate: Rate, charge: Charge) -> int:
    """That pay for the units which gifts pay."""
    gift_s = units = 0
    for line in charge.lines:
        if line.what == "gift":
            firsts = int(units == 0 and line.quantity > 0)
            gift_s += firsts * rate.terms.first_s + (line.quantity - firsts) * rate.terms.next_s
        units += line.quantity if line.what in UNITS else 0
    return gift_s


def _missing(leg_id: str, talk: Talk | None, lacking: Bill | None) -> Difference | None:
    if talk is None or talk.end_ms is None or not talk.was_met:
        return None
    if lacking is None and is_way_in(leg_id):
        return None  # as with most: the caller pays
    if lacking is None:
        return Difference(
            Kind.MISSING, "", leg_id, None, f"{talk.seconds} s, and nobody can tell whose or where to"
        )
    rate = rate_of(lacking.row)
    if rate is None:
        return None  # inside, or an emergency: nobody pays
    kopecks = worth(lacking.row, rate, talk.seconds).amount - lacking.kopecks
    told = f"{talk.seconds} s to {lacking.row.number} are on no bill"
    if lacking.lines:
        told += ", though the ledger has a line of them"
    return _difference(Kind.MISSING, lacking, kopecks, told)


def _doubled(bills: Sequence[Bill]) -> Difference:
    """Which of them is right nobody can tell; all but the dearest are too much."""
    kopecks = max(bill.kopecks for bill in bills) - sum(bill.kopecks for bill in bills)
    whose = ", ".join(sorted({bill.row.account_id for bill in bills}))
    return _difference(Kind.DOUBLED, bills[0], kopecks, f"{len(bills)} bills, of {whose}")


def _open(bill: Bill, rate: Rate | None, talk: Talk | None, channels: Channels) -> Difference | None:
    caller = channels.get(bill.row.call_id)
    if talk is None or talk.end_ms is None:
        is_over = caller is not None and caller.ended_ms is not None
        return (
            _difference(Kind.NEVER_ENDED, bill, 0, "it was never answered, and has no bill")
            if is_over
            else None
        )
    is_owed = rate and (talk.was_met or bill.row.answered_at)
    kopecks = (worth(bill.row, rate, talk.seconds).amount if rate and is_owed else 0) - bill.kopecks
    return _difference(Kind.NEVER_ENDED, bill, kopecks, f"it ended after {talk.seconds} s, and has no bill")


def _settled(bill: Bill, rate: Rate, talk: Talk | None, is_whole: bool) -> Difference | None:
    row = bill.row
    if row.answered_at is None or _words(row) & {"unanswered", "not_connected"}:
        return _for_nothing(bill, rate, talk)
    if talk is None:
        if not is_whole or not (bill.kopecks or bill.gift_s):
            return None
        told = f"billed for {row.seconds} s, and the witness saw no answer"
        return _difference(Kind.LONGER, bill, -bill.kopecks, told, -bill.gift_s)
    if talk.end_ms is None:
        return (
            _difference(Kind.NEVER_ENDED, bill, 0, "billed, and the witness saw no end") if is_whole else None
        )
    owed = worth(row, rate, talk.seconds)
    for seconds in (talk.seconds, *_own_seconds(row, talk)):
        charge = worth(row, rate, seconds)
        if (charge.amount, gift_seconds(rate, charge)) == (bill.kopecks, bill.gift_s):
            return None
    return _unlike(bill, owed.amount - bill.kopecks, gift_seconds(rate, owed) - bill.gift_s, talk)


def _for_nothing(bill: Bill, rate: Rate, talk: Talk | None) -> Difference | None:
    """Both were answered for longer than an answer and a hang-up can cross: then they met."""
    is_proven = (
        talk is not None
        and talk.met_ms is not None
        and talk.end_ms is not None
        and talk.end_ms - talk.met_ms > NEWS_MS_MAX
    )
    if not is_proven or talk is None:
        too_much = bill.kopecks or bill.gift_s
        told = "charged, though it was never connected"
        return _difference(Kind.LONGER, bill, -bill.kopecks, told, -bill.gift_s) if too_much else None
    owed = worth(bill.row, rate, talk.seconds)
    kopecks, gift_s = owed.amount - bill.kopecks, gift_seconds(rate, owed) - bill.gift_s
    return _unlike(bill, kopecks, gift_s, talk) if kopecks or gift_s else None


def _own_seconds(row: LegRow, talk: Talk) -> Iterable[int]:
    """Of its own stamps, when they and the witness agree as well as they can."""
    assert row.answered_at and row.ended_at
    own_ms = milliseconds(row.ended_at) - milliseconds(row.answered_at)
    is_near = any(_may_last(own_ms, talk, end_ms) for end_ms in talk.ends)
    was_let_go = row.ended_by in LET_GO_BY_US and talk.end_ms is not None
    if is_near or (was_let_go and own_ms < (talk.end_ms or 0) - talk.begin_ms):
        yield max(1, own_ms // 1000)


def _may_last(own_ms: int, talk: Talk, end_ms: int) -> bool:
    least_ms = 0 if talk.alone_until_ms is None else end_ms - talk.alone_until_ms
    return least_ms - NEWS_MS_MAX <= own_ms <= end_ms - talk.begin_ms + NEWS_MS_MAX


def _unlike(bill: Bill, kopecks: int, gift_s: int, talk: Talk) -> Difference:
    kind = Kind.SHORTER if (kopecks, gift_s) > (0, 0) else Kind.LONGER
    told = f"billed for {bill.row.seconds} s, the witness saw {talk.seconds} s"
    return _difference(kind, bill, kopecks, told, gift_s)


def _contradicts_itself(bill: Bill, rate: Rate) -> Difference | None:
    row = bill.row
    units = sum(line["quantity"] for line in row.lines if line["what"] in UNITS)
    talked = units + sum(line["quantity"] for line in row.lines if line["what"] == "capped")
    if units and (row.units != units or rate.terms.units(row.seconds or 0) != talked):
        told = f"edited by hand: its bill says {row.units} units for {row.seconds} s, its lines {units} units"
        return _difference(Kind.BALANCE, bill, 0, told)
    own = -sum(
        line.amount
        for line in bill.lines
        if not is_gift(line.pot) and line.reference.partition(":")[0] == row.leg_id
    )
    stated = row.charge_kopecks or 0
    if own == stated or bill.is_corrected:
        return None
    told = f"edited by hand: its bill says {show_roubles(stated)}, its lines {show_roubles(own)}"
    return _difference(Kind.BALANCE, bill, own - stated, told)


def _difference(kind: Kind, bill: Bill, kopecks: int | None, told: str, gift_s: int = 0) -> Difference:
    return Difference(kind, bill.row.account_id, bill.row.leg_id, kopecks, told, gift_s)


def _words(row: LegRow) -> set[Any]:
    return {line["what"] for line in row.lines}


def _gift_s(line: Entry) -> int:
    return line.amount if is_gift(line.pot) else 0
