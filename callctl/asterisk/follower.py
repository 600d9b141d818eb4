"""The witness's file as it grows: what was appended since we looked last, in whole lines.

Rule 1: a line that is not ended yet waits for its end.
Rule 2: a file that is put in the place of another is read from its beginning, once the other is read to its
    end: so nothing is lost when it is rotated. One that became shorter is read from its beginning too, and
    what it had said is a gap.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from callctl.asterisk.witness import seek_since

SLICE_BYTES = 65_536
LINE_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Slice:
    lines: list[bytes]
    is_all: bool  # there is no more now
    lost: int = 0  # lines that began and never ended
    is_cut_short: bool = False


class Follower:
    def __init__(self, path: Path, since_ms: int) -> None:
        self.path = path
        self._since_ms = since_ms
        self._file: BinaryIO | None = None
        self._rest = b""

    @property
    def position(self) -> int:
        return self._file.tell() if self._file else 0

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size if self._file else 0

    def read(self) -> Slice:
        """At most a slice; OSError when the file is there and cannot be read."""
        if self._file is None and not self._open():
            return Slice([], is_all=True)
        assert self._file
        found = self._file.read(SLICE_BYTES)
        if not found:
            return self._at_end()
        *lines, self._rest = (self._rest + found).split(b"\n")
        lost = 0
        if len(self._rest) > LINE_BYTES_MAX:
            self._rest, lost = b"", 1
        return Slice(lines, is_all=False, lost=lost)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        try:
            self._file = self.path.open("rb")
        except FileNotFoundError:
            return False  # nobody has called yet
        seek_since(self._file, self._since_ms)
        self._since_ms = 0  # whatever takes its place is read whole
        return True

    def _at_end(self) -> Slice:
        assert self._file
        if self.size < self.position:
            self._file.seek(0)
            lost, self._rest = int(bool(self._rest)), b""
            return Slice([], is_all=False, lost=lost, is_cut_short=True)
        if not self._is_replaced():
            return Slice([], is_all=True)
        self.close()
        lost, self._rest = int(bool(self._rest)), b""
        return Slice([], is_all=False, lost=lost)

    def _is_replaced(self) -> bool:
        assert self._file
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)
