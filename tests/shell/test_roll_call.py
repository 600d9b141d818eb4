"""The list of who is there, heard by a service that inherits calls: the witness is read aside."""

import asyncio
import json
import threading
from pathlib import Path

import pytest

from callctl import roll_call
from callctl.asterisk import wire
from callctl.asterisk.ari import Ari
from callctl.asterisk.witness import Question, Witnessed, witnessed
from callctl.calls.directory import Directory
from callctl.calls.events import LegsListed
from callctl.calls.orders import CloseBridge, Order
from callctl.calls.records import LegSettled
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.earlier_life import EarlierLife
from callctl.inheritance import Inheritance
from callctl.roll_call import RollCall
from callctl.settings import CallSettings
from callctl.storage.running_calls import Left
from tests.shell.exchanges import until
from tests.shell.test_earlier_life import CALL, LEG, NOW_MS, PLACE
from tests.shell.test_recovery import NOON_MS, TARIFFS, a_ledger, an_open_leg

WAIT_S_MAX = 10.0
NOBODY: list[wire.Frame] = []


class Heir:
    """Of one talk, whose both sides are gone."""

    def __init__(self, log: Path) -> None:
        self.ordered: list[Order] = []
        self.heard: list[LegsListed] = []
        self.clock = Clock(lambda: NOW_MS * 1_000_000, lambda: NOW_MS * 1_000_000)
        ledger, directory = a_ledger(1_000), Directory(TARIFFS)
        earlier = EarlierLife(Left([an_open_leg()], [PLACE], {}), ledger, TARIFFS, NOW_MS)
        board = Switchboard(ledger, directory, CallSettings().terms(("simulated",), "simulated"))
        inheritance = Inheritance(earlier, board, lambda _name: 0, self.ordered.extend)
        self.roll_call = RollCall(board, inheritance, str(log), self.clock, self._hear)
        self._board = board

    def _hear(self, listed: LegsListed, at_ms: int) -> None:
        self.heard.append(listed)
        self.ordered += self._board.handle(listed, at_ms)

    @property
    def bills(self) -> list[LegSettled]:
        return [order for order in self.ordered if isinstance(order, LegSettled)]


class Rest(Ari):
    """An Asterisk that has these bridges, and no channel."""

    def __init__(self, *bridges: wire.Frame) -> None:
        self.is_up = True
        self._bridges = list(bridges)

    async def list_channels(self) -> list[wire.Frame]:
        return NOBODY

    async def list_bridges(self) -> list[wire.Frame]:
        return self._bridges


def said(kind: str, channel: str, at_ms: int) -> str:
    return json.dumps({"eventtype": kind, "uniqueid": channel, "eventtime": at_ms / 1000}) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "cel.jsonl"
    talk = [("CHAN_START", NOON_MS - 6_000), ("ANSWER", NOON_MS), ("BRIDGE_ENTER", NOON_MS)]
    talk.append(("HANGUP", NOON_MS + 7_000))
    path.write_text("".join(said(kind, side, at_ms) for kind, at_ms in talk for side in (CALL, LEG)))
    return path


async def test_the_loop_goes_on_while_the_witness_is_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, went_on = threading.Event(), []

    def slow(path: Path, question: Question) -> Witnessed:
        went_on.append(goes_on.wait(WAIT_S_MAX))
        return witnessed(path, question)

    monkeypatch.setattr(roll_call, "witnessed", slow)
    heir = Heir(log)
    hearing = asyncio.create_task(heir.roll_call.first(NOBODY, NOBODY, NOW_MS))
    await asyncio.sleep(0)
    goes_on.set()
    await hearing
    assert went_on == [True]


async def test_the_witness_is_read_once_however_much_was_left(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = []

    def counted(path: Path, question: Question) -> Witnessed:
        questions.append(question)
        return witnessed(path, question)

    monkeypatch.setattr(roll_call, "witnessed", counted)
    heir = Heir(log)
    await heir.roll_call.first(NOBODY, NOBODY, NOW_MS)
    await heir.roll_call.first(NOBODY, NOBODY, NOW_MS)
    assert [question.sides for question in questions] == [{CALL, LEG}]


async def test_what_the_witness_saw_is_on_the_bill(log: Path) -> None:
    heir = Heir(log)
    await heir.roll_call.first(NOBODY, NOBODY, NOW_MS)
    (bill,) = heir.bills
    assert bill.ended_at_ms == NOON_MS + 7_000
    assert len(heir.heard) == 1


async def test_a_bridge_whose_call_is_over_is_closed_and_somebody_elses_is_not(log: Path) -> None:
    heir = Heir(log)
    await heir.roll_call.first(NOBODY, NOBODY, NOW_MS)
    heir.ordered.clear()
    asterisk = Rest(
        {"id": "callctl-1795310597.1", "name": wire.APP, "channels": []},
        {"id": "somebody", "name": "else", "channels": []},
    )
    listing = asyncio.create_task(heir.roll_call.now_and_then(asterisk, every_s=0))
    await until(lambda: heir.ordered, "something is ordered")
    listing.cancel()
    assert heir.ordered[0] == CloseBridge("callctl-1795310597.1")
    assert set(heir.ordered) == {heir.ordered[0]}
