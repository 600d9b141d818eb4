"""The call itself. Pure: events and the time come in, orders go out."""
