"""Cuts beside many who ask the API, and beside listeners of the event stream who do not read."""
