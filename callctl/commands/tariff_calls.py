"""The calls that a price list is tried on: from a CSV file, or from the service's records.

Rule 1: only those of the profile in question; the file's are put in the order of their answers.
"""

from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from callctl.calls.money.estimate import Asked
from callctl.calls.money.repricing import PastCall
from callctl.clock import moment, rfc3339
from callctl.commands.client import ask
from callctl.complaint import Complaint
from dialplan.numbers import normal_number
from rating.calendar import DAY_MS, moment_of
from rating.reading.csv_table import CsvTable
from rating.reading.profile_words import YEARS

FAULTS_TOLD_MAX = 20
COLUMNS = ("answered_at", "from", "to", "seconds", "profile", "plan")
OPTIONAL = ("account",)
SECONDS_MAX = 7 * DAY_MS // 1000


def calls_of_file(path: Path, profile: str) -> list[PastCall]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}: name a CSV file of calls") from error
    table = CsvTable(str(path), content, COLUMNS, OPTIONAL)
    calls = [call for cells in table.rows() if (call := _read(table, cells, profile))]
    if table.faults:
        more = len(table.faults) - FAULTS_TOLD_MAX
        raise Complaint(
            *table.faults[:FAULTS_TOLD_MAX], *([f"{path}: {more} errors more"] if more > 0 else [])
        )
    if not calls:
        raise Complaint(f"{path}: no call of profile {profile!r}: say whose calls with --name")
    return sorted(calls, key=lambda call: call.asked.answered_ms)


def calls_of_service(options: Namespace, profile: str) -> Iterator[PastCall]:
    begin, end = (rfc3339(moment(at_ms)) for at_ms in (options.begin, options.end))
    after = None
    while True:
        query = {"from": begin, "to": end, **({"after": after} if after else {})}
        page = ask(options, "GET", f"/legs?{urlencode(query)}")
        for leg in page["legs"]:
            of, _, rest = leg["tariff"].partition("/")
            if of == profile:
                at_ms = moment_of(datetime.fromisoformat(leg["answered_at"]))
                caller = normal_number(leg["from"]) or ""
                asked = Asked(caller, leg["to"], leg["line"], at_ms, leg["seconds"])
                yield PastCall(leg["account_id"], rest.partition("@")[0], asked)
        if not (after := page["next"]):
            return


def _read(table: CsvTable, cells: list[str], profile: str) -> PastCall | None:
    """None for a row of another profile, and for one that is wrong, which is told."""
    places = table.columns
    answered, caller, called, seconds, of, plan, account = (
        "" if place is None else cells[place].strip() for place in places
    )
    if of != profile:
        return None
    try:
        at = datetime.fromisoformat(answered)
        at_ms = moment_of(at) if at.year in YEARS else -1
    except ValueError:
        at_ms = -1
    if at_ms < 0:
        table.complain(places[0], f"{answered!r} is no time: write 2026-11-01T12:30:00+03:00")
    number = normal_number(called)
    if number is None:
        table.complain(places[2], f"{called!r} is no telephone number: write 79161110002")
    whole = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) <= 7 else 0
    if not 1 <= whole <= SECONDS_MAX:
        table.complain(places[3], f"{seconds!r}: write whole seconds, 1 to {SECONDS_MAX}")
    if at_ms < 0 or number is None or not 1 <= whole <= SECONDS_MAX:
        return None
    return PastCall(account, plan, Asked(normal_number(caller) or "", number, number, at_ms, whole))
