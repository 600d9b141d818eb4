"""The rating core as it is read is the rating core as mypyc compiles it."""

import pytest

from tests.bench.rating.compiled import find_compiler
from tests.bench.rating.report import check_compiled


@pytest.mark.timeout(300)  # a compiler on a busy machine
def test_the_compiled_core_comes_to_the_same_outcomes() -> None:
    told: list[str] = []
    assert check_compiled(told.append), told
    is_said = "comes to the same" if find_compiler() else "no C compiler"
    assert is_said in told[-1]
