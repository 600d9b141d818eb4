"""The blocks of commands in a page of docs/, in their order."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FROM_OUTSIDE = ("apt-get", "/opt/callctl/run --help")


@dataclass(frozen=True, slots=True)
class Block:
    section: str
    commands: str

    @property
    def needs_network(self) -> bool:
        return any(word in self.commands for word in FROM_OUTSIDE)


def blocks_of(name: str) -> list[Block]:
    sections = re.split(r"^## ", (DOCS / name).read_text("utf-8"), flags=re.MULTILINE)
    return [
        Block(section.partition("\n")[0], block) for section in sections for block in FENCED.findall(section)
    ]
