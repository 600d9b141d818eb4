"""A call from the carrier to the number and back to the carrier, told as JSON. Run in the root's network."""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from callctl.demo.phones import Answers, Caller, start_callee


async def call(exchange_port: int, carrier_port: int, number: str, talk_ms: int) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        async with await start_callee(Answers(ring_ms=200), folder=place, port=carrier_port) as far_end:
            caller = Caller(exchange_port, place)
            seen = await caller.call(to=number, caller="79031112233", hang_up_after_ms=talk_ms)
            theirs = [each.number for each in far_end.calls()]
    return {"answered": seen.was_answered, "ended_by": seen.ended_by, "rang": theirs}


if __name__ == "__main__":
    told = asyncio.run(call(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
    print(json.dumps(told))
