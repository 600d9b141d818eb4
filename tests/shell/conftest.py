"""A real PostgreSQL for the shell's tests, an empty schema for each, and an office that runs beside them."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from callctl.places import MIGRATIONS
from callctl.stack.postgres import Postgres, start_postgres
from callctl.storage.migrations import migrate
from tests.shell.command_line import Callctl, Said, run_main
from tests.shell.office import SCHEME, Office, open_office
from tests.shell.relay import Relay, relay_to
from tests.shell.shop import Shop, shop_of

TEMPLATE = "callctl_template"
SERIAL = count(1)


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    server = await start_postgres(tmp_path_factory.mktemp("pg"), lambda _line: None, durable=False)
    admin = await asyncpg.connect(server.url)
    await admin.execute(f"CREATE DATABASE {TEMPLATE}")
    await admin.close()
    await migrate(server.url.replace("/postgres?", f"/{TEMPLATE}?"), MIGRATIONS)
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def relay(postgres: Postgres) -> Iterator[Relay]:
    with relay_to(f"{postgres.home.socket_dir}/.s.PGSQL.5432") as relay:
        yield relay


async def new_database(postgres: Postgres) -> str:
    """The name of an empty one with our schema."""
    name = f"callctl_{next(SERIAL)}"
    admin = await asyncpg.connect(postgres.url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await admin.close()
    return name


@pytest.fixture
async def database_name(postgres: Postgres) -> str:
    return await new_database(postgres)


@pytest.fixture
def database(postgres: Postgres, database_name: str) -> str:
    return postgres.url.replace("/postgres?", f"/{database_name}?")


@pytest.fixture
def cut_database(relay: Relay, database_name: str) -> Iterator[str]:
    """The same by way of the relay."""
    yield relay.url(database_name)
    relay.mend()


@pytest.fixture
async def shop(database: str) -> AsyncIterator[Shop]:
    """With an account and its number."""
    async with shop_of(database) as shop:
        await shop.open()
        yield shop


@pytest.fixture(scope="session")
async def office(
    postgres: Postgres, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """A real `callctl run`; its Asterisk is not there, its database can be cut off."""
    folder: Path = tmp_path_factory.mktemp("office")
    name = await new_database(postgres)
    async with open_office(folder, relay, name, postgres.url.replace("/postgres?", f"/{name}?")) as office:
        yield office


@pytest.fixture
def callctl(office: Office, capsys: pytest.CaptureFixture[str]) -> Callctl:
    """A command asked of the office, by its state directory."""

    def ask(*words: str, by: tuple[str, ...] | None = None) -> Said:
        capsys.readouterr()
        code = run_main(*words, *(("--state", str(office.folder)) if by is None else by))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ask


@pytest.fixture
async def owned(office: Office) -> tuple[str, str]:
    """An account and its number."""
    account_id, number = f"owner{next(SERIAL)}", f"7496{next(SERIAL):07}"
    await office.open(account_id, 10_000)
    row = {"e164": number, "account_id": account_id, "scheme": SCHEME}
    assert (await office.ask("POST", "/numbers", row))[0] == 201
    return account_id, number


@pytest.fixture
def account(owned: tuple[str, str]) -> str:
    return owned[0]


@pytest.fixture
def number(owned: tuple[str, str]) -> str:
    return owned[1]
