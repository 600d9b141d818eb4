"""On each shipped profile the product charges, cuts and refuses as the oracle does.

More cases: `./run oracle`.
"""

import pytest

from tests.oracle.__main__ import SHIPPED, compare

CASES = 300


@pytest.mark.parametrize("profile", SHIPPED)
def test_the_product_and_the_oracle_agree(profile: str) -> None:
    share = compare((profile, 0, CASES))
    assert not share.differing
    assert {"hung up", "cut (money)", "cut (number)", "money", "unanswered"} <= set(share.seen)
