"""Orders into operations. Pure.

Rule 1: words of ARI stop here; a sound is located before it comes here.
Rule 2: a call to another number of ours comes in under an id that we choose, which is no leg's: it is a
    caller of its own, and carries the count of its hops.
Rule 3: no name has a sign that could end a header or a quotation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from callctl.asterisk.wire import APP
from callctl.asterisk.witness import SEATS
from callctl.calls.orders import (
    Answer,
    Bound,
    BridgeOrder,
    CloseBridge,
    Device,
    Dial,
    Endpoint,
    HangUp,
    Inside,
    Join,
    JoinAndDial,
    MediaOrder,
    MusicOff,
    MusicOn,
    Part,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
    RecordBridge,
    RecordLeg,
    RingBack,
    StopPlaying,
    StopRecording,
    Trunk,
)

# Digits pressed in it are told: with no features Asterisk would let the packets pass beside itself.
# Its price: each packet goes through the bridge.
TOLD_DIGITS = "mixing,dtmf_events"
RECORDED_AS = "wav"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request: a resource of ARI, the operation's name in its description, and the arguments."""

    resource: str
    name: str
    arguments: Mapping[str, Any]


def seconds_left(until_ms: int | None, now_ms: int) -> str:
    """What a time limit of Asterisk wants: seconds from now, with milliseconds; 0 takes the limit away."""
    return "0" if until_ms is None else f"{max(1, until_ms - now_ms) / 1000:.3f}"


def write(order: MediaOrder, now_ms: int) -> list[Operation]:
    match order:
        case JoinAndDial() | Join() | Part() | PlayToBridge() | RecordBridge() | CloseBridge():
            return _to_bridge(order)
        case StopRecording():
            return [Operation("recordings", "stop", {"recordingName": order.recording})]
        case StopPlaying():
            playback = _playback_id(order.leg_id, order.serial)
            return [Operation("playbacks", "stop", {"playbackId": playback})]
        case PlaceLeg():
            return [Operation("channels", "create", _placing(order, now_ms))]
        case Dial():
            return [_dial(order.leg_id, order.patience_ms)]
        case Answer():
            return [_to_leg(order.leg_id, "answer")]
        case RingBack():
            return [_to_leg(order.leg_id, "ring")]
        case MusicOn():
            return [_to_leg(order.leg_id, "startMoh", mohClass=order.music)]
        case MusicOff():
            return [_to_leg(order.leg_id, "stopMoh")]
        case Bound():
            value = seconds_left(order.until_ms, now_ms)
            return [_to_leg(order.leg_id, "setChannelVar", variable="TIMEOUT(absolute)", value=value)]
        case PlayToLeg():
            playback = _playback_id(order.leg_id, order.serial)
            return [_to_leg(order.leg_id, "playWithId", media=list(order.media), playbackId=playback)]
        case RecordLeg():
            limits = {
                "maxDurationSeconds": _whole_s(order.length_ms_max),
                "maxSilenceSeconds": _whole_s(order.silence_ms_max),
                "terminateOn": "#",
            }
            return [_to_leg(order.leg_id, "record", **_recording(order), **limits)]
        case HangUp():
            return [_to_leg(order.leg_id, "hangup", reason_code=str(order.cause))]
        case _:
            assert_never(order)


def _to_bridge(order: BridgeOrder) -> list[Operation]:
    bridge = {"bridgeId": order.bridge_id}
    match order:
        case JoinAndDial():
            return [*_joining(order), _dial(order.leg_ids[1], order.patience_ms)]
        case Join():
            return _joining(order)
        case Part():
            return [Operation("bridges", "removeChannel", {**bridge, "channel": order.leg_id})]
        case PlayToBridge():
            return [Operation("bridges", "play", {**bridge, "media": order.media})]
        case RecordBridge():
            return [Operation("bridges", "record", {**bridge, **_recording(order)})]
        case CloseBridge():
            return [Operation("bridges", "destroy", bridge)]


def _joining(order: Join | JoinAndDial) -> list[Operation]:
    """Who is there already does not show his number to who comes."""
    bridge, legs = {"bridgeId": order.bridge_id}, ",".join(order.leg_ids)
    joined = {**bridge, "channel": legs, "inhibitConnectedLineUpdates": "true"}
    return [
        Operation(
            "bridges",
            "createWithId",
            {**bridge, "type": TOLD_DIGITS if order.tells_keys else "mixing", "name": APP},
        ),
        Operation("bridges", "addChannel", joined),
    ]


def _to_leg(leg_id: str, name: str, /, **arguments: Any) -> Operation:
    return Operation("channels", name, {"channelId": leg_id, **arguments})


def _dial(leg_id: str, patience_ms: int) -> Operation:
    # Without `caller`: it would show that one's number in the place of the one ordered.
    # Our own clock ends the ringing; this one is for the day when we are not there.
    return _to_leg(leg_id, "dial", timeout=patience_ms // 1000 + 5)


def _placing(order: PlaceLeg, now_ms: int) -> dict[str, Any]:
    # The witness notes it: Asterisk itself does not say whom a leg was to reach.
    reached = {"CHANNEL(userfield)": _reached(order.endpoint)}
    variables = {"CONNECTEDLINE(num,i)": order.caller, **reached}
    variables["TIMEOUT(absolute)"] = seconds_left(order.until_ms, now_ms)
    if order.caller_name:
        variables["CONNECTEDLINE(name,i)"] = _plain_name(order.caller_name)
    if order.account_id:
        variables["CHANNEL(accountcode)"] = order.account_id
    if order.node:
        variables["CALLCTL_NODE"] = "".join(sign for sign in order.node if sign.isprintable())
    arguments = {
        "endpoint": _endpoint(order.endpoint),
        "app": APP,
        "appArgs": "out",
        "channelId": order.leg_id,
        "variables": variables,
    }
    if order.caller_leg_id:
        arguments["originator"] = order.caller_leg_id
    if isinstance(order.endpoint, Inside):
        arguments["otherChannelId"] = f"in-{order.leg_id}"
        variables["__CALLCTL_HOPS"] = str(order.endpoint.hops)
    return arguments


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


def _reached(endpoint: Endpoint) -> str:
    return f"{SEATS}{endpoint.name}" if isinstance(endpoint, Device) else endpoint.number


def _plain_name(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() and sign not in '"\\<>')


def _recording(order: RecordLeg | RecordBridge) -> dict[str, Any]:
    return {
        "name": order.recording,
        "format": RECORDED_AS,
        "ifExists": "fail",
        "beep": "true" if order.beep else "false",
    }


def _playback_id(leg_id: str, serial: int) -> str:
    return f"{leg_id}/{serial}"


def _whole_s(milliseconds: int) -> int:
    return -(-milliseconds // 1000)
