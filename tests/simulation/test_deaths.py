"""The service dies: between any two of its steps, again while it recovers, or for ever.

A step is whatever others can notice: something it hears, a write, an order that leaves it. `proofs.py`
compares the ledger with what the switch saw.
"""

import pytest

from callctl.calls.legs import asked_in, is_leg_id
from callctl.calls.records import EndedBy
from callctl.simulate.exchange import TAKE_OVER_MS
from dialplan.numbers import EMERGENCY
from tests.simulation.fates import spend_deadly
from tests.simulation.lives import Fate
from tests.simulation.plights import PLIGHTS, Plight
from tests.simulation.proofs import check, faults_of
from tests.simulation.store import Failure

DOWN_MS = (0, 7_000, 600_000)
# A unit and what stands behind it; or as long as a greeting may last, or a caller may wait alone.
BOUND_MS_MAX = 400_000

NIGHTS = 90

every_plight = pytest.mark.parametrize("plight", PLIGHTS.values(), ids=PLIGHTS)


def spend(plight: Plight, fate: Fate) -> None:
    try:
        check(plight.spend(fate))
    except Exception as broken:
        raise AssertionError(f"{fate}") from broken


@every_plight
def test_whoever_dies_before_any_step_the_ledger_is_what_the_switch_saw(plight: Plight) -> None:
    steps = plight.spend().steps
    for down_ms in DOWN_MS:
        for step in range(1, steps + 1):
            spend(plight, Fate((step,), (down_ms,)))


@every_plight
def test_a_recovery_that_dies_at_any_step_is_taken_up_by_the_next(plight: Plight) -> None:
    for step in range(1, plight.spend().steps + 1, 6):
        for later in range(1, 9):
            spend(plight, Fate((step, step + later, step + 2 * later), (500, 0, 4_000)))


@every_plight
def test_a_write_that_fails_costs_nobody_anything_and_neither_does_a_death_meanwhile(plight: Plight) -> None:
    undisturbed = plight.spend()
    for write in range(1, undisturbed.store.writes + 1):
        for away_ms in (300, 10_000):
            for stands in (False, True):
                spend(plight, Fate(failure=Failure(write, away_ms, stands)))
        for step in range(1, undisturbed.steps + 1, 8):
            spend(plight, Fate((step,), failure=Failure(write, 1_500, stands=bool(step % 2))))


@every_plight
def test_asterisk_alone_ends_what_can_cost_something_when_nobody_comes_back(plight: Plight) -> None:
    plight = plight.without_end()
    for step in range(1, plight.spend_until_ms(100_000).steps + 1):
        night = plight.spend(Fate((step,), comes_back=False))
        ((_, died_ms),) = night.deaths
        for leg in night.exchange.legs.values():
            if leg.leg_id not in night.free:
                assert leg.ended_ms is not None, f"{leg.leg_id} lives for ever after {night.deaths}"
                assert leg.ended_ms - died_ms <= BOUND_MS_MAX, f"{leg.leg_id} after {night.deaths}"


def test_who_was_told_that_he_will_be_called_back_is_called_whoever_dies() -> None:
    plight, told = PLIGHTS["called back"], 0
    for failure in (None, Failure(at_write=2, away_ms=1_500), Failure(at_write=3, away_ms=20_000)):
        for down_ms in DOWN_MS:
            for step in range(1, plight.spend(Fate(failure=failure)).steps + 1):
                night = plight.spend(Fate((step,), (down_ms,), failure=failure))
                legs = night.exchange.legs
                if "sim-2" in legs and legs["sim-2"].prompts_heard:
                    told += 1
                    calls = {asked_in(leg.leg_id) for leg in legs.values() if leg.is_rung}
                    assert "sim-2" in calls, f"not called back: {night.deaths}"
                assert not night.store.kept, f"kept for ever: {night.deaths}"
    assert told > 100


@every_plight
def test_whom_we_rang_and_who_talks_to_nobody_is_ended_by_asterisk_alone(plight: Plight) -> None:
    plight = plight.without_end()
    for step in range(1, plight.spend_until_ms(100_000).steps + 1):
        night = plight.spend(Fate((step,), comes_back=False))
        for leg in night.exchange.legs.values():
            is_nobodys = is_leg_id(leg.leg_id) and leg.leg_id not in night.exchange.talked
            # That of help is gone before it rings: nobody shall ever cut such a talk.
            if is_nobodys and leg.call.to not in EMERGENCY:
                assert leg.ended_ms is not None, f"{leg.leg_id} lives for ever after {night.deaths}"


@pytest.mark.parametrize("comes_back", [True, False], ids=["and comes back", "for ever"])
def test_a_call_for_help_goes_on_whoever_dies(comes_back: bool) -> None:
    plight = PLIGHTS["for help"]
    undisturbed = plight.spend()
    (talked,) = [leg for leg in undisturbed.exchange.legs.values() if leg.phone]
    assert talked.ended_ms and talked.answered_ms and talked.ended_ms - talked.answered_ms == 60_000
    for down_ms in DOWN_MS:
        for step in range(1, undisturbed.steps + 1):
            night = plight.spend(Fate((step,), (down_ms,), comes_back=comes_back))
            caller = night.exchange.legs["sim-1"]
            assert caller.leg_id in night.exchange.talked, f"nobody helped him: {night.deaths}"
            assert caller.ended_ms and caller.answered_ms
            talked_ms = caller.ended_ms - caller.answered_ms
            assert talked_ms >= 60_000, f"cut after {talked_ms} ms: {night.deaths}"
            assert caller.silence_ms <= TAKE_OVER_MS, f"in silence: {night.deaths}"


def test_a_call_for_help_of_which_nothing_was_written_goes_on_whoever_dies() -> None:
    plight, away = PLIGHTS["for help"], Failure(at_write=1, away_ms=30_000)
    for down_ms in DOWN_MS:
        for step in range(1, plight.spend(Fate(failure=away)).steps + 1):
            night = plight.spend(Fate((step,), (down_ms,), failure=away))
            (caller,) = [leg for leg in night.exchange.legs.values() if leg.is_caller]
            assert caller.leg_id in night.exchange.talked, f"nobody helped him: {night.deaths}"
            assert caller.ended_ms and caller.answered_ms
            talked_ms = caller.ended_ms - caller.answered_ms
            assert talked_ms >= 60_000, f"cut after {talked_ms} ms: {night.deaths}"
            assert caller.silence_ms <= TAKE_OVER_MS, f"in silence: {night.deaths}"


@pytest.mark.parametrize("faulty", [False, True], ids=["on a good switch", "on one that errs"])
@pytest.mark.parametrize("first_seed", range(0, NIGHTS, 30))
def test_a_drawn_night_comes_right_whenever_the_service_dies(first_seed: int, faulty: bool) -> None:
    for seed in range(first_seed, first_seed + 30):
        try:
            spend_deadly(seed, faulty=faulty)
        except Exception as broken:
            raise AssertionError(f"seed {seed}") from broken


def test_what_was_lost_doubled_or_made_up_is_found() -> None:
    """A proof that cannot fail is none."""
    night = PLIGHTS["forwarded"].spend(Fate((15,), (7_000,)))
    assert not faults_of(night)
    row = night.store.rows["leg1-sim-1"]
    kept = dict(row)
    for change in (
        {"ended_at": None},
        {"seconds": row["seconds"] + 1},
        {"units": row["units"] - 1},
        {"charge_kopecks": 100, "draws": '[{"pot": "", "amount": 100}]'},
    ):
        row.update(change)
        assert faults_of(night), change
        row.update(kept)
    del night.store.rows["leg1-sim-1"]
    assert faults_of(night)
    night.store.rows["leg1-sim-1"] = kept | {"ended_by": EndedBy.LOST.value}
    assert not faults_of(night)
