"""`callctl` whose wall clock somebody sets in mid-call: by as many ms as the file in MOVED_BY says."""

import os
import sys
import time
from functools import partial
from pathlib import Path

from callctl import run
from callctl.__main__ import main
from callctl.clock import Clock

MOVED_BY = "CALLCTL_TEST_MOVED_BY"


def moved_ns() -> int:
    return time.time_ns() + int(Path(os.environ[MOVED_BY]).read_text()) * 1_000_000


if __name__ == "__main__":
    vars(run)["Clock"] = partial(Clock, moved_ns)
    sys.exit(main())
