"""The judge of the soak: a leak that numbers draw is found, noise is not, and it says when it cannot tell."""

import asyncio
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from callctl.stack.child import start_child
from tests.e2e.soak.gauges import of_process, own_of_family
from tests.e2e.soak.growth import Point, Verdict, judge, judge_at_rest
from tests.e2e.words import until

LASTS_S, EVERY_S = 1_800, 1
BOUND = 10.0  # an hour
SEEDS = range(50)


def drawn(shape: Callable[[float], float], noise: float = 0.0, seed: int = 1) -> list[Point]:
    luck = Random(seed)
    return [
        Point(at_s, 100 + shape(at_s) + luck.gauss(0, noise))
        for at_s in map(float, range(0, LASTS_S, EVERY_S))
    ]


def verdicts(shape: Callable[[float], float], noise: float) -> set[Verdict]:
    return {judge(drawn(shape, noise, seed), BOUND).verdict for seed in SEEDS}


def flat(at_s: float) -> float:
    return 0.0


def twice_the_bound(at_s: float) -> float:
    return 2 * BOUND * at_s / 3_600


def test_a_leak_of_twice_the_bound_is_found_in_noise() -> None:
    assert verdicts(twice_the_bound, noise=0.5) == {Verdict.LEAK}


def test_noise_alone_is_flat() -> None:
    assert verdicts(flat, noise=0.5) == {Verdict.FLAT}


def test_noise_that_could_hide_a_leak_is_not_called_flat() -> None:
    found = verdicts(flat, noise=20.0)
    assert Verdict.UNCLEAR in found
    assert Verdict.LEAK not in found


def test_growth_below_the_bound_is_flat() -> None:
    assert judge(drawn(lambda at_s: 0.5 * BOUND * at_s / 3_600), BOUND).verdict is Verdict.FLAT


def test_warm_up_is_not_judged() -> None:
    growth = judge(drawn(lambda at_s: min(at_s, LASTS_S / 2)), BOUND)
    assert (growth.first, growth.verdict) == (100, Verdict.FLAT)
    assert growth.per_hour == pytest.approx(0)


def test_a_step_that_is_taken_once_is_no_leak() -> None:
    assert judge(drawn(lambda at_s: 50.0 if at_s > 1_300 else 0.0), BOUND).verdict is Verdict.UNCLEAR


def test_waves_are_no_leak() -> None:
    waves = drawn(lambda at_s: 5 * math.sin(at_s / 40), noise=0.5)
    assert judge(waves, BOUND).verdict is not Verdict.LEAK


def garbage(at_s: float) -> float:
    """Gathers for 35 s, and is collected."""
    return at_s % 35


def test_garbage_that_is_collected_now_and_then_is_flat() -> None:
    assert verdicts(garbage, noise=0.2) == {Verdict.FLAT}


def test_a_leak_beneath_garbage_is_found() -> None:
    assert verdicts(lambda at_s: garbage(at_s) + 2 * twice_the_bound(at_s), noise=0.2) == {Verdict.LEAK}


def test_a_leak_in_small_steps_is_one() -> None:
    assert judge(drawn(lambda at_s: 2.0 * (at_s // 120)), BOUND).verdict is Verdict.LEAK


def test_a_run_of_a_few_samples_says_that_it_is_too_short() -> None:
    few = drawn(lambda at_s: at_s)[:20]
    assert judge(few, BOUND).verdict is Verdict.UNCLEAR


def test_who_is_warming_up_is_not_accused() -> None:
    assert judge(drawn(lambda at_s: at_s)[:1_100], BOUND).verdict is Verdict.UNCLEAR


def test_what_stays_when_all_have_left_is_a_leak_unless_it_is_made_once() -> None:
    assert judge_at_rest(49, 79, bound=12) is Verdict.FLAT
    assert judge_at_rest(49, 149, bound=12) is Verdict.LEAK


def test_the_slope_is_that_of_the_second_half() -> None:
    growth = judge(drawn(twice_the_bound), BOUND)
    assert growth.per_hour == pytest.approx(2 * BOUND)
    assert growth.error_per_hour == pytest.approx(0, abs=1e-6)


async def test_memory_files_and_threads_of_a_process_are_seen_to_grow(tmp_path: Path) -> None:
    program = tmp_path / "grows.py"
    program.write_text(
        "import os, pathlib, threading, time\n"
        "mark = pathlib.Path(__file__).parent\n"
        "(mark / 'began').touch()\n"
        "while not (mark / 'go').exists(): time.sleep(0.01)\n"
        "kept = [bytes([1]) * 20_000_000, [open(os.devnull) for _ in range(10)]]\n"
        "for _ in range(3): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "(mark / 'grown').touch()\n"
        "time.sleep(60)\n"
    )
    child = await start_child("grows", [sys.executable, program], log=tmp_path / "log")
    try:
        await until((tmp_path / "began").exists, "it began")
        before, of_us = of_process(child.pid), own_of_family(os.getpid())
        (tmp_path / "go").touch()
        await until((tmp_path / "grown").exists, "it has grown")
        after = of_process(child.pid)
        assert after["memory"] - before["memory"] == pytest.approx(20, abs=2)
        assert (after["files"] - before["files"], after["threads"] - before["threads"]) == (10, 3)
        assert own_of_family(os.getpid()) - of_us == pytest.approx(20, abs=10)
    finally:
        await asyncio.wait_for(child.stop(), 10)
