"""Whether an Asterisk is as the service needs it: asked over ARI and AMI, and left as it was.

Rule 1: nothing is changed. A right is tried on a channel that does not exist.
Rule 2: whoever does not answer within a few seconds is a finding, not an error.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from callctl.asterisk.ami_dialog import AmiDialog, AmiRefused
from callctl.asterisk.trunk_checkup import check_trunks
from callctl.asterisk.wire import APP
from callctl.finding import Finding, bad, ok, warning
from callctl.settings import ServiceSettings

ANSWER_S_MAX = 4.0
VERSION_MIN: Final = 20
CLOCKS_APART_S_MAX = 1.0
NOBODY = "callctl-doctor-nobody"
# Without these only what is named is missing; without any other a call fails in its middle.
FOR: Final = {
    "res_curl.so": "Asterisk's command line",
    "func_curl.so": "Asterisk's command line",
    "res_config_curl.so": "Asterisk's command line",
    "res_realtime.so": "Asterisk's command line",
    "res_clialiases.so": "Asterisk's command line",
    "res_agi.so": "dialplans of your own",
    "res_speech.so": "dialplans of your own",
    "app_echo.so": "tests",
}
CONTEXTS: Final = {
    "callctl-in": "calls to numbers",
    "callctl-seats": "calls of seats",
    "callctl-fallback": "calls while the service is away",
    "callctl-emergency": "emergency calls while the service is away",
    "callctl-out-of-service": "what callers hear while the service is away",
}
EVENTS: Final = ("CHAN_START", "ANSWER", "HANGUP", "CHAN_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "LINKEDID_END")
FALLBACK_SOUNDS: Final = ("all-circuits-busy-now", "please-try-again")
FILES = "docs/asterisk-cli.md and asterisk-conf/ say how"


async def check_asterisk(settings: ServiceSettings, modules: Sequence[str]) -> AsyncIterator[Finding]:
    async with _http(settings) as http:
        async for finding in _over_ari(http, settings, modules):
            yield finding
    async for finding in _over_ami(settings):
        yield finding


@asynccontextmanager
async def _http(settings: ServiceSettings) -> AsyncIterator[aiohttp.ClientSession]:
    ari = settings.ari
    login = b64encode(f"{ari.user}:{ari.password}".encode()).decode()
    timeout = aiohttp.ClientTimeout(total=ANSWER_S_MAX)
    headers = {"Authorization": f"Basic {login}"}
    async with aiohttp.ClientSession(ari.url.rstrip("/"), headers=headers, timeout=timeout) as http:
        yield http


async def _over_ari(
    http: aiohttp.ClientSession, settings: ServiceSettings, modules: Sequence[str]
) -> AsyncIterator[Finding]:
    url = settings.ari.url
    try:
        status, info = await _get(http, "/asterisk/info")
        if status == 401:
            remedy = f"ari.conf needs [{settings.ari.user}] with type = user and the password of the settings"
            yield bad("ARI", f"{url} refuses user {settings.ari.user!r} with its password", remedy)
            return
        if status != 200:
            yield bad("ARI", f"{url} answers {status}", "give the address that http.conf names")
            return
        yield ok("ARI", f"{url} lets {settings.ari.user!r} in")
        yield _version(info["system"]["version"])
        yield _modules((await _get(http, "/asterisk/modules"))[1], modules)
        async with http.delete(f"/ari/channels/{NOBODY}") as answer:
            yield _may_act(answer.status, settings.ari.user)
        yield _clock((await _get(http, "/asterisk/ping"))[1])
        yield _application((await _get(http, f"/applications/{APP}"))[0])
        yield await _sounds(http, info["config"]["default_language"])
        async for finding in check_trunks(http, sorted(settings.all_trunks)):
            yield finding
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        remedy = "start Asterisk; in http.conf and ari.conf enabled = yes, and the address of the settings"
        yield bad("ARI", f"{url} does not answer ({error or 'too late'})", remedy)


async def _get(http: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with http.get(f"/ari{path}") as answer:
        return answer.status, await answer.json(content_type=None) if answer.status == 200 else None


def _version(version: str) -> Finding:
    number = re.match(r"(?:certified[-/])?(\d+)", version)
    if number and int(number[1]) >= VERSION_MIN:
        return ok("Asterisk's version", version)
    return bad("Asterisk's version", version, f"install Asterisk {VERSION_MIN} or newer")


def _modules(loaded: Sequence[Mapping[str, str]], wanted: Sequence[str]) -> Finding:
    runs = {module["name"] for module in loaded if module["status"] == "Running"}
    missing = [name for name in wanted if name not in runs]
    if not missing:
        return ok("Asterisk's modules", f"all {len(wanted)} run")
    told = f"not running: {', '.join(missing)}"
    remedy = "load them in modules.conf (`module load NAME` tries one at once); install their packages"
    if all(name in FOR for name in missing):
        purposes = ", ".join(dict.fromkeys(FOR[name] for name in missing))
        return warning("Asterisk's modules", f"{told}: needed for {purposes}", remedy)
    return bad("Asterisk's modules", told, remedy)


def _may_act(status: int, user: str) -> Finding:
    if status == 404:
        return ok("ARI's rights", "it may order")
    return bad("ARI's rights", f"{user!r} may only read ({status})", f"ari.conf: [{user}] read_only = no")


def _clock(ping: Mapping[str, str]) -> Finding:
    apart_s = (datetime.fromisoformat(ping["timestamp"]) - datetime.now(UTC)).total_seconds()
    told = f"{abs(apart_s):.1f} s {'ahead' if apart_s > 0 else 'behind'}"
    if abs(apart_s) <= CLOCKS_APART_S_MAX:
        return ok("Asterisk's clock", told)
    return bad("Asterisk's clock", told, "let both machines follow one time server (chrony)")


def _application(status: int) -> Finding:
    if status == 200:
        return ok("the service in Asterisk", f"application {APP!r} is there")
    return warning(
        "the service in Asterisk", f"no application {APP!r}: calls meet the fallback", "start `callctl run`"
    )


async def _sounds(http: aiohttp.ClientSession, language: str) -> Finding:
    missing = []
    for sound in FALLBACK_SOUNDS:
        _, found = await _get(http, f"/sounds/{quote(sound, safe='')}")
        if not any(one["language"] == language for one in (found or {}).get("formats", ())):
            missing.append(sound)
    if not missing:
        return ok("Asterisk's sounds", f"the fallback can speak ({language})")
    remedy = f"install asterisk-core-sounds-{language}-gsm, or another defaultlanguage in asterisk.conf"
    return warning("Asterisk's sounds", f"not in {language}: {', '.join(missing)}", remedy)


async def _over_ami(settings: ServiceSettings) -> AsyncIterator[Finding]:
    ami = settings.ami
    remedy = f"manager.conf: enabled = yes, and [{ami.user}] with the secret of the settings"
    try:
        async with asyncio.timeout(ANSWER_S_MAX * 3), AmiDialog.open(*ami.address) as dialog:
            await dialog.login(ami.user, ami.password)
            yield ok("AMI", f"{ami.address} lets {ami.user!r} in")
            async for finding in _rights_and_files(dialog, ami.user):
                yield finding
    except AmiRefused as refused:
        yield bad("AMI", f"{ami.address} refuses {ami.user!r}: {refused}", remedy)
    except (OSError, TimeoutError, EOFError) as error:
        yield bad("AMI", f"{ami.address} does not answer ({error or 'too late'})", remedy)


async def _rights_and_files(dialog: AmiDialog, user: str) -> AsyncIterator[Finding]:
    answer = await dialog.ask("Setvar", Channel=NOBODY, Variable="X", Value="1")
    rights = f"manager.conf: [{user}] write = system,call,reporting,command"
    if "denied" in answer.get("Message", ""):
        yield bad("AMI's rights", "it may not set time limits: cuts go over ARI, behind prompts", rights)
    else:
        yield ok("AMI's rights", "it may set time limits")
    try:
        yield await _contexts(dialog)
        yield await _witness(dialog)
        yield await _aliases(dialog)
    except AmiRefused as refused:
        yield warning("AMI's rights", f"it may not ask commands ({refused}): the rest is not known", rights)


async def _contexts(dialog: AmiDialog) -> Finding:
    missing = {}
    for name, purpose in CONTEXTS.items():
        shown = await dialog.command(f"dialplan show {name}")
        if f"[ Context '{name}'" not in shown:
            missing[name] = purpose
    if not missing:
        return ok("the dialplan", f"has {', '.join(CONTEXTS)}")
    told = ", ".join(f"[{name}] ({purpose})" for name, purpose in missing.items())
    return bad("the dialplan", f"lacks {told}", "take them over from asterisk-conf/extensions.conf")


async def _witness(dialog: AmiDialog) -> Finding:
    shown = await dialog.command("cel show status")
    missing = [event for event in EVENTS if f"Tracking Event: {event}\n" not in f"{shown}\n"]
    if "Logging: Enabled" in shown and not missing:
        return ok("the witness (CEL)", "is on, with every event")
    told = f"lacks {', '.join(missing)}" if "Logging: Enabled" in shown else "is off"
    return bad("the witness (CEL)", told, "take over cel.conf and cel_custom.conf from asterisk-conf/")


async def _aliases(dialog: AmiDialog) -> Finding:
    aliases = await dialog.command("cli show aliases")
    mappings = await dialog.command("core show config mappings")
    if "callctl calls" in aliases and "===> callctl (" in mappings:
        return ok("Asterisk's command line", "knows `callctl …`")
    remedy = "take over cli_aliases.conf and extconfig.conf from asterisk-conf/"
    return warning("Asterisk's command line", "does not know `callctl …`", remedy)
