"""A scheme that was tried out: told line by line for people, shown as data for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from callctl.clock import moment, rfc3339
from callctl.commands.scheme_cost import Cost
from callctl.commands.scheme_words import Says, came_word, spoken, step_words, way_words
from dialplan.facts import Facts
from dialplan.scheme import Scheme
from dialplan.trial import Came, Stepped, Talked
from rating.calendar import MOSCOW
from rating.money import show_roubles


@dataclass(frozen=True, slots=True)
class Story:
    scheme: Scheme
    facts: Facts
    line: str
    happened: Sequence[Came | Stepped]
    end_ms: int
    costs: Sequence[Cost]
    is_priced: bool


def tell_story(story: Story, says: Says) -> Iterator[str]:
    caller = story.facts.caller or "a hidden number"
    to = f" to {story.line}" if story.line else ""
    yield f"{moment(story.facts.at_ms).astimezone(MOSCOW):%a %Y-%m-%d} Moscow: {caller} calls{to}"
    for one, after in zip_longest(story.happened, story.happened[1:]):
        if isinstance(one, Came):
            yield f"{_clock(one.at_ms)}  {_came(story, one, after)}"
        else:
            yield f"{_clock(one.at_ms)}      {step_words(one, says)}"
    yield f"{_clock(story.end_ms)}  over"
    if story.is_priced:
        yield from _tell_costs(story.costs)


def _came(story: Story, came: Came, after: Came | Stepped | None) -> str:
    """What a crossing chose is said at once; what comes of a station stands below it."""
    node = story.scheme.nodes[came.node]
    here = f"{came.node} ({spoken(node.kind)})"
    if not isinstance(after, Came):
        return here
    way = way_words(node, after.node)
    return f"{here}: {way} → {after.node}" if way else f"{here} → {after.node}"


def _tell_costs(costs: Sequence[Cost]) -> Iterator[str]:
    for cost in costs:
        what = f"not to be had ({spoken(cost.refused)})" if cost.refused else _price(cost)
        yield f"cost: {cost.to}, {cost.seconds} s from {_clock(cost.at_ms)}: {what}"
    yield f"total: {show_roubles(sum(cost.kopecks for cost in costs))} RUB"


def _price(cost: Cost) -> str:
    by = f", {cost.tariff}" if cost.tariff else ""
    return f"{show_roubles(cost.kopecks)} RUB ({cost.destination}{by})"


def _clock(at_ms: int) -> str:
    return f"{moment(at_ms).astimezone(MOSCOW):%H:%M:%S}"


def show_story(story: Story, says: Says) -> dict[str, Any]:
    return {
        "from": story.facts.caller,
        "to": story.line,
        "at": rfc3339(moment(story.facts.at_ms)),
        "steps": [_show(story, one, says) for one in story.happened],
        "ended_at": rfc3339(moment(story.end_ms)),
        "costs": [
            {
                "to": cost.to,
                "at": rfc3339(moment(cost.at_ms)),
                "seconds": cost.seconds,
                "charge_kopecks": cost.kopecks,
                "destination": cost.destination,
                "tariff": cost.tariff,
                "refused": cost.refused or None,
            }
            for cost in story.costs
        ],
        "charge_kopecks": sum(cost.kopecks for cost in story.costs) if story.is_priced else None,
    }


def _show(story: Story, one: Came | Stepped, says: Says) -> dict[str, Any]:
    shown = {"node": one.node, "kind": story.scheme.nodes[one.node].kind, "at": rfc3339(moment(one.at_ms))}
    if isinstance(one, Came):
        return shown | {"step": None}
    talked = one.outcome if isinstance(one.outcome, Talked) else None
    return shown | {
        "step": spoken_type(one.step),
        "words": step_words(one, says),
        "outcome": came_word(one.outcome),
        "target": str(talked.target) if talked else None,
        "seconds": talked.seconds if talked else None,
        "not_rung": {str(target): why for target, why in one.forbidden.items()},
    }


def spoken_type(step: object) -> str:
    """`TakeMessage` as `take_message`."""
    name = type(step).__name__
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")
