"""kill -9 at any moment, again and again, with callers in every phase: the books are right to the kopeck."""

from pathlib import Path

import pytest

from tests.e2e.kill.storm import Victim
from tests.e2e.kill.trial import trial
from tests.e2e.words import show

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

KILLS, SEED = 20, 1


async def test_ledger_witness_and_phones_agree_however_often_the_service_is_killed(tmp_path: Path) -> None:
    outcome = await trial(tmp_path, KILLS, SEED, report=show)
    show(f"{KILLS} kills: {outcome}")
    assert outcome.billed > 2 * KILLS


async def test_they_agree_when_all_that_the_service_needs_dies_in_turn(tmp_path: Path) -> None:
    outcome = await trial(tmp_path, len(Victim), SEED, list(Victim), report=show)
    show(f"each once: {outcome}")
    assert outcome.torn
    assert outcome.billed > 2 * len(Victim)
