"""A profile's files as one zip, the way they travel to the service and lie in its store.

Rule 1: a zip is as untrusted as whoever sends it: its size unpacked, its names and its kinds have bounds.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from callctl.complaint import Complaint

ZIPPED_BYTES_MAX: Final = 64_000_000
FILES_BYTES_MAX: Final = 200_000_000
FILES_MAX: Final = 500

_NAME: Final = re.compile(r"profile\.toml|[^/\\\x00-\x1f]{1,200}\.csv")
_WAYS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)


def pack(files: Mapping[str, bytes]) -> bytes:
    if (size := sum(map(len, files.values()))) > FILES_BYTES_MAX:
        raise Complaint(f"the files have {_mb(size)} MB: a profile may have {_mb(FILES_BYTES_MAX)} MB")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as into:
        for name, content in sorted(files.items()):
            into.writestr(name, content)
    if packed.tell() > ZIPPED_BYTES_MAX:
        size, most = packed.tell(), ZIPPED_BYTES_MAX
        raise Complaint(f"the files have {_mb(size)} MB zipped: a profile may have {_mb(most)} MB")
    return packed.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as zipped:
            members = zipped.infolist()
            _check(members)
            return {member.filename: zipped.read(member) for member in members}
    except _BROKEN as error:
        raise Complaint(f"this is no sound zip file: {error}") from error


def digest_of(files: Mapping[str, bytes]) -> str:
    """Of names and contents, however they were packed."""
    digest = sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > FILES_MAX:
        raise Complaint(f"{len(members)} files in the zip: a profile may have {FILES_MAX}")
    if (size := sum(member.file_size for member in members)) > FILES_BYTES_MAX:
        raise Complaint(f"the zip unpacks to {_mb(size)} MB: a profile may have {_mb(FILES_BYTES_MAX)} MB")
    names: set[str] = set()
    for member in members:
        name = member.filename
        if not _NAME.fullmatch(name):
            raise Complaint(
                f"{name!r} in the zip is no file of a profile: send profile.toml and its CSV files"
            )
        if name in names:
            raise Complaint(f"{name!r} stands twice in the zip: send it once")
        if member.compress_type not in _WAYS:
            raise Complaint(f"{name!r} in the zip is packed in a way that is not read here: use deflate")
        names.add(name)


def _mb(size: int) -> int:
    return -(-size // 1_000_000)
