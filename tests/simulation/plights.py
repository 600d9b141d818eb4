"""Small evenings of one call, or few: ways through the product on which the service can die at every step.

Rule 1: all moments are whole seconds, and the switch does at once what it is told.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from callctl.calls.directory import Directory
from callctl.simulate.scenario import Scenario
from rating.deck import Destination, Key
from rating.funds import Funds
from rating.money import Money
from rating.profile import Tariffs
from rating.tariff import Plan, Terms, Version
from tests.oracle.naive import MOSCOW
from tests.plans import deck, everywhere, tariffs
from tests.simulation import lives

Told = dict[str, Any]

SIX = Terms("test/both@1", 6, 6)
ANY_CALLER = deck({"": Destination("anybody", Money(40), Money(40))}, Key.CALLER)
BOTH = Plan(
    "both",
    "Both",
    Funds(),
    [Version("1", 0, None, SIX, everywhere(100), ANY_CALLER, incoming_numbers=("7800",))],
)
TARIFFS: Tariffs = tariffs(BOTH)

CITY, TOLL_FREE, SECOND = "74950000001", "78000000001", "74950000002"
ONE, TWO, THREE = "79160000001", "79160000002", "79160000003"
CALLER, FIRST_CALLER = "79031112233", "79031112244"

RING_ONE: Told = {"start": "f", "nodes": {"f": {"kind": "forward", "to": [f"+{ONE}"], "patience_s": 20}}}
RING_ALL: Told = {
    "start": "f",
    "nodes": {
        "f": {
            "kind": "forward",
            "to": [{"all": [f"+{ONE}", f"+{TWO}", {"seat": "anna"}]}],
            "patience_s": 20,
        }
    },
}
MENU_ALL: Told = {
    "start": "m",
    "nodes": {"m": {"kind": "menu", "prompt": "hello", "keys": {"1": "f"}}, **RING_ALL["nodes"]},
}
ACCEPT: Told = {
    "start": "f",
    "nodes": {
        "f": {
            "kind": "forward",
            "to": [f"+{ONE}", f"+{TWO}"],
            "patience_s": 20,
            "accept": {"digit": "1", "patience_s": 8},
        }
    },
}
QUEUE: Told = {
    "start": "q",
    "nodes": {"q": {"kind": "queue", "name": "sales", "members": [f"+{ONE}", f"+{TWO}"]}},
}
CALL_BACK: Told = {
    "start": "q",
    "nodes": {"q": {"kind": "queue", "name": "sales", "members": [f"+{ONE}"], "call_back_digit": "1"}},
}
MENU_QUEUE: Told = {
    "start": "m",
    "nodes": {
        "m": {"kind": "menu", "prompt": "hello", "keys": {"1": "q"}, "otherwise": "bye"},
        "q": {"kind": "queue", "name": "sales", "members": [{"seat": "anna"}, f"+{ONE}"], "otherwise": "bye"},
        "bye": {"kind": "hang_up", "cause": "normal"},
    },
}
SEAT: Told = {"start": "e", "nodes": {"e": {"kind": "extension", "seat": "anna", "patience_s": 20}}}
MAILBOX: Told = {
    "start": "f",
    "nodes": {
        "f": {"kind": "forward", "to": [f"+{ONE}"], "patience_s": 5, "otherwise": "v"},
        "v": {
            "kind": "voicemail",
            "name": "box",
            "greeting": "hello",
            "length_s_max": 20,
            "silence_s_max": 2,
        },
    },
}


@dataclass(frozen=True)
class Plight:
    schemes: dict[str, Told]
    calls: list[Told]
    balance: str = "50.00"
    phones: dict[str, Told] = field(default_factory=dict)
    keys: tuple[lives.Key, ...] = ()
    more: Told = field(default_factory=dict)

    def spend(self, fate: lives.Fate = lives.SPARED) -> lives.Lives:
        return lives.Lives(self.scenario, self.directory, fate, self.keys).run()

    def spend_until_ms(self, until_ms: int) -> lives.Lives:
        night = lives.Lives(self.scenario, self.directory, lives.SPARED, self.keys)
        return night.run(until_ms)

    def without_end(self) -> "Plight":
        """Nobody ever hangs up."""
        return replace(self, calls=[call | {"hang_up": "never", "patience": "never"} for call in self.calls])

    @cached_property
    def directory(self) -> Directory:
        return lives.directory_of(self.scenario, TARIFFS)

    @cached_property
    def scenario(self) -> Scenario:
        content: Told = {
            "start": datetime(2026, 3, 3, 12, 0, tzinfo=MOSCOW),
            "accounts": [{"id": "ann", "profile": "test", "plan": "both", "balance": self.balance}],
            "numbers": [
                {"number": number, "account": "ann", "scheme": scheme}
                for number, scheme in self.schemes.items()
            ],
            "seats": [{"account": "ann", "name": "anna", "devices": ["anna-1"]}],
            "phones": self.phones,
            "calls": [{"at": 1, "from": CALLER, **call} for call in self.calls],
            "settings": {"second_cut_s": 3, "warning_s": 0},
            **self.more,
        }
        return Scenario.model_validate(content)


def _call(to: str, hang_up: float | str = 25, **more: Any) -> Told:
    return {"to": to, "answer": 3, "hang_up": hang_up, "patience": 60, **more}


PLIGHTS: dict[str, Plight] = {
    "forwarded": Plight({CITY: RING_ONE}, [_call(CITY)]),
    "toll-free both ways": Plight({TOLL_FREE: RING_ONE}, [_call(TOLL_FREE)]),
    "menu and queue": Plight(
        {CITY: MENU_QUEUE},
        [_call(CITY, digits=["1"])],
        phones={"anna-1": {"answer": "never"}, ONE: {"answer": 12}},
    ),
    "toll-free menu and queue": Plight(
        {TOLL_FREE: MENU_QUEUE},
        [_call(TOLL_FREE, digits=["1"])],
        phones={"anna-1": {"answer": "never"}, ONE: {"answer": 12}},
    ),
    "toll-free queue": Plight({TOLL_FREE: QUEUE}, [_call(TOLL_FREE)], phones={ONE: {"answer": "busy"}}),
    "all are rung": Plight(
        {CITY: RING_ALL},
        [_call(CITY)],
        phones={ONE: {"answer": 4}, TWO: {"answer": 6}, "anna-1": {"answer": "never"}},
    ),
    "a menu, then all are rung": Plight(
        {CITY: MENU_ALL},
        [_call(CITY, digits=["1"])],
        phones={ONE: {"answer": 4}, TWO: {"answer": 6}, "anna-1": {"answer": "never"}},
    ),
    "accepted by the second": Plight(
        {CITY: ACCEPT},
        [_call(CITY)],
        phones={ONE: {"answer": 2}, TWO: {"answer": 2, "press": "1", "press_after": 2}},
    ),
    "handed over": Plight(
        {CITY: SEAT},
        [_call(CITY, hang_up=40)],
        phones={"anna-1": {"answer": 2}, TWO: {"answer": 5}},
        keys=(lives.Key(10_000, "anna-1", f"*2{TWO}#"),),
    ),
    "toll-free, handed over": Plight(
        {TOLL_FREE: SEAT},
        [_call(TOLL_FREE, hang_up=40)],
        phones={"anna-1": {"answer": 2}, TWO: {"answer": 5}},
        keys=(lives.Key(10_000, "anna-1", f"*2{TWO}#"),),
    ),
    "consulted": Plight(
        {CITY: SEAT},
        [_call(CITY, hang_up=40)],
        phones={"anna-1": {"answer": 2}, TWO: {"answer": 5}},
        keys=(lives.Key(10_000, "anna-1", f"*3{TWO}#"), lives.Key(22_000, "anna-1", "*1")),
    ),
    "toll-free, consulted": Plight(
        {TOLL_FREE: SEAT},
        [_call(TOLL_FREE, hang_up=40)],
        phones={"anna-1": {"answer": 2}, TWO: {"answer": 5}},
        keys=(lives.Key(10_000, "anna-1", f"*3{TWO}#"), lives.Key(22_000, "anna-1", "*1")),
    ),
    "called back": Plight(
        {CITY: CALL_BACK},
        [_call(CITY, **{"from": FIRST_CALLER}), _call(CITY, at=5, digits=[{"press": "1", "at": 2}])],
        phones={ONE: {"answer": 2}, CALLER: {"answer": 3}},
    ),
    "refused": Plight({CITY: RING_ONE}, [_call(CITY)], balance="0.50"),
    "cut by money": Plight({CITY: RING_ONE}, [_call(CITY, hang_up="never")], balance="3.50"),
    "cut by money, both ways": Plight(
        {TOLL_FREE: RING_ONE}, [_call(TOLL_FREE, hang_up="never")], balance="4.30"
    ),
    "three share the money": Plight(
        {CITY: RING_ONE},
        [_call(CITY, hang_up="never"), *[_call(CITY, at=4, hang_up="never")] * 2],
        balance="8.50",
    ),
    "paid meanwhile": Plight(
        {CITY: RING_ONE},
        [_call(CITY, hang_up=30)],
        balance="2.50",
        more={"payments": [{"at": 9, "account": "ann", "amount": "9.00", "ref": "p"}]},
    ),
    "a message": Plight({CITY: MAILBOX}, [_call(CITY, speaks=6)], phones={ONE: {"answer": "never"}}),
    "to a number of ours": Plight(
        {CITY: {"start": "f", "nodes": {"f": {"kind": "forward", "to": [f"+{SECOND}"]}}}, SECOND: RING_ONE},
        [_call(CITY)],
    ),
    "for help": Plight({CITY: RING_ONE}, [_call("112", hang_up=60)], balance="0.00"),
}
