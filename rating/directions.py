"""What a subscriber can bar: a destination of the plan, or the first digits of numbers (MANGO-22.10)."""

import re
from difflib import get_close_matches

from rating.deck import FREEPHONE
from rating.tariff import Plan

_DIGITS = re.compile(r"[0-9]{1,15}")
NAMES_MAX = 3


def is_direction(plan: Plan, text: str) -> bool:
    return _DIGITS.fullmatch(text) is not None or text in _destinations(plan)


def nearest_directions(plan: Plan, text: str) -> list[str]:
    """Destinations whose names are much the same, the nearest first."""
    names = {name.casefold(): name for name in sorted(_destinations(plan))}
    return [names[found] for found in get_close_matches(text.casefold(), names, NAMES_MAX)]


def _destinations(plan: Plan) -> set[str]:
    """Of every version, those to come as well."""
    decks = [version.outgoing for version in plan.versions if version.outgoing]
    sold = ("", FREEPHONE)
    return {one.name for deck in decks for one in deck.destinations if one.kind in sold}
