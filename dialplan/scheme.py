"""A subscriber's routing scheme: named nodes, one of them the start.

Rule 1: one class a kind of node; unknown fields are errors.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialplan.causes import CauseName
from dialplan.numbers import normal_number

PATIENCE_S_MAX = 600


def _number(text: str) -> str:
    number = normal_number(text)
    if number is None:
        raise ValueError("not a telephone number")
    return number


Number = Annotated[str, AfterValidator(_number)]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def exits(self) -> Iterator[tuple[str, str]]:
        """The field and the node it leads to."""
        return iter(())


class Forward(_Node):
    """Ring one number; the caller hears its ringing and is answered when it answers."""

    kind: Literal["forward"]
    to: Annotated[list[Number], Field(min_length=1, max_length=1)]
    patience_s: Annotated[int, Field(ge=1, le=PATIENCE_S_MAX)] = 30
    otherwise: str | None = None

    def exits(self) -> Iterator[tuple[str, str]]:
        if self.otherwise is not None:
            yield "otherwise", self.otherwise


class HangUp(_Node):
    """The end: the caller gets this cause."""

    kind: Literal["hang_up"]
    cause: CauseName = CauseName.NORMAL


Node = Annotated[Forward | HangUp, Field(discriminator="kind")]


class Scheme(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    start: str
    nodes: Annotated[dict[str, Node], Field(min_length=1)]
