"""A YAML text into plain content, which remembers the line of everything.

Rule 1: any text gets an answer: what YAML could be misused for (aliases that unfold without end, nesting
    without bottom) is refused before it is unfolded.
Rule 2: every word is text until a field wants a number: a node may be called `no`, a target may go unquoted.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

# A scheme needs five levels; deeper than this only a mistake goes.
DEPTH_MAX = 20

# The one in C reads ten times as fast; not every machine has it.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    path: str
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}"
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


@dataclass(slots=True)
class Spot:
    """Where a list or mapping stands, and what stands in it: a plain word has only its line."""

    line: int
    inner: "dict[str | int, Spot | int]" = field(default_factory=dict)

    def fault(self, path: Path, message: str, is_warning: bool = False) -> Fault:
        """With the line of `path`, or of the nearest thing around it that is written."""
        spot: Spot | int = self
        for part in path:
            if isinstance(spot, int) or part not in spot.inner:
                break
            spot = spot.inner[part]
        line = spot if isinstance(spot, int) else spot.line
        return Fault(line, show_path(path), message, is_warning)

    def written(self, path: Path) -> Path:
        """Without those parts of `path` that stand nowhere."""
        spot: Spot | int = self
        found = []
        for part in path:
            if isinstance(spot, Spot) and part in spot.inner:
                spot = spot.inner[part]
                found.append(part)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Written:
    content: Any
    root: Spot
    doubled: list[Fault]


def show_path(path: Path) -> str:
    """In one line, whatever the names."""
    shown = ""
    for part in path:
        name = part if isinstance(part, int) or part.isprintable() else ascii(part)[1:-1]
        shown += f"[{name}]" if isinstance(name, int) else f".{name}" if shown else name
    return shown


def read_yaml(text: str) -> Written | Fault:
    if wrong := _NO_TEXT.search(text):
        line = text.count("\n", 0, wrong.start()) + 1
        return Fault(line, "", f"special characters are not allowed ({wrong[0]!r}): save it as plain text")
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except _Refused as refused:
        return Fault(refused.line, "", refused.message)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None)
        line = min(mark.line, text.count("\n")) + 1 if mark else 1  # the end is no line of its own
        return Fault(line, "", str(problem or "cannot be read as YAML"))
    return Written(reader.content, reader.root, reader.doubled)


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read, and what of it was read last."""

    content: dict[str, Any] | list[Any]
    spot: Spot
    last: str | int = ""
    is_named: bool = False  # `last` is a name whose value comes next


class _Reader:
    def __init__(self) -> None:
        self.content: Any = None
        self.root = Spot(1)
        self.doubled: list[Fault] = []
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self._take_word(event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open_one({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise _Refused(line, "aliases (*) are not used here: write it out")
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _Refused(line, "a second document (---): give each scheme a file of its own")

    def _open_one(self, content: dict[str, Any] | list[Any], line: int) -> None:
        if len(self._open) == DEPTH_MAX:
            raise _Refused(line, "nested too deep for a scheme")
        if not self._open:
            self.root = spot = Spot(line)
            self.content = content
        else:
            around = self._open[-1]
            spot = Spot(self._place(content, line))
            around.spot.inner[around.last] = spot
        self._open.append(_Open(content, spot))

    def _take_word(self, word: str, line: int) -> None:
        around = self._open[-1] if self._open else None
        if around is None:
            self.content = word
        elif isinstance(around.content, list) or around.is_named:
            self._place(word, line)
        else:
            around.last, around.is_named = word, True
            if word in around.content:
                path = tuple(one.last for one in self._open)
                self.doubled.append(Fault(line, show_path(path), "this name stands twice"))
            around.spot.inner[word] = line

    def _place(self, content: Any, line: int) -> int:
        """In the innermost open list or mapping; what is named has the line of its name."""
        around = self._open[-1]
        if isinstance(around.content, list):
            around.last = len(around.content)
            around.content.append(content)
            around.spot.inner[around.last] = line
            return line
        if not around.is_named:
            raise _Refused(line, "a list or mapping cannot be a name: write one word")
        around.content[str(around.last)] = content
        around.is_named = False
        named = around.spot.inner[around.last]
        assert isinstance(named, int)
        return named
