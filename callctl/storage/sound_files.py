"""The folder of the subscribers' own sounds, `own/ACCOUNT/NAME.wav`, from which Asterisk plays them.

Rule 1: a file is there whole or not at all, also while Asterisk plays the one before it.
Rule 2: no name leads out of the folder.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callctl.complaint import Complaint

OWN: Final = "own"
_STEP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")

Sound = tuple[str, str]  # account and name


class SoundFiles:
    def __init__(self, folder: Path) -> None:
        self._own = folder / OWN

    def prepare(self) -> None:
        """Told at once when nothing can be written there."""
        try:
            self._own.mkdir(parents=True, exist_ok=True)
            probe = self._own / ".part"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Complaint(
                f"sounds cannot be written to {self._own} ({error.strerror}): name another folder as `sounds`"
            ) from error

    def put(self, account_id: str, name: str, wav: bytes) -> None:
        file = self._file(account_id, name)
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(wav)
        part.replace(file)

    def drop(self, account_id: str, name: str) -> None:
        file = self._file(account_id, name)
        file.unlink(missing_ok=True)
        if file.parent.exists() and not any(file.parent.iterdir()):
            file.parent.rmdir()

    def differing(self, sounds: Mapping[Sound, str]) -> list[Sound]:
        """What lacks a file, or has another one than its digest says, or has one and should not."""
        found = {
            (file.parent.name, file.stem): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in self._own.glob("*/*.wav")
            if _STEP.fullmatch(file.parent.name) and _STEP.fullmatch(file.stem)
        }
        return [sound for sound in {**found, **sounds} if found.get(sound) != sounds.get(sound)]

    def _file(self, account_id: str, name: str) -> Path:
        for step in (account_id, name):
            if not _STEP.fullmatch(step):
                raise Complaint(f"{step!r} cannot be the name of a file: letters, digits and . _ @ - can")
        return self._own / account_id / f"{name}.wav"
