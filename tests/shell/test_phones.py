"""SIPp against SIPp, no Asterisk between: each behaviour, and each field of what was seen."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from callctl.complaint import Complaint
from callctl.demo import sipp
from callctl.demo.phones import (
    BUSY,
    DECLINES,
    UNAVAILABLE,
    Answers,
    AnswersCancelled,
    Behaviour,
    Caller,
    NeverAnswers,
    Phone,
    Refuses,
    start_callee,
)
from callctl.demo.seen import CallLog, CallSeen, media_sink
from callctl.demo.sipp import free_media_port, free_port

pytestmark = pytest.mark.e2e  # SIPp is for those who have Asterisk's tests

TO, CALLER = "74951234567", "79031112233"
# Loopback and a millisecond's tick on a busy machine of two cores.
SLACK_MS = 250
LATE_MS = 50


class Rig:
    """Phones in one folder; every one is stopped and looked after at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.callees: list[Phone] = []

    async def callee(self, behaviour: Behaviour) -> tuple[Phone, Caller]:
        phone = await start_callee(behaviour, folder=self.folder)
        self.callees.append(phone)
        return phone, Caller(phone.port, self.folder)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    for phone in rig.callees:
        await phone.stop()
    assert not lives_in(tmp_path), "a SIPp was left running"
    assert "Aborting" not in complaints_of(tmp_path), "a scenario met a message that it does not know"


def complaints_of(folder: Path) -> str:
    return "".join(errors.read_text("utf-8") for errors in folder.rglob("errors"))


def lives_in(folder: Path) -> list[str]:
    """The programs whose working directory is inside `folder`."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # ended while we look
            if cwd.readlink().is_relative_to(folder):
                found.append(cwd.parent.name)
    return found


def ms(start_us: int | None, end_us: int | None) -> float:
    assert start_us is not None
    assert end_us is not None
    return (end_us - start_us) / 1000


async def both(rig: Rig, behaviour: Behaviour, **wishes: Any) -> tuple[CallSeen, CallSeen]:
    """(the caller's view, the callee's view) of one call."""
    callee, caller = await rig.callee(behaviour)
    mine = await caller.call(to=TO, caller=CALLER, **wishes)
    (theirs,) = await callee.wait_calls(1)
    assert mine.call_id == theirs.call_id
    for seen in (mine, theirs):
        assert (seen.number, seen.caller) == (TO, CALLER)
        assert seen.is_over
    return mine, theirs


async def test_both_sides_see_the_caller_hang_up(rig: Rig) -> None:
    mine, theirs = await both(rig, Answers(ring_ms=200), hang_up_after_ms=300)
    assert (mine.ended_by, theirs.ended_by) == ("here", "there")
    assert (mine.final_status, theirs.final_status) == (200, 200)
    assert (mine.reason_cause, theirs.reason_cause) == (16, 16)
    assert not mine.nobody_cut_it
    for seen in (mine, theirs):
        assert 200 <= ms(seen.ringing_at_us, seen.answered_at_us) < 200 + SLACK_MS
        assert 300 - 5 <= seen.talked_ms < 300 + SLACK_MS
        assert seen.early_media_at_us is None
        assert seen.cancelled_at_us is None
    # One clock, one machine. SIPp stamps what it sent after sending: the far side may stamp it earlier.
    assert -LATE_MS <= ms(mine.invited_at_us, theirs.invited_at_us) < SLACK_MS
    assert -LATE_MS <= ms(theirs.answered_at_us, mine.answered_at_us) < SLACK_MS
    assert -LATE_MS <= ms(mine.ended_at_us, theirs.ended_at_us) < SLACK_MS


async def test_both_sides_see_the_far_end_hang_up(rig: Rig) -> None:
    mine, theirs = await both(rig, Answers(hang_up_after_ms=300))
    assert (mine.ended_by, theirs.ended_by) == ("there", "here")
    assert (mine.reason_cause, theirs.reason_cause) == (16, 16)
    assert not mine.nobody_cut_it
    assert 300 - 5 <= theirs.talked_ms < 300 + SLACK_MS


async def test_a_call_that_nobody_cuts_is_ended_by_the_bound_and_says_so(rig: Rig) -> None:
    mine, _ = await both(rig, Answers(), talk_at_most_ms=200)
    assert mine.nobody_cut_it
    assert mine.ended_by == "here"
    assert 200 - 5 <= mine.talked_ms < 200 + SLACK_MS


@pytest.mark.parametrize(("behaviour", "status"), [(BUSY, 486), (DECLINES, 603), (UNAVAILABLE, 503)])
async def test_a_refused_call_is_over_with_its_status(rig: Rig, behaviour: Refuses, status: int) -> None:
    mine, theirs = await both(rig, behaviour)
    for seen, side in ((mine, "there"), (theirs, "here")):
        assert (seen.final_status, seen.ended_by) == (status, side)
        assert (seen.answered_at_us, seen.ringing_at_us, seen.reason_cause) == (None, None, None)
        assert 0 <= ms(seen.invited_at_us, seen.ended_at_us) < SLACK_MS
    assert mine.talked_ms == 0


async def test_a_refusal_after_ringing_brings_its_cause(rig: Rig) -> None:
    mine, theirs = await both(rig, Refuses(404, ring_ms=200, reason_cause=1))
    for seen in (mine, theirs):
        assert (seen.final_status, seen.reason_cause) == (404, 1)
        assert 200 <= ms(seen.ringing_at_us, seen.ended_at_us) < 200 + SLACK_MS


async def test_a_caller_who_gives_up_ends_a_call_that_is_never_answered(rig: Rig) -> None:
    mine, theirs = await both(rig, NeverAnswers(), give_up_after_ms=200)
    for seen, side in ((mine, "here"), (theirs, "there")):
        assert (seen.final_status, seen.ended_by, seen.answered_at_us) == (487, side, None)
        assert seen.cancelled_at_us == seen.ended_at_us
        assert 200 <= ms(seen.ringing_at_us, seen.cancelled_at_us) + 5 < 200 + SLACK_MS


async def test_an_answer_that_crosses_the_cancel_is_a_call_that_is_hung_up(rig: Rig) -> None:
    mine, theirs = await both(rig, AnswersCancelled(), give_up_after_ms=100)
    for seen, side in ((mine, "here"), (theirs, "there")):
        assert (seen.final_status, seen.ended_by) == (200, side)
        assert ms(seen.cancelled_at_us, seen.answered_at_us) >= 0
        assert ms(seen.answered_at_us, seen.ended_at_us) >= 0
    assert not mine.nobody_cut_it


@pytest.mark.parametrize("early_ms", [-1, 0, 1, 2, 3])
async def test_both_may_hang_up_in_the_same_moment(rig: Rig, early_ms: int) -> None:
    callee, caller = await rig.callee(Answers(hang_up_after_ms=100))
    phone = await caller.place(
        [(TO, CALLER)], ring_ms=1000, talk_ms=100 - early_ms, count=20, per_second=50, at_once_max=20
    )
    assert len(await phone.over(within_s=10)) == 20
    assert len(await callee.wait_calls(20)) == 20
    assert phone.sipp.child.process.returncode == 0, phone.sipp.last_words()


async def test_early_media_reaches_the_caller_before_the_answer(rig: Rig) -> None:
    callee, caller = await rig.callee(Answers(ring_ms=300, early_media=True, rtp=True))
    async with media_sink() as sink:
        ring = asyncio.create_task(
            caller.call(to=TO, caller=CALLER, hang_up_after_ms=50, media_port=sink.port)
        )
        await until(lambda: sink.packets >= 5)
        (theirs,) = callee.calls()
        assert theirs.answered_at_us is None, "the packets came only after the answer"
        assert theirs.early_media_at_us is not None
        mine = await ring
    assert sink.payload_types == {8}
    assert mine.ringing_at_us is None
    assert 300 <= ms(mine.early_media_at_us, mine.answered_at_us) < 300 + SLACK_MS


async def test_audio_flows_from_the_answer_on(rig: Rig) -> None:
    _, caller = await rig.callee(Answers(rtp=True))
    async with media_sink() as sink:
        mine = await caller.call(to=TO, caller=CALLER, hang_up_after_ms=300, media_port=sink.port)
        assert 5 <= sink.packets <= 25
    assert mine.early_media_at_us is None


async def test_calls_are_seen_while_they_last_and_told_apart(rig: Rig) -> None:
    callee, caller = await rig.callee(Answers())
    talks = [
        asyncio.create_task(caller.call(to=TO, caller=who, hang_up_after_ms=400))
        for who in ("79031", "79032")
    ]
    await until(lambda: sum(seen.was_answered for seen in callee.calls()) == 2)
    assert all(seen.ended_at_us is None for seen in callee.calls())
    assert {seen.caller for seen in callee.calls()} == {"79031", "79032"}
    mine = await asyncio.gather(*talks)
    theirs = {seen.call_id: seen for seen in await callee.wait_calls(2)}
    assert all(theirs[seen.call_id].caller == seen.caller for seen in mine)


async def test_many_calls_by_one_process_all_come_through(rig: Rig) -> None:
    callee, caller = await rig.callee(Answers())
    pairs = [(TO, CALLER), ("78001234567", "79160000000")]
    load = await caller.many(pairs, count=100, per_second=50, hang_up_after_ms=100)
    assert (load.wanted, load.failed, len(load.calls)) == (100, 0, 100)
    assert len(await callee.wait_calls(100)) == 100
    assert sum(seen.number == TO for seen in load.calls) == 50
    took_ms = ms(load.calls[0].invited_at_us, load.calls[-1].invited_at_us)
    assert 1500 < took_ms < 3500


async def test_many_counts_refused_calls_as_failed(rig: Rig) -> None:
    _, caller = await rig.callee(BUSY)
    load = await caller.many([(TO, CALLER)], count=3, per_second=50, hang_up_after_ms=100)
    assert (load.failed, len(load.calls)) == (3, 3)


async def test_many_ends_by_its_bound(rig: Rig) -> None:
    _, caller = await rig.callee(Answers())
    load = await caller.many([(TO, CALLER)], count=3, per_second=50, hang_up_after_ms=60_000, within_s=0.5)
    assert load.failed == 3


async def test_a_cancelled_call_leaves_no_process(rig: Rig) -> None:
    callee, caller = await rig.callee(Answers())
    talk = asyncio.create_task(caller.call(to=TO, caller=CALLER))
    await until(lambda: any(seen.was_answered for seen in callee.calls()))
    talk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talk


async def test_a_trunk_may_ask_whether_the_far_end_lives(rig: Rig) -> None:
    callee, _ = await rig.callee(Answers())
    ask = (
        b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK1\r\n"
        b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: alive\r\n"
        b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
        trunk.bind(("127.0.0.1", 0))
        trunk.setblocking(False)
        loop = asyncio.get_running_loop()
        trunk.sendto(ask % trunk.getsockname()[1], ("127.0.0.1", callee.port))
        answer = await asyncio.wait_for(loop.sock_recv(trunk, 2000), 2)
    assert answer.startswith(b"SIP/2.0 200")
    assert callee.calls() == []


async def test_moments_are_of_the_epoch_whatever_the_zone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "MSK-3")
    before_us = time.time_ns() // 1000
    mine, theirs = await both(rig, BUSY)
    assert before_us <= mine.invited_at_us <= time.time_ns() // 1000
    assert before_us <= theirs.invited_at_us <= time.time_ns() // 1000


async def test_a_missing_sipp_is_a_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Complaint, match="apt-get install sip-tester"):
        await start_callee(BUSY, folder=tmp_path)


async def test_a_port_that_is_taken_is_a_complaint(rig: Rig) -> None:
    callee, _ = await rig.callee(BUSY)
    with pytest.raises(Complaint, match=f"port {callee.port} is taken"):
        await start_callee(BUSY, folder=rig.folder, port=callee.port)


async def test_a_media_port_that_another_took_in_the_last_moment_is_chosen_anew(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another:
        another.bind(("127.0.0.1", 0))
        ports = iter([another.getsockname()[1], free_media_port(None), free_media_port(None)])
        monkeypatch.setattr(sipp, "free_media_port", lambda _: next(ports))
        _, caller = await rig.callee(BUSY)
        assert (await caller.call(to=TO, caller=CALLER)).final_status == 486


async def test_a_callee_that_is_asked_for_a_port_listens_there(rig: Rig) -> None:
    port = free_port()
    async with await start_callee(BUSY, folder=rig.folder, port=port) as callee:
        assert callee.port == port
        assert (await Caller(port, rig.folder).call(to=TO, caller=CALLER)).final_status == 486
    assert not callee.sipp.child.is_running


def test_a_half_written_message_waits_for_the_next_reading(tmp_path: Path) -> None:
    invite = (
        b"INVITE sip:100@127.0.0.1:5060 SIP/2.0\r\nFrom: <sip:200@127.0.0.1>;tag=1\r\n"
        b"Call-ID: a\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    busy = b'SIP/2.0 486 Busy\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nReason: Q.850;cause=17;text="x"\r\n\r\n'
    line = b"-" * 47
    text = line + b" 2026-01-02 03:04:05.000006\nUDP message sent (%d bytes):\n\n%s\n" % (len(invite), invite)
    text += line + b" 2026-01-02 03:04:05.100000\nUDP message received [%d] bytes :\n\n%s\n" % (
        len(busy),
        busy,
    )
    path = tmp_path / "messages"
    log = CallLog(path)
    assert log.calls() == []
    for end in range(len(text) + 1):
        path.write_bytes(text[:end])
        log.calls()
    (seen,) = log.calls()
    assert (seen.number, seen.caller, seen.invited_at_us) == ("100", "200", 1_767_323_045_000_006)
    assert seen.ended_at_us == 1_767_323_045_100_000
    assert (seen.final_status, seen.reason_cause, seen.ended_by) == (486, 17, "there")


async def until(is_so: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
