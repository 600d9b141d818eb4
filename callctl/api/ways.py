"""The routes of the ways that calls took: through which nodes, how long at each, on which legs, for how much.

Rule 1: a call that runs is asked of the service, one that is over of its record.
"""

from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from callctl.api.routes import Route, get
from callctl.api.shapes import CallRecord, CallWay
from callctl.api.words import Json, show_leg
from callctl.calls.legs import asked_in, call_id_of
from callctl.calls.records import Passed
from callctl.calls.view import CallView
from callctl.clock import milliseconds, moment, rfc3339
from callctl.storage.calls import CallRow
from callctl.storage.tokens import Right
from callctl.storage.ways import Ways

Live = Callable[[], Iterable[CallView]]


class WayApi:
    def __init__(self, ways: Ways, live: Live, now_ms: Callable[[], int]) -> None:
        self._ways = ways
        self._live = live
        self._now_ms = now_ms

    def routes(self) -> Sequence[Route]:
        return [
            get("/calls/{call_id}/way", Right.READ, self._get_way, shows=CallWay),
            get("/numbers/{e164}/calls", Right.READ, self._get_calls, shows=list[CallRecord]),
        ]

    async def _get_way(self, request: web.Request) -> web.Response:
        """Through which nodes a call went, and what it cost."""
        call_id = call_id_of(request.match_info["call_id"])
        running = next((call for call in self._live() if call.call_id == call_id), None)
        call = _running(running) if running else await self._ways.call(call_id)
        end = call.ended_at or moment(self._now_ms())
        legs = await self._ways.legs(call, end)
        way = _show_way(call.way, milliseconds(end))
        return web.json_response({**_show(call), "way": way, "legs": [show_leg(leg) for leg in legs]})

    async def _get_calls(self, request: web.Request) -> web.Response:
        """The newest calls to a number, newest first."""
        calls = await self._ways.calls(request.match_info["e164"])
        return web.json_response([_show(call) for call in calls])


def _running(call: CallView) -> CallRow:
    answered_ms = call.answered_at_ms
    return CallRow(
        call.account_id,
        call.call_id,
        call.number,
        call.caller,
        call.scheme_version,
        moment(call.arrived_at_ms),
        None if answered_ms is None else moment(answered_ms),
        None,
        "",
        call.way,
    )


def _show(call: CallRow) -> Json:
    return {
        "call_id": call.call_id,
        "calls_back": asked_in(call.call_id),
        "account_id": call.account_id,
        "from": call.caller,
        "number": call.number,
        "scheme_version": call.scheme_version,
        "arrived_at": rfc3339(call.arrived_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "ending": call.ending,
    }


def _show_way(way: Sequence[Passed], end_ms: int) -> list[Json]:
    """Whoever left a node was at the next one in the same moment."""
    leaving = [*(after.at_ms for after in way[1:]), end_ms]
    return [
        {
            "node": at.node,
            "at": rfc3339(moment(at.at_ms)),
            "ms": max(0, left_ms - at.at_ms),
            "outcomes": list(at.outcomes),
        }
        for at, left_ms in zip(way, leaving, strict=True)
    ]
