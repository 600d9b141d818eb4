"""A call's story out of two tellers: in order, whole, and nobody else's."""

import json
from typing import Any

import pytest

from callctl.commands.story import LEDGER, LOG, hidden, of_ledger, of_log
from callctl.logbook import as_json, logfmt

CALL = "callctl-1763760000.1"
CALLER, NUMBER, MOBILE = "79031112233", "74951234567", "79161110002"
WAY: dict[str, Any] = {
    "call_id": CALL,
    "account_id": "acme",
    "from": CALLER,
    "number": NUMBER,
    "arrived_at": "2026-11-21T10:00:00.000+00:00",
    "answered_at": "2026-11-21T10:00:03.000+00:00",
    "ended_at": "2026-11-21T10:00:09.000+00:00",
    "ending": "talking",
    "way": [{"node": "ring", "at": "2026-11-21T10:00:00.001+00:00", "outcomes": []}],
    "legs": [
        {
            "leg_id": f"leg1-{CALL}",
            "to": MOBILE,
            "refusal": None,
            "held_at": "2026-11-21T10:00:00.002+00:00",
            "answered_at": "2026-11-21T10:00:03.000+00:00",
            "ended_at": "2026-11-21T10:00:09.000+00:00",
            "seconds": 6,
            "units": 1,
            "charge_kopecks": 100,
            "ended_by": "caller",
            "cause": 16,
        }
    ],
}


def fields(call: str = CALL, **more: str) -> dict[str, object]:
    head = {"at": "2026-11-21T10:00:00.005+00:00", "level": "info", "room": "callctl.calls"}
    return {**head, "msg": "CallArrived", "call": call, **more}


def test_the_ledger_tells_arrival_nodes_connections_and_cost() -> None:
    told = {moment.said: moment.at[17:23] for moment in of_ledger(WAY)}
    assert told == {
        f"{CALLER} calls {NUMBER} (acme)": "00.000",
        "the caller is answered": "03.000",
        "over: talking": "09.000",
        "node ring": "00.001",
        f"leg1-{CALL} to {MOBILE}: held": "00.002",
        f"leg1-{CALL} to {MOBILE}: answered": "03.000",
        f"leg1-{CALL} to {MOBILE}: ended by caller, cause 16: 6 s, 1 units, 1.00 RUB": "09.000",
    }


def test_of_a_connection_that_was_refused_it_tells_why() -> None:
    leg = {**WAY["legs"][0], "refusal": "not_enough", "answered_at": None}
    (told,) = [moment.said for moment in of_ledger({**WAY, "legs": [leg]}) if "leg1" in moment.said]
    assert told == f"leg1-{CALL} to {MOBILE}: refused: not_enough"


def test_a_call_that_runs_has_no_end_yet() -> None:
    assert not [
        moment for moment in of_ledger({**WAY, "ended_at": None, "legs": []}) if "over" in moment.said
    ]


@pytest.mark.parametrize("write", [logfmt, as_json])
def test_the_log_tells_in_either_form(write: Any) -> None:
    (told,) = of_log([write(fields(orders="LegHeld(x,100) Bound", node="ring"))], CALL)
    assert (told.said, told.source) == ("CallArrived", LOG)
    assert told.fields == {"orders": "LegHeld(x,100) Bound", "node": "ring"}


@pytest.mark.parametrize(
    "other", ["callctl-1763760000.12", "callctl-1763760000", "xcallctl-1763760000.1", "1763760000.1x2"]
)
def test_lines_of_another_call_are_no_part_of_it(other: str) -> None:
    assert of_log([logfmt(fields(other))], CALL) == []


def test_a_line_that_names_only_a_leg_is_part_of_it() -> None:
    line = logfmt({**fields(), "call": "", "leg": f"leg1-{CALL}"})
    assert len(of_log([line], CALL)) == 1


@pytest.mark.parametrize(
    "line", [f"half a line of {CALL}", f'{{"at": "{CALL}"', f"at=never msg=x call={CALL}", f'["{CALL}"]']
)
def test_what_cannot_be_read_is_left_out(line: str) -> None:
    assert of_log([line], CALL) == []


def test_where_the_log_is_masked_the_ledger_is_too() -> None:
    log = of_log([logfmt(fields(**{"from": "7903*****33"}))], CALL)
    told = json.dumps([[moment.said, moment.fields] for moment in hidden([*of_ledger(WAY), *log])])
    assert not [number for number in (CALLER, NUMBER, MOBILE) if number in told]
    assert told.count(CALL) == 3, "ids stay whole"


def test_where_it_is_not_nothing_is() -> None:
    story = [*of_ledger(WAY), *of_log([logfmt(fields())], CALL)]
    assert hidden(story) == story
    assert {moment.source for moment in story} == {LEDGER, LOG}
