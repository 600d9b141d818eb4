"""Times, and the machine's own yardsticks: a plain look-up in a dictionary, a plain call of a function.

Rule 1: a figure is the best of its repeats, which noise can only lengthen, with the median beside it.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

YARDSTICK = "look-up in a dictionary"


@dataclass(frozen=True, slots=True)
class Figure:
    """Nanoseconds an operation, unless the unit says otherwise."""

    name: str
    best: float
    median: float
    unit: str = "ns"


@contextmanager
def one_core() -> Iterator[None]:
    """The last one: the first has the most to do for the kernel."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def no_collection() -> Iterator[None]:
    """What lives now is looked at no more, and what comes neither."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def timed(work: Callable[[], object], operations: int) -> float:
    """Nanoseconds of CPU an operation: others on the machine take time, but not from this."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / operations


def figure(name: str, samples: list[float], unit: str = "ns") -> Figure:
    return Figure(name, min(samples), statistics.median(samples), unit)


def repeated(name: str, work: Callable[[], object], operations: int, repeats: int = 9) -> Figure:
    return figure(name, [timed(work, operations) for _ in range(repeats)])


def yardsticks() -> list[Figure]:
    table = {str(key): key for key in range(1_000)}
    keys = list(table) * 100

    def look_up() -> None:
        for key in keys:
            table[key]

    def nothing(key: str) -> None:
        pass

    def call() -> None:
        for key in keys:
            nothing(key)

    return [repeated(YARDSTICK, look_up, len(keys)), repeated("call of a function", call, len(keys))]
