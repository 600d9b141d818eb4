"""What runs now and what an account's money did, asked of an office whose Asterisk is not there."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from callctl.commands.live import _busiest, _call_row, draw_calls
from callctl.commands.show import console
from rating.calendar import MOSCOW
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office

CALL = {
    "call_id": "callctl-1.1",
    "leg_id": "leg1-callctl-1.1",
    "account_id": "acme",
    "from": "79031112233",
    "number": "74951234567",
    "target": "79161110002",
    "state": "talking",
    "node": "ring",
    "arrived_at": "2026-01-01T00:00:00.000+00:00",
    "answered_at": None,
    "paid_until": None,
    "held_kopecks": 100,
    "scheme_version": 1,
    "balance_kopecks": 1_000,
    "available_kopecks": 900,
}


def drawn(calls: list[dict[str, object]], capsys: pytest.CaptureFixture[str]) -> str:
    console().print(draw_calls(calls))
    return capsys.readouterr().out


def test_an_ill_service_is_shown_with_what_is_away_and_ends_with_1(callctl: Callctl) -> None:
    said = callctl("health")
    assert (said.code, said.err) == (1, "")
    assert "status: degraded" in said.out and "ari: false" in said.out
    assert callctl("health", "--json").json["status"] == "degraded"


def test_without_asterisk_trunks_are_asked_for_later(callctl: Callctl) -> None:
    assert is_complaint(callctl("trunks"), 1, "Asterisk does not answer")


def test_a_call_that_does_not_run_cannot_be_ended(callctl: Callctl) -> None:
    assert is_complaint(callctl("hangup", "callctl-1.1"), 2, "no call 'callctl-1.1' runs")
    assert is_complaint(callctl("call", "callctl-1.1"), 2, "callctl-1.1")


def test_everything_on_one_screen(callctl: Callctl) -> None:
    said = callctl("top")
    assert said.code == 0
    assert "degraded: away: ari, ami" in said.out and "0 calls" in said.out
    assert callctl("top", "--json").json.keys() == {"health", "calls", "queues"}


def test_who_watches_for_a_program_gets_a_line_each_time(callctl: Callctl) -> None:
    said = callctl("calls", "--watch", "--every", "0.1", "--times", "3", "--json")
    assert [json.loads(line) for line in said.out.splitlines()] == [[], [], []]


@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "x", "3601"])
def test_a_watch_that_could_not_be_kept_is_refused(callctl: Callctl, bad: str) -> None:
    assert is_complaint(callctl("calls", "--watch", "--every", bad), 2, "give seconds")


@pytest.mark.parametrize("bad", ["0", "-1", "1.5", "x", "²", "1" * 9])
def test_a_count_that_is_none_is_refused(callctl: Callctl, bad: str) -> None:
    assert is_complaint(callctl("calls", "--watch", "--times", bad), 2, "give a number")


def test_what_is_paid_for_runs_down(capsys: pytest.CaptureFixture[str]) -> None:
    in_a_minute = (datetime.now(MOSCOW) + timedelta(seconds=60.4)).isoformat()
    row = _call_row({**CALL, "paid_until": in_a_minute})
    assert row["left"] == "1:00"
    assert _call_row({**CALL, "paid_until": "2026-01-01T00:00:00+00:00"})["left"] == "0:00"
    shown = drawn([{**CALL, "paid_until": in_a_minute}], capsys)
    assert "1:00" in shown and "9.00" in shown


def test_names_break_no_row_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    shown = drawn([{**CALL, "node": "a\nb\x1b[2J\u202e[red]"}], capsys)
    assert "a\\nb\\x1b[2J\\u202e[red]" in shown and "\x1b" not in shown


def test_whoever_has_most_calls_comes_first() -> None:
    calls = [CALL, {**CALL, "account_id": "b"}, {**CALL, "account_id": "b", "state": "ringing"}]
    assert [
        (row["account_id"], row["calls"], row["talking"], row["held_kopecks"]) for row in _busiest(calls)
    ] == [
        ("b", 2, 1, 200),
        ("acme", 1, 1, 100),
    ]


# --- statements --------------------------------------------------------------------------------------------


async def paid_in_years(office: Office, account: str) -> None:
    """The second day of five months has a line; the opening line is of now."""
    for month in range(1, 6):
        await office.sql.execute(
            "INSERT INTO entry (account_id, reference, kind, amount_kopecks, at)"
            " VALUES ($1, $2, 'payment', $3, $4)",
            account,
            f"p{month}",
            month * 100,
            datetime(2026, month, 2, tzinfo=MOSCOW),
        )


async def test_a_statement_goes_from_the_first_balance_to_the_last(
    office: Office, account: str, callctl: Callctl
) -> None:
    await paid_in_years(office, account)
    told = callctl(
        "account", "statement", account, "--from", "2026-02-01", "--to", "2026-04-02", "--json"
    ).json
    assert (told["opening_kopecks"], told["closing_kopecks"]) == (100, 1_000)
    assert told["totals"] == [{"kind": "payment", "count": 3, "amount_kopecks": 900}]
    assert [(line["reference"], line["balance_kopecks"]) for line in told["lines"]] == [
        ("p2", 300),
        ("p3", 600),
        ("p4", 1_000),
    ]
    assert told["is_whole"]
    month = callctl("account", "statement", account, "--month", "2026-03")
    assert "balance at the beginning: 3.00" in month.out and "balance at the end: 6.00" in month.out
    assert "p3" in month.out and "p2" not in month.out
    assert "opening" in callctl("account", "statement", account).out
    await office.sql.execute("DELETE FROM entry WHERE account_id = $1 AND reference LIKE 'p_'", account)


def test_a_day_is_moscows(callctl: Callctl, account: str) -> None:
    told = callctl(
        "account", "statement", account, "--from", "2026-02-01", "--to", "2026-02-01", "--json"
    ).json
    assert (told["from"], told["to"]) == ("2026-01-31T21:00:00.000+00:00", "2026-02-01T21:00:00.000+00:00")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2026-02-30"), "is no day"),
        (("--from", "yesterday"), "is no day"),
        (("--month", "2026-13"), "is no month"),
        (("--from", "2026-02-02", "--to", "2026-02-01"), "after `from`"),
    ],
)
def test_a_period_that_is_none_is_refused(
    callctl: Callctl, account: str, words: tuple[str, ...], told: str
) -> None:
    assert is_complaint(callctl("account", "statement", account, *words), 2, told)


async def test_a_statement_of_nobody_is_refused(office: Office, callctl: Callctl) -> None:
    assert is_complaint(callctl("account", "statement", "nobody"), 2, "no account 'nobody'")
    for query, field in (
        ("from=x&to=2026-01-01T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z", "to"),
        ("from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&also=1", "also"),
    ):
        status, problem = await office.ask("GET", f"/accounts/nobody/statement?{query}")
        assert (status, field in problem["detail"]) == (400, True), problem


def _may_be_interrupted() -> None:
    """Also where the tests themselves run in the background, and inherited that they may not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _of_the_terminal() -> None:
    _may_be_interrupted()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_who_watches_is_interrupted_and_that_is_no_fault(office: Office) -> None:
    command = [sys.executable, "-m", "callctl", "calls", "--watch", "--every", "0.1", "--json"]
    with subprocess.Popen(
        [*command, "--state", str(office.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_may_be_interrupted,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "[]\n"
        process.send_signal(2)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_a_person_who_watches_sees_the_table_and_leaves_with_ctrl_c(office: Office) -> None:
    """On a terminal of his own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "callctl", "calls", "--watch", "--every", "0.1"]
    with subprocess.Popen(
        [*command, "--state", str(office.folder)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
        preexec_fn=_of_the_terminal,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"0 calls, RUB" not in shown:
            shown += os.read(ours, 65_536)
        os.write(ours, b"\x03")
        while process.poll() is None:
            with suppress(OSError):  # the other side has ended
                os.read(ours, 65_536)
    os.close(ours)
    assert process.returncode == 0
