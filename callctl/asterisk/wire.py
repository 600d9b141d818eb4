"""Frames into events, orders into operations. Pure.

Rule 1: words of ARI stop here; one small reader a kind of frame.
Rule 2: what a caller can write into a frame is cut down to what a telephone number may hold.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from callctl.calls.events import (
    CallArrived,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    LegsListed,
    PromptEnded,
)
from callctl.calls.legs import is_leg_id
from callctl.calls.orders import (
    Answer,
    Bound,
    CloseBridge,
    Device,
    Endpoint,
    HangUp,
    Inside,
    JoinAndDial,
    MediaOrder,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
    Trunk,
)
from callctl.clock import milliseconds

Frame = Mapping[str, Any]

APP = "callctl"

# The kinds that a call uses. Asterisk has dozens more, and each one costs both sides time.
KINDS_HEARD = (
    "StasisStart",
    "ChannelStateChange",
    "StasisEnd",
    "ChannelDestroyed",
    "PlaybackFinished",
    "ApplicationReplaced",
)

_NOT_IN_NUMBERS = re.compile(r"[^0-9A-Za-z+*#._-]")
NUMBER_LENGTH_MAX = 40


@dataclass(frozen=True, slots=True)
class Operation:
    """One request: a resource of ARI, the operation's name in its description, and the arguments."""

    resource: str
    name: str
    arguments: Mapping[str, Any]


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
        case ["in", number]:
            return CallArrived(channel["id"], plain_number(channel["caller"]["number"]), plain_number(number))
        case ["out"]:
            return LegReady(channel["id"])
        case _:
            return None


def _state_changed(frame: Frame) -> Event | None:
    channel = frame["channel"]
    return LegAnswered(channel["id"]) if channel["state"] == "Up" else None


def _ended(frame: Frame) -> Event:
    return LegEnded(frame["channel"]["id"])


def _destroyed(frame: Frame) -> Event:
    return LegGone(frame["channel"]["id"], frame["cause"])


def _prompt_ended(frame: Frame) -> Event | None:
    leg_id, _, serial = frame["playback"]["id"].rpartition("/")
    if not leg_id:
        return None
    return PromptEnded(leg_id, int(serial), frame["playback"]["state"] != "failed")


_READERS: Mapping[str, Callable[[Frame], Event | None]] = {
    "StasisStart": _arrived,
    "ChannelStateChange": _state_changed,
    "StasisEnd": _ended,
    "ChannelDestroyed": _destroyed,
    "PlaybackFinished": _prompt_ended,
}


def read_list(
    channels: Sequence[Frame], asked_at_ms: int, proven_at_ms: int, *, is_after_gap: bool
) -> LegsListed:
    """Only legs of ours: a caller in the fallback, or in somebody else's dialplan, is not."""
    ours = [channel for channel in channels if _is_ours(channel)]
    return LegsListed(
        alive=frozenset(channel["id"] for channel in ours),
        up=frozenset(channel["id"] for channel in ours if channel["state"] == "Up"),
        asked_at_ms=asked_at_ms,
        proven_at_ms=proven_at_ms,
        is_after_gap=is_after_gap,
    )


def _is_ours(channel: Frame) -> bool:
    if is_leg_id(channel["id"]):
        return True
    dialplan = channel["dialplan"]
    return dialplan["app_name"] == "Stasis" and str(dialplan["app_data"]).startswith(f"{APP},")


def seconds_left(until_ms: int | None, now_ms: int) -> str:
    """What a time limit of Asterisk wants: seconds from now, with milliseconds; 0 takes the limit away."""
    return "0" if until_ms is None else f"{max(1, until_ms - now_ms) / 1000:.3f}"


def _endpoint(endpoint: Endpoint) -> str:
    match endpoint:
        case Trunk():
            return f"PJSIP/{endpoint.number}@{endpoint.name}"
        case Device():
            return f"PJSIP/{endpoint.name}"
        case Inside():
            return f"Local/{endpoint.number}@callctl-in/n"
        case _:
            assert_never(endpoint)


def write(order: MediaOrder, now_ms: int) -> list[Operation]:
    match order:
        case PlaceLeg():
            variables = {"CONNECTEDLINE(num,i)": order.caller}
            if order.until_ms is not None:
                variables["TIMEOUT(absolute)"] = seconds_left(order.until_ms, now_ms)
            arguments = {
                "endpoint": _endpoint(order.endpoint),
                "app": APP,
                "appArgs": "out",
                "channelId": order.leg_id,
                "originator": order.caller_leg_id,
                "variables": variables,
            }
            return [Operation("channels", "create", arguments)]
        case JoinAndDial():
            bridge = {"bridgeId": order.bridge_id}
            return [
                Operation("bridges", "createWithId", {**bridge, "type": "mixing"}),
                Operation("bridges", "addChannel", {**bridge, "channel": ",".join(order.leg_ids)}),
                # Our own clock ends the ringing; this one is for the day when we are not there.
                Operation(
                    "channels",
                    "dial",
                    {
                        "channelId": order.leg_ids[1],
                        "caller": order.leg_ids[0],
                        "timeout": order.patience_ms // 1000 + 5,
                    },
                ),
            ]
        case Answer():
            return [Operation("channels", "answer", {"channelId": order.leg_id})]
        case Bound():
            limit = {"variable": "TIMEOUT(absolute)", "value": seconds_left(order.until_ms, now_ms)}
            return [Operation("channels", "setChannelVar", {"channelId": order.leg_id, **limit})]
        case PlayToLeg():
            arguments = {
                "channelId": order.leg_id,
                "media": list(order.media),
                "playbackId": f"{order.leg_id}/{order.serial}",
            }
            return [Operation("channels", "playWithId", arguments)]
        case PlayToBridge():
            return [Operation("bridges", "play", {"bridgeId": order.bridge_id, "media": order.media})]
        case HangUp():
            arguments = {"channelId": order.leg_id, "reason_code": str(order.cause)}
            return [Operation("channels", "hangup", arguments)]
        case CloseBridge():
            return [Operation("bridges", "destroy", {"bridgeId": order.bridge_id})]
        case _:
            assert_never(order)
