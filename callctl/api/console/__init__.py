"""`callctl …` typed in Asterisk's own command line, which asks for one row and prints it."""
