"""A running call as people look at it."""

from dataclasses import dataclass

from callctl.calls.call import Call
from callctl.calls.records import Passed


@dataclass(frozen=True, slots=True)
class CallView:
    call_id: str
    leg_id: str | None
    account_id: str
    caller: str
    number: str
    target: str | None
    state: str
    node: str
    arrived_at_ms: int
    answered_at_ms: int | None
    paid_until_ms: int | None
    affordable_until_ms: int | None  # when the money ends, if nobody else draws on it
    held_kopecks: int
    scheme_version: int
    way: tuple[Passed, ...]


def view(call: Call) -> CallView:
    attempt, paid = call.scene.connections.attempt, call.scene.paid
    return CallView(
        call_id=call.call_id,
        leg_id=attempt.leg.leg_id if attempt else None,
        account_id=call.account_id,
        caller=call.caller.number,
        number=call.number,
        target=attempt.leg.number if attempt else None,
        state=call.state.value,
        node=call.course.node_name,
        arrived_at_ms=call.caller.since_ms,
        answered_at_ms=attempt.leg.answered_at_ms if attempt else None,
        paid_until_ms=paid.paid_until_ms if paid else None,
        affordable_until_ms=paid.affordable_until_ms if paid else None,
        held_kopecks=call.scene.connections.held,
        scheme_version=call.scene.scheme_version,
        way=call.course.way,
    )
