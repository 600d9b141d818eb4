"""Secrets that people choose: what is taken, what is refused, and that a refusal tells nobody the secret."""

from pathlib import Path

import pytest

from callctl.calls.passwords import faults_of
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office

PERSONAL = ("anna-ltd", "reception", "anna-ltd-reception-1", "74951234567")


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("Kor-9Xq2!v", ""),  # MANGO-22.1's own examples
        ("Krv2025xQzR", "it must have a sign"),
        ("krv-2025xqz", "it must have capital and small letters"),
        ("KRV-2025XQZ", "it must have capital and small letters"),
        ("Kr-9Xq2!v", "it must have 10 to 64 signs"),
        ("Kr-9" + "Xq2!v" * 13, "it must have 10 to 64 signs"),
        ("Kor-xXqy!vWt", "it must have a digit"),
        ("Кор-9Xq2!vWt", "of Latin letters"),
        ("Kor 9-Xq2!vW", "without spaces"),
        ("Qwerty-9Xq2!", "that is tried first"),
        ("Korova-2025x", "that is tried first"),
        ("Reception-9X!", "a name or number of its owner"),
        ("xQ-1234567-z", "a name or number of its owner"),
        ("Anna-Q9!xwvtz", "a name or number of its owner"),
    ],
)
def test_a_chosen_secret_is_held_against_the_rules(secret: str, fault: str) -> None:
    faults = "; ".join(faults_of(secret, PERSONAL))
    assert fault in faults if fault else not faults


async def test_a_chosen_secret_comes_from_a_file_and_is_told_nobody(
    office: Office, callctl: Callctl, account: str, tmp_path: Path
) -> None:
    added = callctl("seat", "add", account, "anna", "--json").json
    ((device, made),) = added["secrets"].items()
    file = tmp_path / "secret"
    before = (await office.tables())["device"]
    file.write_text("Weak-1\n")
    said = callctl("seat", "secret", account, "anna", device, "--from", str(file))
    assert is_complaint(said, 2, "this secret is too weak: it must have 10 to 64 signs")
    file.write_text(f"{made}\n")
    assert callctl("seat", "secret", account, "anna", device, "--from", str(file)).code == 2
    assert (await office.tables())["device"] == before
    file.write_text("Kor-9Xq2!v\n")
    taken = callctl("seat", "secret", account, "anna", device, "--from", str(file))
    assert taken.out == f"{device} has the secret of {file}\n"
    assert (await office.tables())["device"] != before
    again = callctl("seat", "secret", account, "anna", device, "--from", str(file))
    assert is_complaint(again, 2, "it has this secret already")
    assert "Kor-9Xq2!v" not in office.log + taken.out + again.err + said.err
