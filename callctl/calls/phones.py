"""The phones of seats as Asterisk lets them in, and the news that a seat is another one now.

Rule 1: a secret is known to its phone alone; here is the digest by which it is recognised.
Rule 2: the name of a phone is its SIP user: signs that need no quoting anywhere, and nobody else's in
    the installation.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from hashlib import md5
from itertools import count

from callctl.calls.seats import SeatTold

# Asterisk holds names of up to 79 signs.
ACCOUNT_SIGNS_MAX = 24

_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Phone:
    device: str
    realm: str
    digest: str = field(repr=False)  # md5 of user:realm:secret, which is all that a log in needs


@dataclass(frozen=True, slots=True)
class SeatChanged:
    """The office has a seat anew, otherwise, or no more."""

    account_id: str
    name: str
    told: SeatTold | None  # None: it is no more
    phones: tuple[Phone, ...] = ()  # all that it has now; any other that it had may log in no more


def stem_of(account_id: str, seat: str) -> str:
    """With which the names of its phones begin; seats of accounts that are written alike share it."""
    account = _UNSAFE.sub("-", account_id.lower())[:ACCOUNT_SIGNS_MAX].strip("-")
    return f"{account}-{seat}-"


def new_names(stem: str, how_many: int, taken: Container[str]) -> list[str]:
    """`ann-anna-1`, `ann-anna-2`, …: the first that are free."""
    names = (f"{stem}{number}" for number in count(1))
    free = (name for name in names if name not in taken)
    return [next(free) for _ in range(how_many)]


def phone_with(device: str, realm: str, secret: str) -> Phone:
    login = f"{device}:{realm}:{secret}".encode()
    return Phone(device, realm, md5(login, usedforsecurity=False).hexdigest())
