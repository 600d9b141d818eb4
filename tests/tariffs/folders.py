"""Small profiles as files, for tests that load or compare them."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

Files = dict[str, bytes]


def profile_files(
    price: str = "1.00", *, plan: str = "wide", versions: str = "", unit_s: int = 60, rows: str = ""
) -> Files:
    """One plan: Russia at `price`, its mobiles at 2.00, 7809 not sold."""
    text = f"""\
title = "Test"
invented = true
[counting]
first_s = {unit_s}
next_s = {unit_s}
[decks.all]
key = "called"
rates = "rates.csv"
unsold = "unsold.csv"
[plans.{plan}]
title = "Plan"
[[plans.{plan}.versions]]
version = "1"
from = 2025-01-01
outgoing = "all"
{versions}"""
    rates = f"prefix,destination,price_rub\n7,Russia,{price}\n79,Mobile,2.00\n{rows}"
    unsold = "prefix,kind\n7809,premium_rate\n"
    return {"profile.toml": text.encode(), "rates.csv": rates.encode(), "unsold.csv": unsold.encode()}


def short_notice(plan: str = "wide") -> Files:
    """A second version, dearer by its unit, nine days after it was published."""
    return profile_files(
        versions=f"""[[plans.{plan}.versions]]
version = "2"
from = 2026-06-10
published = 2026-06-01
outgoing = "all"
counting = {{ setup_kopecks = 50 }}
"""
    )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def zipped(members: Mapping[str, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", way) as into:
        for name, content in members.items():
            into.writestr(name, content)
    return packed.getvalue()
