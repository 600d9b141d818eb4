"""A list of a scheme that holds one text may be written as that text."""

from pydantic import BeforeValidator


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


ONE_OR_SEVERAL = BeforeValidator(_listed)
