"""The real switchboard on a simulated Asterisk, in virtual time."""
