"""How long and how much: the quick run and the full one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """`modest`: rates at which delay and CPU are measured, `rounds` times each way in turn."""

    modest: tuple[int, ...]
    rounds: int
    modest_s: float
    search_from: int
    search_to: int
    search_grain: int
    search_s: float
    search_ends_after_s: float
    """No step of the search begins later than this after the start of the bench."""
    cut_calls: int
    cut_units: int
    accounts: int = 200
    warm_up_per_second: int = 20
    warm_up_s: float = 3.0


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """`in_queue` callers wait or talk to one of `members`, `in_menus` press keys."""

    in_queue: int
    in_menus: int
    members: int
    cut_calls: int
    cut_units: int
    cuts_per_second: float = 5
    lasts_s_max: int = 90
    """How long a crowd is kept as large as it was."""

    @property
    def callers_max(self) -> int:
        """Of one crowd: each has a number of his own."""
        return 10_000


@dataclass(frozen=True, slots=True)
class ApiPlan:
    """`questions` at least, while `cut_calls` calls run out of money."""

    cut_calls: int
    cut_units: int
    questions: int


FULL = BenchPlan(
    modest=(20, 50),
    rounds=2,
    modest_s=8.0,
    search_from=100,
    search_to=400,
    search_grain=25,
    search_s=8.0,
    search_ends_after_s=385.0,
    cut_calls=200,
    cut_units=2,
)
QUICK = BenchPlan(
    modest=(50,),
    rounds=1,
    modest_s=5.0,
    search_from=100,
    search_to=200,
    search_grain=50,
    search_s=4.0,
    search_ends_after_s=60.0,
    cut_calls=60,
    cut_units=1,
    warm_up_s=2.0,
)
FULL_QUEUES = QueuePlan(in_queue=520, in_menus=200, members=20, cut_calls=200, cut_units=2)
QUICK_QUEUES = QueuePlan(in_queue=520, in_menus=200, members=20, cut_calls=100, cut_units=1)
FULL_API = ApiPlan(cut_calls=200, cut_units=5, questions=10_000)
QUICK_API = ApiPlan(cut_calls=60, cut_units=2, questions=1_000)
