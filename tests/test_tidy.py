"""The house is kept as it was built; every message says why the rule is there."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("callctl", "rating", "dialplan")
PURE_ROOMS = ("rating", "dialplan", "callctl/calls")
PRODUCT = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SOURCES = PRODUCT + sorted((ROOT / "tests").rglob("*.py"))
PURE = sorted(path for room in PURE_ROOMS for path in (ROOT / room).rglob("*.py"))
TEXTS = sorted(
    path
    for room in (*ROOMS, "tests", "docs", "docker", "migrations", "asterisk-conf", ".ci")
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".py", ".toml", ".md", ".sql", ".conf", ".yaml", ".yml", ".xml", ".txt", "")
    and path.is_file()
    and "__pycache__" not in path.parts
)
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "handler", "handlers", "common", "core"}
CLOCK_WORDS = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "monotonic_ns"}
# Where somebody's machine or package mirror shows through; loopback and documentation's names are no place.
PLACES = re.compile(
    r"/home/\w+|/Users/\w+|C:\\\\Users|https?://[\w.:-]*(?:artifactory|nexus|mirror|proxy|internal)"
    r"|(?:index|registry)[_-]url\s*=|\b10\.\d+\.\d+\.\d+:\d+/(?:simple|pypi)"
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Names and lengths."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1


def clock_calls(tree: ast.Module) -> list[str]:
    return [
        f"line {node.lineno}: .{node.func.attr}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK_WORDS
    ]


def test_a_module_says_what_it_owns() -> None:
    silent = [name(path) for path in SOURCES if (tree := tree_of(path)).body and not ast.get_docstring(tree)]
    assert not silent, f"{silent}: whoever opens a module should know what belongs there"


def test_a_module_is_read_at_once() -> None:
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in PRODUCT}
    long = {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MAX}
    assert not long, f"{long}: do not raise the limit, find the noun that wants out"


def test_a_function_fits_the_eye() -> None:
    long = [
        f"{name(path)}: {function} ({lines})"
        for path in SOURCES
        for function, lines in functions(path)
        if lines > FUNCTION_LINES_MAX
    ]
    assert not long, f"{long}: parents branch, leaves compute; take a leaf out"


def test_a_name_says_something() -> None:
    empty = [name(path) for path in SOURCES if EMPTY_WORDS & words_of(name(path))]
    assert not empty, f"{empty} say nothing: name the thing it keeps or the fact it answers"


def words_of(path: str) -> set[str]:
    return set(re.split(r"[/_.]", path))


def test_a_pure_room_does_not_wait() -> None:
    """What waits in the core cannot be run through a million calls a minute."""
    waiting = [
        f"{name(path)}: line {node.lineno}"
        for path in PURE
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    assert not waiting, f"{waiting}: give back an order, and let its outcome come in as an event"


def test_a_pure_room_does_not_ask_the_time() -> None:
    asking = {name(path): calls for path in PURE if (calls := clock_calls(tree_of(path)))}
    assert not asking, f"{asking}: time comes in as an argument"


def test_nothing_names_a_machine_it_was_written_on() -> None:
    texts = {name(path): path.read_text("utf-8", "replace") for path in TEXTS if path != Path(__file__)}
    found = {path: match[0] for path, text in texts.items() if (match := PLACES.search(text))}
    assert not found, f"{found}: it is not there on anybody else's machine"


def test_the_rules_find_what_they_are_for() -> None:
    """A rule that cannot fail is none."""
    for place in ("/home/ann/callctl", "https://mirror.corp.example/simple", "index-url = x"):
        assert PLACES.search(f"see {place} for more")
    assert not PLACES.search("http://127.0.0.1:8080 and https://docs.python.org")
    assert EMPTY_WORDS & words_of("callctl/call_utils.py")
    assert clock_calls(ast.parse("import time\nat = time.time()"))
    assert len(PRODUCT) > 50 and len(PURE) > 20 and len(TEXTS) > 100


async def test_the_loop_is_that_of_the_service() -> None:
    assert type(asyncio.get_running_loop()).__module__ == "uvloop"
