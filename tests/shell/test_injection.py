"""What is hostile in a text stays text: in tables, in the log, in answers, behind Asterisk's command line."""

from urllib.parse import quote

import aiohttp
import pytest

from tests.shell.office import Office

HOSTILE = {
    "SQL": "x'; DROP TABLE account; --",
    "a formula": "=HYPERLINK(1)",
    "HTML": "<script>alert(1)</script>",
    "a line of a log": "x\n2026-01-01 00:00:00,000 ERROR callctl all is lost",
    "a header": "x\r\nSet-Cookie: a=b",
    "an action of AMI": "x\r\n\r\nAction: Originate\r\nChannel: Local/1@x",
    "a path of ARI": "../../channels/1?app=other&x=",
    "an escape": "\x1b[2J\x1b]0;title\x07",
    "zero": "a\x00b",
    "turned round": "a\u202eb",
    "a function of the dialplan": "${SHELL(id)}",
    "a variable of a row": "a&balance=1000000&x=",
}


def questions(account: str, number: str, text: str) -> list[tuple[str, str, object]]:
    """Every field and every part of an address that takes a text."""
    part, one = quote(text, safe=""), f"/accounts/{account}"
    late = {"reference": "l", "to": "79161110002", "answered_at": "2026-11-01T12:00:00+03:00", "seconds": 1}
    return [
        ("POST", "/accounts", {"account_id": text, "profile": "demo", "plan": "six"}),
        ("POST", "/accounts", {"account_id": "ok", "profile": text, "plan": "six"}),
        ("POST", "/accounts", {"account_id": "ok", "profile": "demo", "plan": text}),
        ("PATCH", one, {"barred": [text]}),
        ("PATCH", one, {"standing": text}),
        ("POST", f"{one}/payments", {"amount_kopecks": 1, "reference": text}),
        ("POST", f"{one}/corrections", {"amount_kopecks": 1, "reference": f"c{part}"[:60], "why": text}),
        ("POST", f"{one}/corrections", {"amount_kopecks": 1, "reference": "c", "why": "w", "about": text}),
        ("POST", f"{one}/chargebacks", {"payment": text}),
        ("POST", f"{one}/guarantees", {"number": text, "month": "2026-11", "amount_kopecks": 1}),
        ("POST", f"{one}/late-records", {**late, "from": text}),
        ("POST", f"{one}/late-records", {**late, "line": text}),
        ("PUT", f"{one}/limits/{part}", {"most_kopecks": 1}),
        ("POST", "/numbers", {"e164": text, "account_id": account, "scheme": "start: a"}),
        ("POST", "/numbers", {"e164": "74950000001", "account_id": text, "scheme": "start: a"}),
        ("PUT", f"/numbers/{number}/scheme", {"scheme": text, "note": "n"}),
        ("PUT", f"/numbers/{number}/scheme", {"scheme": "start: a", "note": text}),
        ("POST", f"{one}/seats", {"name": text}),
        ("POST", f"{one}/seats", {"name": "desk", "shows": text}),
        ("PUT", f"{one}/pauses/{part}", {}),
        ("POST", "/tokens", {"name": text, "rights": ["admin"]}),
        ("GET", f"/accounts/{part}", None),
        ("GET", f"/accounts/{part}/cdr", None),
        ("GET", f"/legs/{part}", None),
        ("GET", f"/calls/{part}/way", None),
        ("GET", f"/numbers/{part}/schemes", None),
        ("GET", f"/recordings/{part}", None),
        ("GET", f"/messages?mailbox={part}", None),
        ("GET", f"/audit?who={part}", None),
        ("DELETE", f"/calls/{part}", None),
    ]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_text_is_taken_as_text_or_refused(
    office: Office, account: str, number: str, name: str
) -> None:
    text = HOSTILE[name]
    for method, path, body in questions(account, number, text):
        status, told = await office.ask(method, path, body)
        assert status < 500, (method, path, told)
    assert (await office.ask("GET", f"/accounts/{account}"))[0] == 200
    assert (await office.ask("GET", "/tokens"))[1] == []
    lines = office.log.split("\n")
    assert not any(
        line.endswith("ERROR callctl all is lost") and "callctl.audit" not in line for line in lines
    )
    assert not {"\x1b", "\x00", "\r", "\u202e"} & set(office.log)
    assert await office.is_sound(account)


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_answer_is_anything_that_a_browser_runs(office: Office, name: str) -> None:
    async with (
        aiohttp.ClientSession(f"http://{office.api}") as http,
        http.get("/legs/" + quote(HOSTILE[name], safe="")) as response,
    ):
        assert response.content_type == "application/problem+json"
        assert "Set-Cookie" not in response.headers
