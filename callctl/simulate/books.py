"""The ledger's lines of a night: what a scenario tells becomes entries.

Rule 1: a line counts once, however often its reference comes; the same with other content is a clash.
"""

from callctl.simulate.told import (
    AccountTold,
    ChargebackTold,
    CorrectionTold,
    GuaranteeTold,
    PaymentTold,
    RefundTold,
)
from rating.calendar import month_of
from rating.entries import Entry, EntryKind, grant_entries, same_entry
from rating.funds import OwnFunds
from rating.ledger import Account, Ledger
from rating.limits import NumberLimit
from rating.money import ZERO
from rating.pots import gift_pot, paid_pot
from rating.profile import Tariffs
from rating.quote import fund


class Books:
    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}

    def add(self, entry: Entry) -> bool:
        """True when the line is new; the same reference with other content raises."""
        key = (entry.account_id, entry.reference)
        if known := self.entries.get(key):
            return not same_entry(known, entry)
        self.entries[key] = entry
        return True

    def left(self, account_id: str, pot: str) -> int:
        """The sum of the lines."""
        return sum(
            entry.amount
            for entry in self.entries.values()
            if entry.account_id == account_id and entry.pot == pot
        )

    def entry(
        self, told: PaymentTold | CorrectionTold | RefundTold | ChargebackTold, at_ms: int
    ) -> Entry | None:
        """None: nothing like the payment that is taken back has come."""
        match told:
            case PaymentTold():
                return Entry(told.account, told.ref, EntryKind.PAYMENT, told.amount, at_ms)
            case CorrectionTold():
                kind = EntryKind.CORRECTION
                return Entry(told.account, told.ref, kind, told.amount, at_ms, refers_to=told.about)
            case RefundTold():
                return Entry(told.account, told.ref, EntryKind.REFUND, -told.amount, at_ms)
            case ChargebackTold():
                payment = self.entries.get((told.account, told.payment))
                if payment is None or payment.kind is not EntryKind.PAYMENT:
                    return None
                kind, amount = EntryKind.CHARGEBACK, -payment.amount
                return Entry(told.account, told.ref, kind, amount, at_ms, refers_to=told.payment)


def guarantee_entries(told: GuaranteeTold, at_ms: int) -> tuple[Entry, Entry]:
    pot = paid_pot(told.number, told.month or month_of(at_ms))
    return grant_entries(told.account, pot, told.amount, at_ms)


def open_account(told: AccountTold, ledger: Ledger, tariffs: Tariffs, at_ms: int) -> list[Entry]:
    """The lines that make it what it is at the start; they do not count yet."""
    own = OwnFunds(threshold=told.threshold, credit=told.credit, stops=told.stops)
    account = Account(told.id, told.profile, told.plan, ZERO, own, barred=tuple(told.barred))
    fund(account, tariffs)
    ledger.open(account)
    month, kind = month_of(at_ms), EntryKind.OPENING
    plan = tariffs.plan(told.profile, told.plan)
    if told.gift_used and plan:
        account.pot(gift_pot(month)).granted = plan.gift_s(month)
    for limit in told.limits:
        spent = {month: int(limit.spent)}
        ledger.set_limit(told.id, NumberLimit(limit.number, limit.most, limit.kind, spent))
    entries = [Entry(told.id, "opening", kind, told.balance, at_ms)]
    pots = [(gift_pot(month), -told.gift_used * 60)]
    pots += [(paid_pot(paid.number, paid.month or month), int(paid.amount)) for paid in told.paid]
    entries += [Entry(told.id, f"opening:{pot}", kind, amount, at_ms, pot) for pot, amount in pots]
    return [entry for entry in entries if entry.amount]
