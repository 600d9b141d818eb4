"""`callctl call ID --story`: what became of a call, moment by moment, out of the ledger and the log.

Rule 1: the story shows numbers as its log does: where they are masked there, they are so in all of it.
Rule 2: a line of the log that is nobody's, or cannot be read, is no part of any story.
"""

import json
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from callctl.commands.show import print_json, roubles
from callctl.complaint import Complaint, one_line
from callctl.masks import MASKED, masked
from callctl.stack.whereabouts import read_whereabouts
from callctl.times import clock_time

LEDGER, LOG = "ledger", "log"
SERVICE_LOG = "service.log"
_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
# Of what both say at one moment, the log says why and the ledger what came of it.
_ORDER = {LOG: 0, LEDGER: 1}

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    at: str
    source: str
    said: str
    fields: Fields = field(default_factory=dict)

    @property
    def rank(self) -> tuple[datetime, int]:
        return datetime.fromisoformat(self.at), _ORDER[self.source]


def tell_story(options: Namespace, way: dict[str, Any]) -> None:
    story = of_ledger(way)
    with _opened(options) as log:
        if log is None:
            print("callctl: no log here, the ledger alone tells: name one with --log FILE", file=sys.stderr)
        else:
            story += of_log(log, way["call_id"])
    story = hidden(sorted(story, key=lambda moment: moment.rank))
    if options.json:
        print_json([_shown(moment) for moment in story])
        return
    for moment in story:
        fields = " ".join(f"{name}={value}" for name, value in moment.fields.items())
        when = clock_time(moment.at, "milliseconds")
        print(one_line(f"{when}  {moment.source:<6}  {moment.said} {fields}".rstrip()))


def of_ledger(way: dict[str, Any]) -> list[Moment]:
    caller = way["from"] or "a hidden number"
    told = [(way["arrived_at"], f"{caller} calls {way['number']} ({way['account_id']})")]
    told += [(way["answered_at"], "the caller is answered"), (way["ended_at"], f"over: {way['ending']}")]
    for step in way["way"]:
        outcomes = f": {', '.join(step['outcomes'])}" if step["outcomes"] else ""
        told.append((step["at"], f"node {step['node']}{outcomes}"))
    for leg in way["legs"]:
        told += _of_leg(leg)
    return [Moment(at, LEDGER, said) for at, said in told if at]


def _of_leg(leg: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    name = f"{leg['leg_id']} to {leg['to']}"
    if leg["refusal"]:
        yield leg["held_at"], f"{name}: refused: {leg['refusal']}"
        return
    yield leg["held_at"], f"{name}: held"
    yield leg["answered_at"], f"{name}: answered"
    cost = f"{leg['seconds']} s, {leg['units']} units, {roubles(leg['charge_kopecks'])} RUB"
    yield leg["ended_at"], f"{name}: ended by {leg['ended_by']}, cause {leg['cause']}: {cost}"


def of_log(lines: Iterable[str], call_id: str) -> list[Moment]:
    its_own = re.compile(rf"(?<![\w.]){re.escape(call_id)}(?![\w.]*\d)")
    return [moment for line in lines if its_own.search(line) and (moment := _read(line))]


def _read(line: str) -> Moment | None:
    try:
        fields: Fields = json.loads(line) if line.startswith("{") else _logfmt(line)
        at, said = fields.pop("at"), fields.pop("msg")
        datetime.fromisoformat(at)
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    for name in ("room", "call"):
        fields.pop(name, None)
    if fields.get("level") in ("info", "debug"):
        del fields["level"]
    return Moment(at, LOG, said, fields)


def _logfmt(line: str) -> Fields:
    return {name: value.removeprefix('"').removesuffix('"') for name, value in _FIELD.findall(line)}


def hidden(story: list[Moment]) -> list[Moment]:
    if not any(MASKED.search(moment.said + str(moment.fields)) for moment in story if moment.source == LOG):
        return story
    return [
        Moment(
            one.at, one.source, masked(one.said), {name: masked(told) for name, told in one.fields.items()}
        )
        for one in story
    ]


def _shown(moment: Moment) -> dict[str, Any]:
    return {"at": moment.at, "source": moment.source, "said": moment.said, **moment.fields}


@contextmanager
def _opened(options: Namespace) -> Iterator[TextIO | None]:
    """What `--log` names, else what the stack that was found writes; `-` is what comes in."""
    path = options.log or _of_stack(options)
    if path is None:
        yield None
    elif str(path) == "-":
        yield sys.stdin
    else:
        try:
            file = path.open(encoding="utf-8", errors="replace")
        except OSError as error:
            raise Complaint(f"{path}: {error.strerror}: name a log that can be read") from error
        with file:
            yield file


def _of_stack(options: Namespace) -> Path | None:
    if options.api:
        return None
    state = options.state or Path((read_whereabouts(None) or {}).get("state", ""))
    log = state / SERVICE_LOG
    return log if log.is_file() else None
