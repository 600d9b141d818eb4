"""A subscriber's routing scheme: named nodes, one of them the start."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dialplan.nodes.by_balance import ByBalance
from dialplan.nodes.by_caller import ByCaller
from dialplan.nodes.by_state import ByState
from dialplan.nodes.extension import Extension
from dialplan.nodes.forward import Forward
from dialplan.nodes.goto import Goto
from dialplan.nodes.hang_up import HangUp
from dialplan.nodes.menu import Menu
from dialplan.nodes.play import Play
from dialplan.nodes.queue import WaitInQueue
from dialplan.nodes.record import Record
from dialplan.nodes.schedule import Schedule
from dialplan.nodes.set_name import SetName
from dialplan.nodes.share import Share
from dialplan.nodes.tell_balance import TellBalance
from dialplan.nodes.voicemail import Voicemail
from dialplan.targets import Part

Crossings = Schedule | ByCaller | Share | ByBalance | ByState | Goto
Stations = (
    Forward | Extension | Menu | WaitInQueue | Play | TellBalance | Voicemail | Record | SetName | HangUp
)
Node = Annotated[Crossings | Stations, Field(discriminator="kind")]


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("the name of a node is printable")
    return name


class Scheme(Part):
    start: str
    language: Literal["ru", "en"] = "ru"
    nodes: Annotated[dict[Annotated[str, AfterValidator(_printable)], Node], Field(min_length=1)]
