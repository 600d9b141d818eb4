"""What is wrong in a profile's files, and where.

Rule 1: never stop at the first one; whoever wrote the files gets the whole list.
Rule 2: one line, which says what is wrong and what to do; whatever the file had in it breaks no line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

SHOWN_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    file: str
    line: int | None
    column: int | None
    what: str
    is_error: bool = True  # False: a warning
    is_notice: bool = False  # an error only because it was published too late

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.what}"

    @property
    def place(self) -> tuple[str, int, int]:
        return self.file, self.line or 0, self.column or 0


def warning(file: str, line: int | None, what: str) -> Fault:
    return Fault(file, line, None, what, is_error=False)


def errors_of(faults: Iterable[Fault], *, short_notice: bool) -> list[Fault]:
    """Without those that only short notice makes, when that is allowed."""
    return [fault for fault in faults if fault.is_error and not (short_notice and fault.is_notice)]


def show(text: object) -> str:
    """In quotes, short, and with nothing in it that moves a cursor."""
    shown = str(text)
    cut = shown[:SHOWN_MAX] + ("…" if len(shown) > SHOWN_MAX else "")
    return "'" + "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut) + "'"


def listed(names: Iterable[str], most: int = 12) -> str:
    """`a, b, c and 4 more`."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def at_most(most: int, faults: Iterable[Fault], more: str) -> Iterator[Fault]:
    """The first ones, and one that says how many are left out."""
    faults = iter(faults)
    yield from islice(faults, most)
    left = list(faults)
    if left:
        is_error = any(fault.is_error for fault in left)
        yield Fault(left[0].file, left[0].line, None, f"and {len(left)} more {more}", is_error)
