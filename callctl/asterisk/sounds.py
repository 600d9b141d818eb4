"""Where Asterisk finds what is to be said: the service's own sounds, and the subscribers'.

Rule 1: Asterisk passes over a sound in a row that it does not find, without a word; so it is looked for here,
    and nothing is said of a row that has a gap.
Rule 2: what has a scheme already, `sound:…`, is the operator's own word and passed on.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from callctl.complaint import Complaint
from callctl.prompts.shelf import WAV, Shelf

_WITH_SCHEME: Final = re.compile(r"[a-z]+:.+")
# Account and name: neither leads out of the folder.
_OWN: Final = re.compile(r"own(/[A-Za-z0-9][A-Za-z0-9._@-]*){2}")


class Unplayable(Exception):
    """The sound is not there."""


class Sounds:
    def __init__(self, own: Path | None, *service: Path) -> None:
        """`own` holds `own/ACCOUNT/NAME.wav`; of the service's folders the first that has a sound counts."""
        for folder in filter(None, (own, *service)):
            if "," in str(folder.resolve()):
                raise Complaint(f"Asterisk cannot play from {folder}: choose a folder without a comma")
        self._own = own.resolve() if own else None
        self._service = Shelf(*service)

    def media(self, sounds: Sequence[str]) -> tuple[str, ...]:
        """As Asterisk wants them named; Unplayable names the first that is missing."""
        return tuple(map(self._media, sounds))

    def _media(self, sound: str) -> str:
        if _WITH_SCHEME.fullmatch(sound):
            return sound
        media = self._media_of_own(sound) if sound.startswith("own/") else self._service.media(sound)
        if media is None:
            raise Unplayable(sound)
        return media

    def _media_of_own(self, sound: str) -> str | None:
        if self._own is None or not _OWN.fullmatch(sound):
            return None
        return f"sound:{self._own / sound}" if (self._own / f"{sound}{WAV}").exists() else None
