"""`callctl` that says, whenever it is asked, which Python objects it has, and what took memory since then.

Rule 1: whoever writes to the pipe ASKED_BY gets the answer as JSON in the file beside it.
"""

import gc
import json
import os
import sys
import threading
import tracemalloc
from collections import Counter
from pathlib import Path

from callctl.__main__ import main

ASKED_BY = "CALLCTL_TEST_ASKED_BY"
TRACED = "CALLCTL_TEST_TRACED"
FRAMES, LINES = 4, 12


def answer_for_ever(pipe: Path) -> None:
    before: tracemalloc.Snapshot | None = None
    while True:
        pipe.read_bytes()  # waits for somebody to write
        gc.collect()
        told: dict[str, object] = {"objects": Counter(type(one).__name__ for one in gc.get_objects())}
        if tracemalloc.is_tracing():
            now = tracemalloc.take_snapshot()
            grown = now.compare_to(before, "traceback")[:LINES] if before else []
            told["grown"] = [f"{one}\n" + "\n".join(one.traceback.format()) for one in grown]
            before = now
        part = pipe.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.rename(pipe.with_suffix(".json"))


if __name__ == "__main__":
    if TRACED in os.environ:
        tracemalloc.start(FRAMES)
    pipe = Path(os.environ[ASKED_BY])
    threading.Thread(target=answer_for_ever, args=(pipe,), daemon=True).start()
    sys.exit(main())
