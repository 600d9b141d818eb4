"""Lines of the ledger that no connection makes: payments and what puts them right, guarantees, discounts.

Rule 1: every line has a reference; the same again is no news, with other content it is a clash.
Rule 2: a month's discount grows by further lines (`…/2`, `…/3`); what was posted too much is told, not taken.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count

from callctl.complaint import Clash, Complaint, Missing
from callctl.storage.database import Connection
from callctl.storage.entries import read_entry
from callctl.storage.rows import count_unsettled, read_priced
from callctl.storage.till import Till, write_entries
from rating.calendar import month_of
from rating.discount import discount_entries
from rating.entries import Entry, EntryKind, grant_entries
from rating.ledger import Account
from rating.money import ZERO, Money, show_roubles
from rating.pots import Ask, Sources, paid_pot
from rating.refusal import Refusal

TAKEN_BACK = "SELECT reference FROM entry WHERE account_id = $1 AND kind = 'chargeback' AND refers_to = $2"

DISCOUNTS = """
SELECT reference FROM entry
WHERE account_id = $1 AND kind = 'discount' AND reference ~ $2 ORDER BY at, reference
"""

TOO_MUCH = "more was posted than is earned; `callctl account correct` takes it back"

LISTED = "`callctl account entries` lists them"


@dataclass(frozen=True, slots=True)
class DiscountLine:
    entry: Entry
    is_posted: bool


class Postings:
    def __init__(self, till: Till) -> None:
        self._till = till
        self._refunds = count(1)

    async def pay(self, account_id: str, amount: Money, reference: str) -> bool:
        self._till.account(account_id)
        return await self._till.post(self._entry(account_id, reference, EntryKind.PAYMENT, amount))

    async def correct(self, account_id: str, amount: int, reference: str, why: str, about: str) -> bool:
        """Any sum either way; `about` is the line that was wrong, if it was one."""
        self._till.account(account_id)
        entry = self._entry(account_id, reference, EntryKind.CORRECTION, amount, about, why)
        async with self._till.writing(self._till.look_up([entry])) as connection:
            if about and await read_entry(connection, account_id, about) is None:
                raise Missing(
                    f"account {account_id!r} has no line {about!r}: `callctl account entries` lists them"
                )
            new = await write_entries(connection, [entry])
        self._count(new)
        return bool(new)

    async def refund(self, account_id: str, amount: Money, reference: str) -> bool:
        """Money of the subscriber's own that nothing has promised to a connection, and no credit."""
        account = self._till.account(account_id)
        entry = self._entry(account_id, reference, EntryKind.REFUND, -amount)
        async with self._till.turn:
            with ExitStack() as kept:
                async with self._till.writing(self._till.look_up([entry])) as connection:
                    if await read_entry(connection, account_id, reference) is None:
                        self._keep(account, amount, kept)
                    new = await write_entries(connection, [entry])
                self._count(new)
        return bool(new)

    async def charge_back(self, account_id: str, payment: str, reference: str) -> bool:
        """The payment organisation has taken a payment back, also when it is spent (DELO-7.4)."""
        self._till.account(account_id)
        now_ms = self._till.clock.now_ms()
        offered: list[Entry] = []

        async with self._till.turn:
            async with self._till.writing(self._till.look_up(offered)) as connection:
                paid = await read_entry(connection, account_id, payment)
                if paid is None or paid.kind is not EntryKind.PAYMENT:
                    raise Missing(f"account {account_id!r} has no payment {payment!r}: {LISTED}")
                known = await connection.fetchval(TAKEN_BACK, account_id, payment)
                if known not in (None, reference):
                    raise Clash(
                        f"payment {payment!r} was taken back already, as {known!r}: nothing was changed"
                    )
                kind = EntryKind.CHARGEBACK
                offered.append(Entry(account_id, reference, kind, -paid.amount, now_ms, refers_to=payment))
                new = await write_entries(connection, offered)
            self._count(new)
        return bool(new)

    async def guarantee(self, account_id: str, number: str, month: str, amount: Money) -> bool:
        """Money of the balance becomes the number's for that month, covered or not (ISS-5.8)."""
        line = self._till.line(self._till.account(account_id), number)
        now_ms = self._till.clock.now_ms()
        if month < month_of(now_ms):
            raise Complaint(f"{month} is over, and what is paid for a month lapses with it: give a later one")
        return await self._till.post(*grant_entries(account_id, paid_pot(line, month), amount, now_ms))

    async def discounts(self, account_id: str, month: str) -> list[DiscountLine]:
        """What was posted of the month, and what its connections earn beyond that."""
        account = self._till.account(account_id)
        async with self._till.reading() as connection:
            return await self._discounts(connection, account, month)

    async def post_discounts(self, account_id: str, month: str) -> list[DiscountLine]:
        """Of a month that is over, with all its connections billed."""
        account = self._till.account(account_id)
        if month >= month_of(self._till.clock.now_ms()):
            raise Complaint(f"{month} is not over: its discounts can be shown, and posted later")
        offered: list[Entry] = []

        async with self._till.turn:
            async with self._till.writing(self._till.look_up(offered)) as connection:
                if running := await count_unsettled(connection, account_id, month):
                    raise Complaint(f"{running} connections of {month} have no bill yet: post later")
                lines = await self._discounts(connection, account, month)
                offered += [line.entry for line in lines if not line.is_posted and line.entry.amount > 0]
                new = await write_entries(connection, offered)
            self._count(new)
        return lines

    async def _discounts(self, connection: Connection, account: Account, month: str) -> list[DiscountLine]:
        earned = await self._earned(connection, account, month)
        posted = await read_discounts(connection, account.account_id, month)
        return [
            *(DiscountLine(entry, True) for entry in posted),
            *(DiscountLine(entry, False) for entry in still_owed(earned, posted, month)),
        ]

    async def _earned(self, connection: Connection, account: Account, month: str) -> list[Entry]:
        profile = self._till.directory.tariffs.profiles.get(account.profile)
        priced = await read_priced(connection, account.account_id, month)
        discounts = profile.discounts if profile else ()
        return discount_entries(account.account_id, discounts, month, priced, self._till.clock.now_ms())

    def _keep(self, account: Account, amount: Money, kept: ExitStack) -> None:
        """Nobody else draws on the sum while it is written down."""
        ledger = self._till.ledger
        free = min(account.available, account.balance - account.held)
        if amount > free:
            raise Complaint(f"only {show_roubles(max(0, free))} RUB can be given back: nothing was changed")
        hold = ledger.hold(
            f"refund-{next(self._refunds)}", account.account_id, Sources(), Ask(amount), Ask(ZERO)
        )
        assert not isinstance(hold, Refusal), hold
        kept.callback(ledger.release, hold)

    def _count(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._till.posted(entries)

    def _entry(
        self, account_id: str, reference: str, kind: EntryKind, amount: int, about: str = "", why: str = ""
    ) -> Entry:
        at_ms = self._till.clock.now_ms()
        return Entry(account_id, reference, kind, amount, at_ms, refers_to=about, note=why)


async def read_discounts(connection: Connection, account_id: str, month: str) -> list[Entry]:
    rows = await connection.fetch(DISCOUNTS, account_id, f"/{month}(/[0-9]+)?$")
    lines = [await read_entry(connection, account_id, row["reference"]) for row in rows]
    return [line for line in lines if line]


def still_owed(earned: Sequence[Entry], posted: Sequence[Entry], month: str) -> Iterator[Entry]:
    """What is missing of each discount; less than 0, and without a reference, where too much was posted."""
    whole = {entry.reference: entry for entry in earned}
    given: dict[str, list[Entry]] = {}
    for line in posted:
        name = line.reference
        given.setdefault(name if name.endswith(f"/{month}") else name.rpartition("/")[0], []).append(line)
    for name in {**whole, **given}:
        lines = given.get(name, [])
        entry = whole.get(name) or replace(lines[0], amount=0)
        amount = entry.amount - sum(line.amount for line in lines)
        if amount < 0:
            yield replace(entry, reference="", amount=amount, note=f"{name}: {TOO_MUCH}")
        elif not lines:
            yield entry
        elif amount > 0:
            further, note = f"{name}/{len(lines) + 1}", f"{entry.note}, less what was posted"
            yield replace(entry, reference=further, amount=amount, note=note)
