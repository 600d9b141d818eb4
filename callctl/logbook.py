"""What the service says of itself: one line a happening, written by a thread of its own.

Rule 1: one record is one line, whatever is in it: no sign that could end a line, or move a cursor, stays.
Rule 2: writing holds nobody. What waits for a slow disk is bounded; what finds no room is counted and told.
Rule 3: where numbers are masked they are so in every word of a line, faults of libraries included.
"""

import json
import logging
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from callctl import metrics
from callctl.masks import masked
from callctl.settings import LogSettings

WAITING_MAX = 20_000
BATCH_MAX = 500
END_S_MAX = 2.0

# Needs no quotation marks.
_PLAIN = re.compile(r"[A-Za-z0-9._:/+*,@|()\[\]{}#%&$^~!?;<>-]+")


def logfmt(fields: Mapping[str, object]) -> str:
    return " ".join(f"{name}={_written(str(value))}" for name, value in fields.items())


def _written(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return '"' + visible(text).replace('"', '\\"') + '"'


def visible(text: str) -> str:
    """All of it on one line, and nothing that a terminal obeys."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    if sign == "\\" or not sign.isprintable():
        return sign.encode("unicode_escape").decode()
    return sign


def as_json(fields: Mapping[str, object]) -> str:
    return json.dumps({name: visible(str(value)) for name, value in fields.items()}, ensure_ascii=False)


FORMS: Mapping[str, Callable[[Mapping[str, object]], str]] = {"logfmt": logfmt, "json": as_json}


class Lines(logging.Formatter):
    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self._write = FORMS[settings.form]
        self._is_masked = settings.numbers == "masked"

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {"msg": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            told["fault"] = self.formatException(record.exc_info)
        if self._is_masked:
            told = {name: masked(str(value)) for name, value in told.items()}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"at": at, "level": record.levelname.lower(), "room": record.name}
        return self._write({**head, **told})


class Pen(logging.Handler):
    """Takes lines at once and has them written by its thread, in their order."""

    def __init__(self, write: Callable[[bytes], object], waiting_max: int = WAITING_MAX) -> None:
        super().__init__()
        self._write = write
        self._waiting: deque[str] = deque()
        self._waiting_max = waiting_max
        self._lost = 0
        self._news = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 whatever a record is made of, it ends nobody but itself
            self.handleError(record)
            return
        metrics.LOG_LINES[record.levelname.lower()].inc()
        if len(self._waiting) >= self._waiting_max:
            self._lost += 1
            metrics.LOG_LINES_LOST.inc()
            return
        if self._lost:
            told = {"name": __name__, "levelname": "WARNING", "msg": f"{self._lost} lines found no room"}
            self._waiting.append(self.format(logging.makeLogRecord(told)))
            self._lost = 0
        self._waiting.append(line)
        self._news.set()

    def close(self) -> None:
        """What waits is written, if that is soon."""
        self._is_ending = True
        self._news.set()
        self._thread.join(END_S_MAX)
        super().close()

    def _run(self) -> None:
        while not self._is_ending or self._waiting:
            self._news.wait()
            self._news.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
                try:
                    self._write("".join(f"{line}\n" for line in batch).encode("utf-8", "backslashreplace"))
                except OSError:
                    metrics.LOG_LINES_LOST.inc(len(batch))


@contextmanager
def logged(settings: LogSettings, *, verbose: bool, to_fd: int = 2) -> Iterator[None]:
    """Everything that is logged meanwhile goes to stderr; all of it is there at the end. Of libraries only
    what worries them: they tell every request."""

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(to_fd, data) :]

    pen, root, ours = Pen(write), logging.getLogger(), logging.getLogger("callctl")
    pen.setFormatter(Lines(settings))
    root.addHandler(pen)
    root.setLevel("WARNING")
    ours.setLevel("DEBUG" if verbose else settings.level.upper())
    try:
        yield
    finally:
        ours.setLevel(logging.NOTSET)
        root.removeHandler(pen)
        pen.close()
