"""`callctl scheme check`: all that is wrong with a scheme file; needs no service.

Rule 1: what depends on the subscriber is looked at as far as the options tell of him.
Rule 2: warnings refuse nothing.
"""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callctl.clock import Clock
from callctl.commands.arguments import id_argument, phone_argument, read_text
from callctl.commands.show import print_json
from callctl.commands.tariff_folders import find_profile, read_profile_at
from callctl.commands.tariff_quote import moment_argument
from callctl.complaint import Complaint, one_line
from dialplan.check import Source, check_scheme, read_source
from dialplan.known import Known, Sale, always_sold
from dialplan.reading import Fault
from dialplan.scheme import Scheme
from rating.deck import Unsold
from rating.profile import Profile
from rating.tariff import Plan, Side


def add_check(words: Any) -> None:
    check = words.add_parser(
        "check",
        help="all that is wrong with a scheme file; needs no service",
        description="Prints what is wrong, each with its line. With the options also what is wrong for one "
        "subscriber: targets that ring himself, prompts and seats that he has not, numbers that his plan "
        "does not sell. Exit code 2 when there are errors, 0 when there are only warnings.",
    )
    check.add_argument("file", metavar="FILE", type=Path)
    check.add_argument(
        "--for", dest="number", metavar="E164", type=phone_argument, help="the number that the scheme is for"
    )
    check.add_argument(
        "--own",
        metavar="E164",
        type=phone_argument,
        action="append",
        default=[],
        help="another of his numbers",
    )
    check.add_argument("--seats", metavar="A,B", type=names_argument, help="all of his seats")
    check.add_argument("--prompts", metavar="A,B", type=names_argument, help="all of his prompts")
    add_plan_options(check)
    check.add_argument("--at", metavar="TIME", type=moment_argument, help="whose prices (now)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)


def add_plan_options(parser: Any) -> None:
    parser.add_argument("--profile", metavar="P", type=id_argument, help="whose prices, such as clovertel")
    parser.add_argument("--plan", metavar="N", type=id_argument, help="such as go")
    parser.add_argument(
        "--dir", metavar="DIR", type=Path, help="a profile's folder, or one of many (shipped)"
    )


def names_argument(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if text.strip())
    if "" in names:
        raise ArgumentTypeError(f"{text!r}: give names with commas between, such as anna,boris")
    return names


def read_scheme_file(path: Path) -> Scheme:
    """Or a complaint of all that is wrong with it."""
    return read_source_file(path).scheme


def read_source_file(path: Path) -> Source:
    source = read_source(read_text(path))
    if isinstance(source, Source):
        return source
    raise Complaint(*(f"{path}: {fault}" for fault in source))


def profile_of(options: Namespace) -> Profile | None:
    """That which has the plan that --profile and --plan name together."""
    if (options.profile is None) != (options.plan is None):
        raise Complaint("give both --profile and --plan")
    if options.profile is None:
        return None
    profile = read_profile_at(find_profile(options.dir, options.profile), options.profile)
    if options.plan not in profile.plans:
        plans = ", ".join(sorted(profile.plans))
        raise Complaint(f"profile {profile.name!r} has no plan {options.plan!r} (plans: {plans})")
    return profile


def _check(options: Namespace) -> None:
    profile = profile_of(options)
    plan = profile.plans[options.plan] if profile else None
    source = read_source(read_text(options.file))
    if isinstance(source, Source):
        at_ms = Clock().now_ms() if options.at is None else options.at
        faults = check_scheme(source, _known(options, plan, at_ms))
    else:
        faults = source
    _tell(options, source, faults)


def _tell(options: Namespace, source: Source | list[Fault], faults: list[Fault]) -> None:
    errors = [fault for fault in faults if not fault.is_warning]
    if options.json:
        print_json({"ok": not errors, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            if fault.is_warning:
                print(one_line(f"{options.file}: warning: {fault}"))
    if errors:
        raise Complaint(*(f"{options.file}: {fault}" for fault in errors))
    if not options.json and isinstance(source, Source):
        scheme = source.scheme
        print(f"{options.file}: a sound scheme of {len(scheme.nodes)} nodes, starting at {scheme.start!r}")


def _known(options: Namespace, plan: Plan | None, at_ms: int) -> Known:
    own = frozenset([*options.own, *([options.number] if options.number else [])])
    sale = _sale(plan, at_ms) if plan else always_sold
    return Known(options.number, own, options.seats, options.prompts, sale)


def _sale(plan: Plan, at_ms: int) -> Callable[[str], Sale]:
    version = plan.version_at(at_ms)

    def sale(number: str) -> Sale:
        rate = version.rate(Side.OUTGOING, "", number, at_ms) if version else None
        if rate is None:
            return Sale.UNPRICED
        return Sale.NOT_SOLD if isinstance(rate, Unsold) else Sale.SOLD

    return sale
