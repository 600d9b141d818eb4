"""`callctl tariff diff`: what another price list changes, and what a period's calls would have cost by it.

Rule 1: calls are priced by the newest versions of the new list as if they had always been in force, which is
    what people ask; `--as-dated` takes the version of each call's own day.
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from callctl.calls.money.repricing import Repriced, Sums, reprice
from callctl.commands.client import add_service_options
from callctl.commands.show import print_json, print_table
from callctl.commands.tariff_calls import calls_of_file, calls_of_service
from callctl.commands.tariff_folders import find_either, name_of, read_profile_at, waiting
from callctl.commands.tariff_quote import moment_argument
from callctl.complaint import Complaint
from rating.comparison import Change, Comparison, DeckComparison, Met, as_if_always, compare
from rating.money import show_roubles

BIGGEST = 10
CHANGES_SHOWN = 40
PREFIXES_SHOWN = 6

TERM_COLUMNS = {"plan": "plan", "what": "what", "old": "old", "new": "new"}
CHANGE_COLUMNS = {"kind": "", "old": "old", "new": "new", "count": "prefixes", "prefixes": "such as"}
SUM_COLUMNS = {
    "name": "",
    "calls": "calls",
    "old_kopecks": "old",
    "new_kopecks": "new",
    "change_kopecks": "change",
    "old_unsold": "not sold, old",
    "new_unsold": "not sold, new",
}


def add_diff(words: Any) -> None:
    diff = words.add_parser(
        "diff",
        help="what another price list changes, and what a period's calls would have cost by it",
        description="Compares two profiles: decks by what a number meets, plans by their newest versions. "
        "With --calls, or with --from and --to, real calls are priced by both: by OLD as it was on the day "
        "of each call, by the newest versions of NEW as if they had been in force then.",
    )
    diff.add_argument("old", metavar="OLD", type=find_either, help="a profile's folder, or a shipped one")
    diff.add_argument("new", metavar="NEW", type=find_either, help="likewise")
    diff.add_argument("--name", metavar="NAME", help="of the profile whose calls are priced (OLD's folder)")
    diff.add_argument(
        "--calls", metavar="FILE", type=Path, help="CSV: answered_at,from,to,seconds,profile,plan[,account]"
    )
    diff.add_argument(
        "--from", dest="begin", metavar="TIME", type=moment_argument, help="ask the service for calls since"
    )
    diff.add_argument("--to", dest="end", metavar="TIME", type=moment_argument, help="and before")
    diff.add_argument(
        "--as-dated", action="store_true", help="price each call by the version of NEW of its own day"
    )
    add_service_options(diff)
    diff.set_defaults(run=_diff)


def _diff(options: Namespace) -> None:
    if (options.begin is None) != (options.end is None):
        raise Complaint("give both --from and --to")
    if options.calls and options.begin is not None:
        raise Complaint("give --calls, or --from and --to, not both")
    if options.begin is not None and options.begin >= options.end:
        raise Complaint("--from is not before --to: turn them round")
    name = name_of(options.old, options.name)
    old, new = read_profile_at(options.old, name), read_profile_at(options.new, name)
    compared, repriced = compare(old, new), None
    if options.calls or options.begin is not None:
        told = calls_of_file(options.calls, name) if options.calls else calls_of_service(options, name)
        with waiting("pricing the calls"):
            repriced = reprice(told, old, new if options.as_dated else as_if_always(new))
    if options.json:
        calls = _show_repriced(repriced, as_dated=options.as_dated) if repriced else None
        print_json({"profile": name, **_plain(asdict(compared)), "calls": calls})
        return
    _print_comparison(compared)
    if repriced:
        _print_repriced(repriced, as_dated=options.as_dated)


def _plain(value: Any) -> Any:
    """Enums as their words."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _print_comparison(compared: Comparison) -> None:
    for word, plans in (("new", compared.plans_added), ("dropped", compared.plans_removed)):
        if plans:
            print(f"plans {word}: {', '.join(plans)}")
    if compared.terms:
        print_table("terms", TERM_COLUMNS, [_plain(asdict(term)) for term in compared.terms])
    for deck in compared.decks:
        _print_deck(deck)
    if not (compared.plans_added or compared.plans_removed or compared.terms or compared.decks):
        print("nothing changes")


def _print_deck(deck: DeckComparison) -> None:
    for word, names in (("new", deck.destinations_added), ("dropped", deck.destinations_removed)):
        if names:
            print(f"destinations {word}: {', '.join(names)}")
    rows = [_change_row(change) for change in deck.changes]
    counts = f"{deck.prefixes_added} prefixes new, {deck.prefixes_removed} dropped"
    print_table(f"prices of {', '.join(deck.used_by)}: {counts}", CHANGE_COLUMNS, rows[:CHANGES_SHOWN])
    if len(rows) > CHANGES_SHOWN:
        print(f"and {len(rows) - CHANGES_SHOWN} changes more: --json has them all")


def _change_row(change: Change) -> dict[str, Any]:
    count = len(change.prefixes)
    shown = [prefix or "(every)" for prefix in change.prefixes[:PREFIXES_SHOWN]]
    return {
        "kind": change.kind.value,
        "old": _met(change.old),
        "new": _met(change.new),
        "count": count,
        "prefixes": ", ".join(shown) + (", …" if count > PREFIXES_SHOWN else ""),
    }


def _met(met: Met) -> str:
    if met.unsold:
        return f"not sold: {met.unsold}"
    if met.first is None or met.next is None:
        return "no price"
    first = f"{show_roubles(met.first)} then " if met.first != met.next else ""
    return f"{met.destination} {first}{show_roubles(met.next)}"


def _show_repriced(repriced: Repriced, *, as_dated: bool) -> dict[str, Any]:
    return {
        "new_prices": "as dated" if as_dated else "newest, as if always in force",
        "total": _show_sums(repriced.total),
        "plans": {name: _show_sums(sums) for name, sums in sorted(repriced.plans.items())},
        "accounts": {name: _show_sums(sums) for name, sums in sorted(repriced.accounts.items())},
        "biggest_changes": [name for name, _ in _biggest(repriced.accounts)],
        "not_sold": dict(repriced.unsold.most_common()),
    }


def _show_sums(sums: Sums) -> dict[str, int]:
    return {
        "calls": sums.calls,
        "old_kopecks": sums.old,
        "new_kopecks": sums.new,
        "change_kopecks": sums.change,
        "old_unsold": sums.old_unsold,
        "new_unsold": sums.new_unsold,
    }


def _biggest(accounts: Mapping[str, Sums]) -> list[tuple[str, Sums]]:
    moved = [(name, sums) for name, sums in accounts.items() if sums.change or sums.new_unsold]
    return sorted(moved, key=lambda one: (-abs(one[1].change), -one[1].new_unsold, one[0]))[:BIGGEST]


def _print_repriced(repriced: Repriced, *, as_dated: bool) -> None:
    which = "of the day of each call" if as_dated else "newest, as if always in force"
    plans = [*sorted(repriced.plans.items()), ("all", repriced.total)]
    print_table(f"plans, RUB; new prices: {which}", SUM_COLUMNS, _rows(plans))
    if biggest := _biggest(repriced.accounts):
        title = f"accounts that change most, of {len(repriced.accounts)}, RUB"
        print_table(title, SUM_COLUMNS, _rows(biggest))
    if repriced.unsold:
        kinds = ", ".join(f"{kind}: {count}" for kind, count in repriced.unsold.most_common())
        print(f"calls that the new list does not sell: {kinds}")


def _rows(named: list[tuple[str, Sums]]) -> list[dict[str, Any]]:
    return [{"name": name, **_show_sums(sums)} for name, sums in named]
