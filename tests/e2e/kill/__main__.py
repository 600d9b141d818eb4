"""`./run kills`: many deaths in one run, which ends by itself."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import uvloop

from callctl.complaint import Complaint
from tests.e2e.kill.storm import Victim
from tests.e2e.kill.trial import trial


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./run kills",
        description="kills the service, or what it needs, at drawn moments beside fifty callers in every "
        "phase of a call, and compares ledger, witness and phones",
    )
    parser.add_argument("--times", type=int, default=200, help="kills (200, about a quarter of an hour)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--victim",
        dest="victims",
        action="append",
        choices=[victim.value for victim in Victim],
        help="may be given again, then they take turns: service (if none is given), asterisk, postgres, "
        "both (service and postgres at once), ari (swallowed for a while), disk (full, under postgres)",
    )
    options = parser.parse_args()
    victims = [Victim(word) for word in options.victims or ["service"]]
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr)

    folder = Path(mkdtemp(prefix="kills-"))
    try:
        outcome = uvloop.run(trial(folder, options.times, options.seed, victims, report))
    except (AssertionError, Complaint) as error:
        sys.exit(f"seed {options.seed}: {error}\nits logs and phones stay in {folder}")
    shutil.rmtree(folder)
    report(f"{options.times} kills, nothing differs: {outcome}")


if __name__ == "__main__":
    main()
