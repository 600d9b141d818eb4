"""How wide a text is when it is drawn, and what of it fits.

Rule 1: no font is at hand, so widths are those of a wide one: what fits here fits everywhere.
"""

from unicodedata import combining, east_asian_width

_NARROW = frozenset("iIjl|.,:;'!()[]{}ftr ")
_BROAD = frozenset("mwMWшщжюыфШЩЖЮЫФМ@%—…→")


def width_of(text: str, size: float) -> float:
    return sum(_share(sign) for sign in text) * size


def fitted(text: str, size: float, width: float) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis."""
    if width_of(text, size) <= width:
        return text
    left = width - width_of("…", size)
    for place, sign in enumerate(text):
        left -= _share(sign) * size
        if left < 0:
            return text[:place].rstrip() + "…"
    return text


def _share(sign: str) -> float:
    """Of the font's size."""
    if combining(sign):
        return 0.0
    if east_asian_width(sign) in "WF":
        return 1.05
    if sign in _NARROW:
        return 0.36
    if sign in _BROAD:
        return 0.95
    return 0.72 if sign.isupper() else 0.62
