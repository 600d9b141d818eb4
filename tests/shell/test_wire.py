"""What Asterisk's frames say to a call, and what its refusals mean."""

from dataclasses import replace

import pytest

from callctl.asterisk.operations import write
from callctl.asterisk.switch import why_refused
from callctl.asterisk.wire import APP, read, read_list
from callctl.calls.events import (
    CallArrived,
    DeviceSeen,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegRings,
    PromptEnded,
    RecordingEnded,
    SeatDialled,
    Why,
)
from callctl.calls.legs import call_id_of, is_leg_id
from callctl.calls.orders import (
    Answer,
    HangUp,
    Inside,
    Join,
    MediaOrder,
    MusicOff,
    Part,
    PlaceLeg,
    PlayToLeg,
    RecordLeg,
    StopPlaying,
    StopRecording,
    Trunk,
)

CHANNEL = {"id": "callctl-7", "caller": {"number": "79031112233"}, "state": "Ring"}
RECORDING = {"name": "message/a/box/callctl-7", "target_uri": "channel:callctl-7", "duration": 4}
UNRECORDED = {"name": "message/a/box/callctl-7", "target_uri": "channel:callctl-7"}
RECORD = RecordLeg("callctl-7", "message/a/box/callctl-7", 10_000, 2_000, beep=True)


def peer(status: str) -> dict[str, object]:
    endpoint = {"technology": "PJSIP", "resource": "ann-201-1", "state": "online"}
    return {"type": "PeerStatusChange", "endpoint": endpoint, "peer": {"peer_status": status}}


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (
            {"type": "StasisStart", "channel": CHANNEL, "args": ["in", "74951234567", ""]},
            CallArrived("callctl-7", "79031112233", "74951234567", 0),
        ),
        (
            {"type": "StasisStart", "channel": CHANNEL, "args": ["in", "74951234567", "3"]},
            CallArrived("callctl-7", "79031112233", "74951234567", 3),
        ),
        (
            {"type": "StasisStart", "channel": CHANNEL, "args": ["in", "74951234567"]},
            CallArrived("callctl-7", "79031112233", "74951234567", 0),
        ),
        (
            {"type": "StasisStart", "channel": CHANNEL, "args": ["seat", "*8anna", "ann-201-1"]},
            SeatDialled("callctl-7", "ann-201-1", "*8anna"),
        ),
        (peer("Reachable"), DeviceSeen("ann-201-1", is_reachable=True)),
        (peer("Unreachable"), DeviceSeen("ann-201-1", is_reachable=False)),
        (peer("Unknown"), None),
        ({"type": "ChannelDtmfReceived", "channel": CHANNEL, "digit": "#"}, DigitPressed("callctl-7", "#")),
        ({"type": "ChannelHangupRequest", "channel": CHANNEL, "cause": 32}, LegEnded("callctl-7")),
        ({"type": "StasisEnd", "channel": CHANNEL}, LegEnded("callctl-7")),
        ({"type": "ChannelDestroyed", "channel": CHANNEL, "cause": 0}, LegGone("callctl-7", 16)),
        ({"type": "ChannelDestroyed", "channel": CHANNEL, "cause": 17}, LegGone("callctl-7", 17)),
        (
            {"type": "ChannelDestroyed", "channel": CHANNEL, "cause": 127, "tech_cause": 487},
            LegGone("callctl-7", 127, was_cancelled=True),
        ),
        (
            {"type": "PlaybackFinished", "playback": {"id": "leg1-callctl-7/2", "state": "done"}},
            PromptEnded("leg1-callctl-7", 2),
        ),
        (
            {"type": "PlaybackFinished", "playback": {"id": "leg1-callctl-7/2", "state": "failed"}},
            PromptEnded("leg1-callctl-7", 2, was_played=False),
        ),
        ({"type": "PlaybackFinished", "playback": {"id": "of-a-bridge", "state": "done"}}, None),
        (
            {"type": "RecordingFinished", "recording": RECORDING},
            RecordingEnded("callctl-7", "message/a/box/callctl-7", 4_000),
        ),
        (
            {"type": "RecordingFailed", "recording": UNRECORDED},
            RecordingEnded("callctl-7", "message/a/box/callctl-7", 0, was_kept=False),
        ),
        ({"type": "RecordingFinished", "recording": {**RECORDING, "target_uri": "bridge:callctl-7"}}, None),
    ],
)
def test_a_frame_is_read(frame: dict[str, object], event: Event | None) -> None:
    assert read(frame) == event


@pytest.mark.parametrize(
    ("order", "status", "why"),
    [
        (StopPlaying("callctl-7", 1), 404, None),
        (StopPlaying("callctl-7", 1), 500, Why.REJECTED),
        (StopRecording("callctl-7", "message/x"), 404, None),
        (MusicOff("callctl-7"), 404, None),
        (Part("callctl-7", "leg1-callctl-7"), 422, None),
        (Join("callctl-7", ("callctl-7",)), 422, Why.GONE),
        (Join("callctl-7", ("callctl-7",)), 500, Why.REJECTED),
        (PlayToLeg("callctl-7", 1, ("sound:x",)), 404, Why.GONE),
        (PlayToLeg("callctl-7", 1, ("sound:x",)), 500, Why.REJECTED),
        (RECORD, 404, Why.GONE),
        (RECORD, 409, Why.REJECTED),
        (Answer("callctl-7"), 409, Why.GONE),
        (HangUp("callctl-7", 16), 404, Why.GONE),
    ],
)
def test_a_refusal_means(order: MediaOrder, status: int, why: Why | None) -> None:
    assert why_refused(order, status) is why


def test_a_call_inside_comes_in_as_a_callers_own_leg() -> None:
    leg = "leg1-in-leg1-callctl-7"
    (placing,) = write(PlaceLeg(leg, "in-leg1-callctl-7", Inside("74951234567", 2), "7903", 1_000, False), 0)
    arrives_as = placing.arguments["otherChannelId"]
    assert not is_leg_id(arrives_as)
    assert call_id_of(arrives_as) == arrives_as


def test_a_name_cannot_end_a_header() -> None:
    order = PlaceLeg("leg1-c", "c", Trunk("t", "7916"), "7903", 1_000, False, caller_name='a"\r\n<Яна>\\')
    (placing,) = write(order, 0)
    assert placing.arguments["variables"]["CONNECTEDLINE(name,i)"] == "aЯна"


def test_only_bridges_of_ours_are_told() -> None:
    bridges = [
        {"id": "one", "name": APP, "channels": ["one", "leg1-one"]},
        {"id": "two", "name": "", "channels": ["somebody"]},
    ]
    listed = read_list([], 0, 0, bridges, is_after_gap=True)
    assert listed.joined == {"one": {"one", "leg1-one"}}


def in_stasis(channel_id: str, *args: str) -> dict[str, object]:
    dialplan = {"app_name": "Stasis", "app_data": ",".join([APP, *args])}
    return {**CHANNEL, "id": channel_id, "state": "Ring", "dialplan": dialplan}


def test_who_calls_for_help_is_listed_with_his_arrival() -> None:
    channels = [
        in_stasis("one", "in", "112", ""),
        in_stasis("two", "seat", "101", "anna-1"),
        in_stasis("three", "in", "74951234567", ""),
        in_stasis("leg1-one", "out"),
    ]
    listed = read_list(channels, 0, 0, is_after_gap=True)
    assert listed.for_help == {
        "one": CallArrived("one", "79031112233", "112"),
        "two": SeatDialled("two", "anna-1", "101"),
    }


@pytest.mark.parametrize(
    ("state", "event"),
    [("Up", LegAnswered("callctl-7")), ("Ringing", LegRings("callctl-7")), ("Ring", None), ("Busy", None)],
)
def test_a_channel_that_rings_or_is_up_is_news(state: str, event: Event | None) -> None:
    assert read({"type": "ChannelStateChange", "channel": {**CHANNEL, "state": state}}) == event


def test_a_leg_is_born_with_its_account_and_node_in_one_line() -> None:
    order = PlaceLeg(
        "leg1-c", "c", Trunk("t", "7916"), "7903", 1_000, False, account_id="acme", node="a\r\nb"
    )
    (placing,) = write(order, 0)
    variables = placing.arguments["variables"]
    assert (variables["CHANNEL(accountcode)"], variables["CALLCTL_NODE"]) == ("acme", "ab")
    (placing,) = write(replace(order, account_id="", node=""), 0)
    assert not {"CHANNEL(accountcode)", "CALLCTL_NODE"} & placing.arguments["variables"].keys()
