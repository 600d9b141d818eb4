"""The search is pure: it is asked about machines whose limit we know."""

import pytest

from tests.bench.figures import quantile
from tests.bench.search import Search


def found(search: Search, limit: int, *, stumbles_at: int | None = None) -> tuple[int, int]:
    """What it finds on a machine that holds `limit`, and in how many steps."""
    steps = 0
    while (rate := search.next_rate()) is not None:
        steps += 1
        stumbled, stumbles_at = rate == stumbles_at, None if rate == stumbles_at else stumbles_at
        search.tried(rate, rate <= limit and not stumbled)
    return search.held, steps


@pytest.mark.parametrize("limit", [0, 30, 50, 99, 100, 149, 174, 399, 400, 9_999])
def test_it_finds_the_limit_to_the_grain(limit: int) -> None:
    held, steps = found(Search(start=50, most=400, grain=25), limit)
    assert held == min(400, limit // 25 * 25)
    assert steps <= 9


def test_one_bad_moment_changes_nothing() -> None:
    assert found(Search(50, 400, 25), 174, stumbles_at=100)[0] == 150


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([float(i) for i in range(1, 101)], 0.99) == 99.0
    assert quantile([], 0.5) is None
