"""The routes of queues: who waits, what the members do, and that one of them pauses."""

from collections.abc import Callable, Sequence

from aiohttp import web

from callctl.api.account_words import Nothing
from callctl.api.routes import Route, delete, get, put
from callctl.api.shapes import Member, QueueShown
from callctl.api.words import Json, read_body
from callctl.calls.lines.line_view import LineView, MemberView, WaitingView
from callctl.clock import moment, rfc3339
from callctl.storage.pauses import Pauses
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from dialplan.targets import Outside, Seat, Target

# Of one account, or of all.
Lines = Callable[[str | None], list[LineView]]


class QueueApi:
    def __init__(self, till: Till, pauses: Pauses, lines: Lines) -> None:
        self._till = till
        self._pauses = pauses
        self._lines = lines

    def routes(self) -> Sequence[Route]:
        pause = "/accounts/{account_id}/pauses/{member}"
        return [
            get("/queues", Right.READ, self._get_queues, shows=list[QueueShown]),
            get("/accounts/{account_id}/queues", Right.READ, self._get_queues, shows=list[QueueShown]),
            put(pause, Right.OPERATE, self._put_pause, body=Nothing, shows=Member),
            delete(pause, Right.OPERATE, self._delete_pause, shows=Member),
        ]

    async def _get_queues(self, request: web.Request) -> web.Response:
        """Who waits in which line, and what its members do."""
        account_id = request.match_info.get("account_id")
        if account_id is not None:
            self._till.account(account_id)
        return web.json_response([show_line(line) for line in self._lines(account_id)])

    async def _put_pause(self, request: web.Request) -> web.Response:
        """A member gets no calls until he resumes."""
        await read_body(request, Nothing)
        return web.json_response(_show_target(await self._pauses.pause(*_member(request))))

    async def _delete_pause(self, request: web.Request) -> web.Response:
        """A member gets calls again."""
        return web.json_response(_show_target(await self._pauses.resume(*_member(request))))


def _member(request: web.Request) -> tuple[str, str]:
    return request.match_info["account_id"], request.match_info["member"]


def show_line(line: LineView) -> Json:
    return {
        "account_id": line.account_id,
        "name": line.name,
        "waiting": [_show_waiting(place, one) for place, one in enumerate(line.waiting, start=1)],
        "members": [_show_member(member) for member in line.members],
    }


def _show_waiting(position: int, one: WaitingView) -> Json:
    return {
        "position": position,
        "call_id": one.call_id,
        "from": one.caller,
        "since": rfc3339(moment(one.since_ms)),
        "priority": one.priority,
        "called_back": one.is_called_back,
        "offered": [_show_target(target) for target in one.offered],
    }


def _show_member(member: MemberView) -> Json:
    until_ms = member.rests_until_ms
    return {
        **_show_target(member.target),
        "state": member.state,
        "rests_until": rfc3339(moment(until_ms)) if until_ms else None,
        "calls_taken": member.calls_taken,
    }


def _show_target(target: Target) -> Json:
    match target:
        case Seat(name):
            return {"seat": name}
        case Outside(number):
            return {"number": number}
