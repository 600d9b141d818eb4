"""What goes wrong through somebody's input or machine, said to the person who can mend it."""


class Complaint(Exception):
    """What is wrong and what to do, a line an argument. The command line prints it and exits with 2."""


def one_line(text: object) -> str:
    """Whatever somebody gave us a name of, it breaks no line and moves no cursor."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(text))


class Exists(Complaint):
    """The id is taken."""


class Missing(Complaint):
    """There is no such thing here."""


class Clash(Complaint):
    """The same reference with other content."""


class Stale(Complaint):
    """It was changed since whoever asks has looked."""


class Wrong(Complaint):
    """One field of what was sent cannot be taken."""

    def __init__(self, field: str, *details: str, told: str = "") -> None:
        super().__init__(told or f"{field}: {'; '.join(details)}")
        self.field = field
        self.details = details
