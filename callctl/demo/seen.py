"""What a phone saw of its calls, read out of SIPp's own message log while SIPp runs or after.

Rule 1: every moment is SIPp's own, in microseconds since the epoch; we never ask a clock.
Rule 2: calls are told apart by Call-ID; of a message that is repeated, the first counts.
Rule 3: a half-written message is left for the next reading.
"""

import asyncio
import calendar
import functools
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

RECORD = re.compile(
    rb"-{40,} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{6})\n"
    rb"UDP message (?:sent \((?P<sent>\d+) bytes\)|received \[(?P<received>\d+)\] bytes ):\n\n"
)
START = re.compile(rb"(?:SIP/2\.0 (?P<status>\d{3})|(?P<method>[A-Z]+) sips?:(?:(?P<user>[^@;>\s]*)@)?)")
CALL_ID = re.compile(rb"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
CSEQ = re.compile(rb"\r\nCSeq[ \t]*:[ \t]*\d+[ \t]+([A-Z]+)", re.IGNORECASE)
FROM_USER = re.compile(rb"\r\n(?:From|f)[ \t]*:[^\r\n]*?sips?:([^@;>\r\n]*)@", re.IGNORECASE)
# RFC 3326: Reason: Q.850;cause=17;text="User busy"
REASON = re.compile(
    rb"\r\nReason[ \t]*:[^\r\n]*?Q\.850[^\r\n,]*?;[ \t]*cause[ \t]*=[ \t]*(\d+)", re.IGNORECASE
)
# The first word of the exchange to a phone of its own: again, with the password.
UNAUTHORIZED = 401
HAS_SDP = re.compile(rb"\r\n(?:Content-Type|c)[ \t]*:[ \t]*application/sdp", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One call as one phone saw it. `here` is the phone that saw it, `there` is the other side."""

    call_id: str
    number: str
    caller: str
    invited_at_us: int
    ringing_at_us: int | None = None
    early_media_at_us: int | None = None
    answered_at_us: int | None = None
    cancelled_at_us: int | None = None
    ended_at_us: int | None = None
    ended_by: Literal["here", "there"] | None = None
    final_status: int | None = None
    reason_cause: int | None = None
    nobody_cut_it: bool = False
    """The caller waited for the far side to hang up, and hung up itself when its patience ended."""

    @property
    def was_answered(self) -> bool:
        return self.answered_at_us is not None

    @property
    def is_over(self) -> bool:
        """Ended, and the INVITE has its final response."""
        return self.ended_at_us is not None and self.final_status is not None

    @property
    def talked_ms(self) -> int:
        """From answer to end, rounded down; 0 for a call that was not answered or goes on."""
        if self.answered_at_us is None or self.ended_at_us is None:
            return 0
        return (self.ended_at_us - self.answered_at_us) // 1000


class CallLog:
    """All calls in one message log, as far as it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_bytes = 0
        self._calls: dict[str, CallSeen] = {}

    def calls(self) -> list[CallSeen]:
        """In the order of their first INVITE."""
        if self._path.exists():
            with self._path.open("rb") as log:
                log.seek(self._read_bytes)
                self._take(log.read())
        return list(self._calls.values())

    def _take(self, text: bytes) -> None:
        taken = 0
        while record := RECORD.search(text, taken):
            end = record.end() + int(record["sent"] or record["received"])
            if end > len(text):
                break
            at_us = second_us(record[1]) + int(record[2])
            self._hear(text[record.end() : end], at_us, is_ours=record["sent"] is not None)
            taken = end
        self._read_bytes += taken

    def _hear(self, message: bytes, at_us: int, is_ours: bool) -> None:
        start, call_id, cseq = START.match(message), CALL_ID.search(message), CSEQ.search(message)
        if not (start and call_id and cseq):
            return
        key = call_id[1].strip().decode("ascii", "replace")
        call = self._calls.get(key)
        if call is None:
            if start["method"] != b"INVITE":
                return  # OPTIONS of a qualifying trunk, or news of a call that began before us
            user = FROM_USER.search(message)
            self._calls[key] = CallSeen(
                key, _text(start["user"]), _text(user[1]) if user else "", invited_at_us=at_us
            )
        elif start["method"] == b"INVITE" and call.final_status == UNAUTHORIZED:
            self._calls[key] = replace(call, final_status=None, ended_at_us=None, ended_by=None)
        elif start["method"]:
            self._calls[key] = _requested(call, start["method"], message, at_us, is_ours)
        elif cseq[1].upper() == b"INVITE":
            self._calls[key] = _responded(call, int(start["status"]), message, at_us, is_ours)


def _requested(call: CallSeen, method: bytes, message: bytes, at_us: int, is_ours: bool) -> CallSeen:
    if method == b"CANCEL" and call.cancelled_at_us is None:
        call = replace(_reasoned(call, message), cancelled_at_us=at_us)
        return call if call.was_answered else _ended(call, message, at_us, is_ours)
    if method == b"BYE":
        return _ended(call, message, at_us, is_ours)
    return call


def _responded(call: CallSeen, status: int, message: bytes, at_us: int, is_ours: bool) -> CallSeen:
    if status < 200:
        if status == 180 and call.ringing_at_us is None:
            call = replace(call, ringing_at_us=at_us)
        if call.early_media_at_us is None and HAS_SDP.search(message):
            call = replace(call, early_media_at_us=at_us)
        return call
    if call.final_status is not None:
        # INVITE inside the dialog, or the same response again.
        return call
    call = replace(call, final_status=status)
    if status < 300:
        # The answer crossed a CANCEL: the call lives until its BYE.
        return replace(call, answered_at_us=at_us, ended_at_us=None, ended_by=None)
    return _ended(call, message, at_us, is_ours)


def _ended(call: CallSeen, message: bytes, at_us: int, is_ours: bool) -> CallSeen:
    call = _reasoned(call, message)
    if call.ended_at_us is not None:
        return call
    return replace(call, ended_at_us=at_us, ended_by="here" if is_ours else "there")


def _reasoned(call: CallSeen, message: bytes) -> CallSeen:
    """The first to tell why: of an answer that crossed a CANCEL, the BYE need not say it again."""
    if call.reason_cause is None and (reason := REASON.search(message)):
        return replace(call, reason_cause=int(reason[1]))
    return call


def _text(user: bytes | None) -> str:
    return (user or b"").decode("ascii", "replace")


@functools.lru_cache(maxsize=16)
def second_us(stamp: bytes) -> int:
    """SIPp writes local time; phones.py starts it with the zone set to UTC."""
    return calendar.timegm(time.strptime(stamp.decode(), "%Y-%m-%d %H:%M:%S")) * 1_000_000


class MediaSink(asyncio.DatagramProtocol):
    """Stands in for the caller's media: counts the RTP packets that reach `port`."""

    def __init__(self) -> None:
        self.port = 0
        self.packets = 0
        self.payload_types: set[int] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        # RFC 3550: version 2 in the first two bits. RTCP comes to a port of its own.
        if len(data) >= 12 and data[0] >> 6 == 2:
            self.packets += 1
            self.payload_types.add(data[1] & 0x7F)


@asynccontextmanager
async def media_sink(host: str = "127.0.0.1") -> AsyncIterator[MediaSink]:
    """Listen on a free port; give `sink.port` to the caller as its `media_port`."""
    transport, sink = await asyncio.get_running_loop().create_datagram_endpoint(
        MediaSink, local_addr=(host, 0)
    )
    try:
        yield sink
    finally:
        transport.close()
