"""A talk is recorded from its first word, and found by whoever asks for it."""

import asyncio
import math
import wave
from pathlib import Path

import pytest

from callctl.demo.phones import Answers, NeverAnswers
from tests.e2e.conftest import Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.seats import at_work, until_seat
from tests.e2e.stacks import Json, Stack, serve_again, stop_service
from tests.e2e.talks import HIGH_ALAW, HIGH_HZ, LOW_HZ, seat_talk
from tests.e2e.words import Subscriber, given_subscriber, until, until_metric
from tests.shell.tones import tone

pytestmark = pytest.mark.e2e

RECORDED = """
start: notice
nodes:
  notice: {kind: play, prompt: service/record/notice, then: record}
  record: {kind: record, keep_days: 30, then: anna}
  anna: {kind: extension, seat: anna}
"""
RECORDED_OF_SEVERAL = RECORDED.replace(
    "extension, seat: anna", "forward, to: [{all: [{seat: anna}, {seat: boris}]}]"
)


async def recordings(stack: Stack, who: Subscriber) -> list[Json]:
    found: list[Json] = await stack.get(f"/accounts/{who.account_id}/recordings")
    return found


async def recorded_bytes(stack: Stack, who: Subscriber) -> int:
    (row,) = await recordings(stack, who)
    return row["bytes"] or 0


async def until_recorded(stack: Stack, who: Subscriber, size: int) -> None:
    async def is_there() -> bool:
        return await recorded_bytes(stack, who) > size

    await until(is_there, "half a second more is recorded")


def strength(file: Path, hertz: float) -> float:
    """How strong a tone is in the whole of it, as a share of all that it holds (Goertzel)."""
    with wave.open(str(file)) as wav:
        assert (wav.getframerate(), wav.getsampwidth(), wav.getnchannels()) == (8000, 2, 1)
        frames = wav.readframes(wav.getnframes())
    step = 800  # a tenth of a second: a phase that jumps in between spoils only its own
    samples = [int.from_bytes(frames[at : at + 2], "little", signed=True) for at in range(0, len(frames), 2)]
    parts = [samples[at : at + step] for at in range(0, len(samples) - step, step)]
    return max(_strength_of(part, hertz) for part in parts)


def _strength_of(samples: list[int], hertz: float) -> float:
    turn = 2 * math.pi * hertz / 8000
    real = sum(sample * math.cos(turn * at) for at, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * at) for at, sample in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples)


LOUD = 1_000


@pytest.mark.parametrize("scheme", [RECORDED, RECORDED_OF_SEVERAL], ids=["one", "several"])
async def test_both_sides_of_a_talk_are_in_its_recording(stack: Stack, tmp_path: Path, scheme: str) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "boris", NeverAnswers()):
        async with seat_talk(stack, who, talk_ms=7_000, scheme=scheme) as talk:
            speaking = asyncio.create_task(talk.anna_ear.speak(HIGH_ALAW))
            await until(lambda: talk.caller_ear.has_heard(HIGH_ALAW[:160]), "the caller hears anna")
            (row,) = await recordings(stack, who)
            await talk.call
            speaking.cancel()
        file = tmp_path / "talk.wav"
        asked = ("--api", stack.note["api"])
        assert row["call_id"] in await stack.callctl("recording", "list", who.account_id, *asked)
        await stack.callctl("recording", "get", row["call_id"], "-o", str(file), *asked)
    assert strength(file, LOW_HZ) > LOUD, "the caller is not in it"
    assert strength(file, HIGH_HZ) > LOUD, "the seat is not in it"
    assert strength(file, 2 * HIGH_HZ) < LOUD / 4, "any sound is taken for any other"
    kept = [one for one in await recordings(stack, who) if one["keep_until"]]
    assert [one["call_id"] for one in kept] == [row["call_id"]]


async def test_a_recording_goes_on_with_whom_the_caller_is_handed_over_to(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "201") as other:
        failed = (await stack.metrics())["callctl_nodes_failed_total"]
        async with seat_talk(stack, who, talk_ms=6_000, scheme=RECORDED) as talk:
            await talk.anna_ear.press("*2201#")
            await until(lambda: any(seen.was_answered for seen in other.rung()), "201 answers")
            before = await recorded_bytes(stack, who)

            await until_recorded(stack, who, before + 8_000)
        assert len(await recordings(stack, who)) == 1
        assert (await stack.metrics())["callctl_nodes_failed_total"] == failed


async def test_a_recording_goes_on_when_the_seat_leaves_before_whom_it_consults_answers(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with (
        at_work(stack, who, "201", Answers(ring_ms=6_000)) as other,
        seat_talk(stack, who, seat_hangs_up_ms=6_000, talk_ms=16_000, scheme=RECORDED) as talk,
    ):
        await talk.anna_ear.press("*3201#")
        await until(lambda: bool(other.rung()), "201 rings")
        await talk.anna.over()
        assert not any(seen.was_answered for seen in other.rung())
        await until(lambda: any(seen.was_answered for seen in other.rung()), "201 answers")
        await until_recorded(stack, who, await recorded_bytes(stack, who) + 8_000)


async def test_a_recording_whose_time_is_over_is_gone_and_seats_outlive_a_restart_of_the_service(
    bring: Bring,
) -> None:
    stack = await bring()
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "anna"):
        await stop_service(stack)
        name = f"talk/{who.account_id}/old"
        file = stack.state / "asterisk" / "spool" / "recording" / f"{name}.wav"
        file.parent.mkdir(parents=True)
        file.write_bytes(tone())
        row = "INSERT INTO recording VALUES ($1, $2, 'old', now() - interval '31 days', 30)"
        await stack.database.execute(row, who.account_id, name)
        async with serve_again(stack, stack.settings_file):
            await until(lambda: not file.exists(), "the file is removed")
            await until_metric(stack, "callctl_recordings_expired_total", 1)
            assert await recordings(stack, who) == []
            await until_seat(stack, who, "anna", "free")
            await assert_nothing_left(stack)
