"""Tokens of the API: who may ask for what. Kept in their table as a digest, and in memory for every question.

Rule 1: a token is told once, to whoever makes it; nobody can read it again.
Rule 2: a name is given once: the audit goes on speaking of a token that was revoked.
Rule 3: nobody locks himself out: while there are tokens, one of them has the right `admin`.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import asyncpg

from callctl.clock import moment
from callctl.complaint import Clash, Exists, Missing
from callctl.storage.database import Connection
from callctl.storage.ownership import SHARD
from callctl.storage.till import Till

PREFIX = "ctl_"  # by which a leaked one is found
LIST = "SELECT name, rights, digest, made_at FROM token WHERE shard = $1 AND revoked_at IS NULL ORDER BY name"
ADD = "INSERT INTO token (shard, name, rights, digest, made_at) VALUES ($1, $2, $3, $4, $5)"
REVOKE = "UPDATE token SET revoked_at = $3 WHERE shard = $1 AND name = $2 AND revoked_at IS NULL"


class Right(StrEnum):
    """Every token may read; who is an admin may everything."""

    READ = "read"
    OPERATE = "operate"  # numbers, schemes, seats, queues, recordings, calls
    MONEY = "money"  # accounts, payments, limits
    ADMIN = "admin"  # tariffs, tokens, the audit


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    rights: frozenset[Right]
    made_at: datetime | None = None  # none: the settings name it

    def may(self, right: Right) -> bool:
        return right is Right.READ or right in self.rights or Right.ADMIN in self.rights


class Given(NamedTuple):
    """By the settings."""

    name: str
    rights: frozenset[Right]
    secret: str


class Tokens:
    def __init__(self, till: Till, given: Iterable[Given] = ()) -> None:
        self._till = till
        self._given = {digest_of(one.secret): Token(one.name, one.rights) for one in given}
        self._made: dict[bytes, Token] = {}

    @property
    def is_guarded(self) -> bool:
        """Everybody must show a token."""
        return bool(self._made) or self._has_admin(())

    def find(self, secret: str) -> Token | None:
        digest = digest_of(secret)
        return self._made.get(digest) or self._given.get(digest)

    def counts(self, token: Token) -> bool:
        """Not revoked since it was shown."""
        return not self.is_guarded or token in self._made.values() or token in self._given.values()

    def all(self) -> list[Token]:
        return sorted(self._made.values(), key=lambda token: token.name)

    async def restore(self) -> None:
        async with self._till.reading() as connection:
            await self._look_up(connection)

    async def create(self, name: str, rights: frozenset[Right]) -> tuple[Token, str]:
        """And the token itself."""
        secret = PREFIX + secrets.token_urlsafe(32)
        async with self._till.turn:
            if Right.ADMIN not in rights and not self.is_guarded:
                raise Clash("nobody could make another one: give the first token the right admin")
            token = Token(name, rights, moment(self._till.clock.now_ms()))
            row = (SHARD, name, sorted(rights), digest_of(secret), token.made_at)
            async with self._till.writing(self._look_up) as connection:
                try:
                    await connection.execute(ADD, *row)
                except asyncpg.UniqueViolationError:
                    raise Exists(f"there is, or was, a token {name!r}: choose another name") from None
            self._made[digest_of(secret)] = token
        return token, secret

    async def revoke(self, name: str, *, may_be_last: bool) -> Token:
        """`may_be_last`: without any token the API serves whoever reaches it."""
        async with self._till.turn:
            digest, token = self._known(name)
            rest = [other for other in self._made.values() if other.name != name]
            if not self._has_admin(rest) and (rest or not may_be_last):
                raise Clash(f"nobody else has the right admin: make another token before {name!r} goes")
            at = moment(self._till.clock.now_ms())
            async with self._till.writing(self._look_up) as connection:
                await connection.execute(REVOKE, SHARD, name, at)
            self._made.pop(digest, None)
        return token

    def _known(self, name: str) -> tuple[bytes, Token]:
        for digest, token in self._made.items():
            if token.name == name:
                return digest, token
        raise Missing(f"there is no token {name!r}: `callctl token list` has them")

    def _has_admin(self, made: Iterable[Token]) -> bool:
        return any(Right.ADMIN in token.rights for token in (*made, *self._given.values()))

    async def _look_up(self, connection: Connection) -> None:
        rows = await connection.fetch(LIST, SHARD)
        self._made = {
            row["digest"]: Token(row["name"], frozenset(map(Right, row["rights"])), row["made_at"])
            for row in rows
        }


def digest_of(secret: str) -> bytes:
    """A plain sum is enough: what it is of was drawn from 256 bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
