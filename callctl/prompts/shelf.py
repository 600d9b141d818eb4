"""Where the sounds stand that the service plays: shipped ones, and an operator's recordings before them.

Rule 1: a recording has the place of the sound it replaces: `ru/queue/next.wav` in the operator's folder.
"""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from callctl.prompts.companding import ALAW, expand
from callctl.prompts.wav import read_own

# A-law is what trunks speak: nothing is computed to play it.
SUFFIX: Final = ".alaw"
WAV: Final = ".wav"
PLAYED: Final = (SUFFIX, WAV)


class Shelf:
    def __init__(self, *folders: Path) -> None:
        """The first that has a sound counts."""
        self._files: dict[str, Path] = {}
        for folder in reversed(folders):
            self._files |= _files_in(folder.resolve())

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def file(self, sound: str) -> Path | None:
        return self._files.get(sound)

    def media(self, sound: str) -> str | None:
        """As Asterisk wants it named; it finds the suffix itself."""
        file = self._files.get(sound)
        return f"sound:{file.with_suffix('')}" if file else None


def samples_of(file: Path) -> "array[int]":
    """16 bit; Unreadable when Asterisk would not play it."""
    data = file.read_bytes()
    return expand(data, ALAW) if file.suffix == SUFFIX else read_own(data)


def _files_in(folder: Path) -> dict[str, Path]:
    """By the name of the sound."""
    return {
        file.relative_to(folder).with_suffix("").as_posix(): file
        for file in sorted(folder.rglob("*"))
        if file.suffix in PLAYED
    }
