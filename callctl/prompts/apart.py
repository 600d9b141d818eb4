"""A subscriber's file checked in a process of its own: it takes seconds, and no call shall wait for them.

Rule 1: who stops waiting stops the process.
"""

import asyncio
import os
import pickle
import sys
from typing import Final

from callctl.prompts.sound_check import Sound, check_sound

CHECK_S_MAX: Final = 120.0
_NICE: Final = 10
_CHILD: Final = "from callctl.prompts.apart import main; main()"


class CheckFailed(Exception):
    """A fault of ours; the log has its own words."""


async def check_apart(data: bytes) -> Sound | list[str]:
    path = os.pathsep.join(place for place in sys.path if place)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        async with asyncio.timeout(CHECK_S_MAX):
            out, _ = await child.communicate(data)
    except TimeoutError:
        return [f"it was not read within {CHECK_S_MAX:g} s: save it as mono, 8 kHz"]
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise CheckFailed(f"the process that read a sound ended with {child.returncode}")
    found: Sound | list[str] = pickle.loads(out)
    return found


def main() -> None:
    """A file in, what was found out, in the other process."""
    os.nice(_NICE)
    sys.stdout.buffer.write(pickle.dumps(check_sound(sys.stdin.buffer.read())))
