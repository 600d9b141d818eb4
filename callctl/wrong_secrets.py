"""Who tries secrets of the phones that we know.

Rule 1: a phone that was told its new secret late tries the old one: only many tries of a day are news.
Rule 2: names of phones that are none are forgotten at once: whoever knocks can make up any number of them.
"""

import logging
from collections.abc import Callable
from datetime import date

from callctl.calls.notices import Notice, NoticeCause
from rating.calendar import day_of

TRIES_A_DAY = 10

log = logging.getLogger(__name__)


class WrongSecrets:
    def __init__(
        self,
        seat_of: Callable[[str], tuple[str, str] | None],
        now_ms: Callable[[], int],
    ) -> None:
        self._seat_of = seat_of
        self._now_ms = now_ms
        self.notices: list[Notice] = []  # that nobody has written down yet
        self._day: date | None = None
        self._tries: dict[str, int] = {}

    def heard(self, name: str) -> None:
        seat = self._seat_of(name)
        if seat is None:
            return
        now_ms = self._now_ms()
        if day_of(now_ms) != self._day:
            self._day = day_of(now_ms)
            self._tries.clear()
        self._tries[name] = self._tries.get(name, 0) + 1
        if self._tries[name] == TRIES_A_DAY:
            log.warning("%d wrong secrets of the phone %s today", TRIES_A_DAY, name)
            self.notices.append(Notice(seat[0], NoticeCause.LOGINS_FAILED, name, now_ms))
