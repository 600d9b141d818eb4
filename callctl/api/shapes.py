"""How answers look, for whoever reads the API's description; every answer in the tests is held against it.

Rule 1: amounts are whole kopecks, times are RFC 3339 with a zone, and what may be missing is null.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Stamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FieldProblem(Shape):
    field: str
    detail: str


class Problem(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Health(BaseModel):
    """What is up. `status` is `ok`, or `degraded` with 503."""

    status: str
    ari: bool
    ami: bool
    database: bool
    calls: int
    records_waiting: int
    tariffs: bool


class CallShown(Shape):
    call_id: str
    leg_id: str | None
    account_id: str
    caller: str = Field(alias="from")
    number: str
    target: str | None
    state: str
    node: str
    arrived_at: Stamp
    answered_at: Stamp | None
    paid_until: Stamp | None
    affordable_until: Stamp | None
    held_kopecks: int
    scheme_version: int
    balance_kopecks: int | None
    available_kopecks: int | None


class CallNamed(Shape):
    call_id: str


class TrunkShown(Shape):
    name: str
    state: str
    contact: str
    legs: int
    is_emergency: bool


class LegShown(Shape):
    call_id: str
    leg_id: str
    account_id: str
    caller: str = Field(alias="from")
    to: str
    line: str
    held_at: Stamp
    answered_at: Stamp | None
    ended_at: Stamp | None
    seconds: int | None
    units: int | None
    charge_kopecks: int | None
    vat_kopecks: int | None
    ended_by: str | None
    cause: int | None
    refusal: str | None
    rate: dict[str, Any] | None
    lines: list[dict[str, Any]]
    draws: list[dict[str, Any]]


class LegPage(Shape):
    items: list[LegShown]
    next: str | None


class PastCall(Shape):
    leg_id: str
    account_id: str
    caller: str = Field(alias="from")
    to: str
    line: str
    answered_at: Stamp
    seconds: int
    charge_kopecks: int
    tariff: str


class PastCalls(Shape):
    legs: list[PastCall]
    next: str | None


class NodePassed(Shape):
    node: str
    at: Stamp
    ms: int
    outcomes: list[str]


class CallRecord(Shape):
    call_id: str
    calls_back: str | None
    account_id: str
    caller: str = Field(alias="from")
    number: str
    scheme_version: int
    arrived_at: Stamp
    answered_at: Stamp | None
    ended_at: Stamp | None
    ending: str


class CallWay(CallRecord):
    way: list[NodePassed]
    legs: list[LegShown]


class NumberAdded(Shape):
    e164: str
    account_id: str
    warnings: list[str]


class NumberShown(Shape):
    e164: str
    account_id: str
    scheme_version: int


class SchemeVersion(Shape):
    number: str
    account_id: str
    version: int
    digest: str
    loaded_at: Stamp
    note: str


class SchemeShown(SchemeVersion):
    scheme: str


class SchemeLoaded(SchemeVersion):
    is_new: bool
    warnings: list[str]


class SoundShown(Shape):
    account_id: str
    name: str
    digest: str
    length_ms: int
    added_at: Stamp


class SoundAdded(SoundShown):
    is_new: bool
    notes: list[str]


class SeatShown(Shape):
    account_id: str
    name: str
    devices: list[str]
    shows: str
    allow: list[str]
    do_not_disturb: bool
    busy_on_busy: bool
    state: str
    added_at: Stamp


class SeatAdded(SeatShown):
    secrets: dict[str, str]
    warnings: list[str]


class SecretShown(Shape):
    """Null: who chose it knows it."""

    device: str
    secret: str | None


class Member(Shape):
    """A seat of the account's own, or a number outside."""

    seat: str | None = None
    number: str | None = None


class MemberShown(Member):
    state: str
    rests_until: Stamp | None
    calls_taken: int


class WaitingShown(Shape):
    position: int
    call_id: str
    caller: str = Field(alias="from")
    since: Stamp
    priority: int
    called_back: bool
    offered: list[Member]


class QueueShown(Shape):
    account_id: str
    name: str
    waiting: list[WaitingShown]
    members: list[MemberShown]


class MessageShown(Shape):
    serial: int
    account_id: str
    call_id: str
    mailbox: str
    caller: str = Field(alias="from")
    number: str
    taken_at: Stamp
    length_ms: int
    bytes: int | None


class RecordingShown(Shape):
    account_id: str
    call_id: str
    began_at: Stamp
    keep_until: Stamp | None
    bytes: int | None


class ProfileShown(Shape):
    profile: str
    title: str
    invented: bool
    plans: list[dict[str, Any]]


class LoadShown(Shape):
    name: str
    load: int
    digest: str
    loaded_at: Stamp
    size: int


class ProfileLoaded(LoadShown):
    is_new: bool
    warnings: int


class TokenShown(Shape):
    name: str
    rights: list[str]
    made_at: Stamp


class TokenMade(TokenShown):
    token: str


class DeedShown(Shape):
    serial: int
    at: Stamp
    who: str
    method: str
    route: str
    subject: str
    status: int
    detail: str


class DeedPage(Shape):
    items: list[DeedShown]
    next: str | None
