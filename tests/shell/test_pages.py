"""Long lists page by page, and two who edit one scheme, on a real service and a real PostgreSQL."""

import asyncio
from itertools import count

import aiohttp
import pytest

from tests.shell.office import SCHEME, Office

SERIAL = count(1)
ADD_LEG = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, lines, draws)
VALUES ($1, $2, 'c', '1', '2', '3', to_timestamp($3), 0, '[]', '[]')
"""


async def walk(office: Office, path: str, limit: int, field: str) -> list[str]:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        status, page = await office.ask("GET", f"{path}?limit={limit}&after={after}")
        assert status == 200 and len(page["items"]) <= limit, page
        seen += [item[field] for item in page["items"]]
        after = page["next"]
    return seen


async def test_connections_come_newest_first_each_once_also_of_one_instant(
    office: Office, account: str
) -> None:
    legs = [(f"p{next(SERIAL)}", second) for second in (1, 2, 2, 2, 2, 3, 4.000001, 4.000002)]
    for leg_id, second in legs:
        await office.sql.execute(ADD_LEG, account, leg_id, second)
    newest_first = [leg_id for leg_id, _ in sorted(legs, key=lambda leg: (leg[1], leg[0]), reverse=True)]
    for limit in (1, 3, 8, 100):
        assert await walk(office, f"/accounts/{account}/cdr", limit, "leg_id") == newest_first


async def test_accounts_come_by_their_ids_each_once(office: Office, account: str) -> None:
    for _ in range(3):
        await office.open(f"page{next(SERIAL)}")
    everybody = await walk(office, "/accounts", 500, "account_id")
    assert everybody == sorted(everybody) and account in everybody
    assert await walk(office, "/accounts", 2, "account_id") == everybody


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "after=x", "colour=red", "limit=1&limit=2"]
)
async def test_a_page_that_cannot_be_is_refused(office: Office, account: str, query: str) -> None:
    for path in ("/accounts", f"/accounts/{account}/cdr"):
        status, problem = await office.ask("GET", f"{path}?{query}")
        assert (status, len(problem["errors"])) == (400, 1), problem


async def test_an_account_has_its_numbers(office: Office, owned: tuple[str, str]) -> None:
    account_id, number = owned
    shown = {"e164": number, "account_id": account_id, "scheme_version": 1}
    assert await office.ask("GET", f"/accounts/{account_id}/numbers") == (200, [shown])


def scheme(patience_s: int) -> dict[str, str]:
    return {"scheme": SCHEME.replace("patience_s: 30", f"patience_s: {patience_s}")}


async def load(office: Office, number: str, patience_s: int, upon: str) -> tuple[int, str]:
    """The status and the version's tag."""
    async with (
        aiohttp.ClientSession(f"http://{office.api}", headers={"If-Match": upon}) as http,
        http.put(f"/numbers/{number}/scheme", json=scheme(patience_s)) as response,
    ):
        return response.status, response.headers.get("ETag", "")


async def test_the_second_of_two_who_edit_one_scheme_is_told(office: Office, number: str) -> None:
    answers = await asyncio.gather(*(load(office, number, second, '"1"') for second in range(10, 20)))
    assert sorted(answers) == [(201, '"2"'), *[(412, "")] * 9]
    assert await load(office, number, 25, '"1"') == (412, "")
    assert await load(office, number, 25, '"2"') == (201, '"3"')
    assert await load(office, number, 26, "*") == (201, '"4"')
    _, newest = await office.ask("GET", f"/numbers/{number}/schemes/newest")
    assert newest["version"] == 4


@pytest.mark.parametrize("upon", ["1", '"x"', '"1", "2"', 'W/"1"', '"' + "9" * 20 + '"'])
async def test_a_version_that_is_none_is_refused(office: Office, number: str, upon: str) -> None:
    assert (await load(office, number, 10, upon))[0] == 400
