"""`callctl scheme try`: what would happen to a caller and what it would cost; needs no service.

Rule 1: prices are those of `callctl tariff quote`: the same code, connection by connection.
Rule 2: who cannot be rung (not sold, no money, suspended) is an outcome of the step, as in a real call.
"""

import re
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from callctl.clock import Clock
from callctl.commands.arguments import phone_argument, roubles_argument
from callctl.commands.scheme_check import add_plan_options, read_scheme_file
from callctl.commands.scheme_cost import prices_of
from callctl.commands.scheme_story import Story, show_story, tell_story
from callctl.commands.scheme_words import saying
from callctl.commands.show import print_json
from callctl.commands.tariff_quote import moment_argument, number_argument
from callctl.complaint import Complaint, one_line
from callctl.prompts.texts import texts
from dialplan.facts import Facts, Standing
from dialplan.trial import ANSWER, DoesNotFit, Told, Trial
from rating.money import MONEY_MAX

HIDDEN = "hidden"

_TOLD = re.compile(r"[a-z_]+|[0-9*#]|answer:([1-9][0-9]{0,5})")
_DIGITS = re.compile(r"[0-9*#]{0,20}")


def add_try(words: Any) -> None:
    attempt = words.add_parser(
        "try",
        help="what would happen to a caller, step by step, and what it would cost; needs no service",
        description="Without --answers whoever is rung first answers; without --digits nothing is pressed.",
    )
    attempt.add_argument("file", metavar="FILE", type=Path)
    attempt.add_argument(
        "--from", dest="caller", required=True, metavar="NUMBER", type=caller_argument, help="or `hidden`"
    )
    attempt.add_argument("--at", metavar="TIME", type=moment_argument, help="Moscow's (now)")
    attempt.add_argument("--to", dest="line", metavar="E164", type=phone_argument, help="the number dialled")
    attempt.add_argument(
        "--digits",
        metavar="1,2",
        type=digits_argument,
        default=[],
        help="what is pressed, menu by menu; nothing between two commas: the caller waits",
    )
    attempt.add_argument(
        "--answers",
        metavar="A,B",
        type=answers_argument,
        default=[],
        help="what comes of each ringing: answer[:SECONDS], busy, no_answer, unreachable, refused; of each "
        "queue: answer[:SECONDS], timeout, full, empty, call_back or a digit",
    )
    attempt.add_argument("--balance", metavar="R", type=roubles_argument, help="of the account (enough)")
    attempt.add_argument(
        "--standing", choices=[standing.value for standing in Standing], default=Standing.ACTIVE.value
    )
    add_plan_options(attempt)
    attempt.add_argument("--json", action="store_true", help="print JSON")
    attempt.set_defaults(run=_try)


def caller_argument(text: str) -> str:
    return "" if text == HIDDEN else number_argument(text)


def digits_argument(text: str) -> list[str]:
    parts = text.split(",")
    if not all(_DIGITS.fullmatch(part) for part in parts):
        raise ArgumentTypeError(f"{text!r}: give digits, * and # with commas between, such as 1,2")
    return parts


def answers_argument(text: str) -> list[Told]:
    return [_told(part) for part in text.split(",")]


def _told(text: str) -> Told:
    match = _TOLD.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no answer: give answer:60, busy, no_answer, timeout or a digit")
    return Told(ANSWER, int(match[1])) if match[1] else Told(text)


def _try(options: Namespace) -> None:
    scheme = read_scheme_file(options.file)
    at_ms = Clock().now_ms() if options.at is None else options.at
    balance = MONEY_MAX if options.balance is None else options.balance
    standing = Standing(options.standing)
    prices = prices_of(options, balance, standing)
    facts = Facts("try", at_ms, options.caller, balance, standing)
    trial = Trial(scheme, options.digits, options.answers, prices.forbids)
    try:
        happened = list(trial.run(facts))
    except DoesNotFit as misfit:
        raise Complaint(f"{options.file}: {misfit}") from misfit
    if trial.unused:
        raise Complaint(f"{options.file}: the call is over and nobody asked for {', '.join(trial.unused)}")
    costs = prices.costs(happened, trial.end_ms)
    story = Story(
        scheme, facts, options.line or "", happened, trial.end_ms, costs, is_priced=prices.profile is not None
    )
    says = saying(texts())
    if options.json:
        print_json(show_story(story, says))
    else:
        for line in tell_story(story, says):
            print(one_line(line))
