"""What the parser tells of itself: the manual page, and the words that a shell completes."""

import subprocess
from pathlib import Path

import pytest

from callctl.__main__ import parser
from callctl.commands.completion import script
from callctl.commands.manual import manual, walk
from tests.shell.command_line import run_main

PAGE = Path(__file__).parents[2] / "docs" / "man" / "callctl.1"


def completed(tmp_path: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    file = tmp_path / "callctl.bash"
    file.write_text(script(parser()))
    typed = " ".join(f"'{word}'" for word in words)
    asked = f"source {file}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _callctl"
    ask = asked + """; printf '%s\\n' "${COMPREPLY[@]}\""""
    told = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    return told.stdout.split()


def test_the_manual_page_is_what_the_parser_says() -> None:
    assert PAGE.read_text("utf-8") == manual(parser()), "make it anew: ./run manual > docs/man/callctl.1"


def test_every_command_is_in_the_manual_with_its_exit_codes() -> None:
    page = manual(parser()).replace("\\-", "-")
    for at, one in walk(parser()):
        if one.get_default("run"):
            assert f'.SS "callctl{at}"' in page
    assert all(f".B {code}\n" in page for code in (0, 1, 2, 130))


def test_no_line_of_the_manual_is_taken_for_an_order() -> None:
    known = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BR", ".I"}
    orders = {line.split()[0] for line in manual(parser()).splitlines() if line[:1] in (".", "'")}
    assert orders == known


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("callctl", "ca"), {"call", "calls"}),
        (("callctl", "account", "st"), {"statement"}),
        (("callctl", "calls", "--w"), {"--watch"}),
        (("callctl", "calls", "--watch", "--ev"), {"--every"}),
        (("callctl", "account", "add", "acme", "--stops", ""), {"everything", "paid", "plan"}),
        (("callctl", "explain", "leg1-x", "--lang", "e"), {"en"}),
        (("callctl", "completion", ""), {"bash", "zsh", "-h", "--help"}),
        (("callctl", "account", "add", "--profile", ""), set()),
        (("callctl", "nothing", "x"), set()),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_shell_completes_words_options_and_their_values(
    tmp_path: Path, words: tuple[str, ...], offered: set[str]
) -> None:
    assert set(completed(tmp_path, *words)) == offered


def test_both_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main("completion", "zsh") == 0
    assert "bashcompinit" in capsys.readouterr().out
    assert run_main("completion", "fish") == 2
    capsys.readouterr()
    assert run_main("manual") == 0
    assert capsys.readouterr().out == manual(parser())
