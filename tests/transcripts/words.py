"""A switchboard with one subscriber, spoken to in the words of a call: hear, then what is ordered."""

from dataclasses import dataclass, field

from callctl.calls.directory import Directory, Number
from callctl.calls.events import CallArrived, EntryPosted, Event
from callctl.calls.orders import Order
from callctl.calls.records import CallAt
from callctl.calls.switchboard import Switchboard
from callctl.calls.terms import CallTerms
from dialplan.check import read_scheme
from dialplan.nodes.forward import Forward, Wave
from dialplan.nodes.hang_up import HangUp
from dialplan.scheme import Node, Scheme
from rating.entries import Entry, EntryKind
from rating.ledger import Account, Ledger
from rating.money import Money
from rating.quote import fund
from rating.tariff import Plan
from tests.plans import rated, simple, tariffs

CALLER, NUMBER, MOBILE = "79031112233", "74951234567", "79161110002"
A, B = "a", "leg1-a"

SIX = simple("six", 6, 100)
RATE = rated(SIX)


def sound_scheme(text: str) -> Scheme:
    scheme = read_scheme(text)
    assert isinstance(scheme, Scheme), scheme
    return scheme


@dataclass
class Desk:
    """One account `ann` with `balance` kopecks, one number, forwarded to one mobile or led by a scheme."""

    balance: int = 300
    terms: CallTerms = field(default_factory=lambda: CallTerms(("carrier",), "carrier", warning_ms=0))
    otherwise: str | None = None
    number: str = NUMBER
    plan: Plan = SIX
    scheme: str = ""

    def __post_init__(self) -> None:
        self.ledger = Ledger()
        self.tariffs = tariffs(self.plan)
        account = Account("ann", "test", self.plan.name, Money(self.balance))
        fund(account, self.tariffs)
        self.ledger.open(account)
        directory = Directory(self.tariffs)
        nodes: dict[str, Node] = {
            "ring": Forward(kind="forward", to=[Wave(number=MOBILE)], patience_s=30, otherwise=self.otherwise)
        }
        bye = {"bye": HangUp.model_validate({"kind": "hang_up", "cause": "no_answer"})}
        scheme = Scheme(start="ring", nodes=nodes | (bye if self.otherwise else {}))
        directory.add(Number(self.number, "ann", sound_scheme(self.scheme) if self.scheme else scheme))
        self.places: dict[str, CallAt] = {}
        self.board = Switchboard(self.ledger, directory, self.terms)

    @property
    def account(self) -> Account:
        account = self.ledger.account("ann")
        assert account
        return account

    def hear(self, event: Event, at_ms: int) -> list[Order]:
        return self._told(self.board.handle(event, at_ms))

    def wake(self, at_ms: int) -> list[Order]:
        return self._told(self.board.wake(at_ms))

    def _told(self, orders: list[Order]) -> list[Order]:
        """Where a call is on its way is remembered here, not told with the orders."""
        assert not self.board.take_faults()
        self.places |= {order.call_id: order for order in orders if isinstance(order, CallAt)}
        return [order for order in orders if not isinstance(order, CallAt)]

    def arrive(
        self, at_ms: int = 0, leg_id: str = A, number: str | None = None, caller: str = CALLER
    ) -> list[Order]:
        return self.hear(CallArrived(leg_id, caller, number or self.number), at_ms)

    def pay(self, amount: int, at_ms: int, reference: str = "p1") -> list[Order]:
        return self.hear(EntryPosted(Entry("ann", reference, EntryKind.PAYMENT, Money(amount), at_ms)), at_ms)
