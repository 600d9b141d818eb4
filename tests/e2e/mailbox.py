"""A mailbox, and what is in it: the rows, and the files that Asterisk wrote."""

import wave
from pathlib import Path

from tests.e2e.stacks import Json, Stack
from tests.e2e.words import Subscriber, until

GREETING = "ru/voicemail/leave-message"
BOX = """
start: box
nodes:
  box: {kind: voicemail, name: office, silence_s_max: 2, length_s_max: 10, then: after}
  after: {kind: forward, to: [FIRST]}
"""


async def messages(stack: Stack, who: Subscriber, count: int = 1) -> list[Json]:
    query = "SELECT * FROM message WHERE account_id = $1"
    rows: list[Json] = []

    async def are_there() -> bool:
        rows[:] = await stack.database.fetch(query, who.account_id)
        return len(rows) >= count

    await until(are_there, f"{count} messages for {who.account_id}")
    return rows


def message_file(stack: Stack, message: Json) -> Path:
    return stack.state / "asterisk" / "spool" / "recording" / f"{message['recording']}.wav"


def recorded_bytes(stack: Stack, who: Subscriber) -> int:
    mailbox = stack.state / "asterisk" / "spool" / "recording" / "message" / who.account_id / "office"
    return sum(file.stat().st_size for file in mailbox.glob("*.wav"))


def loudest(file: Path) -> int:
    with wave.open(str(file)) as wav:
        frames = wav.readframes(wav.getnframes())
    return max(
        abs(int.from_bytes(frames[at : at + 2], "little", signed=True)) for at in range(0, len(frames), 2)
    )
