"""The command line against a running office: what it prints, what it refuses, how it ends.

Rule 1: a mistake gets a line on stderr and an exit code: 2 for bad input, 1 when no service answers.
Rule 2: most is asked of `main` in this process; what depends on the process itself, of a real one.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from callctl.calls.records import LegRefused, LegSettled
from callctl.stack import whereabouts
from dialplan.causes import Cause
from rating.refusal import Refusal
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import SCHEME, Office
from tests.shell.test_journal import RATE, began, held, settled, write_down
from tests.shell.test_office import TERMS

SERIAL = count(1)
CDR_FIELDS = [
    *("call_id", "leg_id", "from", "to", "answered_at", "ended_at", "seconds", "units"),
    *("charge_kopecks", "ended_by", "cause"),
]
NOBODY = "127.0.0.1:1"


def new_account(callctl: Callctl, roubles: str = "0") -> str:
    account_id = f"c{next(SERIAL)}"
    said = callctl("account", "add", account_id, "--profile", "demo", "--plan", "six", "--balance", roubles)
    assert (said.code, said.err) == (0, ""), said
    return account_id


@pytest.fixture
def scheme(tmp_path: Path) -> str:
    path = tmp_path / "scheme.yaml"
    path.write_text(SCHEME)
    return str(path)


# --- what they print -------------------------------------------------------------------------------------


def test_an_account_from_its_opening_to_its_entries(callctl: Callctl) -> None:
    account_id = f"c{next(SERIAL)}"
    opened = callctl(*f"account add {account_id} --profile demo --plan six --balance 12.34".split(), "--json")
    assert opened.json == {
        "account_id": account_id,
        "profile": "demo",
        "plan": "six",
        "balance_kopecks": 1234,
        "held_kopecks": 0,
        "available_kopecks": 1234,
        **TERMS,
    }
    paid = callctl("account", "pay", account_id, "5", "--ref", "bank-1", "--json").json
    assert (paid["balance_kopecks"], paid["is_new"]) == (1734, True)
    assert callctl("account", "show", account_id, "--json").json["balance_kopecks"] == 1734
    lines = callctl("account", "entries", account_id, "--json").json
    assert [tuple(line) for line in lines] == [
        ("reference", "kind", "pot", "at", "refers_to", "note", "amount_kopecks", "balance_kopecks")
    ] * 2
    assert [(line["reference"], line["amount_kopecks"], line["balance_kopecks"]) for line in lines] == [
        ("opening", 1234, 1234),
        ("bank-1", 500, 1734),
    ]
    assert all(is_rfc3339(line["at"]) for line in lines)


def is_rfc3339(text: str) -> bool:
    """With a zone; what Python reads with one is so."""
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\+\d\d:\d\d|Z)", text)) and bool(
        datetime.fromisoformat(text).tzinfo
    )


def test_people_get_roubles_and_sentences(callctl: Callctl, scheme: str) -> None:
    account_id = new_account(callctl, "12.34")
    assert "12.34" in callctl("account", "show", account_id).out
    first = callctl("account", "pay", account_id, "5,00", "--ref", "b").out
    again = callctl("account", "pay", account_id, "5", "--ref", "b").out
    assert "payment b: 5.00 RUB taken" in first and "17.34" in first
    assert "payment b: 5.00 RUB was there already, nothing changed" in again and "17.34" in again
    assert re.search(r"payment +b +5\.00 +17\.34", callctl("account", "entries", account_id).out)
    said = callctl("number", "add", "+7 495 700-00-01", "--account", account_id, "--scheme", scheme)
    assert said.out == f"number 74957000001 belongs to {account_id}\n"
    assert "0 calls, RUB" in callctl("calls").out
    assert callctl("calls", "--json").json == []


def test_a_number_and_its_scheme(callctl: Callctl, scheme: str) -> None:
    account_id = new_account(callctl)
    said = callctl("number", "add", "84957000002", "--account", account_id, "--scheme", scheme, "--json")
    assert said.json == {"e164": "74957000002", "account_id": account_id, "warnings": []}
    assert callctl("scheme", "check", scheme, by=()).out.endswith(
        "a sound scheme of 2 nodes, starting at 'ring'\n"
    )
    assert callctl("scheme", "check", scheme, "--json", by=()).json == {"ok": True, "faults": []}


def test_a_number_may_be_forwarded_without_a_file(callctl: Callctl) -> None:
    added = ("--account", new_account(callctl), "--forward-to", "8 916 111-00-02")
    assert callctl("number", "add", "74957000003", *added).code == 0
    assert 'to: ["8 916 111-00-02"]' in callctl("scheme", "show", "74957000003").out


def test_what_payers_write_in_brackets_is_shown_as_written(callctl: Callctl) -> None:
    account_id = new_account(callctl)
    callctl("account", "pay", account_id, "5", "--ref", "[/b]:smile:[red]")
    said = callctl("account", "entries", account_id)
    assert (said.code, "[/b]:smile:[red]" in said.out) == (0, True)


@pytest.fixture(scope="module")
async def talker(office: Office) -> AsyncIterator[str]:
    """Three units talked, one call nobody answered, one refused, one that runs."""
    account_id = "talker"
    await office.open(account_id, 1_000)
    refused = LegRefused(held("t3", account_id=account_id).connection, 0, Refusal.NOT_ENOUGH, Cause.REJECTED)
    bill = settled("t1", account_id=account_id)
    unanswered = settled("t2", account_id=account_id)
    nothing = unanswered_charge(unanswered)
    await write_down(
        office.database,
        held("t1", account_id=account_id),
        held("t2", 1_790_000_100_000, account_id),
        held("t4", 1_790_000_200_000, account_id),
        began("t1", account_id=account_id),
        bill,
        nothing,
        refused,
    )
    yield account_id


def unanswered_charge(of: LegSettled) -> LegSettled:
    from dataclasses import replace

    from callctl.calls.records import EndedBy
    from rating.charge import charge_nothing

    free = charge_nothing("unanswered", "S-3")
    return replace(of, charge=free, entries=(), ended_by=EndedBy.CALLER, ended_at_ms=1_790_000_105_000)


def test_a_cdr_has_the_fields_of_the_issue_in_kopecks_and_rfc3339(callctl: Callctl, talker: str) -> None:
    legs = {leg["leg_id"]: leg for leg in callctl("cdr", "--account", talker, "--json").json}
    assert set(legs) == {"t1", "t2", "t3", "t4"}
    assert all(set(CDR_FIELDS) <= set(leg) for leg in legs.values())
    assert {name: legs["t1"][name] for name in CDR_FIELDS} == {
        "call_id": "call-1",
        "leg_id": "t1",
        "from": "74951110000",
        "to": "79161110002",
        "answered_at": "2026-09-21T14:13:24.000+00:00",
        "ended_at": "2026-09-21T14:13:42.000+00:00",
        "seconds": 18,
        "units": 3,
        "charge_kopecks": 300,
        "ended_by": "balance",
        "cause": 16,
    }
    assert (legs["t2"]["answered_at"], legs["t2"]["charge_kopecks"], legs["t2"]["seconds"]) == (None, 0, 0)
    assert (legs["t3"]["ended_by"], legs["t3"]["refusal"]) == ("refused", "not_enough")
    assert (legs["t4"]["ended_at"], legs["t4"]["charge_kopecks"]) == (None, None)


def test_a_bill_explains_itself(callctl: Callctl, talker: str) -> None:
    told = callctl("explain", "t1", "--lang", "en", "--json").json
    assert told["charge_kopecks"] == 300 and told["rate"]["terms"]["tariff"] == RATE.terms.tariff

    def english(leg_id: str) -> str:
        return callctl("explain", leg_id, "--lang", "en").out

    said = english("t1")
    assert told["explanation"] == said.splitlines()
    assert "18 seconds, parts of a second dropped (S-3); the money ended with the last paid unit" in said
    assert "3 units of 6 s × 1.00 RUB = 3.00 RUB (S-5)" in said
    assert "Charged: 3.00 RUB." in said
    assert "Not answered; the caller hung up (cause 16)" in english("t2")
    assert "Refused: the balance did not cover the first unit (S-8)" in english("t3")
    assert "It runs" in english("t4")
    assert "Итого: 3,00 руб. Без НДС." in callctl("explain", "t1", "--lang", "ru").out
    table = callctl("cdr", "--account", talker).out
    assert re.search(r"t1 .*18 +3 +3\.00 +balance +16", table)


# --- what they refuse ------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown profile": (
        "account add n --profile nope --plan six",
        ("no profile 'nope' (profiles: clovertel",),
    ),
    "unknown plan": ("account add n --profile demo --plan x", ("no plan 'x' (plans: six",)),
    "taken id": ("account add {account} --profile demo --plan six", ("exists already",)),
    "malformed id": ("account add a/b --profile demo --plan six", ("account_id: give letters",)),
    "id with quotes": ("account add a'b --profile demo --plan six", ("account_id: give letters",)),
    "malformed balance": ("account add n --profile demo --plan six --balance 1.5", ("write 12 or 12.34",)),
    "negative balance": ("account add n --profile demo --plan six --balance -5", ("write 12 or 12.34",)),
    "no profile": ("account add n", ("required: --profile, --plan",)),
    "amount a word": ("account pay {account} five --ref r", ("'five' is not an amount in roubles",)),
    "amount negative": ("account pay {account} -5 --ref r", ("'-5' is not an amount in roubles",)),
    "amount nothing": ("account pay {account} 0 --ref r", ("a payment is more than 0",)),
    "amount too fine": ("account pay {account} 5.123 --ref r", ("is not an amount",)),
    "amount NaN": ("account pay {account} nan --ref r", ("is not an amount",)),
    "amount exponent": ("account pay {account} 1e3 --ref r", ("is not an amount",)),
    "amount huge": ("account pay {account} 99999999999 --ref r", ("is not an amount",)),
    "no reference": ("account pay {account} 5", ("required: --ref",)),
    "reference with other amount": (
        "account pay {account} 6 --ref known",
        ("known already: payment of 500",),
    ),
    "payment of nobody": ("account pay nobody 5 --ref r", ("no account 'nobody'",)),
    "account of nobody": ("account show nobody", ("no account 'nobody'", "callctl account add")),
    "account with a slash": ("account show a/b", ("no account 'a/b'",)),
    "entries of nobody": ("account entries nobody", ("no account 'nobody'",)),
    "cdr of nobody": ("cdr --account nobody", ("no account 'nobody'",)),
    "unknown leg": ("explain nothing", ("no connection 'nothing'", "callctl cdr --account ID")),
    "malformed number": ("number add 12 --account {account} --scheme {scheme}", ("not a telephone number",)),
    "number of nobody": ("number add 74957009999 --account nobody --scheme {scheme}", ("no account 'nobo",)),
    "taken number": ("number add 74957000009 --account {account} --scheme {scheme}", ("belongs to an",)),
    "scheme away": ("number add 74957009999 --account {account} --scheme /no/where", ("No such file",)),
    "scheme a directory": ("number add 74957009999 --account {account} --scheme /", ("Is a directory",)),
    "no scheme": ("number add 74957009999 --account {account}", ("--scheme", "--forward-to")),
    "forwarded to a word": (
        "number add 74957009999 --account {account} --forward-to mum",
        ("nodes.ring.to[0]", "not a telephone number"),
    ),
    "unknown command": ("dance", ("invalid choice: 'dance'",)),
    "unknown word": ("account dance", ("invalid choice: 'dance'",)),
    "no word": ("account", ("required: WORD",)),
    "no command": ("", ("required: COMMAND",)),
    "unknown option": ("calls --colour", ("unrecognized arguments: --colour",)),
}


@pytest.fixture(scope="module")
async def customer(office: Office) -> str:
    account_id = "customer"
    await office.open(account_id, 100)
    known = {"amount_kopecks": 500, "reference": "known"}
    assert (await office.ask("POST", f"/accounts/{account_id}/payments", known))[0] == 201
    number = {"e164": "74957000009", "account_id": account_id, "scheme": SCHEME}
    assert (await office.ask("POST", "/numbers", number))[0] == 201
    return account_id


@pytest.mark.parametrize(("line", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_line_and_code_2(
    callctl: Callctl, customer: str, scheme: str, line: str, words: tuple[str, ...]
) -> None:
    asked = line.format(account=customer, scheme=scheme).split()
    by = () if line in ("dance", "account dance", "account", "") else None
    assert is_complaint(callctl(*asked, by=by), 2, *words)
    assert callctl("account", "show", customer, "--json").json["balance_kopecks"] == 600


ODD_IDS: dict[str, tuple[str, str]] = {
    "": ("", "is no id"),
    "blank": (" ", "is no id"),
    "dots": ("..", "is no id"),
    "new line": ("a\nb", "'a\\nb'"),
    "quotes": ("a\"b'c", "no "),
    "not UTF-8": ("a\udcff", "write it in UTF-8"),
    "nothing printable": ("\x07\x1b[2J", "\\x07\\x1b[2J"),
    "Russian": ("анна", "анна"),
    "long": ("x" * 5000, "no "),
}


@pytest.mark.parametrize(("name", "words"), ODD_IDS.values(), ids=ODD_IDS)
@pytest.mark.parametrize("line", ["account show", "account entries", "cdr --account", "explain"])
def test_an_odd_id_is_one_line_and_code_2(callctl: Callctl, line: str, name: str, words: str) -> None:
    assert is_complaint(callctl(*line.split(), name), 2, words)


def test_a_scheme_file_gets_all_its_complaints_a_line_each(callctl: Callctl, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "start: nowhere\nnodes:\n  a: {kind: forward, to: [x], otherwise: gone}\n"
        '  b: {kind: forward, to: ["79161110002"], otherwise: lost}\n'
    )
    said = callctl("scheme", "check", str(bad), by=())
    assert (said.code, said.out) == (2, "")
    assert [line.removeprefix(f"callctl: {bad}: ") for line in said.err.splitlines()] == [
        "line 3: nodes.a.to[0]: not a telephone number",
        "line 1: start: there is no node 'nowhere' (nodes: a, b)",
        "line 4: nodes.b.otherwise: there is no node 'lost' (nodes: a, b)",
    ]
    told = callctl("scheme", "check", str(bad), "--json", by=())
    assert told.code == 2 and not told.json["ok"]
    assert [(fault["line"], fault["path"]) for fault in told.json["faults"]] == [
        (3, "nodes.a.to[0]"),
        (1, "start"),
        (4, "nodes.b.otherwise"),
    ]


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "a scheme is a mapping"),
    "binary": (b"\x7fELF\xff\xfe", "not UTF-8 text (byte 4)"),
    "zero": (b"start: \0", "special characters are not allowed"),
    "broken": (b"start: [", "line 1"),
    "alias": (b"start: &a [*a]", "aliases"),
    "bomb": (b"a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]", "aliases"),
    "deep": (b"[" * 3000, "nested too deep"),
    "list": (b"- start", "a scheme is a mapping"),
    "two": (b"start: a\n---\nstart: b", "give each scheme a file of its own"),
    "key": (b"[a]: b", "cannot be a name"),
}


@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_scheme_is_one_line_and_code_2(
    callctl: Callctl, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "scheme.yaml"
    path.write_bytes(content)
    assert is_complaint(callctl("scheme", "check", str(path), by=()), 2, words)


def test_a_loop_and_a_dead_end_are_named(callctl: Callctl, tmp_path: Path) -> None:
    path = tmp_path / "round.yaml"
    ring = 'kind: forward, to: ["79161110002"], otherwise'
    path.write_text(f"start: a\nnodes:\n  a: {{{ring}: b}}\n  b: {{{ring}: a}}\n  c: {{kind: hang_up}}\n")
    said = callctl("scheme", "check", str(path), by=())
    assert [line.rpartition("nodes.")[2] for line in said.err.splitlines()] == [
        "a: goes round for ever: its exits lead back to it",
        "b: goes round for ever: its exits lead back to it",
        "c: no way leads here from the start",
    ]


# --- how they find the service ---------------------------------------------------------------------------


def test_it_is_found_by_api_by_state_and_where_the_last_up_left_word(
    callctl: Callctl, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callctl("calls", by=("--api", office.api)).code == 0
    assert callctl("calls", by=("--state", str(office.folder))).code == 0
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert is_complaint(callctl("calls", by=()), 1, "start one with `callctl up`, or name it with --api")
    older, newer = {"api": NOBODY, "pids": {}}, {"api": office.api, "pids": {}}
    whereabouts.write_whereabouts(tmp_path / "older", older)
    assert is_complaint(callctl("calls", by=()), 1, NOBODY, "is it running?")
    whereabouts.write_whereabouts(tmp_path / "newer", newer)
    assert callctl("calls", by=()).code == 0
    whereabouts.forget_whereabouts(tmp_path / "older", older)  # not the last, so the last note stays
    assert callctl("calls", by=()).code == 0
    whereabouts.forget_whereabouts(tmp_path / "newer", newer)
    assert callctl("calls", by=()).code == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["newer", "older"]


NOTES = ["", "{", "[]", "{}", '{"api": 5}', '{"api": "nowhere"}', '{"api": null}', "\xff"]


@pytest.mark.parametrize("note", NOTES)
def test_a_note_that_is_none_is_no_service(callctl: Callctl, tmp_path: Path, note: str) -> None:
    (tmp_path / "stack.json").write_text(note, "latin-1")
    assert is_complaint(callctl("calls", by=("--state", str(tmp_path))), 1, f"found in {tmp_path}")


@pytest.mark.parametrize("api", ["", "nowhere", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "http://h:1"])
def test_an_address_that_is_none_is_bad_input(callctl: Callctl, api: str) -> None:
    assert is_complaint(callctl("calls", by=("--api", api)), 2, "give HOST:PORT, such as 127.0.0.1:8080")


ANSWERS: dict[str, bytes] = {
    "another's page": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
    "another's error": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n{}\r\n",
    "a list": b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n[]",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "silence": b"",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_something_else_that_listens_there_is_no_service(callctl: Callctl, answer: bytes) -> None:
    with somebody_else(answer) as address:
        assert is_complaint(callctl("calls", by=("--api", address)), 1, address)


@contextmanager
def somebody_else(answer: bytes) -> Iterator[str]:
    from threading import Thread

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def reply() -> None:
            with listening.accept()[0] as asked:
                asked.recv(10_000)
                asked.sendall(answer)

        thread = Thread(target=reply)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_no_database_is_code_1_and_one_line(callctl: Callctl, office: Office, talker: str) -> None:
    office.relay.cut()
    try:
        said = callctl("cdr", "--account", talker)
    finally:
        office.relay.mend()
    assert is_complaint(said, 1, "the service cannot do it now: the database is away")


# --- how they end ----------------------------------------------------------------------------------------


def process(*words: str, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "callctl", *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **more)


def test_a_reader_that_goes_away_or_a_full_disk_is_no_traceback(office: Office, scheme: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        asked = {
            "nobody reads": process("calls", "--api", office.api, stdout=writing),
            "nobody reads help": process("--help", stdout=writing),
            "no room": process("calls", "--json", "--api", office.api, stdout=full),
            "closed": process("scheme", "check", "--json", scheme, preexec_fn=lambda: os.close(1)),
            "ascii": process(
                "account", "show", "анна", "--api", office.api, env={"PYTHONIOENCODING": "ascii"}
            ),
        }
    os.close(writing)
    ends = {name: (asked.communicate(timeout=20)[1], asked.returncode) for name, asked in asked.items()}
    assert ends["nobody reads"] == ends["nobody reads help"] == ends["closed"] == ("", 0)
    assert ends["no room"] == ("callctl: the output: No space left on device: make room and try again\n", 1)
    assert ends["ascii"][1] == 2 and ends["ascii"][0].count("\n") == 1 and "Traceback" not in ends["ascii"][0]


HELP = (
    "",
    "up",
    "run",
    "demo",
    "simulate",
    "account",
    "account add",
    "account pay",
    "account show",
    "account entries",
    "number",
    "number add",
    "scheme",
    "scheme check",
    "calls",
    "cdr",
    "explain",
)


@pytest.mark.parametrize("words", HELP)
def test_help_says_what_every_word_is_for(callctl: Callctl, words: str) -> None:
    said = callctl(*words.split(), "--help", by=())
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"usage: callctl {words}".rstrip())
    for line in said.out.partition("options:")[2].splitlines():
        option = re.match(r"  (-\S.*)", line)
        assert option is None or "  " in option[1].strip() or len(line) > 20, f"{line}: no help"
