"""docs/install.md followed to the letter on a fresh Debian, up to a call with a bill. It needs root."""
