"""`callctl doctor` before a real installation: well, and with one thing after the other broken."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callctl.settings import Address
from callctl.stack.ports import free_tcp_port
from tests.e2e.stacks import Json, Stack

pytestmark = pytest.mark.e2e

WELL = (
    *(
        "open files",
        "prompts",
        "disk of the subscribers' sounds",
        "disk of recordings",
        "disk of the witness",
    ),
    *("PostgreSQL", "PostgreSQL's connections", "PostgreSQL's clock", "the tables"),
    *("ARI", "Asterisk's version", "Asterisk's modules", "ARI's rights", "Asterisk's clock"),
    *("the service in Asterisk", "Asterisk's sounds", "AMI", "AMI's rights", "the dialplan"),
    *("the witness (CEL)", "Asterisk's command line", "the service"),
)


async def examined(stack: Stack, *, code: int = 1, **broken: Any) -> dict[str, Mapping[str, str]]:
    """By what was looked at; `broken`: settings that are not those of the service."""
    file = stack.folder / "doctor.json"
    told: Json = json.loads(stack.settings_file.read_text())
    for name, value in broken.items():
        told[name] = {**told[name], **value} if isinstance(value, dict) else value
    file.write_text(json.dumps(told))
    findings = json.loads(await stack.callctl("doctor", "--settings", str(file), "--json", expect=code))
    assert all(finding["remedy"] for finding in findings if finding["state"] != "ok"), findings
    return {finding["about"]: finding for finding in findings}


async def test_a_stack_is_well_but_for_its_hasty_database(stack: Stack) -> None:
    """The stacks of the tests write without fsync, and it is told."""
    found = await examined(stack)
    assert {about: found[about] for about in WELL if found[about]["state"] != "ok"} == {}
    witness = found["the witness's file"]  # there from the first call on
    assert witness["state"] == "ok" or "no call has come yet" in witness["told"]
    bad = [finding for finding in found.values() if finding["state"] == "bad"]
    assert [finding["about"] for finding in bad] == ["PostgreSQL's settings"]
    assert "fsync is off" in bad[0]["told"] and "fsync = on" in bad[0]["remedy"]
    assert {"trunk carrier", "trunk spare"} <= found.keys()


async def test_people_get_a_table_and_a_sum(stack: Stack) -> None:
    printed = await stack.callctl("doctor", "--state", str(stack.state), expect=1)
    assert "fsync = on" in printed and "1 bad" in printed


async def test_what_is_broken_is_named(stack: Stack, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_tcp_port('127.0.0.1')}"
    found = await examined(
        stack,
        ari={"password": "wrong"},
        ami={"password": "wrong"},
        database="postgresql://nobody@127.0.0.1:1/none",
        sounds=str(tmp_path / "none"),
        witness=str(tmp_path / "cel.jsonl"),
        recordings=None,
        api=nobody,
    )
    bad = {about for about, finding in found.items() if finding["state"] == "bad"}
    assert bad == {"ARI", "AMI", "PostgreSQL", "disk of the subscribers' sounds", "the service"}
    assert "refuses user 'callctl'" in found["ARI"]["told"]
    assert "Authentication failed" in found["AMI"]["told"]
    assert "is not there" in found["the witness's file"]["told"]
    assert found["recordings"]["state"] == "warning"


async def test_an_asterisk_that_is_away_is_named(stack: Stack) -> None:
    port = free_tcp_port("127.0.0.1")
    address = str(Address("127.0.0.1", port))
    found = await examined(stack, ari={"url": f"http://{address}"}, ami={"address": address})
    for about in ("ARI", "AMI"):
        assert (found[about]["state"], "does not answer" in found[about]["told"]) == ("bad", True)
    assert found["the service"]["state"] == "ok"


async def test_a_trunk_that_asterisk_does_not_know_is_named(stack: Stack) -> None:
    found = await examined(stack, trunks=["carrier", "nobody"])
    assert (found["trunk nobody"]["state"], found["trunk nobody"]["told"]) == (
        "bad",
        "Asterisk does not know it",
    )


async def test_a_carrier_that_is_silent_is_a_warning(stack: Stack) -> None:
    await stack.spare.stop()
    found = await examined(stack)
    assert found["trunk spare"]["state"] == "warning"
    assert f"sip:127.0.0.1:{stack.spare.port} does not answer OPTIONS" in found["trunk spare"]["told"]


async def test_what_asterisk_lacks_is_named_with_what_it_is_for(stack: Stack) -> None:
    for module, state, purpose in (
        ("app_echo.so", "warning", "needed for tests"),
        ("func_talkdetect.so", "bad", "not running: func_talkdetect.so"),
    ):
        await stack.asterisk_cli(f"module unload {module}")
        try:
            found = (await examined(stack))["Asterisk's modules"]
        finally:
            await stack.asterisk_cli(f"module load {module}")
        assert (found["state"], purpose in found["told"]) == (state, True), found
    await stack.asterisk_cli("dialplan remove context callctl-emergency")
    try:
        found = (await examined(stack))["the dialplan"]
    finally:
        await stack.asterisk_cli("dialplan reload")
    assert (found["state"], "[callctl-emergency]" in found["told"]) == ("bad", True), found
