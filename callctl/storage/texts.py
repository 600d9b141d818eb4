"""Texts as the database can keep them."""


def held(text: str) -> str:
    """No column takes a NUL, nor half of a pair of surrogates; YAML can write both."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")
