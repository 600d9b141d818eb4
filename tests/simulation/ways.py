"""What holds of the callers' ways in any night, and in one on which the switch does what it is told.

Rule 1: nobody is lost, and nothing that came of a step.
Rule 2: on a good switch nobody is in silence for longer than a menu waits for a key, no order waits behind a
    prompt, and what is billed is what was talked, to the second.
"""

from collections import Counter

from callctl.calls.legs import call_id_of
from callctl.calls.records import CallOver, EndedBy, LegHeld, LegRefused, LegSettled
from callctl.simulate.legs import SimulatedLeg
from callctl.simulate.night import Night
from dialplan.node import Station
from dialplan.scheme import Scheme

SILENCE_MS_MAX = 3_000  # a menu's patience, at the most, in `schemes.py`


def check_ways(night: Night, schemes: dict[str, Scheme], seed: int) -> None:
    for call in told_over(night):
        scheme = schemes.get(call.line)
        for passed in call.way[:-1] if scheme else ():
            is_station = isinstance(scheme.nodes.get(passed.node), Station) if scheme else False
            assert passed.outcomes or not is_station, f"seed {seed}: nothing came of {passed} in {call}"


def check_good_switch(night: Night, seed: int) -> None:
    assert not night.exchange.mishaps, f"seed {seed}: {night.exchange.mishaps[:3]}"
    callers = [leg for leg in night.exchange.legs.values() if leg.is_caller]
    over = Counter(call.call_id for call in told_over(night))
    assert set(over.values()) <= {1}, f"seed {seed}: told twice: {over}"
    known = {
        record.connection.call_id for record in night.records if isinstance(record, LegHeld | LegRefused)
    }
    lost = {leg.leg_id for leg in callers if leg.leg_id in known} - over.keys()
    assert not lost, f"seed {seed}: nobody says what became of {lost}"
    for leg in callers:
        assert leg.silence_ms <= SILENCE_MS_MAX, (
            f"seed {seed}: {leg.leg_id} in silence for {leg.silence_ms} ms"
        )
    for record in night.records:
        if isinstance(record, LegSettled) and not record.leg_id.startswith("leg0-"):
            _check_seconds(record, night, seed)


def told_over(night: Night) -> list[CallOver]:
    return [told for told in night.told if isinstance(told, CallOver)]


def _hears_a_question(night: Night, leg: SimulatedLeg) -> bool:
    """Through a number of ours, which was asked alone whether it takes the call."""
    outer = night.exchange.legs[call_id_of(leg.leg_id)].twin
    return outer is not None and outer.joined_ms is None


def _check_seconds(record: LegSettled, night: Night, seed: int) -> None:
    told = f"seed {seed}: {record}"
    leg = night.exchange.legs.get(record.leg_id)
    if leg is None or leg.answered_ms is None or leg.ended_ms is None:
        assert record.charge.amount == 0, told
        return
    was_asked, was_heard = leg.prompts_heard > 0, leg.leg_id in night.exchange.talked
    if leg.phone and not was_asked and not was_heard and not _hears_a_question(night, leg):
        assert record.charge.amount == 0, f"never connected to anybody: {told}"
    is_paid = any(line.what != "inside" for line in record.charge.lines)
    if record.ended_by in (EndedBy.CALLER, EndedBy.CALLEE) and was_heard and is_paid:
        caller = night.exchange.legs[call_id_of(record.leg_id)]
        assert caller.ended_ms is not None
        talked_ms = min(leg.ended_ms, caller.ended_ms) - leg.answered_ms
        assert record.charge.seconds == (max(1, talked_ms // 1000) if talked_ms else 0), told
