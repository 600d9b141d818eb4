"""Which calls of an earlier life go on, by what Asterisk lists and its witness saw."""

import pytest

from callctl.calls.adoption import Living
from callctl.calls.events import LegsListed
from callctl.calls.records import CallAt, LegBegan, Passed
from callctl.earlier_life import EarlierLife
from callctl.storage.rows import LegRow
from callctl.storage.running_calls import Left, Tried
from dialplan.straight import dialled
from dialplan.targets import Outside
from tests.shell.test_recovery import NOON_MS, TARIFFS, a_ledger, an_open_leg

NOW_MS = NOON_MS + 18_000
CALL, LEG = "c1", "l1"
SCHEME = dialled(Outside("79161110002"))
PLACE = CallAt(
    account_id="ann",
    call_id=CALL,
    number="74951234567",
    line="74951234567",
    caller="74951110000",
    seat=None,
    hops=0,
    scheme_version=1,
    scheme=SCHEME,
    is_version=True,
    caller_name="",
    record=None,
    record_node="",
    arrived_at_ms=NOON_MS - 6_000,
    way=(Passed(SCHEME.start, NOON_MS - 6_000, ()),),
)


def listed(*up: str, ringing: tuple[str, ...] = (), joined: tuple[str, ...] = (CALL, LEG)) -> LegsListed:
    alive = frozenset((*up, *ringing))
    return LegsListed(alive, frozenset(up), NOW_MS, NOW_MS, True, {CALL: frozenset(joined)})


def taken_up(
    told: LegsListed,
    *legs: LegRow,
    answered_ms: dict[str, int] | None = None,
    balance: int = 1_000,
    tried: Tried | None = None,
) -> list[tuple[Living, list[LegBegan]]]:
    left = Left(legs, [PLACE], {CALL: tried} if tried else {})
    earlier = EarlierLife(left, a_ledger(balance), TARIFFS, NOW_MS)
    return list(earlier.take_up(told, answered_ms or {}))


def test_who_talks_goes_on_with_his_answer_and_the_units_up_to_now() -> None:
    ((living, began),) = taken_up(listed(CALL, LEG), an_open_leg())
    assert living.talk and living.talk.meter
    assert (living.talk.answered_at_ms, living.talk.meter.units, began) == (NOON_MS, 3, [])


@pytest.mark.parametrize(
    ("told", "answered_ms", "at_ms"),
    [
        (listed(CALL, LEG), {}, NOW_MS),
        (listed(CALL, LEG), {CALL: NOON_MS, LEG: NOON_MS}, NOON_MS),
        (listed(ringing=(CALL, LEG)), {CALL: NOW_MS + 30, LEG: NOW_MS + 28}, NOW_MS + 28),
    ],
    ids=["the witness lags", "both say so", "it answered after the list"],
)
def test_an_answer_that_no_record_has_is_proven_by_the_list_or_by_the_witness(
    told: LegsListed, answered_ms: dict[str, int], at_ms: int
) -> None:
    ((living, began),) = taken_up(told, an_open_leg(answered=False), answered_ms=answered_ms)
    assert living.talk and living.talk.answered_at_ms == at_ms
    assert began == [LegBegan("ann", LEG, at_ms)]


def test_a_seat_that_has_left_the_bridge_to_ask_a_colleague_talks_all_the_same() -> None:
    ((living, began),) = taken_up(listed(CALL, LEG, joined=(CALL,)), an_open_leg())
    assert living.talk and (living.talk.connection.leg_id, began) == (LEG, [])


def test_who_is_up_and_not_in_the_bridge_does_not_talk() -> None:
    ((living, _),) = taken_up(listed(CALL, LEG, joined=(CALL,)), an_open_leg(answered=False))
    assert living.talk is None


def test_who_rings_is_not_taken_up_and_his_caller_is() -> None:
    ((living, began),) = taken_up(listed(CALL, ringing=(LEG,)), an_open_leg(answered=False))
    assert (living.talk, began) == (None, [])


@pytest.mark.parametrize(
    ("leg", "tried"),
    [(an_open_leg(), None), (None, Tried(1, NOON_MS))],
    ids=["its bill is open", "its bill is written"],
)
def test_a_call_whose_talk_is_over_is_not_taken_up(leg: LegRow | None, tried: Tried | None) -> None:
    assert taken_up(listed(CALL, joined=(CALL,)), *([leg] if leg else []), tried=tried) == []


def test_a_talk_that_cannot_be_secured_is_not_taken_up() -> None:
    assert taken_up(listed(CALL, LEG), an_open_leg(), balance=0) == []


def test_a_call_whose_caller_is_gone_is_not_taken_up() -> None:
    assert taken_up(listed(LEG), an_open_leg()) == []
    assert taken_up(listed(joined=())) == [], "who waited or listened"
