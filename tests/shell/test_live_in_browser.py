"""The live page in a real browser: what people see of what the stream tells, and of its end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
from aiohttp import web

from callctl.api.access import ANYBODY, WHO
from callctl.api.events import EventApi
from callctl.api.live_page import LivePage
from callctl.api.problems import problems
from callctl.api.routes import Serve
from callctl.calls.directory import Number
from callctl.calls.lines.line_view import LineView, MemberView, WaitingView
from callctl.calls.view import CallView
from callctl.storage.tokens import Right
from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from dialplan.targets import Outside, Seat
from rating.ledger import Account
from rating.money import Money
from tests.browser import Tab, open_tab
from tests.shell.office import Office
from tests.shell.test_events import Everybody, Scene
from tests.shell.test_tokens import guarded, token_of  # noqa: F401 a fixture

NUMBER = "74951234567"
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
TEXT = f"""
start: menu
nodes:
  menu: {{kind: menu, prompt: service/goodbye, keys: {{"1": sales, "2": '{HOSTILE}'}}, otherwise: sales}}
  sales: {{kind: forward, to: ["79161110002"]}}
  '{HOSTILE}': {{kind: forward, to: ["79161110003"]}}
"""
CALL = CallView(
    "c1",
    "c1-1",
    "ann",
    "79031112233",
    NUMBER,
    "79161110002",
    "talking",
    "sales",
    0,
    0,
    None,
    None,
    100,
    1,
    (),
)
ROW = "#rows tr[data-call]"


class Door:
    """The scene's calls at an address that stays, also while nobody is there."""

    def __init__(self, scene: Scene) -> None:
        read = read_scheme(TEXT)
        assert isinstance(read, Scheme)
        self._scene = scene
        self._number = Number(NUMBER, "ann", read, 1)
        # Bound and never listened at: nobody else takes the port while it is shut.
        self._claim = socket.socket()
        self._claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._claim.bind(("127.0.0.1", 0))
        self._port: int = self._claim.getsockname()[1]
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/live"

    async def open(self) -> None:
        app = web.Application(middlewares=[problems, _anybody])
        page = LivePage(lambda e164: self._number if e164 == NUMBER else None)
        for route in (*EventApi(self._scene.stream, Everybody()).routes(), *page.routes()):
            app.router.add_get(route.path, route.answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def shut(self) -> None:
        stream = self._scene.stream
        stream._drop(list(stream._listeners))
        if self._runner:
            await self._runner.cleanup()

    def give_up(self) -> None:
        self._claim.close()


@web.middleware
async def _anybody(request: web.Request, handler: Serve) -> web.StreamResponse:
    request[WHO] = ANYBODY
    return await handler(request)


@asynccontextmanager
async def door_to(scene: Scene) -> AsyncIterator[Door]:
    door = Door(scene)
    await door.open()
    telling = asyncio.create_task(scene.stream.run())
    try:
        yield door
    finally:
        telling.cancel()
        await asyncio.wait({telling})
        await door.shut()
        door.give_up()


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with open_tab() as tab:
        yield tab
        # A door that is shut is the browser's complaint, not the page's.
        assert [words for words in tab.complaints if not words.startswith("network")] == []


def scene_of(*calls: CallView) -> Scene:
    scene = Scene()
    scene.calls = {call.call_id: call for call in calls}
    return scene


async def test_without_calls_it_says_so(tab: Tab) -> None:
    async with door_to(scene_of()) as door:
        await tab.go(door.url)
        await tab.until_says("#state", "live")
        await tab.until_says("#calls", "No calls now")
        await tab.until_says("#queues ~ .empty", "Nobody waits")
        await tab.until_says("#scheme", "Choose a number")


async def test_whatever_somebody_is_called_stays_text(tab: Tab) -> None:
    scene = scene_of(
        replace(CALL, caller=HOSTILE, target=HOSTILE, node=HOSTILE, account_id=HOSTILE),
        replace(CALL, call_id=HOSTILE, number=HOSTILE),
    )
    scene.ledger.open(Account(HOSTILE, "demo", "six", Money(5_00)))
    waits = WaitingView("c2", HOSTILE, 0, 0, (Seat(HOSTILE),), False)
    member = MemberView(Outside(HOSTILE), HOSTILE, None, 0)
    scene.lines = [LineView(HOSTILE, HOSTILE, (waits,), (member,))]
    async with door_to(scene) as door:
        await tab.go(f"{door.url}#{NUMBER}")
        is_it = f"cell => cell.textContent === {json.dumps(HOSTILE)}"
        for place in (".from", ".to", ".target", ".node"):
            await tab.until(f"[...document.querySelectorAll('#rows {place}')].some({is_it})", place)
        await tab.until_says("#accounts", HOSTILE)
        await tab.until_says("#queues", HOSTILE)
        await tab.until(
            "document.querySelector('#picture .is-there')", "the caller stands in the hostile node"
        )
        assert await tab.see("document.querySelector('#picture .is-there').dataset.node") == HOSTILE
        assert await tab.see("document.querySelectorAll('img, body script:not(:last-child)').length") == 0
        assert "callctl" in await tab.see("document.title")
        await tab.see(f"location.hash = {('#' + quote(HOSTILE))!r}")
        await tab.until_says("#no-picture", f"{HOSTILE} has no scheme in force")


async def test_markup_that_got_into_the_script_would_not_be_made(tab: Tab) -> None:
    """The second wall: the browser itself refuses."""
    async with door_to(scene_of()) as door:
        await tab.go(door.url)
        await tab.until_says("#state", "live")
        for breach in (
            "document.body.innerHTML = '<b>x</b>'",
            "eval('1')",
            "document.body.setAttribute('onclick', 'document.title = 1')",
            "fetch('http://127.0.0.1:1/').then(() => 'out')",
        ):
            tried = f"try {{ return await ({breach}) ?? 'done' }} catch (e) {{ return 'refused: ' + e }}"
            refused = await tab.see(f"(async () => {{ {tried} }})()")
            assert str(refused).startswith("refused: "), (breach, refused)
        await tab.see("document.body.setAttribute('style', 'color: rgb(1, 2, 3)')")
        assert await tab.see("getComputedStyle(document.body).color") != "rgb(1, 2, 3)"
        assert tab.complaints
        tab.complaints.clear()


async def test_a_lost_stream_is_said_and_what_happened_meanwhile_is_there_afterwards(tab: Tab) -> None:
    scene = scene_of(CALL)
    async with door_to(scene) as door:
        await tab.go(door.url)
        await tab.until_says("#rows", "79031112233")
        await door.shut()
        await tab.until_says("#lost", "No news since ")
        await tab.until_says("#lost", "trying again in ")
        assert await tab.see("document.body.dataset.state") == "lost"
        still = await tab.text("#rows .since")
        scene.calls = {"c2": replace(CALL, call_id="c2", caller="79035556677", state="ringing")}
        later = (
            "new Promise(r => setTimeout(() => r(document.querySelector('#rows .since').innerText), 1500))"
        )
        assert await tab.see(later) == still
        assert "79031112233" in await tab.text("#rows"), "what was known last is still to be seen"
        await door.open()
        await tab.click("#again")
        await tab.until_says("#rows", "79035556677")
        assert "79031112233" not in await tab.text("#rows")
        assert (
            await tab.see("document.querySelector('#lost').hidden && document.body.dataset.state") == "live"
        )


async def test_it_comes_back_by_itself(tab: Tab) -> None:
    scene = scene_of(CALL)
    async with door_to(scene) as door:
        await tab.go(door.url)
        await tab.until_says("#state", "live")
        await door.shut()
        await tab.until_says("#lost", "does not answer")
        await door.open()
        await tab.until_says("#state", "live")


async def test_a_stream_that_is_silent_for_too_long_is_taken_for_lost(tab: Tab) -> None:
    async with door_to(scene_of(CALL)) as door:
        await tab.go(door.url)
        await tab.until_says("#state", "live")
        await tab.see(
            "void (() => { const real = performance.now.bind(performance);"
            " window.states = []; new MutationObserver(() => states.push(document.body.dataset.state))"
            ".observe(document.body, {attributes: true}); performance.now = () => real() + 30000 })()"
        )
        await tab.until("states.join() === 'lost,live'", "it is lost, and found again")


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
async def test_nothing_has_to_be_moved_sideways_to_be_read(tab: Tab, width: int) -> None:
    long = "Общество-с-ограниченной-ответственностью-" * 3
    nobody = replace(CALL, call_id="c0", caller="", target=None, state="prompting")
    calls = (CALL, nobody, replace(CALL, call_id="c3", node=long, caller=long, target=long, account_id=long))
    scene = scene_of(*calls)
    scene.ledger.open(Account(long, "demo", "six", Money(123_456_789_00)))
    waits = WaitingView("c2", long, 0, 0, (Seat(long),), True)
    scene.lines = [LineView(long, long, (waits,), (MemberView(Seat(long), "free", None, 0),))]
    async with door_to(scene) as door:
        await tab.is_sized(width, 740, is_phone=width < 700)
        await tab.go(f"{door.url}#{NUMBER}")
        await tab.until(
            "document.querySelector('#picture svg') && document.querySelector('.queue')", "all is there"
        )
        assert await tab.see("document.querySelectorAll('#rows tr').length") == 3
        wide = (
            "[...document.querySelectorAll('body *')].filter(e => !e.closest('#picture, caption, datalist')"
        )
        wide += " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        assert await tab.see(wide) == []
        assert await tab.see("document.documentElement.scrollWidth <= innerWidth")
        if width < 700:
            clipped = "[...document.querySelectorAll('#calls td, .queue h3, .queue li')]"
            clipped += ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 80))"
            assert await tab.see(clipped) == [], "on a phone nobody can point at it to see the rest"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_by_day_and_by_night(tab: Tab, scheme: str) -> None:
    """The contrast of every text that is seen, as WCAG counts it."""
    scene = scene_of(
        *(
            replace(CALL, call_id=state, state=state)
            for state in ("talking", "ringing", "waiting", "prompting", "ending")
        )
    )
    waits = WaitingView("c2", "79031112233", 0, 0, (), False)
    members = tuple(
        MemberView(Seat(state), state, None, 0) for state in ("free", "offered", "resting", "pausing")
    )
    scene.lines = [LineView("ann", "sales", (waits,), members)]
    async with door_to(scene) as door:
        await tab.is_sized(1280, 800, scheme=scheme)
        await tab.go(f"{door.url}#{NUMBER}")
        await tab.until(
            "document.querySelector('#picture svg') && document.querySelector('.queue')", "all is there"
        )
        await tab.until("!document.getAnimations().length", "all is at rest")
        assert await tab.see(CONTRAST) == []


CONTRAST = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const bent = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (rgb) => [.2126, .7152, .0722].reduce((sum, share, i) => sum + share * bent(rgb[i] / 255), 0);
  const style = (e) => getComputedStyle(e);
  const back = (e) => {
    while (e && parts(style(e).backgroundColor)[3] === 0) e = e.parentElement;
    return e ? parts(style(e).backgroundColor) : [255, 255, 255];
  };
  const contrast = (e) => {
    const [bright, dark] = [light(parts(style(e).color)), light(back(e))].sort((x, y) => y - x);
    return (bright + .05) / (dark + .05);
  };
  const isRead = (e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const read = [...document.querySelectorAll('body *')].filter(isRead);
  return read.map((e) => [contrast(e), e.innerText]).filter(([ratio]) => ratio < 4.5);
})()"""


@pytest.mark.parametrize("width", [360, 870, 1190, 1280])
async def test_a_number_is_never_cut_short(tab: Tab, width: int) -> None:
    async with door_to(scene_of(replace(CALL, account_id="romashka-ltd", node="secretary"))) as door:
        await tab.is_sized(width, 740, is_phone=width < 700)
        await tab.go(door.url)
        await tab.until("document.querySelector('#rows tr')", "the call is there")
        cells = "[...document.querySelectorAll('#calls th, #calls td')]"
        cut = ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.outerHTML)"
        assert await tab.see(cells + cut) == []


async def test_all_that_can_be_done_is_reached_by_the_keyboard(tab: Tab) -> None:
    async with door_to(scene_of(replace(CALL, number="74950000000"), replace(CALL, call_id="c2"))) as door:
        await tab.go(f"{door.url}#74950000000")
        await tab.until_says("#no-picture", "has no scheme")
        reached = []
        for _ in range(6):
            await tab.press("Tab")
            reached.append(await tab.see("document.activeElement.id || document.activeElement.innerText"))
            if reached[-1] == NUMBER:
                await tab.press("Enter")
        assert {"filter", "number", NUMBER, "74950000000"} <= set(reached)
        await tab.until("document.querySelector('#picture .is-there')", "the scheme of the call is drawn")
        assert await tab.see("location.hash") == f"#{NUMBER}"


async def test_a_filter_leaves_those_that_fit(tab: Tab) -> None:
    async with door_to(scene_of(CALL, replace(CALL, call_id="c2", caller="79030000000"))) as door:
        await tab.go(door.url)
        await tab.until(f"document.querySelectorAll('{ROW}').length === 2", "both are there")
        await tab.see("document.querySelector('#filter').focus()")
        await tab.type("0000000")
        await tab.until(f"document.querySelectorAll('{ROW}').length === 1", "one fits")
        assert "79030000000" in await tab.text("#rows")


async def test_hundreds_of_calls_are_a_page_that_can_be_read(tab: Tab) -> None:
    async with door_to(
        scene_of(*(replace(CALL, call_id=f"c{n}", arrived_at_ms=n) for n in range(500)))
    ) as door:
        await tab.go(f"{door.url}#{NUMBER}")
        await tab.until_says("#more-calls", "300 more")
        assert await tab.text("#count-calls") == "500"
        await tab.until("document.querySelector('#picture .caller')", "callers stand in the node")
        marks = await tab.see(
            "[...document.querySelectorAll('#picture .caller text')].map(e => e.textContent)"
        )
        assert (
            len(marks) < 8
            and sum(int(text) for text in marks if text.startswith("+")) + len(marks) - 1 == 500
        )


async def test_a_token_is_asked_for_once_and_kept_for_this_tab_only(guarded: Office, tab: Tab) -> None:  # noqa: F811
    name, token = await token_of(guarded, Right.READ)
    await tab.go(f"{guarded.url}/live")
    await tab.until_says("#ask", "asks for a token")
    await tab.type("ключ")
    await tab.until_says("#why", "letters")
    await tab.type("x" * 43)
    await tab.until_says("#why", "no such token")
    await tab.type(token)
    await tab.until_says("#state", "live")
    await tab.send("Page.reload")
    await tab.until_says("#state", "live")
    assert await tab.see("[localStorage.length, document.cookie, location.href.includes('token')]") == [
        0,
        "",
        False,
    ]
    assert token not in await tab.see("document.documentElement.outerHTML")
    assert (await guarded.ask("DELETE", f"/tokens/{name}"))[0] == 200
    await tab.until_says("#ask", "no such token, or not any more")
    assert await tab.see("sessionStorage.length") == 0
    assert await tab.see("getComputedStyle(document.querySelector('main')).display") == "none", (
        "nothing is seen"
    )
