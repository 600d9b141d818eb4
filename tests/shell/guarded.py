"""An office that serves nobody without a token."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.shell.office import Office, open_office
from tests.shell.relay import Relay


@asynccontextmanager
async def guarded_office(
    folder: Path, relay: Relay, name: str, database: str, **more: object
) -> AsyncIterator[Office]:
    """It shows the token of its file unless told otherwise; `more`: settings of who may ask."""
    token = secrets.token_urlsafe(32)
    file = folder / "token"
    file.touch(mode=0o600)
    file.write_text(f"{token}\n")
    access = {"token_file": str(file), "asterisk_token": secrets.token_urlsafe(32), **more}
    async with open_office(folder, relay, name, database, access=access) as office:
        office.token = token
        yield office
