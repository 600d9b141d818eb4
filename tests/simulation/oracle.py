"""S-8 by brute force, a second at a time: all moments of a faultless night are whole seconds.

Rule 1: no code is shared with the product: plain numbers, plain lists, one loop over the seconds.
"""

from dataclasses import dataclass, field
from math import ceil

RING_PATIENCE_S = 30


@dataclass
class Terms:
    unit_s: int
    price: int
    setup: int
    threshold_s: int


@dataclass
class OracleCall:
    number: int
    account: str
    at: int
    answer: int | None  # seconds of ringing; None: nobody will
    busy: bool
    hang_up: int  # seconds after the answer, or after the arrival when nobody answers
    state: str = "to come"
    rang_at: int = 0
    answered_at: int = 0
    secured: int = 0
    units: int = 0
    charge: int = 0
    seconds: int = 0
    ended_at: int = 0
    cut: bool = False


@dataclass
class Oracle:
    terms: dict[str, Terms]
    balances: dict[str, int]
    calls: list[OracleCall]
    payments: list[tuple[int, str, int]]
    held: dict[str, int] = field(default_factory=dict)

    def run(self, seconds: int) -> None:
        self.held = dict.fromkeys(self.balances, 0)
        for now in range(seconds):
            for at, account, amount in self.payments:
                if at == now:
                    self.balances[account] += amount
            # A second time: what began in this second may also end in it.
            for _ in range(2):
                self._ends_and_answers(now)
            for call in self.calls:
                if call.state == "talking":
                    self._boundary(call, now)
            for call in self.calls:
                if call.state == "to come" and call.at == now:
                    self._admit(call, now)
            for _ in range(2):
                self._ends_and_answers(now)

    def _ends_and_answers(self, now: int) -> None:
        for call in self.calls:
            if call.state == "ringing":
                caller_left = call.answer is None and now >= call.at + call.hang_up
                if call.busy or caller_left or now == call.rang_at + RING_PATIENCE_S:
                    self._give_up(call)
                elif call.answer is not None and now == call.rang_at + call.answer:
                    call.state, call.answered_at = "talking", now
            if call.state == "talking" and now == call.answered_at + call.hang_up:
                self._settle(call, now, cut=False)

    def _boundary(self, call: OracleCall, now: int) -> None:
        terms = self.terms[call.account]
        talked = now - call.answered_at
        if terms.price == 0 or talked != call.units * terms.unit_s:
            return
        if self.balances[call.account] - self.held[call.account] >= terms.price:
            self._hold(call, terms.price)
        else:
            self._settle(call, now, cut=True)

    def _admit(self, call: OracleCall, now: int) -> None:
        terms = self.terms[call.account]
        need = terms.price + terms.setup
        if self.balances[call.account] - self.held[call.account] < need:
            call.state = "refused"
            return
        call.state, call.rang_at = "ringing", now
        self._hold(call, need)

    def _hold(self, call: OracleCall, amount: int) -> None:
        call.units += 1
        call.secured += amount
        self.held[call.account] += amount

    def _give_up(self, call: OracleCall) -> None:
        call.state = "unanswered"
        self.held[call.account] -= call.secured

    def _settle(self, call: OracleCall, now: int, *, cut: bool) -> None:
        terms = self.terms[call.account]
        call.state, call.cut, call.ended_at = "settled", cut, now
        call.seconds = max(1, now - call.answered_at)
        if call.seconds >= terms.threshold_s:
            call.charge = ceil(call.seconds / terms.unit_s) * terms.price + terms.setup
        self.held[call.account] -= call.secured
        self.balances[call.account] -= call.charge
