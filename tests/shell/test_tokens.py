"""Who is let in by which token, on a real service and a real PostgreSQL."""

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from callctl.complaint import Complaint
from callctl.doors import read_doors
from callctl.settings import AccessSettings, ServiceSettings, check_settings
from callctl.stack.child import Child
from callctl.stack.ports import free_tcp_port
from callctl.stack.postgres import Postgres
from callctl.stack.up import start_service
from callctl.storage.tokens import Right
from tests.shell.command_line import run_main
from tests.shell.conftest import new_database
from tests.shell.guarded import guarded_office
from tests.shell.office import Office, open_office
from tests.shell.relay import Relay
from tests.shell.test_settings import SERVICE

SERIAL = count(1)
ZIP = "application/zip"

# A question, and the least right that it takes; none: everybody may.
ROUTES: list[tuple[str, str, object, Right | None]] = [
    ("GET", "/health", None, None),
    ("GET", "/metrics", None, Right.READ),
    ("GET", "/live", None, None),
    ("GET", "/numbers/74950000000/drawing", None, Right.READ),
    ("GET", "/calls", None, Right.READ),
    ("GET", "/accounts/nobody", None, Right.READ),
    ("HEAD", "/accounts/nobody", None, Right.READ),
    ("GET", "/nowhere", None, Right.READ),
    ("PUT", "/calls", {}, Right.READ),  # there is no such method
    ("PUT", "/numbers/74950000000/scheme", {"scheme": "x"}, Right.OPERATE),
    ("GET", "/recordings/none", None, Right.OPERATE),
    ("DELETE", "/accounts/nobody/seats/x", None, Right.OPERATE),
    ("POST", "/accounts/nobody/payments", {"amount_kopecks": 1, "reference": "r"}, Right.MONEY),
    ("PATCH", "/accounts/nobody", {"credit_kopecks": 1}, Right.MONEY),
    ("PUT", "/profiles/demo", b"", Right.ADMIN),
    ("GET", "/tokens", None, Right.ADMIN),
]


@pytest.fixture(scope="module")
async def guarded(
    postgres: Postgres, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    folder, name = tmp_path_factory.mktemp("guarded"), await new_database(postgres)
    database = postgres.url.replace("/postgres?", f"/{name}?")
    async with guarded_office(folder, relay, name, database) as office:
        yield office


@pytest.fixture
async def own(
    postgres: Postgres, relay: Relay, tmp_path: Path, database_name: str, database: str
) -> AsyncIterator[Office]:
    """An office of the test's own, that knows no token yet."""
    async with open_office(tmp_path, relay, database_name, database) as office:
        yield office


async def token_of(office: Office, *rights: Right) -> tuple[str, str]:
    """Its name, and itself."""
    name = f"t{next(SERIAL)}"
    status, made = await office.ask("POST", "/tokens", {"name": name, "rights": list(rights)})
    assert status == 201, made
    return name, made["token"]


async def status_of(office: Office, method: str, path: str, body: object, shown: dict[str, str]) -> int:
    sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": ZIP if sent == b"" else "application/json", **shown}
    async with (
        aiohttp.ClientSession(f"http://{office.api}") as http,
        http.request(method, path, data=sent, headers=headers) as response,
    ):
        return response.status


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_opens_what_its_rights_say_and_nothing_else(guarded: Office) -> None:
    shown = {right: (await token_of(guarded, right))[1] for right in Right}
    for method, path, body, least in ROUTES:
        for right, token in shown.items():
            status = await status_of(guarded, method, path, body, bearer(token))
            is_let_in = right is Right.ADMIN or least in (None, Right.READ, right)
            assert (status == 403) is not is_let_in and status != 401, (method, path, right, status)
        both = await status_of(guarded, method, path, body, bearer(guarded.token))
        assert both not in (401, 403), (method, path)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8080", 200),
        ("[::1]:1", 200),
        ("evil.example", 403),
        ("a b", 403),
        ("", 403),
    ],
)
async def test_without_tokens_a_name_that_leads_here_opens_nothing(
    own: Office, host: str, status: int
) -> None:
    """A page in a browser whose name was turned to this address is of one origin with it."""
    assert await status_of(own, "GET", "/calls", None, {"Host": host}) == status
    made = {"name": "ann", "rights": ["admin"]}
    assert (await status_of(own, "POST", "/tokens", made, {"Host": host}) == 403) is (status == 403)


async def test_rights_add_up(guarded: Office) -> None:
    _, token = await token_of(guarded, Right.OPERATE, Right.MONEY)
    statuses = [
        await status_of(guarded, method, path, body, bearer(token)) for method, path, body, _ in ROUTES
    ]
    refused = [path for (_, path, _, _), status in zip(ROUTES, statuses, strict=True) if status == 403]
    assert refused == ["/profiles/demo", "/tokens"]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {'x' * 43}"},
        {"Authorization": "Basic bm9ib2R5"},
        {"Authorization": "Basic ====\xff"},
        {"Authorization": "Digest username=x"},
        {"Authorization": f"Bearer {'x' * 4_000}"},
        {"Cookie": "token=x"},
    ],
    ids=lambda shown: str(shown)[:40],
)
async def test_without_a_token_that_is_known_only_health_is_told(
    guarded: Office, shown: dict[str, str]
) -> None:
    for method, path, body, least in ROUTES:
        status = await status_of(guarded, method, path, body, shown)
        assert (status == 401) is (least is not None), (method, path, status)


async def test_a_refused_question_says_how_to_ask(guarded: Office) -> None:
    async with (
        aiohttp.ClientSession(f"http://{guarded.api}") as http,
        http.get("/calls") as response,
    ):
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="callctl"'
        assert response.content_type == "application/problem+json"
        assert "Authorization: Bearer TOKEN" in (await response.json(content_type=None))["detail"]


async def test_a_revoked_token_counts_no_more_and_its_name_is_not_given_again(guarded: Office) -> None:
    name, token = await token_of(guarded, Right.READ)
    assert await status_of(guarded, "GET", "/calls", None, bearer(token)) == 200
    assert (await guarded.ask("DELETE", f"/tokens/{name}"))[0] == 200
    assert await status_of(guarded, "GET", "/calls", None, bearer(token)) == 401
    assert (await guarded.ask("DELETE", f"/tokens/{name}"))[0] == 404
    again = {"name": name, "rights": ["read"]}
    status, problem = await guarded.ask("POST", "/tokens", again)
    assert (status, "there is, or was, a token" in problem["detail"]) == (409, True)


async def test_after_a_restart_a_token_counts_and_is_written_down_nowhere(guarded: Office) -> None:
    _, token = await token_of(guarded, Right.READ)
    await guarded.stop()
    await guarded.start()
    assert await status_of(guarded, "GET", "/calls", None, bearer(token)) == 200
    rows = await guarded.sql.fetch("SELECT token::text FROM token")
    assert rows and not any(token in str(row) for row in rows)
    assert token not in guarded.log and guarded.token not in guarded.log


async def test_a_token_made_while_the_answer_was_lost_counts_as_written(guarded: Office) -> None:
    """Nobody knows it; its name is taken, and it can be revoked."""
    name = f"t{next(SERIAL)}"
    guarded.relay.lose_answer_to = b"COMMIT"
    assert (await guarded.ask("POST", "/tokens", {"name": name, "rights": ["read"]}))[0] == 503
    assert (await guarded.ask("POST", "/tokens", {"name": name, "rights": ["read"]}))[0] == 409
    assert (await guarded.ask("DELETE", f"/tokens/{name}"))[0] == 200


async def test_asterisk_may_read_with_the_token_in_its_address(guarded: Office) -> None:
    settings = json.loads((guarded.folder / "service.json").read_text())
    secret = settings["access"]["asterisk_token"]
    basic = base64.b64encode(f"asterisk:{secret}".encode()).decode()
    shown = {"Authorization": f"Basic {basic}"}
    assert await status_of(guarded, "GET", "/calls", None, shown) == 200
    payment = {"amount_kopecks": 1, "reference": "r"}
    assert await status_of(guarded, "POST", "/accounts/nobody/payments", payment, shown) == 403


async def test_the_first_token_closes_the_door_and_nobody_is_locked_out(own: Office) -> None:
    assert (await own.ask("GET", "/tokens")) == (200, [])
    for right in ("read", "operate", "money"):
        status, problem = await own.ask("POST", "/tokens", {"name": "first", "rights": [right]})
        assert (status, "the first token" in problem["detail"]) == (409, True), problem
    assert (await own.ask("GET", "/calls"))[0] == 200
    name, token = await token_of(own, Right.ADMIN)
    assert (await own.ask("GET", "/calls"))[0] == 401
    own.token = token
    reader, _ = await token_of(own, Right.READ)
    status, problem = await own.ask("DELETE", f"/tokens/{name}")
    assert (status, "make another token" in problem["detail"]) == (409, True)
    assert (await own.ask("DELETE", f"/tokens/{reader}"))[0] == 200
    assert (await own.ask("DELETE", f"/tokens/{name}"))[0] == 200
    own.token = ""
    assert (await own.ask("GET", "/calls"))[0] == 200  # as before the first


async def test_two_admins_who_revoke_each_other_leave_one(own: Office) -> None:
    first, own.token = await token_of(own, Right.ADMIN)
    second, token = await token_of(own, Right.ADMIN)
    reader, _ = await token_of(own, Right.READ)
    answers = await asyncio.gather(*(own.ask("DELETE", f"/tokens/{name}") for name in (first, second)))
    assert sorted(status for status, _ in answers) in ([200, 401], [200, 409])
    left = [await status_of(own, "GET", "/tokens", None, bearer(shown)) for shown in (own.token, token)]
    assert sorted(left) == [200, 401] and reader


def test_the_command_line_finds_its_token(
    guarded: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = ("calls", "--json", "--api", guarded.api)
    assert run_main(*calls) == 2
    assert "wants a token: name a file that has one with --token-file FILE" in capsys.readouterr().err
    assert run_main(*calls, "--token-file", str(guarded.folder / "token")) == 0
    monkeypatch.setenv("CALLCTL_TOKEN_FILE", str(guarded.folder / "token"))
    assert run_main(*calls) == 0
    monkeypatch.delenv("CALLCTL_TOKEN_FILE")
    (tmp_path / "stack.json").write_text(
        json.dumps({"api": guarded.api, "token_file": str(guarded.folder / "token")})
    )
    assert run_main("calls", "--json", "--state", str(tmp_path)) == 0
    monkeypatch.setenv("CALLCTL_TOKEN", "x" * 40)
    capsys.readouterr()
    assert run_main(*calls) == 2
    assert "does not know the token it was shown" in capsys.readouterr().err


def test_a_token_is_made_listed_and_revoked_by_command(
    guarded: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    by = ("--api", guarded.api, "--token-file", str(guarded.folder / "token"))
    assert run_main("token", "create", "--name", "bank", "--right", "money", "--right", "operate", *by) == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("ctl_") and len(token) == 47
    assert run_main("token", "list", *by) == 0
    listed = capsys.readouterr().out
    assert "bank" in listed and "money, operate" in listed and token not in listed
    assert run_main("token", "revoke", "bank", *by) == 0
    assert capsys.readouterr().out == "bank counts no more\n"
    assert run_main("token", "revoke", "bank", *by) == 2


FILES = {
    "not there": (None, 0o600, "No such file"),
    "of everybody": ("x" * 40, 0o644, "others than its owner can read the token: chmod 600"),
    "empty": ("", 0o600, "no token: it is 32 to 200"),
    "short": ("x" * 31, 0o600, "no token: it is 32 to 200"),
    "two lines": (f"{'x' * 40}\n{'y' * 40}", 0o600, "no token: it is 32 to 200"),
    "not ASCII": ("ж" * 40, 0o600, "no token: it is 32 to 200"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_token_file_that_cannot_be_used_is_said_without_its_words(tmp_path: Path, name: str) -> None:
    text, mode, words = FILES[name]
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    with pytest.raises(Complaint, match=words) as told:
        read_doors(AccessSettings(token_file=file))
    assert not text or text not in str(told.value)


def test_a_listener_for_all_the_world_needs_tls_in_one_line() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "api.example"):
        with pytest.raises(Complaint, match="no loopback address") as told:
            check_settings(ServiceSettings, {**SERVICE, "api": f"{host}:8080"}, "here")
        assert "\n" not in str(told.value)
    with pytest.raises(Complaint, match="give certificate and key, or neither"):
        check_settings(ServiceSettings, {**SERVICE, "access": {"key": "/k"}}, "here")


def certificate(folder: Path, name: str = "own") -> tuple[Path, Path]:
    """A certificate of its own authority, for 127.0.0.1, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [*("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
         *("-days", "2", "-subj", "/CN=callctl", "-addext", "subjectAltName=IP:127.0.0.1"),
         *("-keyout", str(key), "-out", str(cert))],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_a_certificate_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    other = certificate(tmp_path, "other")[1]
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for pair in ((tmp_path / "none", key), (cert, other), (broken, key), (cert, broken)):
        with pytest.raises(Complaint, match="cannot be used: ") as told:
            read_doors(AccessSettings(certificate=pair[0], key=pair[1]))
        assert "\n" not in str(told.value)


async def ended(service: Child) -> str:
    await asyncio.wait_for(service.process.wait(), 20)
    return service.log.read_text()


async def test_a_listener_for_all_the_world_without_a_token_does_not_start(
    tmp_path: Path, database: str
) -> None:
    cert, key = certificate(tmp_path)
    settings = {
        **SERVICE,
        "api": f"0.0.0.0:{free_tcp_port('127.0.0.1')}",
        "agi": f"127.0.0.1:{free_tcp_port('127.0.0.1')}",
        "database": database,
        "sounds": str(tmp_path / "sounds"),
        "access": {"certificate": str(cert), "key": str(key)},
    }
    (tmp_path / "service.json").write_text(json.dumps(settings))
    service = await start_service(tmp_path / "service.json", tmp_path / "service.log")
    told = await ended(service)
    assert service.process.returncode == 2
    assert "callctl: the API would serve whoever reaches 0.0.0.0:" in told and "Traceback" not in told


async def test_with_tls_tokens_are_hidden_and_the_command_line_checks_the_certificate(
    postgres: Postgres,
    relay: Relay,
    tmp_path: Path,
    database_name: str,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cert, key = certificate(tmp_path)
    access = {"certificate": str(cert), "key": str(key)}
    async with open_office(tmp_path, relay, database_name, database, tls=cert, access=access) as office:
        assert (await office.ask("GET", "/calls")) == (200, [])
        ask = ("calls", "--json", "--api")
        assert await asyncio.to_thread(run_main, *ask, f"https://{office.api}") == 1
        assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
        monkeypatch.setenv("CALLCTL_CA_FILE", str(cert))
        assert await asyncio.to_thread(run_main, *ask, f"https://{office.api}") == 0
        assert await asyncio.to_thread(run_main, *ask, office.api) == 1
