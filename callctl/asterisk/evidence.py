"""What the witness has said, call by call: who came, who answered, who hung up, and when. Pure.

Rule 1: a line that cannot be read makes a gap: of the time around it nothing is proven by silence.
Rule 2: a channel's id says whose it is: that of its host, and for a leg of ours that of its call.
"""

from dataclasses import dataclass, field

from callctl.asterisk.witness import Happening
from callctl.calls.legs import asked_in, call_id_of, is_leg_id

# Channels write side by side: their lines may stand a little out of order. More is a clock that was set back.
DISORDER_MS_MAX = 2_000

INSIDE = "in-"


@dataclass(slots=True)
class Channel:
    """Moments in ms of Asterisk's clock; None: not seen."""

    came_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    caller: str = ""
    joined_ms: int | None = None  # to anybody, in a bridge, for the first time
    dialled: str = ""  # what the caller dialled; of a leg that we placed: whom it was to reach


Channels = dict[str, Channel]


@dataclass(slots=True)
class Evidence:
    calls: dict[str, Channels] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    from_ms: int | None = None
    until_ms: int | None = None
    damaged: int = 0
    set_back_ms: int = 0  # the most that its clock was set back by
    _gaps: list[tuple[int, int | None]] = field(default_factory=list)

    def hear(self, happening: Happening) -> str:
        """The call that it is about."""
        self.passes(happening.at_ms)
        call_id = call_id_of(happening.channel)
        channels = self.calls.setdefault(call_id, {})
        channel = channels.setdefault(happening.channel, Channel())
        if happening.channel == call_id:
            self.hosts.add(host_of(call_id))
        match happening.kind:
            case "CHAN_START":
                channel.came_ms, channel.caller = happening.at_ms, happening.caller
                channel.dialled = "" if is_leg_id(happening.channel) else happening.dialled
            case "ANSWER":
                channel.answered_ms = happening.at_ms
            case "BRIDGE_ENTER":
                channel.joined_ms = happening.at_ms if channel.joined_ms is None else channel.joined_ms
            case "HANGUP":
                channel.ended_ms = happening.at_ms
        channel.dialled = happening.reached or channel.dialled
        return call_id

    def miss(self, lines: int = 1) -> None:
        """Something was said that cannot be read."""
        self.damaged += lines
        if self.until_ms is not None and not (self._gaps and self._gaps[-1][1] is None):
            self._gaps.append((self.until_ms, None))

    def is_whole(self, begin_ms: int, end_ms: int) -> bool:
        """Whether silence proves anything of that time."""
        if self.from_ms is None or self.until_ms is None:
            return False
        if not self.from_ms <= begin_ms <= end_ms <= self.until_ms:
            return False
        return not any(begin <= end_ms and (end is None or begin_ms <= end) for begin, end in self._gaps)

    def forget(self, call_id: str) -> None:
        self.calls.pop(call_id, None)

    def forget_gaps(self, before_ms: int) -> None:
        self._gaps = [gap for gap in self._gaps if gap[1] is None or gap[1] >= before_ms]

    def passes(self, at_ms: int) -> None:
        """Something was said then, whatever it was."""
        if self.from_ms is None or self.until_ms is None:
            self.from_ms = self.until_ms = at_ms
            return
        if self._gaps and self._gaps[-1][1] is None:
            self._gaps[-1] = (min(self._gaps[-1][0], at_ms), max(self._gaps[-1][0], at_ms))
        back_ms = self.until_ms - at_ms
        if back_ms > DISORDER_MS_MAX:
            self.set_back_ms = max(self.set_back_ms, back_ms)
            self._gaps.append((at_ms, self.until_ms))
        self.until_ms = at_ms if back_ms > DISORDER_MS_MAX else max(self.until_ms, at_ms)


def host_of(call_id: str) -> str:
    """`callctl` of `callctl-1795285582.0`, which may stand in the id of a call inside or of a call back."""
    while True:
        if call_id.startswith(INSIDE):
            call_id = call_id_of(call_id.removeprefix(INSIDE))
        elif asked := asked_in(call_id):
            call_id = asked
        else:
            return call_id.rpartition("-")[0]
