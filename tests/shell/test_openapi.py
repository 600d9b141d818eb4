"""The API as it describes itself: sound, kept as a page, and true of a service that is asked by a machine."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.shell.description import PAGE
from tests.shell.guarded import guarded_office
from tests.shell.office import SCHEME, Office
from tests.shell.relay import Relay

# What is asked at most, of each route in each way.
EXAMPLES_MAX = 4
# Kinds of content are checked by all other tests; an address of 8 kB is refused in plain text before that.
CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance"
SCHEMATHESIS_S_MAX = 550
NUMBER = "74957654321"
# 503 without an Asterisk, as it should be; streams; what takes files and no JSON.
WITHOUT_ASTERISK, STREAMS = ("/health", "/trunks"), ("/reconcile", "/events")
NOT_FOR_IT = (*WITHOUT_ASTERISK, *STREAMS, "/profiles/{name}", "/accounts/{account_id}/sounds/{name}")
# So that it gets behind "there is no such account".
KNOWN = f"""
[parameters]
"path.account_id" = "anna"
"path.e164" = "{NUMBER}"
"path.month" = "2026-11"
"""


async def described(office: Office) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://{office.api}/openapi.json") as response:
        assert response.content_type == "application/json"
        return await response.text()


async def test_the_page_is_what_the_service_says(office: Office) -> None:
    remedy = "write it anew: curl http://127.0.0.1:8080/openapi.json > docs/openapi.json"
    assert await described(office) == PAGE.read_text("utf-8"), remedy


async def test_it_is_sound_openapi(office: Office) -> None:
    OpenAPIV31SpecValidator(json.loads(await described(office))).validate()


async def test_every_route_says_what_it_does_and_gives(office: Office) -> None:
    told = json.loads(await described(office))
    operations = {
        f"{method} {path}": operation
        for path, words in told["paths"].items()
        for method, operation in words.items()
    }
    assert len(operations) > 50
    for name, operation in operations.items():
        assert operation["summary"].endswith((".", ")")), name
        for status, response in operation["responses"].items():
            for kind, words in response["content"].items():
                assert words.get("schema") or "json" not in kind or "ndjson" in kind, (name, status)
        if name.split()[0] in ("post", "put", "patch"):
            assert "requestBody" in operation, name


async def test_amounts_are_kopecks_and_times_have_a_zone(office: Office) -> None:
    parts = json.loads(await described(office))["components"]["schemas"]
    for name, part in parts.items():
        for field, words in part.get("properties", {}).items():
            kinds = {kind.get("type") for kind in (words, *words.get("anyOf", ()))}
            formats = {kind.get("format") for kind in (words, *words.get("anyOf", ()))}
            if field.endswith("_kopecks"):
                assert "integer" in kinds and "number" not in kinds, (name, field)
            if field.endswith("_at") or field in ("at", "since", "paid_until"):
                assert "date-time" in formats, (name, field)


@pytest.fixture
async def guarded(relay: Relay, tmp_path: Path, database_name: str, database: str) -> AsyncIterator[Office]:
    """With an account, its number and its seat."""
    async with guarded_office(tmp_path, relay, database_name, database, requests_per_s=0) as office:
        await office.open("anna", 10_000)
        row = {"e164": NUMBER, "account_id": "anna", "scheme": SCHEME}
        assert (await office.ask("POST", "/numbers", row))[0] == 201
        assert (await office.ask("POST", "/accounts/anna/seats", {"name": "desk"}))[0] == 201
        yield office


@pytest.mark.timeout(600)
async def test_what_a_machine_thinks_of_to_ask_meets_no_fault_and_no_surprise(
    guarded: Office, tmp_path: Path
) -> None:
    """schemathesis makes bodies, addresses and queries out of the description, good ones and bad ones."""
    (tmp_path / "schemathesis.toml").write_text(KNOWN)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"http://{guarded.api}/openapi.json"),
        *("--header", f"Authorization: Bearer {guarded.token}", "--checks", CHECKS, "--mode", "all"),
        *("--max-examples", str(EXAMPLES_MAX), "--seed", str(secrets.randbelow(10**6))),
        *("--phases", "coverage,fuzzing", "--suppress-health-check", "all", "--warnings", "off"),
        *("--generation-database", "none", "--no-color", "--request-timeout", "10"),
    ]
    for path in NOT_FOR_IT:
        command += ["--exclude-path", path]
    asking = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(asking.communicate(), SCHEMATHESIS_S_MAX)
    finally:
        if asking.returncode is None:
            asking.kill()
            await asking.wait()
    assert asking.returncode == 0, said.decode()[-8_000:]
    assert "Traceback" not in guarded.log
    assert (await guarded.ask("GET", "/accounts/anna"))[0] == 200 and await guarded.is_sound("anna")
