"""One thing that was looked at in an installation: well or not, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # calls are served; something else is not as it should be
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    about: str
    state: State
    told: str
    remedy: str = ""


def ok(about: str, told: str) -> Finding:
    return Finding(about, State.OK, told)


def warning(about: str, told: str, remedy: str) -> Finding:
    return Finding(about, State.WARNING, told, remedy)


def bad(about: str, told: str, remedy: str) -> Finding:
    return Finding(about, State.BAD, told, remedy)
