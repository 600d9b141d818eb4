"""What was heard of a call and what was ordered for it, in one line for each call that it touched.

Rule 1: arrivals, money and what could not be done are told at `info`; whatever else, at `debug`.
Rule 2: a line has the call's id, the node where it is and its state.
"""

import logging
from collections.abc import Callable, Sequence

from callctl.calls.events import (
    CallArrived,
    DeviceSeen,
    DigitPressed,
    Event,
    LegGone,
    LegsListed,
    OrderRefused,
    SeatDialled,
)
from callctl.calls.legs import call_id_of, call_id_of_order
from callctl.calls.orders import (
    Device,
    HangUp,
    Inside,
    Order,
    PlaceLeg,
    PlayToLeg,
)
from callctl.calls.records import (
    CallAt,
    CallBackOver,
    CallOver,
    LegBegan,
    LegHeld,
    LegRefused,
    LegSettled,
    NodeFailed,
    Notice,
    Record,
)

log = logging.getLogger("callctl.calls")

Where = Callable[[str], tuple[str, str] | None]
Fields = dict[str, object]

_LOUD = (Record, CallArrived, SeatDialled, OrderRefused, DeviceSeen, NodeFailed, CallBackOver)


def tell(event: Event | None, orders: Sequence[Order], where: Where) -> None:
    """`event`: None when it was time for something; `where`: node and state of a call that runs."""
    if not log.isEnabledFor(logging.INFO):
        return
    by_call: dict[str, list[Order]] = {}
    if event is not None and (heard_in := _call_of(event)):
        by_call[heard_in] = []
    for order in orders:
        by_call.setdefault(call_of(order), []).append(order)
    for call_id, ordered in by_call.items():
        heard = event if event is not None and _call_of(event) == call_id else None
        is_loud = isinstance(heard, _LOUD) or any(
            isinstance(order, _LOUD) and not isinstance(order, CallAt) for order in ordered
        )
        level = logging.INFO if is_loud else logging.DEBUG
        if log.isEnabledFor(level) and (heard or ordered):
            log.log(level, _words(heard or event), extra={"fields": _fields(heard, call_id, ordered, where)})
    if isinstance(event, DeviceSeen):
        state = "there" if event.is_reachable else "away"
        log.info("DeviceSeen", extra={"fields": {"device": event.device, "phone": state}})


def _words(event: Event | None) -> str:
    return type(event).__name__ if event is not None else "Time"


def _fields(event: Event | None, call_id: str, orders: Sequence[Order], where: Where) -> Fields:
    fields: Fields = {"call": call_id}
    if place := where(call_id):
        fields["node"], fields["state"] = place
    match event:
        case CallArrived(_, caller, number):
            fields |= {"from": caller, "number": number}
        case SeatDialled(_, device, number):
            fields |= {"device": device, "number": number}
        case DigitPressed(_, digit):
            fields["digit"] = digit
        case LegGone(leg_id, cause):
            fields |= {"leg": leg_id, "cause": cause}
        case OrderRefused(order, why):
            fields |= {"why": why.value, "refused": type(order).__name__}
        case _ if leg := getattr(event, "leg_id", None):
            fields["leg"] = leg
        case _:
            pass
    if orders:
        fields["orders"] = " ".join(_told(order) for order in orders)
    return fields


def _told(order: Order) -> str:
    match order:
        case LegHeld(connection, _, rate, amount):
            details = f"{connection.leg_id},{connection.number},{amount if rate else 'free'}"
        case LegSettled(_, leg_id, _, charge, _, ended_by, cause):
            details = f"{leg_id},{charge.amount},{ended_by.value},{cause}"
        case LegRefused(connection, _, refusal):
            details = f"{connection.number},{refusal.value}"
        case PlaceLeg(leg_id, _, endpoint):
            details = f"{leg_id},{_to(endpoint)}"
        case HangUp(leg_id, cause):
            details = f"{leg_id},{int(cause)}"
        case PlayToLeg(_, _, media):
            details = ",".join(media)
        case NodeFailed(_, node, why):
            details = f"{node},{why}"
        case CallOver(ending=ending):
            details = ending
        case CallBackOver(end=end):
            details = end.value
        case _:
            return type(order).__name__
    return f"{type(order).__name__}({details})"


def _to(endpoint: object) -> str:
    match endpoint:
        case Device(name):
            return name
        case Inside(number):
            return number
        case _:
            return f"{getattr(endpoint, 'name', '')}/{getattr(endpoint, 'number', '')}"


def _call_of(event: Event) -> str | None:
    if isinstance(event, OrderRefused):
        return call_id_of_order(event.order)
    if isinstance(event, LegsListed):
        return None
    leg_id: str | None = getattr(event, "leg_id", None)
    return call_id_of(leg_id) if leg_id else None


def call_of(order: Order) -> str:
    if isinstance(order, LegHeld | LegRefused):
        return order.connection.call_id
    if isinstance(order, LegBegan | LegSettled):
        return call_id_of(order.leg_id)
    if isinstance(order, Record | Notice):
        return order.call_id
    return call_id_of_order(order)
