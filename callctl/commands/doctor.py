"""`callctl doctor`: the whole installation looked at, and what to do about each thing that is not well."""

import asyncio
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callctl.commands.client import NoService, add_service_options, ask
from callctl.commands.show import console, print_json, table
from callctl.complaint import Complaint
from callctl.finding import Finding, State, bad, ok
from callctl.settings import ServiceSettings, read_settings
from callctl.stack.whereabouts import read_whereabouts

COLUMNS = {"state": "", "about": "what", "told": "how it is", "remedy": "what to do"}


def add_commands(commands: Any) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="check the whole installation, and say what to do",
        description="Looks at the machine, PostgreSQL, Asterisk, trunks and the service; changes nothing. "
        "Exit code 0: calls are served, perhaps with warnings; 1: something is bad.",
    )
    doctor.add_argument(
        "--settings", metavar="FILE", type=Path, help="of `callctl run` (those of the last `callctl up`)"
    )
    add_service_options(doctor)
    doctor.set_defaults(run=_doctor)


def _doctor(options: Namespace) -> int:
    settings = read_settings(ServiceSettings, options.settings or _settings_file(options))
    findings = [*asyncio.run(_all(settings)), _service(options, settings)]
    if options.json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [{**asdict(finding), "state": finding.state.value} for finding in findings]
        console().print(table("", COLUMNS, rows))
        print(_sum(findings))
    return 1 if any(finding.state is State.BAD for finding in findings) else 0


async def _all(settings: ServiceSettings) -> list[Finding]:
    from callctl.doctor import examine
    from callctl.stack.asterisk_program import required_modules

    return [finding async for finding in examine(settings, required_modules())]


def _settings_file(options: Namespace) -> Path:
    note = read_whereabouts(options.state)
    state = options.state or (Path(note["state"]) if note and "state" in note else None)
    if state is None:
        raise Complaint("whose installation? Name the settings of the service: --settings FILE")
    return Path(state) / "service.json"


def _service(options: Namespace, settings: ServiceSettings) -> Finding:
    if options.settings and not options.api:
        options.api = (settings.api, settings.access.certificate is not None)
    try:
        health = ask(options, "GET", "/health", may_be_ill=True)
    except NoService as away:
        return bad("the service", str(away), "start it: `callctl run`; its log says why it ended")
    if health["status"] == "ok":
        return ok("the service", f"is well; {health['calls']} calls run")
    ill = ", ".join(f"{name} {value}" for name, value in health.items())
    return bad("the service", f"is {health['status']}: {ill}", "see what above is bad, and the service's log")


def _sum(findings: list[Finding]) -> str:
    count = {state: sum(finding.state is state for finding in findings) for state in State}
    return f"{count[State.OK]} ok, {count[State.WARNING]} warnings, {count[State.BAD]} bad"
