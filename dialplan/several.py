"""Lists: one text written for a list of one; a few names said of many."""

from collections.abc import Iterable

from pydantic import BeforeValidator


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


ONE_OR_SEVERAL = BeforeValidator(_listed)

# So many of a list are named, of the others only how many they are.
NAMED_MAX = 3


def few(names: Iterable[str], most: int = NAMED_MAX) -> str:
    """`a, b, c and 4 more`."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
