"""`callctl up`, `run`, `demo`, `simulate`: what runs for a while."""

import asyncio
import contextlib
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from callctl.complaint import Complaint
from callctl.signals import end_on_signals


def add_commands(commands: Any) -> None:
    up = commands.add_parser("up", help="bring up a stack: PostgreSQL, Asterisk, the service")
    up.add_argument("--config", metavar="FILE", type=Path, help="a TOML file with these options and [calls]")
    up.add_argument("--state", metavar="DIR", type=Path, help="where data and logs are kept")
    up.add_argument(
        "--sip", metavar="HOST:PORT", help="where callers come in; port 0: any free (127.0.0.1:5060)"
    )
    up.add_argument(
        "--api", metavar="HOST:PORT", help="where the API listens; port 0: any free (127.0.0.1:8080)"
    )
    up.add_argument("--rtp", metavar="FROM-TO", help="ports for media (1000 free ones)")
    up.add_argument(
        "--trunk",
        metavar="NAME=HOST:PORT",
        action="append",
        default=[],
        help="where outgoing legs go; repeatable: the next is tried when one is unreachable",
    )
    up.add_argument("--emergency-trunk", metavar="NAME", help="where 112 and its kin go (the first trunk)")
    up.add_argument(
        "--token-file", metavar="FILE", help="who shows its token may everything, nobody else anything"
    )
    up.add_argument("--database", metavar="URL", help="a PostgreSQL server (a private one)")
    up.add_argument("--no-demo", dest="demo", action="store_false", default=None, help="no demo subscribers")
    up.set_defaults(run=_up)

    run = commands.add_parser("run", help="only the service, on an Asterisk and a PostgreSQL that are there")
    run.add_argument("--settings", metavar="FILE", type=Path, required=True, help="TOML or JSON")
    run.add_argument(
        "--take-over",
        action="store_true",
        help="own the accounts even when another service seems to live; it cannot write from then on",
    )
    run.add_argument("--verbose", action="store_true", help="log every event with its orders")
    run.set_defaults(run=_run)

    demo = commands.add_parser("demo", help="a whole stack with subscribers, five calls and their bills")
    demo.add_argument("--once", action="store_true", help="end after the calls instead of staying up")
    demo.set_defaults(run=_demo)

    simulate = commands.add_parser("simulate", help="run a scenario in virtual time, without Asterisk")
    simulate.add_argument("file", metavar="FILE", type=Path, help="YAML; docs/simulate.md describes it")
    simulate.add_argument("--seed", type=int, help="luck of the faults, instead of the file's")
    simulate.add_argument("--json", action="store_true", help="one JSON array instead of a line each")
    simulate.set_defaults(run=_simulate)


def _report(line: str) -> None:
    print(f"callctl: {line}", file=sys.stderr, flush=True)


def _up(options: Namespace) -> None:
    from callctl.settings import check_settings, read_content
    from callctl.stack.plan import Plan

    content = read_content(options.config) if options.config else {}
    if not isinstance(content, dict):
        raise Complaint(f"{options.config}: give a table of options")
    for name in ("state", "sip", "api", "rtp", "emergency_trunk", "database", "demo", "token_file"):
        if (value := getattr(options, name)) is not None:
            content[name] = value
    if options.trunk:
        content["trunks"] = _trunks(options.trunk)
    plan = check_settings(Plan, content, str(options.config or "up"))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_stay_up(plan))


async def _stay_up(plan: Any) -> None:
    from callctl.stack.up import bring_up, watch

    end_on_signals()
    async with bring_up(plan, _report) as stack:
        print(json.dumps(stack.note), flush=True)
        await watch(stack, _report)


def _trunks(told: list[str]) -> dict[str, str]:
    trunks: dict[str, str] = {}
    for text in told:
        name, equals, address = text.partition("=")
        if not name or not equals:
            raise Complaint(f"--trunk {text}: give it as NAME=HOST:PORT")
        if name in trunks:
            raise Complaint(f"--trunk {text}: {name!r} is named twice")
        trunks[name] = address
    return trunks


def _run(options: Namespace) -> None:
    from callctl.run import run_service
    from callctl.settings import ServiceSettings, read_settings

    settings = read_settings(ServiceSettings, options.settings)
    run_service(settings, by_force=options.take_over, verbose=options.verbose)


def _demo(options: Namespace) -> None:
    from callctl.demo.show import demonstrate

    async def until_the_end() -> None:
        end_on_signals()
        await demonstrate(_report, stay=not options.once)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_the_end())


def _simulate(options: Namespace) -> None:
    from callctl.simulate.night import Night
    from callctl.simulate.scenario import read_scenario, read_tariffs

    scenario = read_scenario(options.file)
    if options.seed is not None:
        scenario = scenario.model_copy(update={"seed": options.seed})
    lines = Night(scenario, *read_tariffs(scenario, options.file.parent)).run()
    if options.json:
        print(json.dumps(lines, indent=2))
    else:
        print("\n".join(json.dumps(line) for line in lines))
