"""What cannot be taken is refused with the field's name, and however it comes nothing breaks."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from callctl.api.pace import TOKENS_MAX, Pace
from tests.shell.office import Office, open_office
from tests.shell.relay import Relay

WRONG: dict[str, tuple[str, str, object, list[str]]] = {
    "all at once": (
        "POST",
        "/accounts",
        {"account_id": "a b", "profile": 1, "plan": None, "balance_kopecks": 1.0, "colour": "red"},
        ["account_id", "balance_kopecks", "colour", "plan", "profile"],
    ),
    "missing": ("POST", "/accounts", {}, ["account_id", "plan", "profile"]),
    "in a list": ("PATCH", "/accounts/{}", {"barred": ["1", 2]}, ["barred.1"]),
    "true is no amount": (
        "POST",
        "/accounts/{}/payments",
        {"amount_kopecks": True, "reference": "r"},
        ["amount_kopecks"],
    ),
    "no change": (
        "POST",
        "/accounts/{}/corrections",
        {"amount_kopecks": 0, "reference": "r", "why": "w"},
        ["amount_kopecks"],
    ),
    "no month": ("GET", "/accounts/{}/discounts/2026-13", None, ["month"]),
    "no number": (
        "POST",
        "/numbers",
        {"e164": "12", "account_id": "x", "scheme": "start: a"},
        ["e164"],
    ),
    "no scheme": (
        "POST",
        "/numbers",
        {"e164": "74950000000", "account_id": "{}", "scheme": "start: a"},
        ["scheme"],
    ),
    "unknown in the query": ("GET", "/messages?colour=red", None, ["colour"]),
    "twice in the query": ("GET", "/messages?since=1&since=2", None, ["since"]),
    "no text for a number": ("GET", "/messages?since=soon", None, ["since"]),
    "no such right": ("POST", "/tokens", {"name": "n", "rights": ["all"]}, ["rights.0"]),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_problem_names_its_fields(office: Office, account: str, name: str) -> None:
    method, path, body, fields = WRONG[name]
    if isinstance(body, dict) and body.get("account_id") == "{}":
        body = {**body, "account_id": account}
    status, problem = await office.ask(method, path.format(account), body)
    assert (status, problem["title"], problem["type"]) == (400, "Bad Request", "about:blank")
    assert sorted({error["field"] for error in problem["errors"]}) == fields
    assert all(error["detail"] for error in problem["errors"])


RAW: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
    "a list": (b"[]", 400),
    "not UTF-8": (b'{"account_id": "\xff"}', 400),
    "half a pair": (b'{"account_id": "\\ud800"}', 400),
    "a zero": (b'{"account_id": "\\u0000"}', 400),
    "very deep": (b"[" * 100_000, 400),
    "a huge number": (b'{"balance_kopecks": 1' + b"0" * 5_000 + b"}", 400),
    "not a number": (b'{"balance_kopecks": NaN}', 400),
    "too large": (b'{"a": "' + b"x" * 800_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", RAW)
async def test_a_body_that_is_none_is_refused(office: Office, name: str) -> None:
    body, status = RAW[name]
    before = await faults(office)
    assert (await office.ask("POST", "/accounts", body))[0] == status
    assert await faults(office) == before


BROKEN: dict[str, bytes] = {
    "amid its length": b"Content-Length: 100\r\n\r\n{",
    "amid a chunk": b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
    "with a chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{\r\n0\r\n\r\n",
    "before its length": b"Content-Length: 100\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_body_that_breaks_off_changes_nothing_and_is_no_fault_of_ours(
    office: Office, name: str
) -> None:
    before, rows = await faults(office), await office.tables()
    reader, writer = await asyncio.open_connection(*office.api.split(":"))
    head = f"POST /accounts HTTP/1.1\r\nHost: {office.api}\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + BROKEN[name])
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), answer
    assert (await faults(office), await office.tables()) == (before, rows)
    assert "Traceback" not in office.log


async def faults(office: Office) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://{office.api}/metrics") as response:
        told = await response.text()
    return next(line for line in told.splitlines() if line.startswith("callctl_faults_total"))


@pytest.fixture
async def hurried(relay: Relay, tmp_path: Path, database_name: str, database: str) -> AsyncIterator[Office]:
    """An office that takes two questions a second of each token."""
    token = secrets.token_urlsafe(32)
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text(token)
    access = {"token_file": str(tmp_path / "token"), "requests_per_s": 2}
    async with open_office(tmp_path, relay, database_name, database, access=access) as office:
        office.token = token
        yield office


async def test_who_asks_too_often_is_told_when_to_ask_again_and_others_go_on(hurried: Office) -> None:
    _, other = await hurried.ask("POST", "/tokens", {"name": "other", "rights": ["read"]})
    answers = await asyncio.gather(*(hurried.ask("GET", "/calls") for _ in range(20)))
    refused = [problem for status, problem in answers if status == 429]
    assert len(refused) >= 10
    assert "'(token file)' asks too often" in refused[0]["detail"]
    async with (
        aiohttp.ClientSession(hurried.url, headers=hurried.shown) as http,
        http.get("/calls") as response,
    ):
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    hurried.token = other["token"]
    assert (await hurried.ask("GET", "/calls"))[0] == 200


def test_a_pace_is_kept_to_the_question() -> None:
    now_s = [100.0]
    pace = Pace(2, lambda: now_s[0])
    assert [pace.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert pace.wait_s("b") == 0
    now_s[0] += 0.5
    assert [pace.wait_s("a") for _ in range(2)] == [0, 1]
    now_s[0] += 1_000
    assert [pace.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 1]


def test_a_slow_pace_says_how_long() -> None:
    pace = Pace(0.1, lambda: 0.0)
    assert [pace.wait_s("a"), pace.wait_s("a")] == [0, 10]
    assert [Pace(0, lambda: 0.0).wait_s("a") for _ in range(3)] == [0, 0, 0]


def test_paces_are_bounded() -> None:
    pace = Pace(1, lambda: 0.0)
    for name in range(TOKENS_MAX * 3):
        pace.wait_s(str(name))
    assert len(pace._left) == TOKENS_MAX
