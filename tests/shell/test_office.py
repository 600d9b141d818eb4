"""The office through its HTTP API, on a real PostgreSQL, while no Asterisk is there: what it takes, what it
refuses, and what is left when the database goes away in the middle.
"""

import asyncio
import json
from itertools import count
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from callctl.api.account_words import show_account
from callctl.api.words import show_call
from callctl.calls.view import CallView
from rating.calendar import month_of
from rating.ledger import Account
from rating.money import Money
from rating.pots import paid_pot
from rating.profile import Tariffs
from tests.shell.office import SCHEME, Office, until

SERIAL = count(1)
HUGE = 10**30
NOWHERE = """\
start: nowhere
nodes:
  ring: {kind: forward, to: ["12x"], patience_s: 9999, otherwise: gone}
  two: {kind: forward, to: ["79161110002"], otherwise: lost}
  three: {kind: dance}
"""


def new_id() -> str:
    return f"a{next(SERIAL)}"


def new_number() -> str:
    return f"7495{next(SERIAL):07}"


def opening(**changes: object) -> dict[str, object]:
    return {"account_id": new_id(), "profile": "demo", "plan": "six", "balance_kopecks": 100, **changes}


TERMS: dict[str, object] = {
    "standing": "active",
    "threshold_kopecks": 0,
    "credit_kopecks": 0,
    "stops": "paid",
    "own": {"threshold_kopecks": None, "credit_kopecks": None, "stops": None, "low_kopecks": None},
    "barred": [],
    "gift": None,
    "paid": [],
    "limits": [],
}


async def test_without_asterisk_it_says_degraded_and_the_office_works_all_the_same(office: Office) -> None:
    await until(lambda: says(office, database=True), "the database is there, which other tests cut off")
    status, health = await office.ask("GET", "/health")
    assert (status, health["status"], health["ari"], health["database"]) == (503, "degraded", False, True)
    account_id = new_id()
    await office.open(account_id, 1_50)
    assert await office.ask("GET", f"/accounts/{account_id}") == (
        200,
        {
            "account_id": account_id,
            "profile": "demo",
            "plan": "six",
            "balance_kopecks": 150,
            "held_kopecks": 0,
            "available_kopecks": 150,
            **TERMS,
        },
    )
    status, added = await office.ask(
        "POST", "/numbers", {"e164": "8 (495) 123-45-67", "account_id": account_id, "scheme": SCHEME}
    )
    assert (status, added) == (201, {"e164": "74951234567", "account_id": account_id, "warnings": []})
    assert await office.ask("GET", "/calls") == (200, [])
    assert await office.ask("GET", f"/accounts/{account_id}/legs") == (200, [])


def test_a_call_shows_the_same_money_as_its_account() -> None:
    ann = Account("ann", "demo", "six", Money(10_00))
    month = month_of(0)
    ann.pot(paid_pot("74951234567", month)).moved = 3_00
    call = CallView("c", None, "ann", "1", "2", None, "ringing", "n", 0, None, None, None, 0, 1, ())
    account = show_account(ann, Tariffs({}), 0)
    assert show_call(call, ann, month)["available_kopecks"] == account["available_kopecks"] == 13_00


async def test_a_payment_counts_once_however_often_it_is_told(office: Office) -> None:
    account_id = new_id()
    await office.open(account_id, 100)
    path, payment = f"/accounts/{account_id}/payments", {"amount_kopecks": 250, "reference": "bank/7"}
    first = await office.ask("POST", path, payment)
    again = await asyncio.gather(*(office.ask("POST", path, payment) for _ in range(8)))
    assert (first[0], first[1]["is_new"], first[1]["balance_kopecks"]) == (201, True, 350)
    assert {(status, told["is_new"], told["balance_kopecks"]) for status, told in again} == {
        (200, False, 350)
    }
    _, entries = await office.ask("GET", f"/accounts/{account_id}/entries")
    assert [(line["kind"], line["amount_kopecks"], line["balance_kopecks"]) for line in entries] == [
        ("opening", 100, 100),
        ("payment", 250, 350),
    ]


async def test_told_at_once_by_many_a_payment_is_new_to_one(office: Office) -> None:
    account_id = new_id()
    await office.open(account_id)
    told = await asyncio.gather(
        *(
            office.ask(
                "POST", f"/accounts/{account_id}/payments", {"amount_kopecks": 5, "reference": f"r{i % 3}"}
            )
            for i in range(12)
        )
    )
    assert sorted(answer["is_new"] for _, answer in told).count(True) == 3
    assert (await office.ask("GET", f"/accounts/{account_id}"))[1]["balance_kopecks"] == 15
    assert await office.is_sound(account_id)


REFUSED_ACCOUNTS: dict[str, tuple[dict[str, object], int, str]] = {
    "unknown profile": ({"profile": "nope"}, 404, "no profile 'nope' (profiles: clovertel, delofon, demo"),
    "unknown plan": ({"plan": "seven"}, 404, "no plan 'seven' (plans: six"),
    "empty id": ({"account_id": ""}, 400, "account_id: give letters"),
    "id with a slash": ({"account_id": "a/b"}, 400, "account_id: give letters"),
    "id with a new line": ({"account_id": "a\n"}, 400, "account_id: give letters"),
    "id too long": ({"account_id": "a" * 65}, 400, "account_id: give letters"),
    "id a number": ({"account_id": 5}, 400, "account_id: Input should be a valid string"),
    "negative": ({"balance_kopecks": -1}, 400, "balance_kopecks: Input should be greater"),
    "huge": ({"balance_kopecks": HUGE}, 400, "balance_kopecks: Input should be less"),
    "a little too much": ({"balance_kopecks": 10**11 + 1}, 400, "balance_kopecks: Input should be less"),
    "float": ({"balance_kopecks": 1.5}, 400, "balance_kopecks: Input should be a valid integer"),
    "whole float": ({"balance_kopecks": 1.0}, 400, "balance_kopecks: Input should be a valid integer"),
    "text": ({"balance_kopecks": "100"}, 400, "balance_kopecks: Input should be a valid integer"),
    "true": ({"balance_kopecks": True}, 400, "balance_kopecks: Input should be a valid integer"),
    "nothing": ({"balance_kopecks": None}, 400, "balance_kopecks: Input should be a valid integer"),
    "not a number": ({"balance_kopecks": float("nan")}, 400, "balance_kopecks: Input should be"),
    "unknown field": ({"colour": "red"}, 400, "colour: Extra inputs are not permitted"),
    "two faults": ({"colour": 1, "plan": 6}, 400, "plan: Input should be a valid string; colour: Extra"),
}


@pytest.mark.parametrize(("changes", "status", "words"), REFUSED_ACCOUNTS.values(), ids=REFUSED_ACCOUNTS)
async def test_a_refused_account_changes_nothing(
    office: Office, changes: dict[str, object], status: int, words: str
) -> None:
    before = await office.tables()
    told, problem = await office.ask("POST", "/accounts", opening(**changes))
    assert (told, words in problem["detail"]) == (status, True), problem
    assert await office.tables() == before


async def test_an_id_that_is_taken_changes_nothing(office: Office) -> None:
    account = opening()
    assert (await office.ask("POST", "/accounts", account))[0] == 201
    before = await office.tables()
    status, problem = await office.ask("POST", "/accounts", {**account, "balance_kopecks": 900})
    assert (status, problem["detail"]) == (
        409,
        f"account {account['account_id']!r} exists already: choose another id",
    )
    assert await office.tables() == before
    assert (await office.ask("GET", f"/accounts/{account['account_id']}"))[1]["balance_kopecks"] == 100


REFUSED_PAYMENTS: dict[str, tuple[dict[str, object], int, str]] = {
    "nothing": ({"amount_kopecks": 0}, 400, "amount_kopecks: Input should be greater than 0"),
    "negative": ({"amount_kopecks": -5}, 400, "amount_kopecks: Input should be greater than 0"),
    "huge": ({"amount_kopecks": HUGE}, 400, "amount_kopecks: Input should be less"),
    "float": ({"amount_kopecks": 5.0}, 400, "amount_kopecks: Input should be a valid integer"),
    "infinite": ({"amount_kopecks": float("inf")}, 400, "amount_kopecks: Input should be"),
    "text": ({"amount_kopecks": "5"}, 400, "amount_kopecks: Input should be a valid integer"),
    "empty reference": ({"reference": ""}, 400, "reference: give visible"),
    "reference with a space": ({"reference": "a b"}, 400, "reference: give visible"),
    "reference with a new line": ({"reference": "a\n"}, 400, "reference: give visible"),
    "reference in Russian": ({"reference": "оплата"}, 400, "reference: give visible"),
    "reference too long": ({"reference": "r" * 121}, 400, "reference: give visible"),
    "a connection's reference": ({"reference": "leg1-x"}, 400, "reference: lines that we make are named so"),
    "a late record's": ({"reference": "late-7"}, 400, "reference: lines that we make are named so"),
    "a pot's": ({"reference": "paid/74951234567/2026-11"}, 400, "reference: lines that we make"),
    "the opening's": ({"reference": "opening"}, 409, "is known already: opening of 100 kopecks"),
    "known, other amount": (
        {"reference": "known", "amount_kopecks": 6},
        409,
        "is known already: payment of 5",
    ),
}


@pytest.fixture(scope="module")
async def payer(office: Office) -> str:
    account_id = "payer"
    await office.open(account_id, 100)
    known = {"amount_kopecks": 5, "reference": "known"}
    assert (await office.ask("POST", f"/accounts/{account_id}/payments", known))[0] == 201
    return account_id


@pytest.mark.parametrize(("changes", "status", "words"), REFUSED_PAYMENTS.values(), ids=REFUSED_PAYMENTS)
async def test_a_refused_payment_changes_nothing(
    office: Office, payer: str, changes: dict[str, object], status: int, words: str
) -> None:
    before = await office.tables()
    payment = {"amount_kopecks": 5, "reference": "new", **changes}
    told, problem = await office.ask("POST", f"/accounts/{payer}/payments", payment)
    assert (told, words in problem["detail"]) == (status, True), problem
    assert await office.tables() == before
    assert (await office.ask("GET", f"/accounts/{payer}"))[1]["balance_kopecks"] == 105


REFUSED_NUMBERS: dict[str, tuple[dict[str, object], int, str]] = {
    "of nobody": ({"account_id": "nobody"}, 404, "there is no account 'nobody'"),
    "too short": ({"e164": "12345"}, 400, "'12345' is not a telephone number"),
    "too long": ({"e164": "7" * 16}, 400, "is not a telephone number"),
    "letters": ({"e164": "7495call"}, 400, "'7495call' is not a telephone number"),
    "of the emergency": ({"e164": "112"}, 400, "'112' is not a telephone number"),
    "other digits": ({"e164": "٧٤٩٥١٢٣٤٥٦٧"}, 400, "is not a telephone number"),
    "empty": ({"e164": ""}, 400, "'' is not a telephone number"),
    "no scheme": ({"scheme": ""}, 400, "a scheme is a mapping with `start` and `nodes`"),
    "scheme of another kind": ({"scheme": {"start": "x"}}, 400, "scheme: Input should be a valid string"),
    "scheme too long": ({"scheme": "#" * 100_001}, 400, "scheme: String should have at most"),
    "taken, written otherwise": ({"e164": "8-495-999-00-00"}, 409, "74959990000 belongs to an account"),
}


@pytest.fixture(scope="module")
async def owner(office: Office) -> str:
    account_id = "owner"
    await office.open(account_id)
    number = {"e164": "74959990000", "account_id": account_id, "scheme": SCHEME}
    assert (await office.ask("POST", "/numbers", number))[0] == 201
    return account_id


@pytest.mark.parametrize(("changes", "status", "words"), REFUSED_NUMBERS.values(), ids=REFUSED_NUMBERS)
async def test_a_refused_number_changes_nothing(
    office: Office, owner: str, changes: dict[str, object], status: int, words: str
) -> None:
    before = await office.tables()
    number = {"e164": new_number(), "account_id": owner, "scheme": SCHEME, **changes}
    told, problem = await office.ask("POST", "/numbers", number)
    assert (told, words in problem["detail"]) == (status, True), problem
    assert await office.tables() == before


async def test_a_scheme_that_points_nowhere_has_all_its_faults_named(office: Office, owner: str) -> None:
    before = await office.tables()
    number = {"e164": new_number(), "account_id": owner, "scheme": NOWHERE}
    status, problem = await office.ask("POST", "/numbers", number)
    faults = problem["detail"].removeprefix("the scheme has faults: ").split("; ")
    assert status == 400
    assert [fault.split(": there is")[0].split(": I")[0] for fault in faults] == [
        "line 3: nodes.ring.to[0]: not a telephone number",
        "line 3: nodes.ring.patience_s",
        "line 5: nodes.three",
        "line 1: start",
        "line 4: nodes.two.otherwise",
    ]
    assert "there is no node 'nowhere' (nodes: ring, two, three)" in problem["detail"]
    assert await office.tables() == before


BODIES: dict[str, tuple[bytes, str, int, str]] = {
    "broken JSON": (b'{"account_id": ', "application/json", 400, "Invalid JSON"),
    "no body": (b"", "application/json", 400, "Invalid JSON"),
    "not UTF-8": (b'{"account_id": "\xff"}', "application/json", 400, "Invalid JSON"),
    "half a letter": (b'{"account_id": "\\ud800"}', "application/json", 400, "Invalid JSON"),
    "a list": (b"[]", "application/json", 400, "Input should be an object"),
    "oversized": (b" " * 800_000, "application/json", 413, "Entity Too Large"),
    "nested": (b"[" * 100_000, "application/json", 400, "Invalid JSON"),
    "a browser's form": (b"account_id=a", "application/x-www-form-urlencoded", 415, "application/json"),
    "a browser's text": (json.dumps(opening()).encode(), "text/plain", 415, "send application/json"),
}


@pytest.mark.parametrize(("body", "kind", "status", "words"), BODIES.values(), ids=BODIES)
async def test_a_body_that_is_none_changes_nothing(
    office: Office, body: bytes, kind: str, status: int, words: str
) -> None:
    before = await office.tables()
    told, problem = await office.ask("POST", "/accounts", body, kind=kind)
    assert (told, words in problem["detail"]) == (status, True), problem
    assert await office.tables() == before


UNKNOWN = ("nobody", "a/b", "a'b", 'a"b', "a\nb", "%", "\0", "a\0b", "имя", "x" * 3000, "[red]")


@pytest.mark.parametrize("name", UNKNOWN, ids=[ascii(name)[:12] for name in UNKNOWN])
async def test_what_is_not_there_is_said_so_whatever_its_name(office: Office, name: str) -> None:
    escaped = quote(name, safe="")
    payment = {"amount_kopecks": 5, "reference": "r"}
    for method, path, body in (
        ("GET", f"/accounts/{escaped}", None),
        ("GET", f"/accounts/{escaped}/entries", None),
        ("GET", f"/accounts/{escaped}/legs", None),
        ("POST", f"/accounts/{escaped}/payments", payment),
        ("GET", f"/legs/{escaped}", None),
    ):
        status, problem = await ask_as_written(office, method, path, body)
        assert (status, "there is no" in problem["detail"]) == (404, True), (path, problem)


async def ask_as_written(office: Office, method: str, path: str, body: object) -> tuple[int, Any]:
    """yarl would tidy the path up."""
    import yarl

    async with (
        aiohttp.ClientSession() as http,
        http.request(method, yarl.URL(f"http://{office.api}{path}", encoded=True), json=body) as response,
    ):
        return response.status, await response.json(content_type=None)


async def test_other_paths_and_methods_are_named(office: Office) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/accounts", 405), ("GET", "/", 404)):
        told, problem = await office.ask(method, path)
        assert (told, problem["detail"].startswith(f"{method} {path!r}: ")) == (status, True), problem


async def test_with_the_database_away_everything_is_refused_and_nothing_half_done(office: Office) -> None:
    payer = new_id()
    await office.open(payer, 100)
    before = await office.tables()
    office.relay.cut()
    number, account = new_number(), opening()
    try:
        for path, body in (
            ("/accounts", account),
            (f"/accounts/{payer}/payments", {"amount_kopecks": 5, "reference": "r"}),
            ("/numbers", {"e164": number, "account_id": payer, "scheme": SCHEME}),
        ):
            status, problem = await office.ask("POST", path, body)
            assert (status, problem["detail"].startswith("the database is away: ")) == (503, True), problem
        for path in (f"/accounts/{payer}/entries", f"/accounts/{payer}/legs", "/legs/x"):
            assert (await office.ask("GET", path))[0] == 503
        # What is known without it is answered, and health tells before a caller finds out.
        assert (await office.ask("GET", f"/accounts/{payer}"))[1]["balance_kopecks"] == 100
        await until(lambda: says(office, database=False), "health says that the database is away")
    finally:
        office.relay.mend()
    assert await office.tables() == before
    await until(lambda: says(office, database=True), "health says that it is back")
    assert (await office.ask("POST", "/accounts", account))[0] == 201
    assert (await office.ask("POST", "/numbers", {"e164": number, "account_id": payer, "scheme": SCHEME}))[
        0
    ] == 201
    assert await office.is_sound(payer, str(account["account_id"]))


async def says(office: Office, *, database: bool) -> bool:
    return bool((await office.ask("GET", "/health"))[1]["database"] is database)


@pytest.mark.parametrize("lost", [b"COMMIT", b"UNLISTEN"], ids=["its answer", "the connection afterwards"])
async def test_what_was_written_in_the_moment_the_database_went_away_counts(
    office: Office, lost: bytes
) -> None:
    """It is done and nobody is told: the books must not stay behind the tables."""
    payer, newcomer, number = new_id(), new_id(), new_number()
    await office.open(payer, 100)
    payment = {"amount_kopecks": 7, "reference": "doubtful"}
    account = opening(account_id=newcomer)
    row = {"e164": number, "account_id": payer, "scheme": SCHEME}
    for path, body in (
        (f"/accounts/{payer}/payments", payment),
        ("/accounts", account),
        ("/numbers", row),
    ):
        office.relay.lose_answer_to = lost
        assert (await office.ask("POST", path, body))[0] == 503
    # The last doubt is settled by whoever comes next.
    status, told = await office.ask("POST", f"/accounts/{payer}/payments", payment)
    assert (status, told["is_new"], told["balance_kopecks"]) == (200, False, 107)
    assert (await office.ask("POST", "/accounts", account))[0] == 409
    assert (await office.ask("GET", f"/accounts/{newcomer}"))[1]["balance_kopecks"] == 100
    assert (await office.ask("POST", "/numbers", row))[0] == 409
    async with aiohttp.ClientSession() as http:
        url = f"http://{office.api}/asterisk/callctl/single"
        shown = await (await http.post(url, data={"command": f"balance {number}"})).text()
    assert f"account={payer}" in shown
    assert await office.is_sound(payer, newcomer)


async def test_a_repeat_that_ends_in_doubt_does_not_count_twice(office: Office) -> None:
    payer = new_id()
    await office.open(payer)
    path, payment = f"/accounts/{payer}/payments", {"amount_kopecks": 7, "reference": "r"}
    assert (await office.ask("POST", path, payment))[0] == 201
    office.relay.lose_answer_to = b"COMMIT"
    assert (await office.ask("POST", path, payment))[0] == 503
    assert (await office.ask("POST", path, payment))[1]["balance_kopecks"] == 7
    assert await office.is_sound(payer)


async def test_after_a_restart_the_office_knows_what_it_knew(office: Office) -> None:
    payer, number = new_id(), new_number()
    await office.open(payer, 100)
    assert (await office.ask("POST", "/numbers", {"e164": number, "account_id": payer, "scheme": SCHEME}))[
        0
    ] == 201
    await office.sql.execute(  # somebody's hand, or an older version: the others go on
        "INSERT INTO number VALUES ('74950000001', $1, now())", payer
    )
    await office.sql.execute("INSERT INTO scheme VALUES ($1, '74950000001', 1, 'start: [', '', now())", payer)
    before = await office.tables()
    await office.stop()
    await office.start()
    assert await office.tables() == before
    assert await office.is_sound(payer)
    assert "number 74950000001 is out of service: its scheme has faults" in office.log
    assert (await office.ask("POST", "/numbers", {"e164": number, "account_id": payer, "scheme": SCHEME}))[
        0
    ] == 409


async def test_prometheus_is_told_what_is_up(office: Office) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"http://{office.api}/metrics") as response:
        told = await response.text()
    assert 'callctl_connection_up{to="database"} 1.0' in told
    assert 'callctl_connection_up{to="ari"} 0.0' in told
