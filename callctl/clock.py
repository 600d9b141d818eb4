"""The only place that asks what time it is.

Rule 1: durations come from the monotonic clock, so a wall clock that jumps lengthens nobody's call.
Rule 2: a stamp of Asterisk is turned into our time by its age, which both clocks agree about.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Older than this is not news that waited in a socket but a clock that was moved.
AGE_MS_MAX = 120_000


def moment(at_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at_ms)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def rfc3339(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds") if at else None


class Clock:
    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._offset_ns = 0
        self.anchor()

    def anchor(self) -> None:
        """Follow the wall clock again. Only while no call runs: it may move what is now."""
        self._offset_ns = self._wall_ns() - self._monotonic_ns()

    def now_ms(self) -> int:
        return (self._monotonic_ns() + self._offset_ns) // 1_000_000

    def heard_ms(self, stamped_ms: int) -> int:
        """When something happened that Asterisk stamped with the wall clock."""
        age_ms = self._wall_ns() // 1_000_000 - stamped_ms
        if not 0 <= age_ms <= AGE_MS_MAX:
            age_ms = 0
        return self.now_ms() - age_ms

    def stamped_ms(self, stamp_ms: int) -> int:
        """In our time, a stamp of the wall clock of any age: right as long as nobody has set it since."""
        return stamp_ms + self.now_ms() - self._wall_ns() // 1_000_000

    def stamp_ms(self, at_ms: int) -> int:
        """What the wall clock said then, as it stands now."""
        return at_ms + self._wall_ns() // 1_000_000 - self.now_ms()
