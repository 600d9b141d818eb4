"""A small disk of its own, to be filled: a file system on a loop device, as only root can have."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 220


@contextmanager
def small_disk(folder: Path, place: Path | None = None, size_mb: int = SIZE_MB) -> Iterator[Path]:
    """`place`: where it is mounted, if it is not in the folder."""
    image, place = folder / "disk.img", place or folder / "disk"
    place.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(size_mb << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        (place / "lost+found").rmdir()
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def fill(place: Path) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast
