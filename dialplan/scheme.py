"""A subscriber's routing scheme: named nodes, one of them the start."""

from typing import Annotated, Literal

from pydantic import Field

from dialplan.nodes.forward import Forward
from dialplan.nodes.hang_up import HangUp
from dialplan.targets import Part

Node = Annotated[Forward | HangUp, Field(discriminator="kind")]


class Scheme(Part):
    start: str
    language: Literal["ru", "en"] = "ru"
    nodes: Annotated[dict[str, Node], Field(min_length=1)]
