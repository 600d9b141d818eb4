"""The files that Asterisk records into: `message/ACCOUNT/MAILBOX/CALL.wav`, `talk/ACCOUNT/CALL.wav`.

Rule 1: no name leads out of the folder.
Rule 2: Asterisk writes them, also while somebody looks; here they are only read and removed.
"""

from pathlib import Path

from callctl.complaint import Complaint, Missing

HEAD_BYTES = 44
BYTES_A_MS = 16  # 8000 samples of two bytes a second

_NO_STEPS = ("", ".", "..")


class RecordingFiles:
    def __init__(self, folder: Path | None) -> None:
        """None: it is not known here where Asterisk records."""
        self._folder = folder

    def size(self, name: str) -> int | None:
        """None: there is no such file."""
        try:
            return self._file(name).stat().st_size if self._folder else None
        except (Complaint, FileNotFoundError, NotADirectoryError):
            return None

    def length_ms(self, name: str) -> int:
        """Of what is on disk by now: the head says it only when the recording is over."""
        return max(0, (self.size(name) or 0) - HEAD_BYTES) // BYTES_A_MS

    def file(self, name: str) -> Path:
        """One that is there."""
        file = self._file(name)
        if not file.is_file():
            raise Missing(
                f"the file of {name!r} is not there: Asterisk has not written it, or it was removed"
            )
        return file

    def remove(self, name: str) -> None:
        """One that is gone already is gone."""
        file = self._file(name)
        try:
            file.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            raise Complaint(f"{file} cannot be removed ({error.strerror}): let the service do so") from error

    def _file(self, name: str) -> Path:
        if self._folder is None:
            raise Complaint(
                "nobody said where Asterisk records: name the folder as `recordings` in the settings"
            )
        steps = name.split("/")
        if "\0" in name or any(step in _NO_STEPS for step in steps):
            raise Complaint(f"{name!r} is no name of a recording: it leads elsewhere")
        return self._folder.joinpath(*steps[:-1], f"{steps[-1]}.wav")
