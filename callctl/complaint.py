"""What goes wrong through somebody's input or machine, said to the person who can mend it."""


class Complaint(Exception):
    """One line: what is wrong and what to do. The command line prints it and exits with 2."""
