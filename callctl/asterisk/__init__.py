"""The only room that knows Asterisk."""
