"""The live page and its pictures as a service gives them; what a browser makes of them is in tests/e2e."""

import re
from pathlib import Path

import aiohttp

from callctl.api.live_page import LivePage, policy_of
from callctl.calls.directory import Number
from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from tests.shell.office import SCHEME, Office
from tests.shell.test_office import new_id

PAGE = Path("callctl/api/live.html")


async def test_the_page_is_whole_and_may_load_nothing_from_elsewhere(office: Office) -> None:
    async with aiohttp.ClientSession(office.url) as http, http.get("/live") as response:
        page, policy = await response.text(), response.headers["Content-Security-Policy"]
        assert (response.status, response.content_type) == (200, "text/html")
    assert policy == policy_of(page)
    for word in ("default-src 'none'", "frame-ancestors 'none'", "trusted-types 'none'"):
        assert word in policy
    assert "unsafe" not in policy
    assert not re.search(r'(?:src|href)="(?!data:,")', page), "it loads nothing"
    assert not re.search(r'\son\w+="|\sstyle="|javascript:', page), "no code and no style outside its blocks"
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|eval\(", page)


def test_a_changed_script_has_another_digest() -> None:
    page = PAGE.read_text("utf-8")
    assert policy_of(page) != policy_of(page.replace('"use strict"', '"use strict "'))


async def test_a_number_is_drawn_by_the_scheme_in_force(office: Office) -> None:
    account_id, number = new_id(), "74957770001"
    await office.open(account_id)
    row = {"e164": number, "account_id": account_id, "scheme": SCHEME}
    assert (await office.ask("POST", "/numbers", row))[0] == 201
    async with aiohttp.ClientSession(office.url) as http:
        async with http.get(f"/numbers/{number}/drawing") as response:
            first = await response.text()
            assert (response.content_type, response.headers["ETag"]) == ("image/svg+xml", '"1"')
        assert 'data-node="ring"' in first and "sandbox" in response.headers["Content-Security-Policy"]
        other = SCHEME.replace("ring:", "phone:").replace("start: ring", "start: phone")
        assert (await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": other}))[0] == 201
        async with http.get(f"/numbers/+{number}/drawing") as response:
            assert 'data-node="phone"' in await response.text() and response.headers["ETag"] == '"2"'
    assert (await office.ask("GET", "/numbers/74957770002/drawing"))[0] == 404
    assert (await office.ask("GET", "/numbers/x/drawing"))[0] == 404


async def test_a_scheme_of_too_many_nodes_is_not_drawn(office: Office) -> None:
    number, account_id = "74957770003", new_id()
    menu = '{kind: menu, prompt: service/goodbye, keys: {"1": '
    nodes = "".join(f"  n{i}: {menu}n{i + 1}}}}}\n" for i in range(200))
    large = f"start: n0\nnodes:\n{nodes}  n200: {{kind: hang_up}}\n"
    await office.open(account_id)
    row = {"e164": number, "account_id": account_id, "scheme": large}
    assert (await office.ask("POST", "/numbers", row))[0] == 201
    status, problem = await office.ask("GET", f"/numbers/{number}/drawing")
    assert status == 400 and "201 nodes are too many" in problem["detail"]


async def test_pictures_that_were_not_asked_for_lately_are_forgotten() -> None:
    scheme = read_scheme(SCHEME)
    assert isinstance(scheme, Scheme)
    page = LivePage(lambda _e164: None)
    for serial in range(60):
        assert "<svg" in await page._picture(Number(f"7495000{serial:04}", "ann", scheme, 1))
    assert len(page._pictures) == 50
