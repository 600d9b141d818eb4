"""Frames into events. Pure.

Rule 1: words of ARI stop here; one small reader a kind of frame.
Rule 2: what a caller can write into a frame is cut down to what a telephone number may hold.
Rule 3: a leg is over when its hang-up is asked for: what it plays or records ends by that, and is told before
    anything else of its end.
Rule 4: what happens to a bridge is told twice and is no news for a leg; its readers pass it over.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from callctl.calls.events import (
    CallArrived,
    DeviceSeen,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    LegRings,
    LegsListed,
    PromptEnded,
    RecordingEnded,
    SeatDialled,
)
from callctl.calls.legs import is_leg_id
from callctl.clock import milliseconds
from dialplan.causes import Cause
from dialplan.numbers import EMERGENCY

Frame = Mapping[str, Any]

APP = "callctl"

# The kinds that a call uses. Asterisk has dozens more, and each one costs both sides time.
KINDS_HEARD = (
    "StasisStart",
    "ChannelStateChange",
    "ChannelDtmfReceived",
    "ChannelHangupRequest",
    "StasisEnd",
    "ChannelDestroyed",
    "PlaybackFinished",
    "RecordingFinished",
    "RecordingFailed",
    "PeerStatusChange",
    "ApplicationReplaced",
)

# A phone that moves to another address is away for a moment, and says so.
_REACHABLE = {"Reachable": True, "Unreachable": False}

# What an INVITE is answered with after its CANCEL (RFC 3261, 9.2).
REQUEST_TERMINATED = 487

_NOT_IN_NUMBERS = re.compile(r"[^0-9A-Za-z+*#._-]")
NUMBER_LENGTH_MAX = 40


def stamped_ms(frame: Frame) -> int:
    return milliseconds(datetime.fromisoformat(frame["timestamp"]))


def read(frame: Frame) -> Event | None:
    """None: a frame that is no news for a call."""
    reader = _READERS.get(frame["type"])
    return reader(frame) if reader else None


def plain_number(text: str) -> str:
    return _NOT_IN_NUMBERS.sub("", text)[:NUMBER_LENGTH_MAX]


def _arrived(frame: Frame) -> Event | None:
    channel = frame["channel"]
    match frame["args"]:
        case ["in", number, *hops]:
            caller = plain_number(channel["caller"]["number"])
            return CallArrived(channel["id"], caller, plain_number(number), _count(hops))
        case ["seat", number, device]:
            return SeatDialled(channel["id"], device, plain_number(number))
        case ["out"]:
            return LegReady(channel["id"])
        case _:
            return None


def _state_changed(frame: Frame) -> Event | None:
    channel = frame["channel"]
    match channel["state"]:
        case "Up":
            return LegAnswered(channel["id"])
        case "Ringing":
            return LegRings(channel["id"])
        case _:
            return None


def _ended(frame: Frame) -> Event:
    return LegEnded(frame["channel"]["id"])


def _destroyed(frame: Frame) -> Event:
    # 0: a lone leg hung up and gave no reason.
    was_cancelled = frame.get("tech_cause") == REQUEST_TERMINATED
    return LegGone(frame["channel"]["id"], frame["cause"] or Cause.NORMAL, was_cancelled)


def _pressed(frame: Frame) -> Event:
    return DigitPressed(frame["channel"]["id"], frame["digit"])


def _prompt_ended(frame: Frame) -> Event | None:
    leg_id, _, serial = frame["playback"]["id"].rpartition("/")
    if not leg_id:
        return None
    return PromptEnded(leg_id, int(serial), frame["playback"]["state"] != "failed")


def _recorded(frame: Frame) -> Event | None:
    recording = frame["recording"]
    kind, _, leg_id = recording["target_uri"].partition(":")
    if kind != "channel":
        return None
    was_kept = frame["type"] == "RecordingFinished"
    return RecordingEnded(leg_id, recording["name"], recording.get("duration", 0) * 1000, was_kept)


def _seen(frame: Frame) -> Event | None:
    """Of phones and of lines to carriers alike; the latter are nobody's seat."""
    status = frame["peer"]["peer_status"]
    if status not in _REACHABLE:
        return None
    return DeviceSeen(frame["endpoint"]["resource"], _REACHABLE[status])


def _count(hops: Sequence[str]) -> int:
    return int(hops[0]) if hops and hops[0].isdecimal() else 0


_READERS: Mapping[str, Callable[[Frame], Event | None]] = {
    "StasisStart": _arrived,
    "ChannelStateChange": _state_changed,
    "ChannelDtmfReceived": _pressed,
    "ChannelHangupRequest": _ended,
    "StasisEnd": _ended,
    "ChannelDestroyed": _destroyed,
    "PlaybackFinished": _prompt_ended,
    "RecordingFinished": _recorded,
    "RecordingFailed": _recorded,
    "PeerStatusChange": _seen,
}


def read_list(
    channels: Sequence[Frame],
    asked_at_ms: int,
    proven_at_ms: int,
    bridges: Sequence[Frame] = (),
    *,
    is_after_gap: bool,
) -> LegsListed:
    """Only legs of ours: a caller in the fallback, or in somebody else's dialplan, is not."""
    ours = [channel for channel in channels if _is_ours(channel)]
    return LegsListed(
        alive=frozenset(channel["id"] for channel in ours),
        up=frozenset(channel["id"] for channel in ours if channel["state"] == "Up"),
        asked_at_ms=asked_at_ms,
        proven_at_ms=proven_at_ms,
        is_after_gap=is_after_gap,
        joined={bridge["id"]: frozenset(bridge["channels"]) for bridge in bridges if bridge["name"] == APP},
        for_help=dict(_calls_for_help(ours)),
    )


def _calls_for_help(channels: Sequence[Frame]) -> Iterator[tuple[str, CallArrived | SeatDialled]]:
    """As they came: what Asterisk remembers of a channel is with what it came to us."""
    for channel in channels:
        _, *args = str(channel["dialplan"]["app_data"]).split(",")
        arrived = _arrived({"channel": channel, "args": args})
        if isinstance(arrived, CallArrived | SeatDialled) and arrived.number in EMERGENCY:
            yield channel["id"], arrived


def _is_ours(channel: Frame) -> bool:
    if is_leg_id(channel["id"]):
        return True
    dialplan = channel["dialplan"]
    return dialplan["app_name"] == "Stasis" and str(dialplan["app_data"]).startswith(f"{APP},")
