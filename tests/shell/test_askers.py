"""Whoever asks and goes away before the end of the answer."""

import asyncio

from aiohttp import ClientSession, web

from callctl import metrics
from callctl.api.problems import problems
from tests.e2e.words import until


def faults() -> float:
    (family,) = metrics.FAULTS.collect()
    return family.samples[0].value


async def serve(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    return f"http://{host}:{port}"


async def test_a_long_answer_that_nobody_waits_for_is_no_fault_of_ours() -> None:
    ended = asyncio.Event()

    async def tell_on(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"on and on\n")
                await asyncio.sleep(0)
        finally:
            ended.set()

    app = web.Application(middlewares=[problems])
    app.add_routes([web.get("/on", tell_on)])
    runner = web.AppRunner(app, access_log=None)
    before = faults()
    try:
        url = await serve(runner)
        async with ClientSession(url) as http:
            answer = await http.get("/on")
            await answer.content.readline()
            answer.close()
            async with asyncio.timeout(10):
                await ended.wait()
        await until(lambda: not runner.server or not runner.server.connections, "the connection is over")
    finally:
        await runner.cleanup()
    assert faults() == before
