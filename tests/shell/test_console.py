"""What the service answers to Asterisk's command line: always a row, and one that nobody can break."""

import json
from base64 import b64encode
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest

from callctl.api.console.door import PATH, Console
from callctl.api.console.eyes import Eyes
from callctl.api.console.hands import Hands
from callctl.api.console.screen import LINES_A_PAGE, columns, encode, form, page
from callctl.complaint import Complaint
from callctl.doors import read_doors
from callctl.settings import AccessSettings, check_settings
from callctl.stack.postgres import Postgres
from callctl.storage.deeds import Deeds
from callctl.storage.tokens import Right, Tokens
from tests.shell.guarded import guarded_office
from tests.shell.office import Office, until
from tests.shell.relay import Relay

ALIASES = Path(__file__).parents[2] / "asterisk-conf" / "cli_aliases.conf"


async def asked(office: Office, typed: str, token: str | None = None) -> dict[str, str]:
    login = b64encode(f"callctl:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"} if token is not None else {}
    async with (
        aiohttp.ClientSession(f"http://{office.api}", headers=headers) as http,
        http.post(PATH, data={"command": typed}) as response,
    ):
        assert response.status == 200
        return dict(parse_qsl(await response.text(), keep_blank_values=True, strict_parsing=True))


def test_every_word_has_an_alias_that_completes_it() -> None:
    words = [*object.__new__(Eyes).words(), *object.__new__(Hands).words()]
    console = Console(words, object.__new__(Tokens), object.__new__(Deeds))
    lines = [line for line in ALIASES.read_text("utf-8").splitlines() if line.startswith("callctl ")]
    aliases = dict(line.split(" = ", 1) for line in lines)
    assert aliases.pop("callctl") == 'realtime load callctl command "'
    wanted = {f"callctl {word.name}": f'realtime load callctl command "{word.name}' for word in console.words}
    assert aliases == wanted


def test_a_row_is_one_line_whatever_stands_in_it() -> None:
    told = dict(parse_qsl(encode(form({"node": "a\nb\x1b[2J\u202e\x00&c=d%", "none": None}))))
    assert told == {"node": "a\\nb\\x1b[2J\\u202e\\x00&c=d%"}


def test_a_table_keeps_its_columns_whatever_stands_in_it() -> None:
    rows: list[dict[str, object]] = [{"NAME": "a\nb", "IS": 1}, {"NAME": "x" * 100, "IS": None}]
    assert columns(rows) == [
        f"{'NAME':40}  IS",
        "a\\nb".ljust(40) + "  1",
        "x" * 37 + "...",
    ]


def test_a_long_list_comes_in_pages() -> None:
    rows = [{"ROW": serial} for serial in range(LINES_A_PAGE + 1)]
    ((_, first),) = page("calls", "21 running", rows, 1, "calls")
    ((_, second),) = page("calls", "21 running", rows, 2, "calls")
    assert first[0] == "21 running; page 1 of 2, the next by `callctl calls 2`"
    assert second == ["21 running; page 2 of 2", "ROW", str(LINES_A_PAGE)]
    assert len(first) == LINES_A_PAGE + 2
    for number in (0, 3):
        with pytest.raises(Complaint, match=f"no page {number}: the last is 2"):
            page("calls", "21 running", rows, number, "calls")


async def test_names_that_would_break_the_screen_are_refused(office: Office) -> None:
    await office.open("breaker")
    scheme = json.dumps({"start": "a\nerror", "nodes": {"a\nerror": {"kind": "hang_up", "cause": "busy"}}})
    row = {"e164": "74957770001", "account_id": "breaker", "scheme": scheme}
    status, answer = await office.ask("POST", "/numbers", row)
    assert (status, "the name of a node is printable" in answer["detail"]) == (400, True)


async def test_what_is_typed_is_told_back_in_one_line(office: Office) -> None:
    for typed, told in {
        "account a\nb": "type it as `callctl account ID`",
        "account \x1b[31m": "no account '\\x1b[31m'",
        "balance ' OR 1=1 --": "type it as",
        "balance 'OR'1'='1": "no account \"'OR'1'='1\"",
        "explain leg1-\x00": "no connection 'leg1-\\x00'",
        "call \ud800".encode("utf-8", "replace").decode(): "is not known",
        "x" * 301: "too long",
    }.items():
        shown = await asked(office, typed)
        assert list(shown) == ["error"] and told in shown["error"] and "\n" not in shown["error"]


async def test_nobody_acts_without_a_token_also_where_all_may_read(office: Office, account: str) -> None:
    for token in (None, "", "x" * 43):
        for act in (f"block {account}", f"topup {account} 5 r", "hangup x"):
            assert "is off here" in (await asked(office, act, token))["error"]
    assert (await office.ask("GET", f"/accounts/{account}"))[1]["standing"] == "active"


async def test_where_tokens_are_asked_for_asterisk_shows_one_and_does_what_it_may(
    postgres: Postgres, relay: Relay, tmp_path: Path, database_name: str, database: str
) -> None:
    async with guarded_office(tmp_path, relay, database_name, database) as office:
        await office.open("acme", 100)
        secret = json.loads((tmp_path / "service.json").read_text())["access"]["asterisk_token"]
        for stranger in (None, "", "x" * 43):
            for typed in ("help", "balance acme", "block acme"):
                assert "no token that is known" in (await asked(office, typed, stranger))["error"]
        assert (await asked(office, "balance acme", secret))["balance"] == "1.00"
        assert "is off here" in (await asked(office, "topup acme 5 r-1", secret))["error"]
        body = {"name": "asterisk", "rights": ["money"]}
        _, made = await office.ask("POST", "/tokens", body)
        assert (await asked(office, "topup acme 5 r-1", made["token"]))["balance"] == "6.00"
        assert "takes 'operate'" in (await asked(office, "hangup x", made["token"]))["error"]
        assert "no call 'x' runs" in (await asked(office, "hangup x", office.token))["error"]
        _, audit = await office.ask("GET", "/audit")
        assert [(deed["who"], deed["subject"], deed["status"]) for deed in audit["items"]][:4] == [
            ("(token file)", "callctl hangup x", 400),
            ("asterisk", "callctl hangup x", 400),
            ("asterisk", "callctl topup acme 5 r-1", 200),
            ("(token file)", "/tokens", 201),
        ]


def test_what_asterisks_token_may_besides_reading_is_said_in_the_settings() -> None:
    def rights(**more: object) -> frozenset[Right]:
        told = {"asterisk_token": "x" * 43, **more}
        return read_doors(check_settings(AccessSettings, told, "x.toml")).given[0].rights

    assert rights() == {Right.READ}
    assert rights(asterisk_may=["operate", "money"]) == {Right.READ, Right.OPERATE, Right.MONEY}
    with pytest.raises(Complaint, match="asterisk_may"):
        rights(asterisk_may=["admin"])


async def test_without_its_database_the_service_says_so(office: Office, relay: Relay, account: str) -> None:
    relay.cut()
    try:

        async def is_told() -> bool:
            return "the database is away" in (await asked(office, "explain leg1-x")).get("error", "")

        await until(is_told, "the database is away")
        assert (await asked(office, f"balance {account}"))["account"] == account
    finally:
        relay.mend()

        async def is_back() -> bool:
            return "no connection" in (await asked(office, "explain leg1-x")).get("error", "")

        await until(is_back, "the database is back")


async def test_without_asterisk_the_trunks_are_not_known(office: Office) -> None:
    assert "Asterisk does not answer" in (await asked(office, "trunks"))["error"]
