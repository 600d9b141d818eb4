"""A whole installation looked at: the machine, PostgreSQL, Asterisk, trunks; nothing is changed.

Rule 1: all of it is looked at, whatever is found first; what is not well says what to do.
"""

from collections.abc import AsyncIterator, Sequence

from callctl.asterisk.checkup import check_asterisk
from callctl.finding import Finding
from callctl.machine_checkup import check_machine
from callctl.places import MIGRATIONS, SOUNDS
from callctl.settings import ServiceSettings
from callctl.storage.checkup import check_database
from callctl.storage.migrations import read_migrations


async def examine(settings: ServiceSettings, modules: Sequence[str]) -> AsyncIterator[Finding]:
    """As it is found."""
    for finding in check_machine(settings, SOUNDS):
        yield finding
    async for finding in check_database(
        settings.database, [step.name for step in read_migrations(MIGRATIONS)]
    ):
        yield finding
    async for finding in check_asterisk(settings, modules):
        yield finding
