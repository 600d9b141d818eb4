"""`callctl` that says, whenever it is asked, how much it holds in memory, and which Python objects.

Rule 1: whoever writes to the pipe ASKED_BY gets the answer as JSON in the file beside it.
Rule 2: a full collection goes first. It frees what Python keeps for the next tuple and the like, too: blocks
    that nobody holds, and more of them for a long time.
Rule 3: with TRACED, memory is traced from the first census on, and the second says which lines took it.
"""

import gc
import json
import os
import sys
import threading
import tracemalloc
from collections import Counter, deque
from collections.abc import Iterable
from pathlib import Path

from callctl.__main__ import main

ASKED_BY = "CALLCTL_TEST_ASKED_BY"
TRACED = "CALLCTL_TEST_TRACED"
HELD, CENSUS = b"held", b"census"
FRAMES, LINES = 4, 12
OURS = ("callctl.", "rating.", "dialplan.")


def answer_for_ever(pipe: Path) -> None:
    garbage = 0
    while True:
        asked = pipe.read_bytes()  # waits for somebody to write
        garbage += gc.collect()
        told: dict[str, object] = {"blocks": sys.getallocatedblocks(), "garbage": garbage}
        if asked == CENSUS:
            told |= census()
        part = pipe.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.rename(pipe.with_suffix(".json"))


def census() -> dict[str, object]:
    there = gc.get_objects()
    told: dict[str, object] = {
        "objects": Counter(type(one).__name__ for one in there),
        "collections": collections_of(there),
    }
    if tracemalloc.is_tracing():
        told["grown"] = grown()
    elif TRACED in os.environ:
        tracemalloc.start(FRAMES)
    return told


def grown() -> list[str]:
    """What was taken since we trace, and is still held."""
    most = tracemalloc.take_snapshot().statistics("traceback")[:LINES]
    tracemalloc.stop()
    return ["\n".join([str(one), *one.traceback.format()]) for one in most]


def collections_of(objects: Iterable[object]) -> Counter[str]:
    """How much all objects of ours hold in their sets, lists and dictionaries, by class and attribute."""
    found: Counter[str] = Counter()
    for one in objects:
        kind = type(one)
        if not kind.__module__.startswith(OURS):
            continue
        slots = [name for each in kind.__mro__ for name in getattr(each, "__slots__", ())]
        names = [name for name in (*getattr(one, "__dict__", ()), *slots) if not name.startswith("__")]
        for name in names:
            value = getattr(one, name, None)
            if isinstance(value, dict | set | list | deque):
                found[f"{kind.__name__}.{name}"] += len(value)
    return found


if __name__ == "__main__":
    pipe = Path(os.environ[ASKED_BY])
    threading.Thread(target=answer_for_ever, args=(pipe,), daemon=True).start()
    sys.exit(main())
