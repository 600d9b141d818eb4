"""Whom a scheme can ring: a telephone number outside, or a seat of the subscriber's own."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dialplan.numbers import normal_number

PATIENCE_S_MAX = 600

_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Outside:
    number: str

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Seat:
    """All devices of the seat ring."""

    name: str

    def __str__(self) -> str:
        return f"seat {self.name}"


Target = Outside | Seat


class Part(BaseModel):
    """Anything written in a scheme."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _number(text: str) -> str:
    number = normal_number(text)
    if number is None:
        raise ValueError("not a telephone number")
    return number


def is_word(text: str) -> bool:
    return bool(_WORD.fullmatch(text))


def _word(text: str) -> str:
    if not is_word(text):
        raise ValueError("a name is 1 to 32 of a-z, 0-9, - and _")
    return text


def _short_form(value: object) -> object:
    """A bare text stands for a number."""
    return {"number": value} if isinstance(value, str) else value


Number = Annotated[str, AfterValidator(_number)]
Word = Annotated[str, AfterValidator(_word)]  # the name of a seat, a line, a mailbox, a skill
SeatName = Word
PatienceS = Annotated[int, Field(ge=1, le=PATIENCE_S_MAX)]


class Callee(Part):
    """One target as a scheme writes it: `"79161110002"` or `{seat: anna}`."""

    number: Number | None = None
    seat: SeatName | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Callee":
        if (self.number is None) == (self.seat is None):
            raise ValueError("give either a `number` or a `seat`")
        return self

    @property
    def target(self) -> Target:
        return Seat(self.seat) if self.seat is not None else Outside(self.number or "")


AnyCallee = Annotated[Callee, BeforeValidator(_short_form)]
