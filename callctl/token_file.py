"""A file with one token in it.

Rule 1: nobody but its owner may read it, and no complaint shows what is in it. Of one that systemd lends us
    (`LoadCredential=`) systemd itself sees to that; its mode may name a group and give it nothing.
"""

import os
import re
from pathlib import Path

from callctl.complaint import Complaint
from callctl.settings import SECRET_MIN

_TOKEN = re.compile(rf"[\x21-\x7e]{{{SECRET_MIN},200}}")
OF_OTHERS = 0o077


def read_token(path: Path) -> str:
    try:
        if path.stat().st_mode & OF_OTHERS and not _is_lent(path):
            raise Complaint(f"{path}: others than its owner can read the token: chmod 600 {path}")
        token = path.read_text("ascii").strip()
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}: name a file with a token in it") from error
    except UnicodeDecodeError:
        token = ""
    if not _TOKEN.fullmatch(token):
        raise Complaint(f"{path}: no token: it is {SECRET_MIN} to 200 visible ASCII signs in one line")
    return token


def _is_lent(path: Path) -> bool:
    lent = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(lent) and path.parent == Path(str(lent))
