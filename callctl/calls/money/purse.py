"""The subscriber's money as one call sees it: may this connection begin, and on which terms?

Rule 1: an emergency number is outside everything: nothing is looked up, nothing held (S-13).
Rule 2: the connection from the caller to an 8-800 number is the subscriber's to pay, before any other (S-7).
"""

from callctl.calls.money.meter import Meter
from dialplan.numbers import EMERGENCY, normal_number
from rating.ledger import Account, Ledger
from rating.money import ZERO, Money
from rating.profile import Tariffs
from rating.quote import Quote, stopped
from rating.refusal import Refusal
from rating.standing import Standing
from rating.tariff import Rate, Side


class Purse:
    def __init__(
        self,
        ledger: Ledger,
        tariffs: Tariffs,
        account_id: str,
        line: str,
        caller: str,
        call_id: str = "",
    ) -> None:
        self._ledger = ledger
        self._tariffs = tariffs
        self._account = ledger.account(account_id)
        self._line = line
        self._call_id = call_id
        self.caller = normal_number(caller) or ""

    @property
    def standing(self) -> Standing:
        return self._account.standing if self._account else Standing.ACTIVE

    def available_in(self, month: str) -> Money:
        return self._account.available_in(month) if self._account else ZERO

    def admit_caller(self, leg_id: str, at_ms: int, until_ms: int) -> Meter | Refusal | None:
        """None: the caller's own connection costs the subscriber nothing."""
        account = self._account
        if account is None or self._line in EMERGENCY:
            return None
        if refusal := stopped(account, self._line, at_ms):
            return refusal
        plan = self._tariffs.plan(account.profile, account.plan)
        version = plan.version_at(at_ms) if plan else None
        if version is None or not version.is_paid_by_called(self._line):
            return None
        quote = Quote(self._tariffs, account, Side.INCOMING, self.caller, self._line, self._line)
        return Meter.open(self._ledger, leg_id, quote, at_ms, until_ms)

    def admit(self, leg_id: str, target: str, at_ms: int, until_ms: int) -> Meter | Refusal | None:
        """None: there is nothing to pay."""
        if target in EMERGENCY:
            return None
        if self._account is None:
            return Refusal.NO_ACCOUNT
        quote = self._quote(self._account, self.caller, target)
        return Meter.open(self._ledger, leg_id, quote, at_ms, until_ms)

    def admit_call_back(self, leg_id: str, at_ms: int, until_ms: int) -> Meter | Refusal:
        quote = self._quote_back()
        return Meter.open(self._ledger, leg_id, quote, at_ms, until_ms) if quote else Refusal.NO_ACCOUNT

    def may_call_back(self, at_ms: int) -> bool:
        """The caller has a number, and the subscriber may call it, whatever money there will be for it."""
        quote = self._quote_back() if self.caller and self.caller not in EMERGENCY else None
        return quote is not None and self.caller != self._line and isinstance(quote.admit(at_ms), Rate)

    def _quote_back(self) -> Quote | None:
        """From the subscriber's number to the caller's."""
        return self._quote(self._account, self._line, self.caller) if self._account else None

    def _quote(self, account: Account, caller: str, called: str) -> Quote:
        return Quote(self._tariffs, account, Side.OUTGOING, caller, called, self._line, self._call_id)
