"""Our own PostgreSQL, started again whenever it ends while we run: records wait for it, calls do not.

Rule 1: what keeps it from starting, such as a disk that is full, is said once; it is tried until it starts.
"""

import asyncio
from collections.abc import Callable

from callctl.complaint import Complaint
from callctl.stack.plan import Plan
from callctl.stack.postgres import Postgres, start_postgres

AGAIN_S = 2.0

Report = Callable[[str], None]


class KeptPostgres:
    def __init__(self, plan: Plan, report: Report, server: Postgres) -> None:
        self._plan = plan
        self._report = report
        self._server: Postgres | None = server
        self.url = server.url
        self.pid = server.pid

    async def keep(self) -> None:
        """Until cancelled."""
        while self._server:
            code = await self._server.child.process.wait()
            self._server.home.leave()
            self._server = None
            self._report(f"PostgreSQL ended (code {code}): records wait in memory; starting it again")
            self._server = await self._started()
            self._report("PostgreSQL is there again")

    async def stop(self) -> None:
        if self._server:
            await self._server.stop()

    async def _started(self) -> Postgres:
        told = ""
        while True:
            try:
                return await start_kept(self._plan, self._report)
            except Complaint as complaint:
                if str(complaint) != told:
                    told = str(complaint)
                    self._report(f"{told}; trying again")
                await asyncio.sleep(AGAIN_S)


async def start_kept(plan: Plan, report: Report) -> Postgres:
    return await start_postgres(plan.state / "postgres", report, durable=plan.durable)
