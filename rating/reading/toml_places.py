"""Where the keys and values of a TOML text stand, which tomllib does not tell.

Rule 1: for texts that tomllib has read; no check of its own, and a text it cannot follow has fewer places.
"""

import re
from bisect import bisect_right
from typing import Final

Path = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1

PARTS_MAX: Final = 20  # of a dotted key; a profile needs four

_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE: Final = re.compile(r"[^,\]}\n#]+")
_KEY: Final = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRINGS: Final = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE: Final = re.compile(r"\\(.)")


class TomlPlaces:
    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._lines = [0, *(match.end() for match in re.finditer("\n", self._text))]
        self._found: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}  # of the tables of an array that were seen
        self._at = 0
        try:
            self._statements()
        except (RecursionError, _LostError):
            return

    def find(self, path: Path) -> Place | None:
        """Of the deepest part of the path that stands in the text."""
        for length in range(len(path), 0, -1):
            at = self._found.get(path[:length])
            if at is not None:
                line = bisect_right(self._lines, at)
                return line, at - self._lines[line - 1] + 1
        return None

    def _statements(self) -> None:
        table: Path = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._text):
                return
            begin = self._at
            if self._is_next("[["):
                table = self._opened_array(begin)
            elif self._is_next("["):
                table = self._inner(self._key())
                self._found.setdefault(table, begin)
                self._expect("]")
            else:
                self._pair(table)

    def _opened_array(self, begin: int) -> Path:
        names = self._key()
        path = (*self._inner(names[:-1]), names[-1])
        self._expect("]]")
        count = self._counts.get(path, 0)
        self._counts[path] = count + 1
        self._found.setdefault(path, begin)
        self._found[(*path, count)] = begin
        return (*path, count)

    def _inner(self, names: tuple[str, ...]) -> Path:
        """The path of a table, by way of the last table of each array."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            if count := self._counts.get(path):
                path = (*path, count - 1)
        return path

    def _pair(self, table: Path) -> None:
        self._skip(_BLANK)
        begin = self._at
        path = (*table, *self._key())
        for length in range(len(table) + 1, len(path) + 1):
            self._found.setdefault(path[:length], begin)
        self._expect("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        self._found.setdefault(path, self._at)
        for string in _STRINGS:
            if self._skip(string):
                return
        if self._is_next("["):
            count = 0
            while not self._ends("]"):
                self._value((*path, count))
                count += 1
        elif self._is_next("{"):
            while not self._ends("}"):
                self._pair(path)
        elif not self._skip(_BARE):
            raise _LostError

    def _ends(self, sign: str) -> bool:
        """Past a comma or the sign that ends an array or a table."""
        self._skip(_BLANK)
        if self._is_next(","):
            self._skip(_BLANK)
        if self._at >= len(self._text):
            raise _LostError
        return self._is_next(sign)

    def _key(self) -> tuple[str, ...]:
        names = []
        while True:
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise _LostError
            self._at = match.end()
            name = match[1]
            if name[0] == '"':
                name = _ESCAPE.sub(r"\1", name)
            names.append(name[1:-1] if name[0] in "\"'" else name)
            if len(names) > PARTS_MAX:
                raise _LostError
            if not self._is_next("."):
                return tuple(names)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        if match is None:
            return False
        self._at = match.end()
        return True

    def _is_next(self, sign: str) -> bool:
        is_next = self._text.startswith(sign, self._at)
        self._at += len(sign) * is_next
        return is_next

    def _expect(self, sign: str) -> None:
        if not self._is_next(sign):
            raise _LostError


class _LostError(Exception):
    """This is not the TOML that we know."""
