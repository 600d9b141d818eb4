"""What the settings say of who may come in: tokens and the certificate, read from their files at the start.

Rule 1: a file that cannot be used is said in one line, and nothing starts. No secret is ever shown.
"""

import ssl
from typing import NamedTuple

from callctl.complaint import Complaint
from callctl.settings import AccessSettings
from callctl.storage.tokens import Given, Right
from callctl.token_file import read_token


class Doors(NamedTuple):
    given: tuple[Given, ...]
    tls: ssl.SSLContext | None


def read_doors(settings: AccessSettings) -> Doors:
    given = []
    if settings.token_file:
        given.append(Given("(token file)", frozenset({Right.ADMIN}), read_token(settings.token_file)))
    if settings.asterisk_token:
        rights = frozenset({Right.READ, *map(Right, settings.asterisk_may)})
        given.append(Given("(asterisk)", rights, settings.asterisk_token))
    return Doors(tuple(given), _tls(settings))


def _tls(settings: AccessSettings) -> ssl.SSLContext | None:
    if not settings.certificate or not settings.key:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Nobody is there to type a password.
        context.load_cert_chain(settings.certificate, settings.key, password="")
    except (OSError, ssl.SSLError) as error:
        why = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror
        raise Complaint(
            f"access.certificate {settings.certificate} with access.key {settings.key} cannot be used: {why}"
        ) from error
    return context
