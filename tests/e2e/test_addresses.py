"""A seat whose phones may come from some networks only: the secret alone is not enough."""

import pytest

from tests.e2e.seats import given_seat, phone_of, seat_state
from tests.e2e.stacks import Stack
from tests.e2e.words import given_subscriber, until

pytestmark = pytest.mark.e2e

TURNED_AWAY = 'callctl_sip_turned_away_total{why="address"}'


async def test_a_phone_logs_in_from_where_its_seat_may_and_from_nowhere_else(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    (login,) = await given_seat(stack, who, "anna")
    change = ("seat", "set", who.account_id, "anna", "--state", str(stack.state))
    await stack.callctl(*change, "--allow", "127.0.0.2", "--allow", "192.0.2.0/24")
    already = (await stack.metrics())[TURNED_AWAY]
    async with phone_of(stack, login) as phone:

        async def is_shut_out() -> bool:
            return not await phone.is_let_in()

        await until(is_shut_out, "the address of before is let in no more")
        assert (await stack.metrics())[TURNED_AWAY] > already
        assert await seat_state(stack, who, "anna") == "away"
        assert await phone.is_let_in("127.0.0.2")
        await stack.callctl(*change, "--allow-all")
        await until(phone.is_let_in, "from everywhere again")
