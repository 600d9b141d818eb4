"""What a list of the living says of legs whose news got lost: the news themselves, as if told late. Pure.

Rule 1: where the witness saw the moment, that is it. Else an answer begins when it is heard of, and an end is
    the last moment that is proven.
Rule 2: who is missing after a gap is gone; else he must be missing twice, as his news may be on the way.
"""

from collections.abc import Iterable, Iterator

from callctl.calls.events import LegAnswered, LegEnded, LegEvent, LegGone, LegsListed
from callctl.calls.legs import Leg, LegState, call_id_of
from dialplan.causes import Cause


def lost_news(legs: Iterable[Leg], listed: LegsListed) -> list[tuple[int, LegEvent]]:
    """With the moment of each."""
    legs = list(legs)
    waiting = {leg.leg_id for leg in legs if _is_missing_once(leg, listed)}
    # Whoever called him may have talked to him and left: then the next list tells of both.
    asked = [leg for leg in legs if _is_asked(leg, listed) and call_id_of(leg.leg_id) not in waiting]
    return [news for leg in asked for news in _news_of(leg, listed)]


def in_doubt(legs: Iterable[Leg], listed: LegsListed) -> dict[str, int]:
    """Whose news got lost, and since when the witness may have spoken of them."""
    since_ms: dict[str, int] = {}
    for leg in legs:
        if _is_asked(leg, listed) and any(_news_of(leg, listed)):
            is_waiting = leg.state is LegState.RINGING
            since_ms[leg.leg_id] = leg.since_ms if is_waiting else _proven_ms(leg, listed)
    return since_ms


def note_missing(legs: Iterable[Leg], listed: LegsListed) -> None:
    for leg in legs:
        if leg.leg_id in listed.alive:
            leg.missed_since_ms = None
        elif _is_asked(leg, listed):
            leg.missed_since_ms = _proven_ms(leg, listed)


def _is_asked(leg: Leg, listed: LegsListed) -> bool:
    """A leg that is not ready yet may not exist yet."""
    return leg.state in (LegState.RINGING, LegState.UP) and leg.since_ms < listed.asked_at_ms


def _is_missing_once(leg: Leg, listed: LegsListed) -> bool:
    return not (listed.is_after_gap or leg.leg_id in listed.alive or leg.missed_since_ms is not None)


def _proven_ms(leg: Leg, listed: LegsListed) -> int:
    return listed.proven_at_ms if leg.missed_since_ms is None else leg.missed_since_ms


def _news_of(leg: Leg, listed: LegsListed) -> Iterator[tuple[int, LegEvent]]:
    leg_id = leg.leg_id
    is_alive = leg_id in listed.alive
    if _is_missing_once(leg, listed):
        return
    answered_ms = listed.answered_ms.get(leg_id)
    if answered_ms is None and leg_id in listed.up:
        answered_ms = listed.asked_at_ms
    if leg.state is LegState.RINGING and answered_ms is not None:
        yield answered_ms, LegAnswered(leg_id)
    if is_alive:
        return
    ended_ms = listed.ended_ms.get(leg_id)
    if ended_ms is not None:
        yield ended_ms, LegEnded(leg_id)
    elif leg.ended_at_ms is None:
        yield max(_proven_ms(leg, listed), answered_ms or 0), LegEnded(leg_id, was_seen=False)
    # The witness knows how it ended, and of no answer: its phone has heard none.
    was_cancelled = leg.state is LegState.RINGING and answered_ms is None and ended_ms is not None
    yield listed.asked_at_ms, LegGone(leg_id, Cause.NORMAL, was_cancelled)
